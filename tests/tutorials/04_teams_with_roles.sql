-- Teams whose members have roles; helper functions live in a schema that the API does not show.
create schema if not exists private;

create type public.team_role as enum ('owner', 'admin', 'member');

create table public.teams (
  id uuid default gen_random_uuid() primary key,
  name text not null,
  plan text not null default 'free' check (plan in ('free', 'pro')),
  settings jsonb not null default '{}'::jsonb
);

create table public.team_members (
  team_id uuid references public.teams on delete cascade,
  user_id uuid references auth.users on delete cascade,
  role public.team_role not null default 'member',
  primary key (team_id, user_id)
);

create function private.teams_of_user(wanted public.team_role[] default null)
returns setof uuid
language sql
security definer
set search_path = ''
stable
as $$
  select team_id
  from public.team_members
  where user_id = (select auth.uid()) and (wanted is null or role = any (wanted))
$$;

alter table public.teams enable row level security;
alter table public.team_members enable row level security;

create policy "members see their teams" on public.teams
  for select to authenticated using (id in (select private.teams_of_user()));
create policy "members see each other" on public.team_members
  for select to authenticated using (team_id in (select private.teams_of_user()));
create policy "only with a paid plan" on public.teams as restrictive
  for update to authenticated using (plan = 'pro' or (auth.jwt() -> 'app_metadata' ->> 'staff') = 'true');

grant select on public.teams, public.team_members to authenticated;
grant update (name, settings) on public.teams to authenticated;
comment on table public.teams is 'People who work together.';
