-- Reference data with an enum, and a view of it.
create type public.continents as enum ('Africa', 'Antarctica', 'Asia', 'Europe', 'Oceania', 'North America', 'South America');

create table public.countries (
  id bigserial primary key,
  name text,
  iso2 text not null,
  iso3 text,
  local_name text,
  continent continents
);
comment on table countries is 'Full list of countries.';
comment on column countries.iso2 is 'ISO 3166-1 alpha-2 code.';

insert into public.countries (name, iso2, iso3, local_name, continent) values
  ('Germany', 'DE', 'DEU', 'Deutschland', 'Europe'),
  ('Japan', 'JP', 'JPN', null, 'Asia'),
  ('Côte d''Ivoire', 'CI', 'CIV', null, 'Africa');

create view european_countries with (security_invoker = true) as
  select id, name, lower(iso2) as code from countries where continent = 'Europe';

grant select on countries, european_countries to anon, authenticated;
