-- Rooms, their members and messages; who is in a room is asked through a function, so that policies do not recurse.
create table rooms (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  created_at timestamptz not null default now()
);

create table room_members (
  room_id uuid not null references rooms (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  joined_at timestamptz not null default now(),
  primary key (room_id, user_id)
);

create table messages (
  id bigint generated always as identity primary key,
  room_id uuid not null references rooms (id) on delete cascade,
  user_id uuid not null default auth.uid() references auth.users (id),
  body text not null check (length(body) between 1 and 2000),
  created_at timestamptz not null default now()
);
create index on messages (room_id, created_at desc);

create or replace function is_room_member(room uuid) returns boolean as $$
  select exists (
    select 1 from room_members m where m.room_id = room and m.user_id = auth.uid()
  );
$$ language sql stable security definer;

alter table rooms enable row level security;
alter table room_members enable row level security;
alter table messages enable row level security;

create policy "members see rooms" on rooms for select to authenticated using (is_room_member(id));
create policy "members see members" on room_members for select to authenticated using (is_room_member(room_id));
create policy "users join" on room_members for insert to authenticated with check (user_id = auth.uid());
create policy "members read" on messages for select to authenticated using (is_room_member(room_id));
create policy "members write" on messages for insert to authenticated
  with check (user_id = auth.uid() and is_room_member(room_id));

grant select on rooms, room_members, messages to authenticated;
grant insert on room_members, messages to authenticated;

begin;
  drop publication if exists supabase_realtime;
  create publication supabase_realtime;
commit;
alter publication supabase_realtime add table messages;
