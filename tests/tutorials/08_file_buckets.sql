-- Pictures in a bucket: everyone sees them, each user writes to a folder of the own id. Files of a bucket are not built
-- yet: what is about them is accepted and waits.
create table pictures (
  id uuid primary key default gen_random_uuid(),
  owner uuid not null default auth.uid() references auth.users (id) on delete cascade,
  path text not null unique
);

alter table pictures enable row level security;
create policy "own pictures" on pictures for all to authenticated
  using (owner = (select auth.uid())) with check (owner = (select auth.uid()));
grant select, insert, delete on pictures to authenticated;

insert into storage.buckets (id, name) values ('avatars', 'avatars');

create policy "Avatar images are publicly accessible." on storage.objects
  for select using (bucket_id = 'avatars');

create policy "Anyone can upload an avatar." on storage.objects
  for insert with check (bucket_id = 'avatars' and (storage.foldername(name))[1] = (select auth.uid()::text));
