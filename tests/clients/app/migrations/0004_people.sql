-- What belongs to signed-in users: own notes, teams by membership, a profile made at sign-up, guarded columns.
create table profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  email text,
  display_name text
);

create function handle_new_user() returns trigger language plpgsql security definer as $$
begin
  insert into profiles (id, email, display_name)
  values (new.id, new.email, new.raw_user_meta_data ->> 'name');
  return new;
end
$$;

create trigger on_auth_user_created after insert on auth.users
  for each row execute function handle_new_user();

create table notes (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  body text not null,
  created_at timestamptz not null default now()
);
create index notes_user on notes (user_id);

create table teams (
  id integer primary key,
  name text not null
);

create table team_members (
  team_id integer references teams (id) on delete cascade,
  user_id uuid references auth.users (id) on delete cascade,
  primary key (team_id, user_id)
);

create table messages (
  id integer primary key,
  team_id integer not null references teams (id) on delete cascade,
  body text not null
);

create function is_member(team integer) returns boolean
  language sql stable security definer
  as $$ select exists (select 1 from team_members where team_id = team and user_id = auth.uid()) $$;

create function my_id() returns uuid language sql stable as $$ select auth.uid() $$;

create function my_role() returns text language sql stable as $$ select auth.role() $$;

-- Some columns are for the service key only.
create table employees (
  id integer primary key,
  name text not null,
  salary numeric(10,2) not null
);

-- No grant at all.
create table sealed (
  id integer primary key
);

grant select, update on profiles to authenticated;
grant select, insert, update, delete on notes to authenticated;
grant select on teams, team_members, messages to authenticated;
grant insert on messages to authenticated;
grant select (id, name) on employees to anon, authenticated;
grant all on profiles, notes, teams, team_members, messages, employees, sealed to service_role;
grant execute on all functions in schema public to anon, authenticated, service_role;

alter table profiles enable row level security;
alter table notes enable row level security;
alter table teams enable row level security;
alter table team_members enable row level security;
alter table messages enable row level security;
alter table employees enable row level security;
alter table sealed enable row level security;

create policy profiles_read on profiles for select to authenticated using (true);
create policy profiles_own on profiles for update to authenticated using (id = auth.uid()) with check (id = auth.uid());
create policy notes_own on notes for all to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy teams_member on teams for select to authenticated using (is_member(id));
create policy team_members_member on team_members for select to authenticated using (is_member(team_id));
create policy messages_member on messages for select to authenticated using (is_member(team_id));
create policy messages_send on messages for insert to authenticated with check (is_member(team_id));
create policy employees_read on employees for select using (true);
