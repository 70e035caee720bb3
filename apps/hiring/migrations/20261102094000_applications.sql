-- Applications: who may see them, who may move them where, and the history of every move.

create type application_status as enum
  ('submitted', 'shortlisted', 'interview', 'offer', 'hired', 'rejected', 'withdrawn');

create table applications (
  id uuid primary key default gen_random_uuid(),
  posting_id uuid not null,
  company_id uuid not null,
  candidate_id uuid not null references candidates (id) on delete cascade,
  status application_status not null default 'submitted',
  note text not null default '' check (length(note) <= 2000),
  candidate_agrees boolean not null default false,
  company_agrees boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (posting_id, candidate_id),
  foreign key (posting_id, company_id) references role_postings (id, company_id) on delete cascade
);
create index applications_candidate_idx on applications (candidate_id, created_at desc);
create index applications_company_idx on applications (company_id, status);

create table application_events (
  id bigint generated always as identity primary key,
  application_id uuid not null references applications (id) on delete cascade,
  status application_status not null,
  actor uuid references auth.users (id) on delete set null,
  happened_at timestamptz not null default now()
);
create index application_events_application_idx on application_events (application_id, id);

-- The state machine. A caller without a user id is the server itself (seed, service key): the order of the states
-- holds for it too, only "whose move is it" does not.
create function guard_application() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  caller uuid := auth.uid();
  allowed boolean;
begin
  if new.posting_id <> old.posting_id or new.candidate_id <> old.candidate_id or new.company_id <> old.company_id then
    raise exception 'An application belongs to its role and candidate for good' using errcode = '23514';
  end if;

  if caller is not null then
    if caller = old.candidate_id then
      if new.company_agrees <> old.company_agrees then
        raise exception 'Only the company can agree for the company' using errcode = '42501';
      end if;
      if new.status <> old.status and new.status <> 'withdrawn' then
        raise exception 'A candidate can only withdraw an application' using errcode = '42501';
      end if;
    else
      if new.candidate_agrees <> old.candidate_agrees or new.note <> old.note then
        raise exception 'Only the candidate can agree or write for the candidate' using errcode = '42501';
      end if;
      if new.status <> old.status and new.status = 'withdrawn' then
        raise exception 'Only the candidate can withdraw an application' using errcode = '42501';
      end if;
    end if;
  end if;

  if new.status <> old.status then
    allowed := case old.status
      when 'submitted' then new.status in ('shortlisted', 'interview', 'rejected', 'withdrawn')
      when 'shortlisted' then new.status in ('interview', 'rejected', 'withdrawn')
      when 'interview' then new.status in ('offer', 'rejected', 'withdrawn')
      when 'offer' then new.status in ('hired', 'rejected', 'withdrawn')
      else false
    end;
    if not allowed then
      raise exception 'An application cannot go from % to %', old.status, new.status
        using errcode = '23514',
          hint = 'submitted -> shortlisted -> interview -> offer -> hired; rejected or withdrawn from any of the first four.';
    end if;
  end if;

  new.updated_at := now();
  return new;
end
$$;

create trigger applications_guard
  before update on applications
  for each row execute function guard_application();

create function log_application() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    insert into public.application_events (application_id, status, actor, happened_at)
    values (new.id, new.status, auth.uid(), new.created_at);
  elsif new.status <> old.status then
    insert into public.application_events (application_id, status, actor)
    values (new.id, new.status, auth.uid());
  end if;
  return new;
end
$$;

create trigger applications_log
  after insert or update on applications
  for each row execute function log_application();

-- Helpers for policies of other tables; security definer, so that asking about applications does not ask the
-- policies of applications, which in turn ask about the other table.
create function has_applied(posting uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.applications a
    where a.posting_id = posting and a.candidate_id = (select auth.uid())
  )
$$;

create function applied_to_us(candidate uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select 1
    from public.applications a
    join public.company_members m on m.company_id = a.company_id
    where a.candidate_id = candidate and m.user_id = (select auth.uid())
  )
$$;

create function contact_agreed(candidate uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select 1
    from public.applications a
    join public.company_members m on m.company_id = a.company_id
    where a.candidate_id = candidate
      and a.candidate_agrees and a.company_agrees
      and m.user_id = (select auth.uid())
      and m.role in ('owner', 'recruiter')
  )
$$;

create policy "applicants read the roles they applied to" on role_postings for select to authenticated
  using (has_applied(id));
create policy "companies read their applicants" on candidates for select to authenticated
  using (applied_to_us(id));
create policy "recruiters read contact data once both agree" on candidate_contacts for select to authenticated
  using (contact_agreed(candidate_id));

alter table applications enable row level security;
alter table application_events enable row level security;

create policy "candidates read their applications" on applications for select to authenticated
  using (candidate_id = (select auth.uid()));
create policy "members read their company's applications" on applications for select to authenticated
  using (is_member(company_id));
create policy "candidates apply to open roles" on applications for insert to authenticated
  with check (
    candidate_id = (select auth.uid())
    and status = 'submitted'
    and not company_agrees
    and exists (select 1 from role_postings p where p.id = applications.posting_id and p.status = 'open')
  );
create policy "candidates change their side" on applications for update to authenticated
  using (candidate_id = (select auth.uid()))
  with check (candidate_id = (select auth.uid()));
create policy "recruiters move applications" on applications for update to authenticated
  using (has_company_role(company_id, array['owner', 'recruiter']))
  with check (has_company_role(company_id, array['owner', 'recruiter']));

create policy "history is as visible as the application" on application_events for select to authenticated
  using (exists (select 1 from applications a where a.id = application_events.application_id));

grant select, insert on applications to authenticated;
grant update (status, note, candidate_agrees, company_agrees) on applications to authenticated;
grant select on application_events to authenticated;
grant all on applications, application_events to service_role;

-- The one call a candidate's page makes. It runs with the caller's rights: the policies above still decide.
create function apply(role_id uuid, note text default '') returns uuid
language plpgsql volatile set search_path = '' as $$
declare
  application_id uuid := gen_random_uuid();
  employer uuid;
  role_status public.posting_status;
begin
  if auth.uid() is null then
    raise exception 'Sign in to apply' using errcode = '42501';
  end if;
  if not exists (select 1 from public.candidates c where c.id = auth.uid()) then
    raise exception 'This account has no candidate profile'
      using errcode = '42501', hint = 'Company accounts cannot apply; sign up as a candidate.';
  end if;
  select p.company_id, p.status into employer, role_status from public.role_postings p where p.id = role_id;
  if employer is null or role_status <> 'open' then
    raise exception 'This role is not open' using errcode = 'P0001', hint = 'It may have been closed meanwhile.';
  end if;
  if public.has_applied(role_id) then
    raise exception 'You have already applied to this role' using errcode = '23505';
  end if;
  insert into public.applications (id, posting_id, company_id, candidate_id, note)
  values (application_id, role_id, employer, auth.uid(), coalesce(note, ''));
  return application_id;
end
$$;

revoke execute on function guard_application() from public;
revoke execute on function log_application() from public;
revoke execute on function has_applied(uuid) from public;
revoke execute on function applied_to_us(uuid) from public;
revoke execute on function contact_agreed(uuid) from public;
revoke execute on function apply(uuid, text) from public;
grant execute on function has_applied(uuid) to authenticated;
grant execute on function applied_to_us(uuid) to authenticated;
grant execute on function contact_agreed(uuid) to authenticated;
grant execute on function apply(uuid, text) to authenticated;
