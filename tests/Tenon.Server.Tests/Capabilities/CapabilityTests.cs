using System.Text;
using System.Text.Json;
using Tenon.Testing;
using Xunit;

namespace Tenon.Server.Tests.Capabilities;

/// <summary>
/// What each database can do, asked of each: docs/guides/capabilities.md is written from the answers. A cell says yes where every
/// request of its line was answered, with the same bytes as everywhere else, and else the code all of them were refused with.
/// TENON_GOLDEN=write writes the page anew.
/// </summary>
public sealed class CapabilityTests
{
    private const string Guide = "docs/guides/capabilities.md";

    private const string Schema = """
        create table studios (id int primary key, name text not null);
        create table films (id int primary key, title text not null, studio_id int references studios (id), stars int, gross numeric(12,2),
          score double precision, made date, shown timestamptz, seen boolean not null default false, data jsonb);
        create table actors (id int primary key, name text not null);
        create table roles (film_id int references films (id), actor_id int references actors (id), primary key (film_id, actor_id));
        create table shelves (id int primary key, tags text[], words tsvector, hours int4[]);
        create view good_films as select id, title, stars from films where stars > 2;
        create function add_them(a int, b int) returns int language sql immutable as $$ select a + b $$;
        create function films_of(studio int) returns setof films language sql stable as $$ select * from films where studio_id = studio $$;
        create function count_up(n int) returns int language plpgsql as $$ begin insert into studios values (n, 'by function'); return n; end $$;
        create function label(f films) returns text language sql stable as $$ select f.title || '!' $$;
        grant select, insert, update, delete on studios, films, actors, roles, shelves, good_films to anon;
        insert into shelves values (1, '{a,b}', 'fat cat', '{1,2}'), (2, '{}', 'dog', null);
        """;

    private const string Attached = """
        create table studios (id int primary key, name varchar(80) not null) character set utf8mb4;
        create table films (id int primary key, title varchar(80) not null, studio_id int, stars int, gross decimal(12,2),
          score double, made date, shown timestamp(6) null, seen boolean not null default false, data json, foreign key (studio_id) references studios (id)) character set utf8mb4;
        create table actors (id int primary key, name varchar(80) not null) character set utf8mb4;
        create table roles (film_id int, actor_id int, primary key (film_id, actor_id), foreign key (film_id) references films (id), foreign key (actor_id) references actors (id));
        create view good_films as select id, title, stars from films where stars > 2;
        insert into studios values (1, 'North'), (2, 'South'), (3, 'East');
        insert into films values (1, 'Alpha', 1, 5, 10.50, 0.5, '2024-02-29', '2024-02-29 10:00:00', true, '{"a": 1, "b": ["x"]}'), (2, 'Beta', 2, 3, null, 1.5, '2000-01-01', null, false, '{"a": 2}'), (3, 'Gamma', null, 1, 0.25, null, null, null, false, null);
        insert into actors values (1, 'Xe'), (2, 'Yu');
        insert into roles values (1, 1), (1, 2), (2, 1);
        """;

    private const string MainRows = """

        insert into studios values (1, 'North'), (2, 'South'), (3, 'East');
        insert into films values (1, 'Alpha', 1, 5, 10.50, 0.5, '2024-02-29', '2024-02-29 10:00:00+00', true, '{"a": 1, "b": ["x"]}'), (2, 'Beta', 2, 3, null, 1.5, '2000-01-01', null, false, '{"a": 2}'), (3, 'Gamma', null, 1, 0.25, null, null, null, false, null);
        insert into actors values (1, 'Xe'), (2, 'Yu');
        insert into roles values (1, 1), (1, 2), (2, 1);
        """;

    private const string OnPostgres = """

        create table spans (id int primary key, during int4range);
        insert into spans values (1, '[1,5)'), (2, '[5,9)');
        grant select on spans to anon;
        """;

    private const string NoType = "no such type";

    /// <summary>
    /// One line of the table: what, and the requests that ask for it, with a space between. Instead stands in MariaDB's cell where
    /// there is nothing to ask; where an error is what was asked for, Expect is its code. OnPostgres asks PostgreSQL of a type that
    /// only it has.
    /// </summary>
    private sealed record Probe(string What, string Paths, string Method = "GET", string? Body = null, string Prefer = "", string Accept = "application/json", string? Instead = null, string? Expect = null, string? OnPostgres = null);

    private static readonly (string Title, Probe[] Probes)[] Sections =
    [
        ("Filters",
        [
            new("`eq`, `neq`", "films?select=id&title=neq.Alpha&id=eq.2"),
            new("`gt`, `gte`, `lt`, `lte`", "films?select=id&stars=gt.1&gross=gte.1&made=lt.2025-01-01&shown=lte.2025-01-01"),
            new("`like`, `ilike`", "films?select=id&title=like.*a&title=ilike.AL*"),
            new("`match`, `imatch`", "films?select=id&title=match.^A films?select=id&title=imatch.PHA$"),
            new("`in`", "films?select=id&id=in.(1,2)&order=id"),
            new("`is`", "films?select=id&studio_id=is.null&seen=is.false"),
            new("`isdistinct`", "films?select=id&gross=isdistinct.10.5&order=id"),
            new("`eq(any)`, `like(all)` …", "films?select=id&id=eq(any).{1,2}&title=like(all).{*a,*l*}"),
            new("`not`, `and`, `or`", "films?select=id&or=(id.eq.1,not.and(stars.gt.1,id.lt.9))&order=id"),
            new("`cs`, `cd` on jsonb", """films?select=id&data=cs.{"a":1} films?select=id&data=cd.{"a":2,"c":3}"""),
            new("`cs`, `cd`, `ov` on arrays", "shelves?select=id&tags=cs.{a} shelves?select=id&hours=cd.{1,2,3} shelves?select=id&tags=ov.{b,c}", Instead: NoType),
            new("`sl`, `sr`, `nxr`, `nxl`, `adj` on ranges", "films?id=sl.(1,2) films?id=sr.(1,2) films?id=nxr.(1,2) films?id=nxl.(1,2) films?id=adj.(1,2)",
                OnPostgres: "spans?select=id&during=sl.[9,12) spans?select=id&during=sr.[1,5) spans?select=id&during=nxr.[4,9) spans?select=id&during=nxl.[4,9) spans?select=id&during=adj.[9,20)"),
            new("`cs`, `cd`, `ov` on ranges", "films?id=cs.(1,2) films?id=cd.(1,2) films?id=ov.(1,2)",
                OnPostgres: "spans?select=id&during=cs.[5,6) spans?select=id&during=cd.[1,9) spans?select=id&during=ov.[8,9)"),
            new("`data->key`, `data->>key` in a filter", "films?select=id&data->>a=eq.2 films?select=id&data->b->>0=eq.x"),
            new("`fts`, `plfts`, `phfts`, `wfts` on text", "films?select=id&title=fts(english).alpha films?select=id&title=plfts(simple).alpha films?select=id&title=phfts.alpha films?select=id&title=wfts(simple).alpha"),
            new("the same on `tsvector`", "shelves?select=id&words=fts(simple).cat shelves?select=id&words=plfts(simple).cat shelves?select=id&words=phfts(simple).cat shelves?select=id&words=wfts(simple).cat", Instead: NoType),
        ]),
        ("Selecting",
        [
            new("columns, aliases, `data->>key`", "films?select=n:title,data->>a&order=id"),
            new("`::text` of integers and numeric", "films?select=stars::text&order=id films?select=gross::text&order=id"),
            new("`::text` of dates and times", "films?select=made::text&order=id films?select=shown::text&order=id"),
            new("`order` with `nullsfirst`, `nullslast`", "films?select=id&order=gross.desc.nullslast,id films?select=id&order=gross.nullsfirst,id"),
            new("`limit`, `offset`", "films?select=id&order=id&limit=1&offset=1"),
            new("`count()`, `sum()`, `min()`, `max()`", "films?select=count(),stars.sum(),gross.min(),made.max()"),
            new("`avg()` of integers and numeric", "films?select=stars.avg() films?select=gross.avg()"),
            new("`avg()` of double precision", "films?select=score.avg()"),
            new("`Prefer: count=exact`", "films?select=id&order=id", Prefer: "count=exact"),
            new("`Prefer: count=estimated`", "films?select=id&order=id", Prefer: "count=estimated"),
            new("CSV", "films?select=id,title&order=id", Accept: "text/csv"),
            new("one object", "films?select=id&id=eq.1", Accept: "application/vnd.pgrst.object+json"),
            new("`Prefer: timezone`", "films?select=shown&order=id", Prefer: "timezone=Europe/Berlin"),
        ]),
        ("Embedding",
        [
            new("to one, to many, over a junction", "films?select=id,studios(name),actors(name)&order=id&actors.order=id"),
            new("`...spread`", "films?select=id,...studios(studio:name)&order=id"),
            new("`!inner`, filters and limits of embeds", "studios?select=id,films!inner(id)&films.stars=gt.3&films.limit=1"),
            new("anti-join (`films=is.null`)", "studios?select=id,films()&films=is.null"),
            new("order by a related column", "films?select=id,studios(name)&order=studios(name).nullsfirst,id"),
            new("aggregates in embeds", "studios?select=id,films(count)&order=id"),
        ]),
        ("Views and functions",
        [
            new("reading a view", "good_films?select=id&order=id"),
            new("writing to a view", "good_films?id=eq.2&select=id,stars", "PATCH", """{"stars":4}""", "return=representation"),
            new("`rpc` by GET", "rpc/add_them?a=1&b=2"),
            new("set-returning functions with filters", "rpc/films_of?studio=1&select=id,title"),
            new("`rpc` of volatile functions by POST", "rpc/count_up", "POST", """{"n":90}"""),
            new("computed columns", "films?select=id,label&order=label.desc"),
        ]),
        ("Writing",
        [
            new("insert, with `return=representation`", "studios?select=id,name", "POST", """[{"id":10,"name":"a"},{"id":11,"name":"b"}]""", "return=representation"),
            new("`missing=default`", "films?columns=id,title,seen&select=seen", "POST", """[{"id":20,"title":"t"}]""", "return=representation,missing=default"),
            new("`missing=default` in an update", "films?id=eq.2&columns=seen&select=seen", "PATCH", "{}", "return=representation,missing=default"),
            new("upsert by key", "studios?on_conflict=id&select=id,name", "POST", """[{"id":11,"name":"c"},{"id":12,"name":"d"}]""", "return=representation,resolution=merge-duplicates"),
            new("`resolution=ignore-duplicates`", "studios?on_conflict=id&select=id", "POST", """[{"id":11,"name":"e"},{"id":13,"name":"f"}]""", "return=representation,resolution=ignore-duplicates"),
            new("`PUT`", "studios?id=eq.14&select=*", "PUT", """{"id":14,"name":"g"}""", "return=representation"),
            new("update with embeds in the answer", "films?id=eq.2&select=id,studios(name)", "PATCH", """{"stars":2}""", "return=representation"),
            new("delete", "studios?id=gte.10&select=id&order=id&id=lt.90", "DELETE", null, "return=representation"),
            new("`Prefer: max-affected`", "films?id=lt.3", "PATCH", """{"stars":2}""", "handling=strict,max-affected=1", Expect: "PGRST124"),
        ]),
    ];

    private static string Open(params string[] tables) => string.Concat(tables.Select(FourEngines.Open));

    private static readonly string[] Refusals = ["0A000", "PGRST127", "PGRST107", "PGRST202", "42883", "42703"];

    [Fact]
    public async Task The_guide_says_of_every_database_what_it_answers()
    {
        Assert.SkipUnless(FourEngines.AreInstalled, "PostgreSQL and MariaDB are not both installed");
        await using FourEngines engines = await FourEngines.StartAsync(Schema + MainRows, Attached, Open("studios", "films", "actors", "roles", "good_films"), OnPostgres);
        var problems = new List<string>();
        var text = new StringBuilder(Introduction);
        foreach ((string title, Probe[] probes) in Sections)
        {
            text.Append($"\n## {title}\n\n| | {string.Join(" | ", FourEngines.Names)} |\n|---|---|---|---|---|\n");
            foreach (Probe probe in probes)
            {
                text.Append($"| {probe.What} | {string.Join(" | ", await Cells(engines, probe, problems))} |\n");
            }
        }
        Assert.True(problems.Count == 0, string.Join("\n", problems));
        string path = Repository.PathTo(Guide);
        if (Environment.GetEnvironmentVariable("TENON_GOLDEN") == "write")
        {
            await File.WriteAllTextAsync(path, text.ToString(), TestContext.Current.CancellationToken);
        }
        Assert.Equal(text.ToString(), await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    private const string Introduction = """
        # What each database can do

        Written from the answers: a test asks every line of every database, the embedded SQLite, PostgreSQL with its policies
        compiled by Tenon or its own (`security = "native"`), and an attached MariaDB. "yes" is the same answer, byte for byte, in
        the whole line. A code is that of the refusal: `0A000`, `PGRST107` and `PGRST127` say what is not supported, `42883` that the type
        has no such operator (MariaDB's json is no jsonb), `PGRST202` and `42703` that a source has no functions. "no such type":
        no column of MariaDB is of it. See also the [values of types](types.md), what is [not carried](sources.md#what-is-not-carried)
        to MariaDB, where SQLite [differs](differences.md) from PostgreSQL, and `count=planned`, which only
        [PostgreSQL](postgresql.md) estimates.

        """;

    private static async Task<string[]> Cells(FourEngines engines, Probe probe, List<string> problems)
    {
        var cells = new string[FourEngines.Names.Length];
        string? elsewhere = null;
        foreach (Engine engine in Enum.GetValues<Engine>())
        {
            if (engine == Engine.MariaDb && probe.Instead is { } instead)
            {
                cells[(int)engine] = instead;
                continue;
            }
            var answers = new List<string>();
            string[] paths = (engine is Engine.Compiled or Engine.Native ? probe.OnPostgres ?? probe.Paths : probe.Paths).Split(' ');
            string[] verdicts = new string[paths.Length];
            foreach (string path in paths)
            {
                FourEngines.Answer answer = await engines.AskAsync(engine, probe.Method, path, probe.Body, probe.Prefer, probe.Accept);
                verdicts[answers.Count] = Verdict(probe, answer);
                answers.Add(answer.ToString());
            }
            cells[(int)engine] = verdicts[0];
            string all = string.Join("\n", answers);
            if (verdicts.Distinct().Count() > 1 || verdicts[0].Length == 0 || (verdicts[0] == "yes" && (elsewhere ??= all) != all))
            {
                problems.Add($"{probe.What} on {engine}: {all}\n   elsewhere: {elsewhere}");
            }
        }
        return cells;
    }

    /// <summary>Empty where the answer is neither the thing asked for nor a clear refusal; an answer without a row shows nothing.</summary>
    private static string Verdict(Probe probe, FourEngines.Answer answer)
    {
        if (answer.Status is >= 200 and < 300)
        {
            return probe.Expect is null && answer.Body is not ("" or "[]") ? "yes" : "";
        }
        if (answer.Status is < 400 or >= 500)
        {
            return "";
        }
        JsonElement error = JsonDocument.Parse(answer.Body).RootElement;
        string code = error.GetProperty("code").GetString()!;
        return code == probe.Expect ? "yes" : Refusals.Contains(code) && error.GetProperty("message").GetString() is { Length: > 0 } ? $"`{code}`" : "";
    }
}
