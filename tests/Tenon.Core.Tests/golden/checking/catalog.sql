create type mood as enum ('sad', 'ok', 'happy');
create type member_role as enum ('owner', 'admin', 'member');
create table profiles (
  id uuid primary key,
  username text,
  full_name varchar(80),
  avatar_url text,
  updated_at timestamptz
);
create table todos (
  id bigint generated always as identity primary key,
  user_id uuid not null,
  title text,
  done boolean not null default false,
  priority int2,
  tags text[],
  meta jsonb,
  due date,
  mood mood,
  code char(4),
  inserted_at timestamptz default now(),
  title_length int4 generated always as (length(title)) stored
);
create table orgs (id uuid primary key, name text not null, plan text);
create table members (org_id uuid, user_id uuid, role member_role, primary key (org_id, user_id));
create table orders (
  id int4 primary key,
  customer_id int4,
  total numeric(12,2),
  discount numeric,
  rate float8,
  placed_at timestamp,
  took interval,
  raw bytea,
  info json
);
create table customers (id int4 primary key, name text, vat_id varchar(20));
create table messages (id uuid primary key, room_id uuid, author uuid, body text, sent_at timestamptz);
create view open_todos as select * from todos;
create function is_member(org uuid) returns boolean language sql stable security definer
  as $$ select exists (select 1 from members where org_id = org and user_id = auth.uid()) $$;
create function my_orgs() returns setof uuid language sql stable as $$ select org_id from members where user_id = auth.uid() $$;
create function add(a int, b int default 1) returns int language sql immutable as $$ select a + b $$;
create function label(a int) returns text language sql immutable as $$ select 'i' $$;
create function label(a text) returns text language sql immutable as $$ select 't' $$;
create function full_title(t todos) returns text language sql stable as $$ select t.title $$;
create function top_orders(n int) returns table (id int, total numeric) language sql stable as $$ select id, total from orders limit n $$;
create function open_for(who uuid) returns setof todos language sql stable as $$ select * from todos where user_id = who $$;
