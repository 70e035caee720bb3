-- The reference data everyone may read: skills, occupations, cities.
-- Skills and occupations are ESCO's (see ../README.md for the required credit); the ids are ours.

create type skill_type as enum ('skill', 'knowledge');
create type skill_relation_kind as enum ('broader', 'related');
create type occupation_relation as enum ('essential', 'optional');

create table skill_groups (
  id integer primary key,
  code text,
  label text not null
);

create table skills (
  id integer primary key,
  label text not null,
  type skill_type not null,
  group_id integer references skill_groups (id),
  is_digital boolean not null default false
);
create index skills_label_idx on skills (lower(label));
create index skills_group_idx on skills (group_id);

-- One row per direction that the source states: the first skill's broader or related skill is the second.
create table skill_relations (
  skill_id integer not null references skills (id) on delete cascade,
  related_id integer not null references skills (id) on delete cascade,
  kind skill_relation_kind not null,
  primary key (skill_id, related_id)
);
create index skill_relations_reverse_idx on skill_relations (related_id);

create table occupations (
  id integer primary key,
  label text not null,
  isco_code text not null
);
create index occupations_label_idx on occupations (lower(label));

create table occupation_skills (
  occupation_id integer not null references occupations (id) on delete cascade,
  skill_id integer not null references skills (id) on delete cascade,
  relation occupation_relation not null,
  primary key (occupation_id, skill_id)
);
create index occupation_skills_skill_idx on occupation_skills (skill_id);

-- km_per_degree is the length of one degree of longitude at the city's latitude, so that distances between
-- neighbours need no trigonometry: kilometres east = difference in longitude * km_per_degree.
create table cities (
  id integer primary key,
  name text not null,
  country text not null check (length(country) = 2),
  lat double precision not null check (lat between -90 and 90),
  lon double precision not null check (lon between -180 and 180),
  km_per_degree double precision not null
);
create index cities_name_idx on cities (lower(name));

alter table skill_groups enable row level security;
alter table skills enable row level security;
alter table skill_relations enable row level security;
alter table occupations enable row level security;
alter table occupation_skills enable row level security;
alter table cities enable row level security;

create policy "everyone reads skill groups" on skill_groups for select to anon, authenticated using (true);
create policy "everyone reads skills" on skills for select to anon, authenticated using (true);
create policy "everyone reads skill relations" on skill_relations for select to anon, authenticated using (true);
create policy "everyone reads occupations" on occupations for select to anon, authenticated using (true);
create policy "everyone reads occupation skills" on occupation_skills for select to anon, authenticated using (true);
create policy "everyone reads cities" on cities for select to anon, authenticated using (true);

grant select on skill_groups, skills, skill_relations, occupations, occupation_skills, cities to anon, authenticated;
grant all on skill_groups, skills, skill_relations, occupations, occupation_skills, cities to service_role;

comment on table skills is 'ESCO skills and knowledge concepts. This service uses the ESCO classification of the European Commission.';
comment on table cities is 'Places of more than 15,000 people. Source: GeoNames, geonames.org, CC BY 4.0; a selection.';
