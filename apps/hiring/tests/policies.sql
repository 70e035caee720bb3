-- Proves the policies on a real PostgreSQL: stub, migrations and seeds first (see policies.sh), then this file.
-- Each block acts as one person; `expect` raises, so the first false promise ends the run.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on

create schema test;
grant usage on schema test to public;
create table test.passed (n serial primary key, what text);
grant all on test.passed to public;
grant all on test.passed_n_seq to public;

create function test.act_as(who text) returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claims', case when who = '' then ''
    else json_build_object('sub', who, 'role', 'authenticated')::text end, true);
  perform set_config('role', case when who = '' then 'anon' else 'authenticated' end, true);
end $$;

create function test.expect(what text, truth boolean) returns void language plpgsql as $$
begin
  if truth is not true then raise exception 'NOT TRUE: %', what; end if;
  insert into test.passed (what) values (what);
end $$;

-- The statement must fail with this SQLSTATE (and, where given, this text in the message).
create function test.refused(what text, statement text, code text, says text default '') returns void
language plpgsql as $$
begin
  begin
    execute statement;
  exception when others then
    if sqlstate <> code or position(says in sqlerrm) = 0 then
      raise exception 'WRONG REFUSAL: % -> % %', what, sqlstate, sqlerrm;
    end if;
    insert into test.passed (what) values (what);
    return;
  end;
  raise exception 'NOT REFUSED: %', what;
end $$;

create function test.touched(statement text) returns bigint language plpgsql as $$
declare n bigint;
begin
  execute statement;
  get diagnostics n = row_count;
  return n;
end $$;
grant execute on all functions in schema test to public;

\set owner '''00000000-0000-4000-8000-000000000001'''
\set recruiter '''00000000-0000-4000-8000-000000000002'''
\set interviewer '''00000000-0000-4000-8000-000000000003'''
\set rival '''00000000-0000-4000-8000-000000000004'''
\set carla '''00000000-0000-4000-8000-000000000005'''
\set role '''00000000-0000-4000-8000-0000000000b1'''
\set acme '''00000000-0000-4000-8000-00000000ac3e'''

-- A visitor ------------------------------------------------------------------------------------------------------
begin;
select test.act_as('');
select test.expect('a visitor reads the taxonomy', (select count(*) from skills) = 13896 and (select count(*) from cities) > 6000);
select test.expect('a visitor reads companies', (select count(*) from companies) = 40);
select test.expect('a visitor sees open roles only',
  exists (select 1 from role_postings) and not exists (select 1 from role_postings where status <> 'open'));
select test.expect('asked skills of hidden roles are hidden',
  not exists (select 1 from role_skills s where s.posting_id not in (select id from role_postings)));
select test.expect('the directory counts only visible roles',
  (select sum(open_roles) from company_directory) = (select count(*) from role_postings));
select test.refused('a visitor reads no salaries', 'select * from role_salaries', '42501');
select test.refused('a visitor reads no candidates', 'select * from candidates', '42501');
select test.refused('a visitor reads no contacts', 'select * from candidate_contacts', '42501');
select test.refused('a visitor reads no candidate skills', 'select * from candidate_skills', '42501');
select test.refused('a visitor reads no applications', 'select * from applications', '42501');
select test.refused('a visitor reads no history', 'select * from application_events', '42501');
select test.refused('a visitor reads no members', 'select * from company_members', '42501');
select test.refused('a visitor has no shortlist', format('select * from shortlist(%L)', :role), '42501');
select test.refused('a visitor has no fit', format('select * from my_fit(%L)', :role), '42501');
select test.refused('nobody calls the inner fit function', format('select * from role_fit(%L, null, 5)', :role), '42501');
select test.refused('a visitor cannot apply', format('select apply(%L)', :role), '42501');
select test.refused('a visitor cannot post', format('insert into role_postings (company_id, title) values (%L, ''x x x'')', :acme), '42501');
rollback;

-- A candidate ----------------------------------------------------------------------------------------------------
begin;
select test.act_as(:carla);
select test.expect('a candidate sees one profile, the own', (select array_agg(id) from candidates) = array[:carla::uuid]);
select test.expect('a candidate sees one contact row, the own', (select array_agg(candidate_id) from candidate_contacts) = array[:carla::uuid]);
select test.expect('a candidate sees only own skills', (select count(distinct candidate_id) from candidate_skills) = 1);
select test.expect('a candidate has not applied yet', not exists (select 1 from applications));
select test.expect('a candidate reads no salary', not exists (select 1 from role_salaries));
select test.expect('a candidate gets no shortlist', not exists (select 1 from shortlist(:role)));
select test.expect('a candidate gets the own fit', (select count(*) from my_fit(:role)) = 1);
select test.expect('a candidate cannot change another profile',
  test.touched('update candidates set headline = ''x'' where id <> auth.uid()') = 0);
select test.refused('a candidate cannot mark the profile as real', 'update candidates set is_fictional = false', '42501');
select test.refused('a candidate adds skills to nobody else',
  format('insert into candidate_skills (candidate_id, skill_id) select %L, 1', :owner), '42501');
select test.refused('a candidate cannot insert an accepted application',
  format('insert into applications (posting_id, company_id, candidate_id, status) values (%L, %L, %L, ''offer'')', :role, :acme, :carla), '42501');
select test.refused('a candidate cannot agree for the company',
  format('insert into applications (posting_id, company_id, candidate_id, company_agrees) values (%L, %L, %L, true)', :role, :acme, :carla), '42501');

select test.expect('a candidate applies', apply(:role, 'Hello') is not null);
select test.expect('the application is submitted',
  (select status = 'submitted' and note = 'Hello' and company_id = :acme from applications));
select test.expect('the history starts', (select count(*) from application_events) = 1);
select test.refused('nobody applies twice', format('select apply(%L)', :role), '23505', 'already applied');
select test.refused('a candidate cannot be hired by own hand', 'update applications set status = ''hired''', '42501', 'only withdraw');
select test.refused('a candidate cannot flip the company side', 'update applications set company_agrees = true', '42501', 'Only the company');
select test.refused('an application keeps its role', format('update applications set posting_id = %L', :role), '42501');
select test.expect('a candidate agrees', test.touched('update applications set candidate_agrees = true') = 1);

-- ... the interviewer of that company
select test.act_as(:interviewer);
select test.expect('an interviewer sees the applicant', exists (select 1 from candidates where id = :carla));
select test.expect('an interviewer sees the application', exists (select 1 from applications where candidate_id = :carla));
select test.expect('an interviewer reads no salary', not exists (select 1 from role_salaries));
select test.expect('an interviewer cannot move applications',
  test.touched(format('update applications set status = ''interview'' where candidate_id = %L', :carla)) = 0);
select test.refused('an interviewer cannot post', format('insert into role_postings (company_id, title) values (%L, ''x x x'')', :acme), '42501');
select test.expect('an interviewer sees the shortlist', (select count(*) from shortlist(:role, 10)) >= 10);

-- ... the recruiter of that company, before and after both sides agree
select test.act_as(:recruiter);
select test.expect('a recruiter reads own salaries only',
  (select count(*) from role_salaries) = (select count(*) from role_postings where company_id = :acme)
  and (select count(*) from role_salaries) > 0);
select test.expect('contact is hidden while one side agrees', not exists (select 1 from candidate_contacts where candidate_id = :carla));
select test.refused('a recruiter cannot agree for the candidate',
  format('update applications set candidate_agrees = false where candidate_id = %L', :carla), '42501', 'Only the candidate');
select test.refused('a recruiter cannot withdraw for the candidate',
  format('update applications set status = ''withdrawn'' where candidate_id = %L', :carla), '42501', 'Only the candidate');
select test.refused('an application cannot skip to hired',
  format('update applications set status = ''hired'' where candidate_id = %L', :carla), '23514', 'cannot go from submitted to hired');
select test.expect('a recruiter agrees', test.touched(format('update applications set company_agrees = true where candidate_id = %L', :carla)) = 1);
select test.expect('contact is open once both agree', (select email from candidate_contacts where candidate_id = :carla) = 'candidate@example.test');
select test.expect('a recruiter shortlists', test.touched(format('update applications set status = ''shortlisted'' where candidate_id = %L', :carla)) = 1);
select test.expect('a recruiter invites', test.touched(format('update applications set status = ''interview'' where candidate_id = %L', :carla)) = 1);
select test.expect('a recruiter offers', test.touched(format('update applications set status = ''offer'' where candidate_id = %L', :carla)) = 1);
select test.expect('a recruiter hires', test.touched(format('update applications set status = ''hired'' where candidate_id = %L', :carla)) = 1);
select test.refused('hired is the end', format('update applications set status = ''rejected'' where candidate_id = %L', :carla), '23514', 'cannot go from hired');
select test.expect('every step is in the history',
  (select count(*) from application_events e join applications a on a.id = e.application_id where a.candidate_id = :carla) = 5);

-- ... the interviewer still reads no contact, another company sees nothing of it
select test.act_as(:interviewer);
select test.expect('an interviewer reads no contact', not exists (select 1 from candidate_contacts));
select test.act_as(:rival);
select test.expect('another company sees none of these applications', not exists (select 1 from applications where company_id = :acme));
select test.expect('another company sees none of the history',
  not exists (select 1 from application_events e where e.application_id not in (select id from applications)));
select test.expect('another company reads no contact', not exists (select 1 from candidate_contacts where candidate_id = :carla));
select test.expect('another company reads no salary of ours',
  not exists (select 1 from role_salaries s join role_postings p on p.id = s.posting_id where p.company_id = :acme));
select test.expect('another company gets no shortlist of ours', not exists (select 1 from shortlist(:role)));
select test.expect('another company sees no drafts of ours',
  not exists (select 1 from role_postings where company_id = :acme and status <> 'open'));
select test.expect('another company sees no colleagues of ours', not exists (select 1 from company_members where company_id = :acme));
rollback;

-- Posting a role -------------------------------------------------------------------------------------------------
begin;
select test.act_as(:recruiter);
insert into role_postings (id, company_id, title) values ('00000000-0000-4000-8000-0000000000f1', :acme, 'Test role');
insert into role_skills (posting_id, skill_id, need, min_level) select '00000000-0000-4000-8000-0000000000f1', id, 'must', 3 from skills where label = 'SQL';
insert into role_salaries (posting_id, min_amount, max_amount) values ('00000000-0000-4000-8000-0000000000f1', 50000, 60000.50);
select test.expect('a new role is a draft of the recruiter',
  (select status = 'draft' and created_by = :recruiter and opened_at is null from role_postings where id = '00000000-0000-4000-8000-0000000000f1'));
select test.act_as(:carla);
select test.expect('a draft is hidden', not exists (select 1 from role_postings where id = '00000000-0000-4000-8000-0000000000f1'));
select test.refused('nobody applies to a draft', 'select apply(''00000000-0000-4000-8000-0000000000f1'')', 'P0001', 'not open');
select test.expect('there is no fit for a draft', not exists (select 1 from my_fit('00000000-0000-4000-8000-0000000000f1')));
select test.act_as(:rival);
select test.refused('another company cannot post for us', format('insert into role_postings (company_id, title) values (%L, ''x x x'')', :acme), '42501');
select test.act_as(:recruiter);
update role_postings set status = 'open' where id = '00000000-0000-4000-8000-0000000000f1';
select test.expect('opening sets the time', (select opened_at is not null from role_postings where id = '00000000-0000-4000-8000-0000000000f1'));
select test.expect('a new role has a shortlist at once', (select count(*) from shortlist('00000000-0000-4000-8000-0000000000f1')) = 50);
select test.refused('an open role is no draft again',
  'update role_postings set status = ''draft'' where id = ''00000000-0000-4000-8000-0000000000f1''', '23514', 'draft again');
select test.expect('an open role cannot be deleted',
  test.touched('delete from role_postings where id = ''00000000-0000-4000-8000-0000000000f1''') = 0);
select test.refused('a salary range has the right order',
  'update role_salaries set max_amount = 1 where posting_id = ''00000000-0000-4000-8000-0000000000f1''', '23514');
select test.act_as(:interviewer);
select test.expect('the salary of the new role is hidden from the interviewer', not exists (select 1 from role_salaries));
rollback;

-- The score ------------------------------------------------------------------------------------------------------
begin;
create temporary table fits as
  select p.id as posting_id, p.status, f.* from role_postings p, role_fit(p.id, null, 100) f;
select test.expect('there are fits for every role with asked skills', (select count(distinct posting_id) from fits) >= 100);
select test.expect('the parts add up to the score, for every row',
  not exists (select 1 from fits f where f.score <> (select sum((x ->> 'points')::numeric) from jsonb_array_elements(f.parts) x)));
select test.expect('every part stays within its limits',
  not exists (select 1 from fits f, jsonb_array_elements(f.parts) x
    where (x ->> 'points')::numeric < 0 or (x ->> 'points')::numeric > (x ->> 'of')::numeric));
select test.expect('the limits add up to 100',
  not exists (select 1 from fits f where 100 <> (select sum((x ->> 'of')::int) from jsonb_array_elements(f.parts) x)));
select test.expect('a missing must-have is a gate, and only that',
  not exists (
    select 1 from fits f
    where (select count(*) from jsonb_array_elements(f.skills) s where s ->> 'need' = 'must' and (s ->> 'has')::int = 0)
       <> (select count(*) from jsonb_array_elements(f.gates) g where g ->> 'gate' = 'missing_must_have')));
select test.expect('nobody is dropped by the score: every applicant is in the list',
  not exists (select 1 from applications a
    where a.status <> 'withdrawn' and not exists (select 1 from fits f where f.posting_id = a.posting_id and f.candidate_id = a.candidate_id)));
select test.expect('ranks follow the score',
  not exists (select 1 from fits a join fits b on a.posting_id = b.posting_id and a.rank < b.rank and a.score < b.score));
select test.expect('both sides see the same figures',
  not exists (
    select 1 from fits f, role_fit(f.posting_id, f.candidate_id, 1) own
    where f.posting_id = :role and (f.score <> own.score or f.parts <> own.parts or f.gates <> own.gates)));
rollback;

-- Accounts -------------------------------------------------------------------------------------------------------
begin;
insert into auth.users (id, email, raw_user_meta_data) values
  ('00000000-0000-4000-8000-0000000000e1', 'new@example.test', '{"full_name":"Nina New"}'),
  ('00000000-0000-4000-8000-0000000000e2', 'plain@example.test', '{}'),
  ('00000000-0000-4000-8000-0000000000e3', 'boss@example.test', '{"account":"company"}');
select test.expect('signing up makes a profile and a contact row',
  (select c.display_name = 'Nina New' and not c.visible and k.email = 'new@example.test'
   from candidates c join candidate_contacts k on k.candidate_id = c.id where c.id = '00000000-0000-4000-8000-0000000000e1'));
select test.expect('an address is never shown as a name',
  (select display_name = 'New candidate' from candidates where id = '00000000-0000-4000-8000-0000000000e2'));
select test.expect('a company account has no candidate profile', not exists (select 1 from candidates where id = '00000000-0000-4000-8000-0000000000e3'));
select test.act_as('00000000-0000-4000-8000-0000000000e3');
select test.refused('a company account cannot apply', format('select apply(%L)', :role), '42501', 'no candidate profile');
select test.expect('before it has a company it finds nobody', not exists (select 1 from candidates));
select test.expect('it registers a company', create_company('bossy', 'Bossy', 'bossy.example') is not null);
select test.expect('and owns it', (select role = 'owner' from company_members));
select test.expect('now it finds visible candidates, and only those',
  exists (select 1 from candidates) and not exists (select 1 from candidates where not visible));
select test.refused('nobody makes oneself a member elsewhere',
  format('insert into company_members (company_id, user_id, role) values (%L, auth.uid(), ''owner'')', :acme), '42501');
select test.expect('members cannot be changed from outside', test.touched(format('update company_members set role = ''owner'' where company_id = %L', :acme)) = 0);
rollback;

select 'every promise above holds: ' || (select last_value from test.passed_n_seq) || ' checks';
