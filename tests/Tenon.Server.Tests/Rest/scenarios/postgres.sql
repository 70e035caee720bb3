create schema shop;
create schema hidden;
create type address as (street text, zip text);
create table people (id int primary key, name text not null, home address, homes address[]);
create table sensors (id int primary key, name text not null);
create table measures (day date not null, sensor int not null references sensors (id), value numeric, primary key (day, sensor)) partition by range (day);
create table measures_2023 partition of measures for values from ('2023-01-01') to ('2024-01-01');
create table measures_2024 partition of measures for values from ('2024-01-01') to ('2025-01-01');
alter table measures enable row level security;
create policy small on measures using (value < 100) with check (value < 100);
create function doubled(measures) returns numeric language plpgsql stable as $$ begin return $1.value * 2; end $$;
create function name(measures) returns setof sensors rows 1 language plpgsql stable as $$
begin
  return query select * from sensors where id = $1.sensor;
end $$;
create table bookings (id int primary key, room int, during int4range, days daterange, at tstzrange, many int4multirange, host inet);
create table items (id int primary key, kind text not null, note text);
create view shelf as select i.id, upper(i.kind) as kind, count(*) over () as of_all from items i;
create function on_shelf() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into items (id, kind, note) values (new.id, lower(new.kind), 'by ' || current_user);
    return new;
  elsif tg_op = 'UPDATE' then
    update items set kind = lower(new.kind) where id = old.id;
    return new;
  end if;
  delete from items where id = old.id;
  return old;
end $$;
create trigger on_shelf instead of insert or update or delete on shelf for each row execute function on_shelf();
create domain "text/html" as text;
create domain "image/png" as bytea;
create domain "application/vnd.lines" as text;
create domain "*/*" as bytea;
create function add_line(state "application/vnd.lines", next people) returns "application/vnd.lines" language sql immutable as
  $$ select (state || next.name || ';')::"application/vnd.lines" $$;
create aggregate lines_of(people) (sfunc = add_line, stype = "application/vnd.lines", initcond = '');
create domain "text/tab-separated-values" as text;
create function add_values(state "text/tab-separated-values", next anyelement) returns "text/tab-separated-values" language plpgsql stable as $$
begin
  return state || (select string_agg(coalesce(value, 'NULL'), e'\t') from json_each_text(to_json(next))) || e'\n';
end $$;
create aggregate values_of(anyelement) (sfunc = add_values, stype = "text/tab-separated-values", initcond = '');
create domain "application/vnd.hidden" as text;
create function hidden.add_hidden(state "application/vnd.hidden", next anyelement) returns "application/vnd.hidden" language sql immutable as 'select state';
create aggregate hidden.hidden_of(anyelement) (sfunc = hidden.add_hidden, stype = "application/vnd.hidden", initcond = '');
create function page(who text default 'you') returns "text/html" language sql immutable as $$ select '<p>' || who || '</p>' $$;
create function dot() returns "image/png" language sql immutable as $$ select '\x89504e47'::bytea $$;
create function feed() returns xml language sql immutable as $$ select '<feed><item>ä</item></feed>'::xml $$;
create function echo_xml(xml) returns xml language sql immutable as 'select $1';
create function describe(a int) returns text language plpgsql immutable as $$ begin return 'int ' || a; end $$;
create function describe(a text) returns text language plpgsql immutable as $$ begin return 'text ' || a; end $$;
create function describe(a int, b int) returns text language plpgsql immutable as $$ begin return 'two ' || a || ' ' || b; end $$;
create function joined(sep text, variadic words text[]) returns text language plpgsql immutable as $$ begin return array_to_string(words, sep); end $$;
create function home_of(who int) returns address language sql stable as 'select home from people where id = who';
create function homes() returns setof address language sql stable as 'select home from people order by id';
create function pair(out small int, out large int) language plpgsql as $$ begin small := 1; large := 2; end $$;
create function free_rooms(wanted int4range) returns setof bookings language sql stable as 'select * from bookings where not during && wanted';
create function touch(n int) returns int language plpgsql as $$ begin insert into items values (n, 'touched'); return n; end $$;
create function fail_with(code text) returns int language plpgsql as $$ begin raise exception 'as asked' using errcode = code; end $$;
create function shop.st_asgeojson(r record, geom_column text default '') returns text language plpgsql stable as $$
begin
  return json_build_object('type', 'Feature', 'geometry', null, 'properties', to_json(r))::text;
end $$;
create table shop.goods (id int primary key, name text not null);
create function shop.good_count() returns bigint language sql stable as 'select count(*) from shop.goods';
create table hidden.codes (id int primary key);
create extension hstore;
create table labelled (id int primary key, labels hstore, many hstore[]);
create function moved_to(home address) returns text language sql stable as $$ select home.street || ' ' || coalesce(home.zip, '-') $$;
create function streets(homes address[]) returns text language sql stable as $$ select string_agg(h.street, '+') from unnest(homes) h $$;
create domain place as int default 7;
create table racers (id int generated by default as identity primary key, place place, owner text default current_user, mask bit(5));
create table private_racers (id int generated by default as identity primary key, owner text default current_user);
alter table private_racers enable row level security;
create policy own on private_racers using (owner = current_user) with check (owner = current_user);
create function as_whom() returns text language sql stable as 'select current_user::text';
create table signed (id int primary key, by_whom text default as_whom());
create table rooms (id int primary key, name text not null);
create table doors (id int primary key, room int references rooms (id));
create materialized view room_doors as select d.id, d.room, r.name from doors d join rooms r on r.id = d.room with no data;
create function setting_of(name text) returns text language sql stable as 'select current_setting(name, true)';
create function any_type() returns "*/*" language plpgsql stable as $$ begin return 'any'::bytea; end $$;
create function own_type(kind text) returns "*/*" language plpgsql stable as $$
begin
  perform set_config('response.headers', json_build_array(json_build_object('Content-Type', kind))::text, true);
  return 'own'::bytea;
end $$;
create function add_any(state "*/*", next racers) returns "*/*" language sql immutable as $$ select (state || 'r'::bytea)::"*/*" $$;
create aggregate any_of(racers) (sfunc = add_any, stype = "*/*", initcond = '');
insert into people values (1, 'Ann', row('Main St', '123'), array[row('A', '1'), row('B', null)]::address[]), (2, 'Bob', null, null);
insert into sensors values (1, 'door'), (2, 'roof');
insert into measures values ('2023-05-01', 1, 10), ('2023-06-01', 2, 200), ('2024-05-01', 1, 30.5), ('2024-06-01', 2, null);
insert into bookings values
  (1, 1, '[1,5)', '[2024-01-01,2024-01-10)', '[2024-01-01 10:00+00,2024-01-01 12:00+00)', '{[1,2),[5,6)}', '10.0.0.1'),
  (2, 1, '[5,9)', '[2024-01-10,2024-01-20)', '[2024-01-01 12:00+00,)', '{}', '10.0.1.0/24'),
  (3, 2, '[20,30)', 'empty', null, null, null),
  (4, 2, null, null, null, null, null);
insert into items (id, kind) values (1, 'book'), (2, 'lamp');
insert into shop.goods values (1, 'tea');
grant select, insert, update, delete on people, sensors, measures, bookings, items, shelf, shop.goods to anon;
insert into rooms values (1, 'hall'), (2, 'attic');
insert into doors values (1, 1), (2, 1);
refresh materialized view room_doors;
grant select, insert, update, delete on racers, private_racers, signed, rooms, doors, room_doors, labelled to anon;
grant select on hidden.codes to anon;
grant usage on schema shop to anon;
