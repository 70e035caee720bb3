-- Role postings. The salary is a table of its own because who may read it depends on membership, not on a database
-- role: owners and recruiters see it, interviewers and everybody else see no row.

create type posting_status as enum ('draft', 'open', 'closed');
create type skill_need as enum ('must', 'nice');

create table role_postings (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies (id) on delete cascade,
  title text not null check (length(title) between 3 and 120),
  summary text not null default '' check (length(summary) <= 4000),
  occupation_id integer references occupations (id),
  city_id integer references cities (id),
  remote boolean not null default false,
  status posting_status not null default 'draft',
  min_years integer not null default 0 check (min_years between 0 and 40),
  opened_at timestamptz,
  created_by uuid default auth.uid() references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  unique (id, company_id)
);
create index role_postings_company_idx on role_postings (company_id);
create index role_postings_open_idx on role_postings (opened_at desc, id) where status = 'open';
create index role_postings_city_idx on role_postings (city_id);
create index role_postings_occupation_idx on role_postings (occupation_id);

create table role_salaries (
  posting_id uuid primary key references role_postings (id) on delete cascade,
  currency text not null default 'EUR' check (length(currency) = 3),
  min_amount numeric(12, 2) not null check (min_amount > 0),
  max_amount numeric(12, 2) not null,
  check (max_amount >= min_amount)
);

create table role_skills (
  posting_id uuid not null references role_postings (id) on delete cascade,
  skill_id integer not null references skills (id),
  need skill_need not null default 'must',
  min_level integer not null default 3 check (min_level between 1 and 5),
  weight integer not null default 1 check (weight between 1 and 5),
  primary key (posting_id, skill_id)
);
create index role_skills_skill_idx on role_skills (skill_id);

-- draft -> open <-> closed; a role that was open never becomes a draft again.
create function guard_posting() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'UPDATE' then
    if new.company_id <> old.company_id then
      raise exception 'A role cannot move to another company' using errcode = '23514';
    end if;
    if new.status = 'draft' and old.status <> 'draft' then
      raise exception 'A role that was opened cannot become a draft again'
        using errcode = '23514', hint = 'Close it instead.';
    end if;
  end if;
  if new.status = 'open' and new.opened_at is null then
    new.opened_at := now();
  end if;
  return new;
end
$$;

create trigger role_postings_guard
  before insert or update on role_postings
  for each row execute function guard_posting();

alter table role_postings enable row level security;
alter table role_salaries enable row level security;
alter table role_skills enable row level security;

create policy "everyone reads open roles" on role_postings for select to anon, authenticated
  using (status = 'open');
create policy "members read all their roles" on role_postings for select to authenticated
  using (is_member(company_id));
create policy "recruiters post roles" on role_postings for insert to authenticated
  with check (has_company_role(company_id, array['owner', 'recruiter']));
create policy "recruiters edit roles" on role_postings for update to authenticated
  using (has_company_role(company_id, array['owner', 'recruiter']))
  with check (has_company_role(company_id, array['owner', 'recruiter']));
create policy "recruiters delete drafts" on role_postings for delete to authenticated
  using (status = 'draft' and has_company_role(company_id, array['owner', 'recruiter']));

create policy "recruiters read salaries" on role_salaries for select to authenticated
  using (exists (select 1 from role_postings p
    where p.id = role_salaries.posting_id and has_company_role(p.company_id, array['owner', 'recruiter'])));
create policy "recruiters set salaries" on role_salaries for insert to authenticated
  with check (exists (select 1 from role_postings p
    where p.id = role_salaries.posting_id and has_company_role(p.company_id, array['owner', 'recruiter'])));
create policy "recruiters change salaries" on role_salaries for update to authenticated
  using (exists (select 1 from role_postings p
    where p.id = role_salaries.posting_id and has_company_role(p.company_id, array['owner', 'recruiter'])))
  with check (exists (select 1 from role_postings p
    where p.id = role_salaries.posting_id and has_company_role(p.company_id, array['owner', 'recruiter'])));

create policy "asked skills are as visible as the role" on role_skills for select to anon, authenticated
  using (exists (select 1 from role_postings p where p.id = role_skills.posting_id));
create policy "recruiters ask for skills" on role_skills for insert to authenticated
  with check (exists (select 1 from role_postings p
    where p.id = role_skills.posting_id and has_company_role(p.company_id, array['owner', 'recruiter'])));
create policy "recruiters change asked skills" on role_skills for update to authenticated
  using (exists (select 1 from role_postings p
    where p.id = role_skills.posting_id and has_company_role(p.company_id, array['owner', 'recruiter'])))
  with check (exists (select 1 from role_postings p
    where p.id = role_skills.posting_id and has_company_role(p.company_id, array['owner', 'recruiter'])));
create policy "recruiters drop asked skills" on role_skills for delete to authenticated
  using (exists (select 1 from role_postings p
    where p.id = role_skills.posting_id and has_company_role(p.company_id, array['owner', 'recruiter'])));

grant select on role_postings, role_skills to anon, authenticated;
grant insert, update, delete on role_postings, role_skills to authenticated;
grant select, insert, update on role_salaries to authenticated;
grant all on role_postings, role_salaries, role_skills to service_role;

revoke execute on function guard_posting() from public;
