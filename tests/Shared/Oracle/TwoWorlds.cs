using System.Globalization;

namespace Tenon.Testing;

/// <summary>
/// Schema and rows for two databases that differ only in what the caller may not see: rows behind policies, columns without
/// a grant, tables without one.
/// </summary>
/// <remarks>
/// What a hidden row shows in PostgreSQL too is kept out by rule, here and in <see cref="WorldRequests"/>: unique keys and
/// foreign keys do not ask policies (ENGINES rules 21 and 27). So hidden keys begin at <see cref="FirstHidden"/>, requests
/// write only smaller ones, no key is given out by a sequence, and what refers from a hidden row goes with its target.
/// </remarks>
internal static class TwoWorlds
{
    public const int FirstHidden = 1000;

    public static readonly string[] Tables = ["teams", "people", "diary", "pages", "lent", "diary_view", "vault"];

    public const string Schema = """
        drop view if exists diary_view;
        drop table if exists lent, vault, pages, diary, people, teams, members cascade;
        drop function if exists diary_total();
        drop function if exists mine(text);
        drop function if exists lend(int, int);
        create table teams (id int primary key, name text not null);
        create table people (id int primary key, name text not null, team_id int references teams (id), secret text, pay numeric(10,2), notes jsonb);
        create table members (owner text not null, org int not null, primary key (owner, org));
        create table diary (id int primary key, owner text not null default 'me', line text, score text, org int, meta jsonb, tags int[], at timestamptz);
        create table pages (id int primary key, diary_id int references diary (id) on delete cascade, body text, n int);
        create table lent (page_id int references pages (id) on delete cascade, person_id int references people (id) on delete cascade, primary key (page_id, person_id));
        create table vault (id int primary key, code text, diary_id int references diary (id) on delete cascade);
        create index diary_score on diary (score);
        create function mine(who text) returns boolean language sql stable as 'select who = ''me''';
        create function peek(people) returns text language sql stable as 'select $1.secret';
        create function shout(people) returns text language sql stable as 'select upper($1.name)';
        create function as_number(diary) returns int language sql stable as 'select $1.score::int';
        create function pages_of(diary) returns bigint language sql stable as 'select count(*) from pages p where p.diary_id = $1.id';
        create function diary_total() returns bigint language sql stable as 'select sum(score::int) from diary';
        create function find_diary(word text) returns setof diary language sql stable as 'select * from diary where line like word';
        create function lend(page int, person int) returns void language sql as 'insert into lent values (page, person)';
        create view diary_view with (security_invoker = true) as select d.id, d.line, d.score, (select count(*) from pages p where p.diary_id = d.id) as pages from diary d;
        alter table members enable row level security;
        create policy own on members for select to anon using (owner = 'me');
        alter table diary enable row level security;
        create policy own on diary to anon using (mine(owner)) with check (owner = 'me');
        create policy shared on diary for select to anon using (org in (select m.org from members m));
        create policy sane on diary as restrictive to anon using (owner <> 'nobody');
        alter table pages enable row level security;
        create policy of_diary on pages to anon using (exists (select 1 from diary d where d.id = pages.diary_id)) with check (n is distinct from 7);
        alter table lent enable row level security;
        create policy of_page on lent to anon using (page_id in (select id from pages)) with check (true);
        grant select, insert, update, delete on diary, pages, lent to anon;
        grant select on teams, members, diary_view to anon;
        grant select (id, name, team_id), insert (id, name, team_id), update (name), delete on people to anon;
        insert into teams values (1, 'red'), (2, 'blue');
        insert into members values ('me', 5);

        """;

    /// <summary>
    /// The same tables in MariaDB, without what it has not: functions, arrays, views with the caller's rights. Under a collation
    /// that holds upper and lower case for equal.
    /// </summary>
    public const string AttachedTables = """
        create table teams (id int primary key, name varchar(50) not null) collate utf8mb4_general_ci;
        create table people (id int primary key, name varchar(50) not null, team_id int, secret varchar(50), pay numeric(10,2), notes json,
          foreign key (team_id) references teams (id)) collate utf8mb4_general_ci;
        create table members (owner varchar(50) not null, org int not null, primary key (owner, org)) collate utf8mb4_general_ci;
        create table diary (id int primary key, owner varchar(50) not null default 'me', line varchar(50), score varchar(50), org int, meta json,
          tags varchar(50), at timestamp(6) null) collate utf8mb4_general_ci;
        create table pages (id int primary key, diary_id int, body varchar(50), n int,
          foreign key (diary_id) references diary (id) on delete cascade) collate utf8mb4_general_ci;
        create table lent (page_id int, person_id int, primary key (page_id, person_id),
          foreign key (page_id) references pages (id) on delete cascade, foreign key (person_id) references people (id) on delete cascade);
        create table vault (id int primary key, code varchar(50), diary_id int, foreign key (diary_id) references diary (id) on delete cascade);
        create index diary_score on diary (score);
        """;

    public const string AttachedPolicies = """
        alter table teams enable row level security;
        create policy everyone on teams using (true);
        alter table people enable row level security;
        create policy everyone on people using (true);
        alter table members enable row level security;
        create policy own on members for select to anon using (owner = 'me');
        alter table diary enable row level security;
        create policy own on diary to anon using (owner = 'me') with check (owner = 'me');
        create policy shared on diary for select to anon using (org in (select m.org from members m));
        create policy sane on diary as restrictive to anon using (owner <> 'nobody');
        alter table pages enable row level security;
        create policy of_diary on pages to anon using (exists (select 1 from diary d where d.id = pages.diary_id)) with check (n is distinct from 7);
        alter table lent enable row level security;
        create policy of_page on lent to anon using (page_id in (select id from pages)) with check (true);
        grant select, insert, update, delete on diary, pages, lent to anon;
        grant select on teams, members to anon;
        grant select (id, name, team_id), insert (id, name, team_id), update (name), delete on people to anon;
        """;

    private const string AttachedReset = """
        delete from lent; delete from vault; delete from pages; delete from diary; delete from people; delete from teams; delete from members;
        insert into teams values (1, 'red'), (2, 'blue');
        insert into members values ('me', 5);

        """;

    /// <summary>Rows of a world as an attached database takes them, in place of those there were.</summary>
    public static string Attached(string rows) =>
        AttachedReset + rows.Replace("Z'", "'", StringComparison.Ordinal).Replace("'infinity'", "'2037-12-31T00:00:00'", StringComparison.Ordinal);

    /// <summary>What both worlds have.</summary>
    public static string Visible(Draws draws)
    {
        var sql = new List<string>();
        int id = 0;
        foreach (string row in draws.Several(1, 6, d => $"{d.Of("'me', {0}, {1}, null", "'me', {0}, {1}, 5", "'friend', {0}, {1}, 5", "'me', {0}, {1}, 6")}, {d.Of("null", "'{\"k\":\"a\",\"n\":2}'", "'{\"k\":[1,2]}'")}, {d.Of("null", "'{1,2}'", "'{}'")}, {d.Of("null", "'2024-05-06T07:08:09Z'", "'1999-12-31T23:59:59Z'")}"
            .Replace("{0}", d.Of("'one'", "'two'", "null", "'tri'"), StringComparison.Ordinal)
            .Replace("{1}", d.Of("'1'", "'22'", "null", "'-3'"), StringComparison.Ordinal)))
        {
            sql.Add($"insert into diary values ({++id}, {row});");
        }
        for (int page = 1; page <= 4; page++)
        {
            sql.Add($"insert into pages values ({page}, {1 + draws.Below(id)}, {draws.Of("'p'", "'q'", "null")}, {draws.Of("1", "2", "null")});");
        }
        sql.Add("insert into lent values (1, 1), (2, 1);");
        return string.Join('\n', sql) + "\n";
    }

    /// <summary>People are known to both, their hidden columns are not.</summary>
    public static string Hidden(Draws draws)
    {
        var sql = new List<string>();
        for (int person = 1; person <= 3; person++)
        {
            sql.Add($"insert into people values ({person}, '{(char)('A' + person)}', {person % 2 + 1}, {draws.Of("null", "'alpha'", "'omega'", "'9'")}, {draws.Of("null", "1.50", "99")}, {draws.Of("null", "'{\"k\":\"alpha\"}'", "'[1]'")});");
        }
        int id = FirstHidden;
        foreach (string row in draws.Several(0, 6, d => $"'{d.Of("you", "nobody")}', {d.Of("'one'", "'two'", "'secret'", "null")}, {d.Of("'no number'", "'1'", "'22'", "null", "'99999999999'")}, {d.Of("null", "6", "8")}, {d.Of("null", "'{\"k\":\"secret\"}'", "'\"text\"'")}, {d.Of("null", "'{9}'")}, {d.Of("null", "'2024-05-06T07:08:09Z'", "'infinity'")}"))
        {
            sql.Add($"insert into diary values ({++id}, {row});");
            if (draws.Chance(60))
            {
                sql.Add($"insert into pages values ({id}, {id}, {draws.Of("'p'", "'secret'")}, {draws.Of("1", "7")});");
                sql.Add($"insert into lent values ({id}, {1 + draws.Below(3)});");
            }
            if (draws.Chance(40))
            {
                sql.Add($"insert into vault values ({id}, 'secret', {id});");
            }
        }
        foreach (int org in draws.Several(0, 3, d => 6 + d.Below(4)).Distinct())
        {
            sql.Add($"insert into members values ('you', {org.ToString(CultureInfo.InvariantCulture)});");
        }
        return string.Join('\n', sql) + "\n";
    }
}
