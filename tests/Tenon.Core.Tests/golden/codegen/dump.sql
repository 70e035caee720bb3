create schema crm;
create role auditor;
create type crm.mood as enum ('good', 'it''s bad');

create table crm."Order" (
  id bigint generated always as identity (start with 7) not null,
  "select" character varying(3) default 'a''b' not null,
  mood crm.mood default 'good',
  tags text[] default '{}' not null,
  price numeric(12,2),
  gross numeric generated always as (price * 1.19) stored,
  at timestamp with time zone default now() not null,
  parent bigint,
  constraint "Order_pkey" primary key (id),
  constraint "Order_select_mood_key" unique ("select", mood),
  constraint "Order_price_check" check (price > 0)
);

create view crm.cheap (number, price) with (security_invoker = true) as
select id, price
from crm."Order"
where price < 10
order by id;

create function crm.parts(x integer, out a integer, out b text)
language plpgsql as $body1$ begin a := x; b := '$$'; end $body1$;

create function crm.rows() returns table (id bigint, price numeric)
language sql as $$ select id, price from crm."Order" $$;

create function crm.total(least_price numeric default 0) returns numeric
language sql stable security definer set search_path = public, extensions as $$
  select sum(price) from crm."Order" where price >= least_price $$;

create function crm.touch() returns trigger
language plpgsql as $$ begin new.at := now(); return new; end $$;

create unique index late on crm."Order" ((lower("select")), price desc nulls last) where price > 10;

alter table crm."Order" add constraint "Order_parent_fkey" foreign key (parent) references crm."Order" (id) on delete set null deferrable initially deferred;

create trigger on_user after insert on auth.users for each row execute function crm.touch();
create trigger touch before insert or update of price on crm."Order" for each row when (new.price > 1) execute function crm.touch();

alter table crm."Order" enable row level security;

create policy "Only auditors" on crm."Order" as restrictive for select to auditor using (price < (select crm.total()));
create policy own on crm."Order" for update using (true) with check (mood = 'good');

grant select, insert on crm."Order" to authenticated;
grant update (mood, tags) on crm."Order" to authenticated;
revoke execute on function crm.total(numeric) from public;
grant execute on function crm.total(numeric) to authenticated;

comment on table crm."Order" is 'what was ordered';
comment on column crm."Order".price is 'net';
create publication supabase_realtime;
alter publication supabase_realtime add table crm."Order";
