-- The demo accounts, all with the password "tenon-dev". Runs after seed/*.sql, in development only.

insert into auth.users (id, email, encrypted_password, email_confirmed_at, raw_user_meta_data) values
  ('00000000-0000-4000-8000-000000000001', 'owner@acme.test',
   '$argon2id$v=19$m=19456,t=2,p=1$gapKexSk7S9CzSps+qQCpQ$b1vq9dkay1Aul3Da6DlJBvV32IX5iRl/EAztoP2b8oM',
   '2026-11-01T09:00:00Z', '{"full_name":"Olga Owner","account":"company"}'),
  ('00000000-0000-4000-8000-000000000002', 'recruiter@acme.test',
   '$argon2id$v=19$m=19456,t=2,p=1$gapKexSk7S9CzSps+qQCpQ$b1vq9dkay1Aul3Da6DlJBvV32IX5iRl/EAztoP2b8oM',
   '2026-11-01T09:00:00Z', '{"full_name":"Rita Recruiter","account":"company"}'),
  ('00000000-0000-4000-8000-000000000003', 'interviewer@acme.test',
   '$argon2id$v=19$m=19456,t=2,p=1$gapKexSk7S9CzSps+qQCpQ$b1vq9dkay1Aul3Da6DlJBvV32IX5iRl/EAztoP2b8oM',
   '2026-11-01T09:00:00Z', '{"full_name":"Ivo Interviewer","account":"company"}'),
  ('00000000-0000-4000-8000-000000000004', 'recruiter@brightfold.test',
   '$argon2id$v=19$m=19456,t=2,p=1$gapKexSk7S9CzSps+qQCpQ$b1vq9dkay1Aul3Da6DlJBvV32IX5iRl/EAztoP2b8oM',
   '2026-11-01T09:00:00Z', '{"full_name":"Bruno Brightfold","account":"company"}'),
  ('00000000-0000-4000-8000-000000000005', 'candidate@example.test',
   '$argon2id$v=19$m=19456,t=2,p=1$gapKexSk7S9CzSps+qQCpQ$b1vq9dkay1Aul3Da6DlJBvV32IX5iRl/EAztoP2b8oM',
   '2026-11-01T09:00:00Z', '{"full_name":"Carla Candidate","display_name":"Carla C."}');

insert into company_members (company_id, user_id, role, display_name)
select c.id, '00000000-0000-4000-8000-000000000001', 'owner', 'Olga Owner' from companies c where c.slug = 'acme-robotics';
insert into company_members (company_id, user_id, role, display_name)
select c.id, '00000000-0000-4000-8000-000000000002', 'recruiter', 'Rita Recruiter' from companies c where c.slug = 'acme-robotics';
insert into company_members (company_id, user_id, role, display_name)
select c.id, '00000000-0000-4000-8000-000000000003', 'interviewer', 'Ivo Interviewer' from companies c where c.slug = 'acme-robotics';
insert into company_members (company_id, user_id, role, display_name)
select c.id, '00000000-0000-4000-8000-000000000004', 'recruiter', 'Bruno Brightfold' from companies c where c.slug = 'brightfold';

-- The demo candidate's profile was made by the sign-up trigger; fill it in.
update candidates
set headline = 'Backend Engineer, likes plain interfaces and small teams',
  about = 'Six years of C# and SQL behind shops and booking systems. I would like to work where software moves something.',
  city_id = (select c.id from cities c where c.name = 'Potsdam' and c.country = 'DE'),
  years = 6, visible = true, is_fictional = true
where id = '00000000-0000-4000-8000-000000000005';

update candidate_contacts set phone = '+49 30 555 0100'
where candidate_id = '00000000-0000-4000-8000-000000000005';

insert into candidate_skills (candidate_id, skill_id, level, years)
select '00000000-0000-4000-8000-000000000005', s.id, 4, 5 from skills s
where s.label in ('C#', 'SQL', 'computer programming');
insert into candidate_skills (candidate_id, skill_id, level, years)
select '00000000-0000-4000-8000-000000000005', s.id, 3, 3 from skills s
where s.label in ('TypeScript', 'PostgreSQL', 'debug software');
