-- What Tenon needs in a PostgreSQL database: roles, helper functions that policies call, and a schema of its own. Nothing of
-- the app's is changed. The text is cut into parts: "--:: name" begins one, "--: " says what it is for, "--? " is true where
-- it is there already (a part without it is remembered in tenon.facts), "--!" marks what Tenon can do without. {user} is the
-- user of the url, {name} the same as a literal.

--:: schema
--: Tenon's own schema, with the history of migrations
--? to_regclass('tenon.migrations') is not null and to_regclass('tenon.facts') is not null
create schema if not exists tenon;

create table if not exists tenon.migrations (
    place bigint generated always as identity primary key,
    version text not null unique,
    name text not null,
    checksum text not null,
    text text not null,
    applied_at bigint not null
);

create table if not exists tenon.facts (name text primary key, value text not null);

--:: refusals
--: functions that end a compiled write whose rows a policy forbids
-- Rows that fail a compiled policy end their statement here, with the words of PostgreSQL's own row security.
create or replace function tenon.deny(relation text) returns boolean language plpgsql volatile as $$
begin
    raise exception using errcode = '42501', message = format('new row violates row-level security policy for table "%s"', relation);
end $$;

create or replace function tenon.deny_using(relation text) returns boolean language plpgsql volatile as $$
begin
    raise exception using
        errcode = '42501',
        message = format('new row violates row-level security policy (USING expression) for table "%s"', relation);
end $$;

--:: roles
--: the roles that policies and grants name, none of which can sign in; the user of the url may take them
--? (select count(*) = 4 from pg_roles where rolname in ('anon', 'authenticated', 'service_role', 'authenticator')) and not exists (select from pg_roles r where r.rolname in ('anon', 'authenticated', 'service_role') and not (pg_has_role({name}, r.oid, 'member') and exists (select from pg_roles a where a.rolname = 'authenticator' and pg_has_role(a.oid, r.oid, 'member')))) and not exists (select from pg_roles s, pg_roles u where s.rolname = 'service_role' and not s.rolbypassrls and u.rolname = {name} and u.rolsuper)
do $$
declare
    name text;
begin
    foreach name in array array['anon', 'authenticated', 'service_role', 'authenticator'] loop
        if not exists (select from pg_roles where rolname = name) then
            -- Roles are the whole server's: the setup of another database may make the same one at this moment.
            begin
                execute format('create role %I nologin noinherit', name);
            exception when duplicate_object or unique_violation then
            end;
        end if;
    end loop;
    -- Only a superuser may give this (before version 16); without it the service key runs as the owner all the same.
    if (select rolsuper from pg_roles where rolname = current_user) and not (select rolbypassrls from pg_roles where rolname = 'service_role') then
        alter role service_role bypassrls;
    end if;
    foreach name in array array['anon', 'authenticated', 'service_role'] loop
        if not pg_has_role({name}, name, 'member') then
            execute format('grant %I to {user}', name);
        end if;
        if not pg_has_role('authenticator', name, 'member') then
            execute format('grant %I to authenticator', name);
        end if;
    end loop;
end $$;

--:: schemas
--: the schemas that accounts, files and extensions live in
--? (select count(*) = 4 from pg_namespace where nspname in ('auth', 'extensions', 'storage', 'realtime'))
create schema if not exists auth;
create schema if not exists extensions;
create schema if not exists storage;
create schema if not exists realtime;

--:: usage
--: names in these schemas may be used by requests; rows are granted table by table
grant usage on schema public, auth, extensions, storage, realtime to anon, authenticated, service_role;

--:: defaults
--: what the user of the url makes in public is the service key's too; keys' numbers may be taken
alter default privileges for role {user} in schema public grant all on tables to service_role;
alter default privileges for role {user} in schema public grant all on functions to service_role;
-- A grant to insert is of no use where the key's numbers cannot be taken.
alter default privileges for role {user} in schema public grant usage, select on sequences to anon, authenticated, service_role;

--:: helpers
--: auth.uid() and the other functions that policies call
create or replace function auth.jwt() returns jsonb language sql stable as $$
    select coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb, '{}'::jsonb)
$$;

create or replace function auth.uid() returns uuid language sql stable as $$
    select nullif(auth.jwt() ->> 'sub', '')::uuid
$$;

create or replace function auth.role() returns text language sql stable as $$
    select nullif(auth.jwt() ->> 'role', '')
$$;

create or replace function auth.email() returns text language sql stable as $$
    select nullif(auth.jwt() ->> 'email', '')
$$;

create or replace function storage.foldername(name text) returns text[] language sql immutable as $$
    select (string_to_array(name, '/'))[1:cardinality(string_to_array(name, '/')) - 1]
$$;

create or replace function storage.filename(name text) returns text language sql immutable as $$
    select (string_to_array(name, '/'))[cardinality(string_to_array(name, '/'))]
$$;

create or replace function storage.extension(name text) returns text language sql immutable as $$
    select reverse(split_part(reverse(storage.filename(name)), '.', 1))
$$;

grant execute on all functions in schema auth, storage to anon, authenticated, service_role;

--:: rights
--: the user of the url makes Tenon's tables in auth and keeps the history in tenon
--? has_schema_privilege({name}, to_regnamespace('auth'), 'usage, create') and has_table_privilege({name}, to_regclass('tenon.migrations'), 'select') and has_table_privilege({name}, to_regclass('tenon.migrations'), 'insert') and has_table_privilege({name}, to_regclass('tenon.facts'), 'select') and has_table_privilege({name}, to_regclass('tenon.facts'), 'insert') and has_table_privilege({name}, to_regclass('tenon.facts'), 'update')
grant usage on schema tenon to {user};
grant usage, create on schema auth, storage, realtime to {user};
grant select, insert, update, delete on all tables in schema tenon to {user};
grant execute on all functions in schema tenon, auth, storage to {user};

--:: publication
--: tables added to it are announced by realtime once that is built
--!
--? exists (select from pg_publication where pubname = 'supabase_realtime')
do $$
begin
    if not exists (select from pg_publication where pubname = 'supabase_realtime') then
        create publication supabase_realtime;
    end if;
exception when insufficient_privilege then
    raise notice 'no right to create the publication supabase_realtime';
end $$;

--:: events
--: event triggers that tell Tenon of every change of the schema; a superuser's. Without them it looks every two seconds
--!
--? (select count(*) = 2 from pg_event_trigger where evtname in ('tenon_schema_changed', 'tenon_schema_dropped'))
do $$
begin
    create or replace function tenon.schema_changed() returns event_trigger language plpgsql as $body$
    begin
        notify pgrst, 'reload schema';
    end $body$;
    drop event trigger if exists tenon_schema_changed;
    drop event trigger if exists tenon_schema_dropped;
    create event trigger tenon_schema_changed on ddl_command_end execute function tenon.schema_changed();
    create event trigger tenon_schema_dropped on sql_drop execute function tenon.schema_changed();
exception when insufficient_privilege then
    raise notice 'no right to create an event trigger: Tenon looks for changes of the schema by itself';
end $$;
