using Tenon.Core.Policies;
using Tenon.Server.Tests.Hosting;
using Tenon.Testing;
using Xunit;

namespace Tenon.Server.Tests.Postgres;

/// <summary>Equal values are the same JSON on both engines, however they came in: by SQL, by JSON, alone or with others.</summary>
public sealed class SameBytesTests
{
    private const string Schema = """
        create type mood as enum ('sad', 'ok', 'very "happy"');
        create table kinds (
          id int primary key, b boolean, i2 smallint, i4 int, i8 bigint, n numeric, n2 numeric(12, 2), f4 real, f8 double precision,
          t text, v varchar(10), c char(4), u uuid, d date, ti time, ts timestamp, tz timestamptz, iv interval, j json, jb jsonb,
          by bytea, m mood, ai int[], at text[], am mood[], an numeric[], az timestamptz[]
        );
        grant select, insert, update on kinds to anon;
        insert into kinds (id) values (1);
        insert into kinds values (2, true, 32767, 2147483647, 9223372036854775807, 12345678901234567890.123450, 99.90, 1.5, 0.1,
          'ÄÖ "q" \ / tab	x 😀', 'abc', 'ab', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '2024-02-29', '23:59:59.000001',
          '2024-01-02 03:04:05.5', '2024-01-02 03:04:05+02', '1 year 2 mons 3 days 04:05:06.7', '{"b":1,  "a":[1, 2]}', '{"b":1,  "a":[1, 2]}',
          '\x00ff10', 'very "happy"', '{1,null,3}', '{"a b",null,"c,d"}', '{sad,ok}', '{1.50,2}', '{2024-01-02 03:04:05+00}');
        insert into kinds values (3, false, -32768, -2147483648, -9223372036854775808, 'NaN', -0.01, '1e-30', '1e300',
          '', '', '', '00000000-0000-0000-0000-000000000000', '0044-03-15 BC', '00:00', '0044-03-15 12:00:00 BC', '12000-12-31 23:59:59.999999+00',
          '-1 days', 'null', '"s"', '', 'sad', '{}', '{}', '{}', '{}', '{}');
        insert into kinds (id, d, ts, tz, n, f8) values (4, 'infinity', '-infinity', 'infinity', 0.000, 3);
        """;

    private const string Parents = """

        create table areas (id int primary key);
        create table owners (id int primary key, area int references areas (id), name text);
        create table held (id int primary key, secret boolean not null default false, owner int references owners (id), kind int references kinds (id));
        create table lies (area int references areas (id), kind int references kinds (id), primary key (area, kind));
        grant select on areas, owners, held, lies to anon;
        alter table held enable row level security;
        create policy shown on held for select using (not secret);
        alter table kinds add column owner int references owners (id);
        insert into areas values (1), (2);
        insert into owners values (1, 1, 'one'), (2, 1, null), (3, 1, 'none'), (4, null, 'alone');
        update kinds set owner = case when id = 4 then 2 else 1 end;
        insert into lies values (1, 1), (1, 2), (2, 2), (2, 3);
        insert into held values (1, false, 1, 2), (2, true, 1, 3), (3, false, 1, 3), (4, true, 2, 1), (5, false, null, 2);
        """;

    private static readonly string[] Embeds =
    [
        "owners?select=id,kinds(*)&order=id&kinds.order=id",
        "areas?select=id,owners(name,id,kinds(*))&order=id&owners.order=id&owners.kinds.order=id.desc",
        "owners?select=kinds(id)&order=id&kinds.order=t.desc.nullslast,id&kinds.limit=2",
        "owners?select=kinds(u,id,u2:u)&order=id&kinds.order=id&kinds.id=gt.1",
        "owners?select=id,kinds!inner(id,tz)&order=id&kinds.order=id&kinds.b=is.true",
        "owners?select=id,held(id,kind:kinds(id,n,owner:owners(name)))&order=id&held.order=id",
        "owners?select=id,held(id),kinds(m,ai)&order=id&held.order=id&kinds.order=id",
        "areas?select=id,kinds(id,jb)&order=id&kinds.order=id",
        "owners?select=id,kinds(id,jb->a,first:jb->a->0,b:jb->>b,j->a,jt:j->>b,tx:t::varchar,n::text)&order=id&kinds.order=id",
        "kinds?select=id,owner:owners(id,held(id))&order=id&owner.held.order=id",
        "owners?select=id,kinds(count)&order=id",
        "owners?select=id,kinds()&order=id",
        "owners?select=id,kinds(id)&order=id&kinds.order=id&kinds.limit=1&kinds.offset=1",
        "owners?select=id,...kinds(kind_ids:id)&order=id&kinds.order=id",
    ];

    private const string Posted = """
        [{"id":11,"b":true,"i8":9007199254740993,"n":1.10,"n2":1.005,"f8":1e21,"t":"line\nbreak \u00e9","c":"x","u":"A0EEBC999C0B4EF8BB6D6BB9BD380A11",
          "d":"2024-02-29","ti":"01:02:03.4","ts":"2024-01-02T03:04:05","tz":"2024-01-02T03:04:05-05:30","iv":"90 minutes","jb":{"z":1,"aa":{"k":[true,null]}},
          "by":"\\xdeadbeef","m":"ok","ai":[1,2],"at":["x\"y",null],"an":["1.50"]},
         {"id":12,"b":false,"i8":-1,"n":0,"n2":0,"f8":0,"t":"","c":"","u":null,"d":null,"ti":null,"ts":null,"tz":null,"iv":null,"jb":[1,"two"],
          "by":null,"m":null,"ai":[],"at":[],"an":[]}]
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Equal_values_are_the_same_bytes_as_on_SQLite(bool native)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string url = PrivatePostgres.Shared!.CreateDatabase();
        await using TestApp sqlite = await TestApp.StartAsync(Schema);
        await using TestApp postgres = await TestApp.StartAsync(
            Schema,
            configure: o => o with { DatabaseUrl = url, Security = native ? Enforcement.Native : null }
        );
        await SameAsync(sqlite, postgres, "GET", "/rest/v1/kinds?order=id");
        await SameAsync(sqlite, postgres, "POST", "/rest/v1/kinds", Posted);
        await SameAsync(sqlite, postgres, "POST", "/rest/v1/kinds", """{"id":13,"c":"wxyz","tz":"2024-06-01T00:00:00Z","jb":{"b":2,"a":1},"at":["q"],"n":12.340}""");
        await SameAsync(sqlite, postgres, "PATCH", "/rest/v1/kinds?id=eq.13", """{"i8":9223372036854775807,"iv":"1 day","by":"\\x00","m":"sad"}""");
        foreach (string filter in (string[])["tz=eq.2024-01-02T01:04:05Z", "n=gt.1.05", "u=eq.a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "m=in.(ok,sad)", "d=gte.2024-01-01", "jb->>b=eq.2", "at=cs.{q}", "t=like.*q*", "by=eq.\\x00ff10", "iv=gt.1 hour", "i8=lt.0"])
        {
            await SameAsync(sqlite, postgres, "GET", "/rest/v1/kinds?order=id&" + filter);
        }
    }

    /// <summary>A page of few rows comes with its children in one statement, a longer one without them (a bind join).</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Embedded_rows_are_the_same_bytes_however_many_parents_are_asked_for(bool native)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string url = PrivatePostgres.Shared!.CreateDatabase();
        await using TestApp sqlite = await TestApp.StartAsync(Schema + Parents);
        await using TestApp postgres = await TestApp.StartAsync(
            Schema + Parents,
            configure: o => o with { DatabaseUrl = url, Security = native ? Enforcement.Native : null }
        );
        foreach (string embed in Embeds)
        {
            await SameAsync(sqlite, postgres, "GET", "/rest/v1/" + embed + "&limit=10");
            await SameAsync(sqlite, postgres, "GET", "/rest/v1/" + embed + "&limit=2&offset=1");
            await SameAsync(sqlite, postgres, "GET", "/rest/v1/" + embed);
        }
    }

    /// <summary>More or larger children than a row is to hold are read by the bind join, and nothing of them is lost.</summary>
    [Theory]
    [InlineData(100, 10)]
    [InlineData(101, 10)]
    [InlineData(150, 10)]
    [InlineData(2, 4096)]
    [InlineData(2, 4097)]
    [InlineData(90, 4096)]
    public async Task Embedded_rows_are_whole_however_many_and_large_they_are(int rows, int length)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        const string tables = """
            create table posts (id int primary key);
            create table comments (id int primary key, post int references posts (id), body text, doc jsonb, raw bytea, amount numeric, tags text[]);
            grant select, insert on posts, comments to anon;
            insert into posts values (1), (2), (3);
            """;
        string url = PrivatePostgres.Shared!.CreateDatabase();
        await using TestApp sqlite = await TestApp.StartAsync(tables);
        await using TestApp postgres = await TestApp.StartAsync(tables, configure: o => o with { DatabaseUrl = url });
        string text = new('ä', length);
        var comments = Enumerable.Range(1, rows).Select(i =>
            $$"""{"id":{{i}},"post":{{1 + i % 2}},"body":"{{text}}","doc":{"t":"{{text}}"},"raw":"\\x{{new string('0', 2 * length)}}","amount":1{{new string('0', Math.Min(length, 900))}},"tags":["{{text}}"]}""");
        foreach (string[] some in comments.Chunk(10))
        {
            string json = "[" + string.Join(',', some) + "]";
            Assert.Equal((201, ""), await sqlite.SendAsync("POST", "/rest/v1/comments", null, json, "return=minimal"));
            Assert.Equal((201, ""), await postgres.SendAsync("POST", "/rest/v1/comments", null, json, "return=minimal"));
        }
        foreach (string select in (string[])["id,post,amount", "body", "doc", "raw", "amount", "tags", "*"])
        {
            // Twice, since what was read in vain once is read otherwise the next time.
            await SameAsync(sqlite, postgres, "GET", $"/rest/v1/posts?select=id,comments({select})&order=id&comments.order=id&limit=5");
            await SameAsync(sqlite, postgres, "GET", $"/rest/v1/posts?select=id,comments({select})&order=id&comments.order=id&limit=5");
            await SameAsync(sqlite, postgres, "GET", $"/rest/v1/posts?select=id,comments({select})&order=id&comments.order=id&limit=5&comments.limit=40");
        }
    }

    private static async Task SameAsync(TestApp sqlite, TestApp postgres, string method, string path, string? json = null)
    {
        string? prefer = json is null ? null : "return=representation";
        (int status, string body) = await sqlite.SendAsync(method, path, null, json, prefer);
        Assert.True(status is 200 or 201, $"{method} {path}: {body}");
        Assert.Equal((status, body), await postgres.SendAsync(method, path, null, json, prefer));
    }
}
