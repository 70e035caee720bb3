// What an attached MariaDB is to the server around it: exposed by policies.sql alone, read-only unless said otherwise,
// gone and back again without the others noticing.
using System.Diagnostics;
using System.Text;
using Tenon.Server.Hosting;
using Tenon.Server.Tests.Hosting;
using Tenon.Sources;
using Tenon.Testing;

namespace Tenon.Server.Tests.MariaDb;

public sealed class AttachedSourceTests
{
    private const string Open = "alter table notes enable row level security; grant select, insert, update, delete on notes to anon; create policy p on notes using (true);";

    [Fact]
    public async Task Only_tables_that_are_enabled_and_granted_are_exposed()
    {
        string url = AttachedMariaDb.Server().CreateDatabase("create table notes (id int primary key); create table enabled (id int); create table granted (id int); create table neither (id int);");
        await using TestApp app = await StartAsync(url, Open + "alter table enabled enable row level security; grant select on granted to anon, authenticated;");
        foreach (string key in (string[])[app.Keys.PublishableKey, app.Keys.SecretKey])
        {
            Assert.Equal((200, "[]"), await SendAsync(app, "GET", "notes", key: key));
            foreach (string hidden in (string[])["enabled", "granted", "neither"])
            {
                (int status, string body) = await SendAsync(app, "GET", hidden, key: key);
                Assert.Equal(404, status);
                Assert.Contains("PGRST205", body);
            }
        }
    }

    [Fact]
    public async Task A_profile_is_the_name_of_a_schema_or_a_source()
    {
        string url = AttachedMariaDb.Server().CreateDatabase("create table notes (id int primary key);");
        await using TestApp app = await StartAsync(url, Open);
        (int status, string body) = await SendAsync(app, "GET", "notes", profile: "other");
        Assert.Equal(406, status);
        Assert.Contains("Only the following schemas are exposed: public, crm", body);
        Assert.Equal(404, (await SendAsync(app, "GET", "notes", profile: "public")).Status);
        (status, body) = await SendAsync(app, "GET", "");
        Assert.Equal(200, status);
        Assert.Contains("\"/notes\"", body);
    }

    [Fact]
    public async Task A_source_is_read_only_unless_it_is_writable()
    {
        PrivateMariaDb server = AttachedMariaDb.Server();
        string url = server.CreateDatabase("create table notes (id int primary key);");
        await using TestApp app = await StartAsync(url, Open, writable: false);
        (int status, string body) = await SendAsync(app, "POST", "notes", "{\"id\":1}");
        Assert.Equal(405, status);
        Assert.Contains("writable = true", body);
        Assert.Equal("0", server.Execute(url, "select count(*) from notes").Trim());
    }

    [Fact]
    public async Task A_source_that_is_down_fails_its_own_requests_and_heals()
    {
        Assert.SkipWhen(PrivateMariaDb.Shared is null, "MariaDB is not installed");
        PrivateMariaDb server = PrivateMariaDb.Own()!;
        try
        {
            string url = server.CreateDatabase("create table notes (id int primary key); insert into notes values (1);");
            server.Stop();
            // Started while the source is down.
            await using TestApp app = await StartAsync(url, Open);
            await FailsAsync(app);
            server.Start();
            Assert.Equal((200, "[{\"id\":1}]"), await SendAsync(app, "GET", "notes"));
            server.Stop();
            await FailsAsync(app);
            server.Start();
            // Connections of the pool that died with the server are not given out for ever.
            (int Status, string Body) answer = default;
            for (int attempt = 0; attempt < 20 && answer.Status != 200; attempt++)
            {
                answer = await SendAsync(app, "GET", "notes");
            }
            Assert.Equal((200, "[{\"id\":1}]"), answer);
        }
        finally
        {
            server.Stop();
        }
    }

    private static async Task FailsAsync(TestApp app)
    {
        (int status, string body) = await SendAsync(app, "GET", "notes");
        Assert.Equal(503, status);
        Assert.DoesNotContain("secret", body);
        Assert.DoesNotContain("127.0.0.1", body);
        Assert.Equal(200, (await SendAsync(app, "GET", "own", profile: "public")).Status);
    }

    [Theory]
    [InlineData("drop table notes;", "policies.sql:1")]
    [InlineData("\ncreate table x (id int);", "policies.sql:2")]
    [InlineData("alter table notes add column x int;", "policies.sql:1")]
    [InlineData("create policy p on nothing using (true);", "policies.sql:1")]
    [InlineData("alter table notes enable row level security;\ngrant select on notes to anon;\ncreate policy p on notes using (id in (select id from others));", "others")]
    public async Task What_policies_sql_cannot_say_refuses_the_start_with_its_place(string policies, string named)
    {
        PrivateMariaDb server = AttachedMariaDb.Server();
        string url = server.CreateDatabase("create table notes (id int primary key); create table others (id int);");
        StartRefused refused = await Assert.ThrowsAsync<StartRefused>(() => StartAsync(url, policies));
        Assert.Contains(named, refused.Message);
        Assert.DoesNotContain("secret", refused.Message);
        Assert.Equal("notes\nothers", server.Execute(url, "show tables").Trim());
    }

    [Fact]
    public async Task A_key_is_the_named_one_and_errors_tell_no_values()
    {
        PrivateMariaDb server = AttachedMariaDb.Server();
        string url = server.CreateDatabase(
            "create table notes (id int primary key, mail varchar(20) unique) collate utf8mb4_general_ci; insert into notes values (1, 'hidden@x'), (2, 'b@x');"
        );
        await using TestApp app = await StartAsync(url, Open);
        // ON DUPLICATE KEY would have changed row 1.
        (int status, string body) = await SendAsync(app, "POST", "notes?on_conflict=id", "{\"id\":2,\"mail\":\"HIDDEN@x\"}", "resolution=merge-duplicates");
        Assert.Equal(409, status);
        Assert.Contains("23505", body);
        Assert.DoesNotContain("hidden", body, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("1\thidden@x\n2\tb@x", server.Execute(url, "select * from notes order by id").Trim());
        // The unique key holds upper and lower case for equal, and so does its upsert.
        Assert.Equal(200, (await SendAsync(app, "POST", "notes?on_conflict=mail", "{\"id\":2,\"mail\":\"B@X\"}", "resolution=merge-duplicates")).Status);
        Assert.Equal("1\thidden@x\n2\tB@X", server.Execute(url, "select * from notes order by id").Trim());
    }

    [Fact]
    public async Task A_policy_tells_upper_from_lower_case_whatever_the_collation()
    {
        string url = AttachedMariaDb.Server().CreateDatabase(
            "create table notes (id int primary key, owner varchar(20)) collate utf8mb4_general_ci; insert into notes values (1, 'Ann'), (2, 'ann'), (3, 'ann '), (4, 'ÄNN');"
                + "create table members (name varchar(20) primary key) collate utf8mb4_general_ci; insert into members values ('ann');"
        );
        string policies = """
            grant select on notes, members to anon;
            alter table notes enable row level security;
            alter table members enable row level security;
            create policy everyone on members using (true);
            create policy members_only on notes using (exists (select 1 from members m where m.name = notes.owner));
            """;
        await using TestApp app = await StartAsync(url, policies);
        Assert.Equal((200, "[{\"id\":2}]"), await SendAsync(app, "GET", "notes?select=id&order=id"));
    }

    [Fact]
    public async Task Values_the_database_makes_itself_are_checked_after_it_made_them()
    {
        PrivateMariaDb server = AttachedMariaDb.Server();
        string url = server.CreateDatabase(
            "create table notes (id int auto_increment primary key, size int not null, twice int as (size * 2) stored, kind varchar(10) default (lower('OPEN')));"
                + "create trigger t before insert on notes for each row set new.size = if(new.size = 7, 70, new.size);"
        );
        string policies = "alter table notes enable row level security; grant select, insert on notes to anon; create policy p on notes using (twice < 20 and kind = 'open');";
        await using TestApp app = await StartAsync(url, policies);
        Assert.Equal((201, "[{\"id\":1,\"size\":3,\"twice\":6,\"kind\":\"open\"}]"), await SendAsync(app, "POST", "notes", "{\"size\":3}", "return=representation"));
        Assert.Equal(401, (await SendAsync(app, "POST", "notes", "{\"size\":10}")).Status);
        Assert.Equal(401, (await SendAsync(app, "POST", "notes", "{\"size\":7}")).Status);
        Assert.Equal(401, (await SendAsync(app, "POST", "notes", "{\"size\":1,\"kind\":\"shut\"}")).Status);
        Assert.Equal("3", server.Execute(url, "select group_concat(size) from notes").Trim());
    }

    [Fact]
    public async Task Values_of_every_type_are_answered_exactly()
    {
        string url = AttachedMariaDb.Server().CreateDatabase(
            """
            set sql_mode = '';
            create table notes (id int primary key, tiny tinyint unsigned, big bigint unsigned, exact decimal(65,30), year_of year, flag bit(1), bits bit(9), short float,
              zero_day date, zero_time datetime, took time(3), doc json, fixed char(5), latin varchar(10) character set latin1, raw varbinary(4), set_of set('a','b'), moment timestamp(6) null);
            insert into notes values (1, 255, 18446744073709551615, 12345678901234567890123456789012345.123456789012345678901234567890, 1999, b'1', b'101010101', 0.1,
              '0000-00-00', '0000-00-00', '-838:59:59.5', '{"b": 1.0, "a": [true, null]}', 'ab', 'é', x'00ff', 'a,b', '1970-01-01 00:00:01');
            insert into notes (id) values (2);
            """
        );
        await using TestApp app = await StartAsync(url, Open);
        (int status, string body) = await SendAsync(app, "GET", "notes?order=id");
        Assert.Equal(200, status);
        Assert.Equal(
            """[{"id":1,"tiny":255,"big":18446744073709551615,"exact":12345678901234567890123456789012345.123456789012345678901234567890,"year_of":1999,"flag":true,"bits":341,"short":0.1,"""
                + """ "zero_day":null,"zero_time":null,"took":"-838:59:59.5","doc":{"b": 1.0, "a": [true, null]},"fixed":"ab","latin":"é","raw":"\\x00ff","set_of":"a,b","moment":"1970-01-01T00:00:01+00:00"},""".TrimStart()
                + """{"id":2,"tiny":null,"big":null,"exact":null,"year_of":null,"flag":null,"bits":null,"short":null,"zero_day":null,"zero_time":null,"took":null,"doc":null,"fixed":null,"latin":null,"raw":null,"set_of":null,"moment":null}]""",
            body
        );
        Assert.Equal((200, "[{\"x\":\"1.0\",\"y\":true}]"), await SendAsync(app, "GET", "notes?select=x:doc->>b,y:doc->a->0&id=eq.1"));
        Assert.Equal((200, "[{\"id\":1}]"), await SendAsync(app, "GET", "notes?select=id&took=eq.-838:59:59.5&big=eq.18446744073709551615&flag=is.true"));
    }

    [Fact]
    public async Task A_statement_past_the_time_limit_ends()
    {
        string url = AttachedMariaDb.Server().CreateDatabase("create table notes (id int primary key); insert into notes values (1); create view slow as select sleep(20) + id as id from notes;");
        await using TestApp app = await StartAsync(url, Open + "alter table slow enable row level security; grant select on slow to anon; create policy p on slow using (true);", timeout: TimeSpan.FromSeconds(1));
        long from = Stopwatch.GetTimestamp();
        (int status, string body) = await SendAsync(app, "GET", "slow");
        Assert.Equal(500, status);
        Assert.Contains("57014", body);
        Assert.True(Stopwatch.GetElapsedTime(from) < TimeSpan.FromSeconds(15));
        Assert.Equal(200, (await SendAsync(app, "GET", "notes")).Status);
    }

    [Fact]
    public async Task Tables_that_changed_are_read_anew()
    {
        PrivateMariaDb server = AttachedMariaDb.Server();
        string url = server.CreateDatabase("create table notes (id int primary key, old int); insert into notes values (1, 2);");
        await using TestApp app = await StartAsync(url, Open);
        Assert.Equal((200, "[{\"id\":1,\"old\":2}]"), await SendAsync(app, "GET", "notes"));
        server.Execute(url, "alter table notes rename column old to fresh");
        Assert.Equal(503, (await SendAsync(app, "GET", "notes")).Status);
        Assert.Equal((200, "[{\"id\":1,\"fresh\":2}]"), await SendAsync(app, "GET", "notes"));
    }

    private static Task<TestApp> StartAsync(string url, string policies, bool writable = true, TimeSpan? timeout = null) =>
        TestApp.StartAsync(
            "create table own (id int primary key); alter table own enable row level security; grant select on own to anon;",
            configure: o => o with
            {
                Engines = AttachedMariaDb.Engines,
                Sources = [new AttachedOptions("crm", url) { Policies = policies, Writable = writable, Timeout = timeout ?? TimeSpan.FromSeconds(5) }],
            }
        );

    private static async Task<(int Status, string Body)> SendAsync(
        TestApp app,
        string method,
        string path,
        string? body = null,
        string? prefer = null,
        string profile = "crm",
        string? key = null
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/rest/v1/" + path);
        request.Headers.Add("apikey", key ?? app.Keys.PublishableKey);
        request.Headers.Add(method == "GET" ? "Accept-Profile" : "Content-Profile", profile);
        if (prefer is not null)
        {
            request.Headers.Add("Prefer", prefer);
        }
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
