create type mood as enum ('sad', 'it''s "ok"');
create table orgs (id uuid primary key default gen_random_uuid(), name text not null, "odd name" int);
create table todos (
  id bigint generated always as identity primary key,
  org_id uuid not null references orgs (id),
  title text not null,
  done boolean not null default false,
  price numeric(12,2),
  tags text[],
  moods mood[],
  mood mood not null default 'sad',
  meta jsonb,
  due date,
  took interval,
  raw bytea,
  size int generated always as (length(title)) stored
);
create table settings (org_id uuid primary key references orgs (id), theme text);
create view open_todos as select id, title from todos;
create function add(a int, b int default 1) returns int language sql immutable as $$ select a + b $$;
create function ping() returns void language sql as $$ select 1 $$;
create function label(a int) returns text language sql immutable as $$ select 'i' $$;
create function label(a text) returns text language sql immutable as $$ select 't' $$;
create function top(n int) returns table (id bigint, price numeric) language sql stable as $$ select id, price from todos limit n $$;
create function mine() returns setof todos language sql stable as $$ select * from todos $$;
create function touched() returns trigger language plpgsql as $$ begin return new; end $$;
