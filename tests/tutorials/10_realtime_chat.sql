-- Chat rooms announced in real time: publication, soft delete, updated_at by the extension moddatetime.
create extension if not exists moddatetime schema extensions;

create table public.rooms (
  id uuid default gen_random_uuid() primary key,
  name text not null check (char_length(name) between 1 and 80),
  is_private boolean default false not null,
  created_by uuid references auth.users (id) on delete set null default auth.uid()
);

create table public.room_members (
  room_id uuid references public.rooms (id) on delete cascade,
  user_id uuid references auth.users (id) on delete cascade,
  joined_at timestamptz default timezone('utc', now()) not null,
  primary key (room_id, user_id)
);

create table public.messages (
  id bigint generated always as identity primary key,
  room_id uuid not null references public.rooms (id) on delete cascade,
  author_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  body text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

create trigger handle_updated_at before update on public.messages
  for each row execute procedure extensions.moddatetime (updated_at);

create or replace function public.is_member(room uuid)
returns boolean language sql security definer stable set search_path = '' as $$
  select exists (select 1 from public.room_members m where m.room_id = room and m.user_id = auth.uid());
$$;

create function public.soft_delete() returns trigger language plpgsql security definer as $$
begin
  update public.messages set deleted_at = now(), body = '' where id = old.id;
  return null;
end $$;
create trigger keep_deleted before delete on public.messages
  for each row when (old.deleted_at is null) execute function public.soft_delete();

create function public.join_owner() returns trigger language plpgsql security definer as $$
begin
  if new.created_by is not null then
    insert into public.room_members (room_id, user_id) values (new.id, new.created_by) on conflict do nothing;
  end if;
  return new;
end $$;
create trigger join_owner after insert on public.rooms for each row execute function public.join_owner();

alter table public.rooms enable row level security;
alter table public.room_members enable row level security;
alter table public.messages enable row level security;
create policy "rooms in sight" on public.rooms for select to authenticated using (not is_private or public.is_member(id));
create policy "open rooms" on public.rooms for insert to authenticated with check (created_by = (select auth.uid()));
create policy "members in sight" on public.room_members for select to authenticated using (public.is_member(room_id));
create policy "join public rooms" on public.room_members for insert to authenticated
  with check (user_id = (select auth.uid()) and exists (select 1 from public.rooms r where r.id = room_id and not r.is_private));
create policy "read messages" on public.messages for select to authenticated using (public.is_member(room_id) and deleted_at is null);
create policy "write messages" on public.messages for insert to authenticated
  with check (public.is_member(room_id) and author_id = (select auth.uid()));
create policy "take back messages" on public.messages for delete to authenticated using (author_id = (select auth.uid()));
grant select, insert on public.rooms, public.room_members to authenticated;
grant select, insert, delete on public.messages to authenticated;

alter publication supabase_realtime add table public.messages;
alter publication supabase_realtime add table public.rooms;
