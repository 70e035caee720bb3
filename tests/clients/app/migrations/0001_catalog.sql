-- What the read tests look at: films and the people around them, with every kind of relationship.
create type genre as enum ('drama', 'comedy', 'crime', 'science fiction');

create table countries (
  code text primary key,
  name text not null
);

create table people (
  id integer primary key,
  name text not null,
  born date,
  country_code text references countries (code)
);

create table films (
  id integer primary key,
  title text not null,
  year integer not null,
  rating numeric(3,1),
  kind genre not null,
  in_colour boolean not null,
  tags text[] not null default '{}',
  facts jsonb not null default '{}',
  director_id integer references people (id),
  writer_id integer references people (id)
);
create index films_director on films (director_id);

-- One to one: the key is the foreign key.
create table film_budgets (
  film_id integer primary key references films (id) on delete cascade,
  amount numeric(14,2) not null,
  currency text not null
);

-- Many to many: who plays in what.
create table roles (
  film_id integer references films (id) on delete cascade,
  person_id integer references people (id) on delete cascade,
  character text not null,
  primary key (film_id, person_id)
);

-- To many, with an order of its own.
create table reviews (
  id integer primary key,
  film_id integer not null references films (id) on delete cascade,
  stars integer not null check (stars between 1 and 5),
  author text not null,
  body text
);
create index reviews_film on reviews (film_id);

-- A tree.
create table categories (
  id integer primary key,
  name text not null,
  parent_id integer references categories (id)
);

create view recent_films with (security_invoker = true) as select id, title, year, director_id from films where year >= 2000;

create function add_them(a integer, b integer) returns integer
  language sql immutable as $$ select a + b $$;

create function greet(name text default 'world') returns text
  language sql stable as $$ select 'Hello, ' || name || '!' $$;

create function films_since(first_year integer) returns setof films
  language sql stable as $$ select * from films where year >= first_year $$;

create function film_count_by_year() returns table (year integer, films bigint)
  language sql stable as $$ select year, count(*) from films group by year order by year $$;

create function first_film() returns films
  language sql stable as $$ select * from films order by year, id limit 1 $$;

create function total_stars(film integer) returns bigint
  language sql stable as $$ select coalesce(sum(stars), 0) from reviews where film_id = film $$;

grant select on countries, people, films, film_budgets, roles, reviews, categories, recent_films to anon, authenticated;
grant all on countries, people, films, film_budgets, roles, reviews, categories, recent_films to service_role;
grant execute on all functions in schema public to anon, authenticated, service_role;

alter table countries enable row level security;
alter table people enable row level security;
alter table films enable row level security;
alter table film_budgets enable row level security;
alter table roles enable row level security;
alter table reviews enable row level security;
alter table categories enable row level security;

create policy countries_read on countries for select using (true);
create policy people_read on people for select using (true);
create policy films_read on films for select using (true);
create policy film_budgets_read on film_budgets for select using (true);
create policy roles_read on roles for select using (true);
create policy reviews_read on reviews for select using (true);
create policy categories_read on categories for select using (true);
