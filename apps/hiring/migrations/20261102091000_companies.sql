-- Companies and who works for them. Every policy about "our company" goes through the two helper functions here.

create type company_role as enum ('owner', 'recruiter', 'interviewer');

create table companies (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique check (length(slug) between 2 and 60),
  name text not null check (length(name) between 2 and 120),
  domain text not null unique,
  about text not null default '',
  industry text not null default '',
  city_id integer references cities (id),
  people integer not null default 1 check (people > 0),
  is_fictional boolean not null default false,
  created_at timestamptz not null default now()
);
create index companies_city_idx on companies (city_id);

create table company_members (
  company_id uuid not null references companies (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role company_role not null,
  display_name text not null default '',
  created_at timestamptz not null default now(),
  primary key (company_id, user_id)
);
create index company_members_user_idx on company_members (user_id);

-- security definer: the policies of company_members ask these functions, so they must read it unguarded.
create function is_member(company uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.company_members m
    where m.company_id = company and m.user_id = (select auth.uid())
  )
$$;

create function has_company_role(company uuid, roles text[]) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.company_members m
    where m.company_id = company and m.user_id = (select auth.uid()) and m.role::text = any (roles)
  )
$$;

create function is_recruiting() returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.company_members m where m.user_id = (select auth.uid()))
$$;

-- A signed-in person registers a company and becomes its owner: the one way to get a first member.
create function create_company(slug text, name text, domain text) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  new_id uuid := gen_random_uuid();
begin
  if auth.uid() is null then
    raise exception 'Sign in to register a company' using errcode = '42501';
  end if;
  insert into public.companies (id, slug, name, domain)
  values (new_id, slug, name, domain);
  insert into public.company_members (company_id, user_id, role, display_name)
  values (new_id, auth.uid(), 'owner', coalesce(auth.jwt() -> 'user_metadata' ->> 'full_name', ''));
  return new_id;
end
$$;

alter table companies enable row level security;
alter table company_members enable row level security;

create policy "everyone reads companies" on companies for select to anon, authenticated using (true);
create policy "owners edit their company" on companies for update to authenticated
  using (has_company_role(id, array['owner']))
  with check (has_company_role(id, array['owner']));

create policy "members see their colleagues" on company_members for select to authenticated
  using (user_id = (select auth.uid()) or is_member(company_id));
create policy "owners add members" on company_members for insert to authenticated
  with check (has_company_role(company_id, array['owner']));
create policy "owners change members" on company_members for update to authenticated
  using (has_company_role(company_id, array['owner']))
  with check (has_company_role(company_id, array['owner']));
create policy "owners remove members, members leave" on company_members for delete to authenticated
  using (user_id = (select auth.uid()) or has_company_role(company_id, array['owner']));

grant select on companies to anon, authenticated;
grant update (name, about, industry, city_id, people) on companies to authenticated;
grant select, insert, delete on company_members to authenticated;
grant update (role, display_name) on company_members to authenticated;
grant all on companies, company_members to service_role;

revoke execute on function is_member(uuid) from public;
revoke execute on function has_company_role(uuid, text[]) from public;
revoke execute on function is_recruiting() from public;
revoke execute on function create_company(text, text, text) from public;
grant execute on function is_member(uuid) to authenticated, service_role;
grant execute on function has_company_role(uuid, text[]) to authenticated, service_role;
grant execute on function is_recruiting() to authenticated, service_role;
grant execute on function create_company(text, text, text) to authenticated;
