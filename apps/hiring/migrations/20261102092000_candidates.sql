-- Candidates. What anyone may need to judge a fit is in candidates and candidate_skills; who the person is and how
-- to reach them is in candidate_contacts, which stays closed until both sides agree (see the applications file).

create table candidates (
  id uuid primary key references auth.users (id) on delete cascade,
  display_name text not null check (length(display_name) between 1 and 80),
  headline text not null default '' check (length(headline) <= 160),
  about text not null default '' check (length(about) <= 4000),
  city_id integer references cities (id),
  years integer not null default 0 check (years between 0 and 60),
  visible boolean not null default false,
  is_fictional boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index candidates_city_idx on candidates (city_id);

create table candidate_contacts (
  candidate_id uuid primary key references candidates (id) on delete cascade,
  full_name text not null default '',
  email text not null default '',
  phone text not null default ''
);

create table candidate_skills (
  candidate_id uuid not null references candidates (id) on delete cascade,
  skill_id integer not null references skills (id),
  level integer not null default 3 check (level between 1 and 5),
  years integer not null default 0 check (years between 0 and 60),
  primary key (candidate_id, skill_id)
);
create index candidate_skills_skill_idx on candidate_skills (skill_id, candidate_id);

-- Everyone who signs up gets a candidate profile, except who says they come to hire.
create function handle_new_user() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  full_name text := coalesce(new.raw_user_meta_data ->> 'full_name', '');
  shown text := coalesce(new.raw_user_meta_data ->> 'display_name', '');
begin
  if coalesce(new.raw_user_meta_data ->> 'account', 'candidate') = 'company' then
    return new;
  end if;
  if shown = '' then
    shown := case when full_name = '' then 'New candidate' else full_name end;
  end if;
  insert into public.candidates (id, display_name) values (new.id, left(shown, 80));
  insert into public.candidate_contacts (candidate_id, full_name, email)
  values (new.id, full_name, coalesce(new.email, ''));
  return new;
end
$$;

create trigger on_auth_user_created
  after insert on auth.users
  for each row execute function handle_new_user();

create function touch_updated_at() returns trigger
language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end
$$;

create trigger candidates_touch
  before update on candidates
  for each row execute function touch_updated_at();

alter table candidates enable row level security;
alter table candidate_contacts enable row level security;
alter table candidate_skills enable row level security;

create policy "candidates read themselves" on candidates for select to authenticated
  using (id = (select auth.uid()));
create policy "companies find visible candidates" on candidates for select to authenticated
  using (visible and (select is_recruiting()));
create policy "candidates edit themselves" on candidates for update to authenticated
  using (id = (select auth.uid()))
  with check (id = (select auth.uid()));

create policy "candidates read their contact data" on candidate_contacts for select to authenticated
  using (candidate_id = (select auth.uid()));
create policy "candidates edit their contact data" on candidate_contacts for update to authenticated
  using (candidate_id = (select auth.uid()))
  with check (candidate_id = (select auth.uid()));

-- Whoever may see the candidate may see the skills: the subquery runs under the policies of candidates.
create policy "skills are as visible as the candidate" on candidate_skills for select to authenticated
  using (exists (select 1 from candidates c where c.id = candidate_skills.candidate_id));
create policy "candidates add their skills" on candidate_skills for insert to authenticated
  with check (candidate_id = (select auth.uid()));
create policy "candidates change their skills" on candidate_skills for update to authenticated
  using (candidate_id = (select auth.uid()))
  with check (candidate_id = (select auth.uid()));
create policy "candidates remove their skills" on candidate_skills for delete to authenticated
  using (candidate_id = (select auth.uid()));

grant select on candidates, candidate_contacts to authenticated;
grant update (display_name, headline, about, city_id, years, visible) on candidates to authenticated;
grant update (full_name, email, phone) on candidate_contacts to authenticated;
grant select, insert, delete on candidate_skills to authenticated;
grant update (candidate_id, skill_id, level, years) on candidate_skills to authenticated;
grant all on candidates, candidate_contacts, candidate_skills to service_role;

revoke execute on function handle_new_user() from public;
revoke execute on function touch_updated_at() from public;
