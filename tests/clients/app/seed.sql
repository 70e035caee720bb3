insert into countries (code, name) values ('JP', 'Japan'), ('FR', 'France'), ('US', 'United States'), ('SE', 'Sweden');

insert into people (id, name, born, country_code) values
  (1, 'Akira Kurosawa', '1910-03-23', 'JP'),
  (2, 'Agnès Varda', '1928-05-30', 'FR'),
  (3, 'Ingmar Bergman', '1918-07-14', 'SE'),
  (4, 'Toshiro Mifune', '1920-04-01', 'JP'),
  (5, 'Max von Sydow', '1929-04-10', 'SE'),
  (6, 'Nobody Inparticular', null, null);

insert into films (id, title, year, rating, kind, in_colour, tags, facts, director_id, writer_id) values
  (1, 'Seven Samurai', 1954, 8.6, 'drama', false, '{epic,war}', '{"length": 207, "awards": ["lion"], "crew": {"camera": "Nakai"}}', 1, 1),
  (2, 'Cléo from 5 to 7', 1962, 7.9, 'drama', false, '{paris}', '{"length": 90, "awards": []}', 2, 2),
  (3, 'The Seventh Seal', 1957, 8.1, 'drama', false, '{plague,chess}', '{"length": 96}', 3, 3),
  (4, 'Dodes''ka-den', 1970, 7.3, 'comedy', true, '{tokyo}', '{"length": 140}', 1, null),
  (5, 'Faces Places', 2017, 7.8, 'comedy', true, '{paris,road}', '{"length": 94, "awards": ["eye", "cesar"]}', 2, null),
  (6, 'Untitled, "lost" (1999)', 1999, null, 'science fiction', true, '{}', '{}', null, null);

insert into film_budgets (film_id, amount, currency) values (1, 125000000.00, 'JPY'), (3, 150000.50, 'SEK');

insert into roles (film_id, person_id, character) values
  (1, 4, 'Kikuchiyo'), (3, 5, 'Antonius Block'), (5, 2, 'Herself'), (4, 6, 'Boy');

insert into reviews (id, film_id, stars, author, body) values
  (1, 1, 5, 'ann', 'A masterpiece'), (2, 1, 4, 'ben', null), (3, 1, 5, 'cat', 'Long, worth it'),
  (4, 2, 4, 'ann', 'Paris!'), (5, 3, 5, 'ben', 'Chess'), (6, 5, 3, 'cat', null);

insert into categories (id, name, parent_id) values
  (1, 'all', null), (2, 'fiction', 1), (3, 'documentary', 1), (4, 'horror', 2);

insert into samples (id, flag, small, whole, big, exact, money, approx, words, short, ident, day, clock, local_at, at, span,
                     raw, doc, bytes, numbers, labels, feeling) values
  (1, true, -32768, 2147483647, 9223372036854775807, 12345678901234567890.123456789, 1234.50, 0.1, E'line\n"quoted" \\ ä€😀', 'short',
   'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '2024-02-29', '13:14:15.5', '2024-01-02 03:04:05.123456', '2024-01-02 03:04:05.12+02',
   '1 mon 2 days 03:04:05', '{"b": 1,  "a": [1, 2]}', '{"b": 1,  "a": [1, 2], "b": 2}', '\xdeadbeef', '{1,2,NULL}', '{a,"b c"}', 'happy'),
  (2, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (3, false, 0, 0, 0, 0, 0, 0, '', '', '00000000-0000-0000-0000-000000000000', '1999-12-31', '00:00', '1999-12-31 23:59:59',
   '1999-12-31 23:59:59+00', '00:00:00', 'null', '[]', '', '{}', '{}', 'sad');

insert into employees (id, name, salary) values (1, 'Edda', 5000.00), (2, 'Finn', 6000.00);

insert into teams (id, name) values (1, 'red'), (2, 'blue');
insert into messages (id, team_id, body) values (1, 1, 'to the reds'), (2, 2, 'to the blues');
