-- The audit log is a chain: every entry carries a keyed hash over itself and the entry before it. Personal fields go in by a
-- salted commitment, so that erasing them (and the salt) leaves the chain whole; an erased entry carries a keyed hash of its own.
alter table auth.audit_log_entries add column seq bigint;
alter table auth.audit_log_entries add column salt text;
alter table auth.audit_log_entries add column commitment text;
alter table auth.audit_log_entries add column hash text;
alter table auth.audit_log_entries add column erased text;

create unique index audit_log_entries_seq_key on auth.audit_log_entries (seq);

-- The end of the chain, one row: whoever writes an entry holds its lock, whichever node it is. Adopting: entries of before
-- the chain are still being taken into it.
create table auth.audit_chain (
    id bigint primary key check (id = 1),
    seq bigint not null,
    hash text not null,
    mac text not null,
    adopting boolean not null
);

create function auth.audit_append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'entries of the audit log are not deleted' using errcode = '42501';
    end if;
    if old.hash is not null and (new.id <> old.id or new.action <> old.action or new.created_at <> old.created_at
        or new.seq is distinct from old.seq or new.hash is distinct from old.hash
        or new.commitment is distinct from old.commitment or new.salt is not null) then
        raise exception 'entries of the audit log are not changed' using errcode = '42501';
    end if;
    return new;
end;
$$;

create trigger audit_append_only before update or delete on auth.audit_log_entries
    for each row execute function auth.audit_append_only();
