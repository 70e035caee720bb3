-- What Tenon needs in a PostgreSQL database: roles, helper functions that policies call, and a schema of its own. Every
-- statement may run again. Nothing of the app's is changed.
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
        if not pg_has_role(current_user, name, 'member') then
            execute format('grant %I to current_user', name);
        end if;
        if not pg_has_role('authenticator', name, 'member') then
            execute format('grant %I to authenticator', name);
        end if;
    end loop;
end $$;

create schema if not exists auth;
create schema if not exists extensions;
create schema if not exists storage;
create schema if not exists realtime;
grant usage on schema public, auth, extensions, storage, realtime to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to service_role;
alter default privileges in schema public grant all on functions to service_role;
-- A grant to insert is of no use where the key's numbers cannot be taken.
alter default privileges in schema public grant usage, select on sequences to anon, authenticated, service_role;

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

do $$
begin
    if not exists (select from pg_publication where pubname = 'supabase_realtime') then
        create publication supabase_realtime;
    end if;
exception when insufficient_privilege then
    raise notice 'no right to create the publication supabase_realtime';
end $$;
