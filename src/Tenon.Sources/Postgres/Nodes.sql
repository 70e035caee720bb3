-- Tells every server on this database what ended a session, took a user's rights or changed a key, whoever did it, in the
-- transaction that did. Runs once the server's own tables are there; every statement may run again.
create or replace function tenon.tell_user() returns trigger language plpgsql as $$
begin
    perform pg_notify('tenon_nodes', 'user ' || new.id);
    return null;
end $$;

create or replace function tenon.tell_owner() returns trigger language plpgsql as $$
begin
    perform pg_notify('tenon_nodes', 'user ' || new.user_id);
    return null;
end $$;

-- Many at once are told of in one call.
create or replace function tenon.tell_owners() returns trigger language plpgsql as $$
declare
    owners uuid[] := array(select distinct user_id from gone limit 101);
begin
    if cardinality(owners) > 100 then
        perform pg_notify('tenon_nodes', 'all');
    else
        perform pg_notify('tenon_nodes', 'user ' || owner) from unnest(owners) as owner;
    end if;
    return null;
end $$;

create or replace function tenon.tell_keys() returns trigger language plpgsql as $$
begin
    perform pg_notify('tenon_nodes', 'keys');
    return null;
end $$;

create or replace trigger tenon_tell_ended after delete on auth.sessions
    referencing old table as gone for each statement execute function tenon.tell_owners();
create or replace trigger tenon_tell_changed after update of not_after, aal on auth.sessions for each row
    when (old.not_after is distinct from new.not_after or old.aal is distinct from new.aal) execute function tenon.tell_owner();
create or replace trigger tenon_tell_rights after update of role, banned_until, deleted_at on auth.users for each row
    when (old.role is distinct from new.role or old.banned_until is distinct from new.banned_until or old.deleted_at is distinct from new.deleted_at)
    execute function tenon.tell_user();
create or replace trigger tenon_tell_user_keys after delete on auth.user_keys
    referencing old table as gone for each statement execute function tenon.tell_owners();
create or replace trigger tenon_tell_api_keys after insert or update or delete on auth.api_keys
    for each statement execute function tenon.tell_keys();
create or replace trigger tenon_tell_overrides after insert or update or delete on auth.overrides
    for each statement execute function tenon.tell_keys();
create or replace trigger tenon_tell_signing_keys after insert or update or delete on auth.signing_keys
    for each statement execute function tenon.tell_keys();
