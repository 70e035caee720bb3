-- One column of each type, for what goes in and what comes out.
create type mood as enum ('sad', 'ok', 'happy');

create table samples (
  id integer primary key,
  flag boolean,
  small smallint,
  whole integer,
  big bigint,
  exact numeric,
  money numeric(12,2),
  approx double precision,
  words text,
  short varchar(10),
  ident uuid,
  day date,
  clock time,
  local_at timestamp,
  at timestamptz,
  span interval,
  raw json,
  doc jsonb,
  bytes bytea,
  numbers integer[],
  labels text[],
  feeling mood
);
grant select, insert, update, delete on samples to anon, authenticated, service_role;
alter table samples enable row level security;
create policy samples_all on samples for all using (true) with check (true);
