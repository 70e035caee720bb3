namespace Tenon.Server.Tests.Threats;

/// <summary>Tables of which anon may see some rows and some columns; what differs between two worlds is hidden from it.</summary>
internal static class HiddenTables
{
    /// <summary>word: of a hidden column. rows: hidden ones, and the visible pages that point at them.</summary>
    public static ThreatTables Of(string word, string rows) =>
        new(Main + Rows(word) + rows, Attached + Rows(word) + rows, Policies);

    private const string Main = $"""
        create table teams (id int primary key, name text not null);
        create table people (id int primary key, name text not null, team_id int references teams (id), secret text, pay numeric(10,2), notes jsonb);
        create function peek(people) returns text language sql stable as 'select $1.secret';
        create function shout(people) returns text language sql stable as 'select upper($1.name)';
        create table diary (id int primary key, owner text not null, line text not null, score text);
        create function as_number(diary) returns int language sql stable as 'select $1.score::int';
        create table pages (id int primary key, diary_id int references diary (id), body text);
        create function pages_of(diary) returns bigint language sql stable as 'select count(*) from pages p where p.diary_id = $1.score::int';
        alter table diary enable row level security;
        {Own}
        {Grants}
        grant all on teams, people, diary, pages to service_role;

        """;

    private const string Own = "create policy own on diary for all to anon using (owner = 'me') with check (owner = 'me');";

    private const string Grants = """
        grant select, insert, update, delete on diary to anon;
        grant select on teams, pages to anon;
        grant select (id, name, team_id), update (name), insert (id, name) on people to anon;
        """;

    // Under the collation most databases have, which holds upper and lower case for equal.
    private const string Attached = """
        create table teams (id int primary key, name varchar(50) not null) collate utf8mb4_general_ci;
        create table people (id int primary key, name varchar(50) not null, team_id int, secret varchar(50), pay numeric(10,2), notes json, foreign key (team_id) references teams (id)) collate utf8mb4_general_ci;
        create table diary (id int primary key, owner varchar(50) not null, line varchar(50) not null, score varchar(50)) collate utf8mb4_general_ci;
        create table pages (id int primary key, diary_id int, body varchar(50), foreign key (diary_id) references diary (id)) collate utf8mb4_general_ci;

        """;

    private const string Policies = $"""
        alter table teams enable row level security;
        create policy everyone on teams using (true);
        alter table people enable row level security;
        create policy everyone on people using (true);
        alter table pages enable row level security;
        create policy everyone on pages using (true);
        alter table diary enable row level security;
        {Own}
        {Grants}
        """;

    private static string Rows(string word) => $$"""
        insert into teams values (1, 'red');
        insert into people values (1, 'Ann', 1, '{{word}}', {{word.Length}}, '{"k":"{{word}}"}'), (2, 'Bob', 1, 'x', 5, null);
        insert into diary values (1, 'me', 'mine', '1'), (3, 'me', 'mine too', '3');
        insert into pages values (1, 1, 'p');

        """;
}
