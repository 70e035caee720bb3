// Defects that the oracles found, each by its smallest case.
using Npgsql;
using Tenon.Core.Policies;
using Tenon.Server.Tests.Hosting;
using Tenon.Server.Tests.MariaDb;
using Tenon.Sources;
using Tenon.Testing;

namespace Tenon.Server.Tests.Oracles;

public sealed class FoundByOraclesTests
{
    [Theory]
    [InlineData("")]
    [InlineData("return=representation,")]
    public async Task An_upsert_as_a_caller_who_may_read_some_columns_tells_inserted_from_merged_rows(string answers)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        await using TestApp app = await TestApp.StartAsync(
            "create table docs (id int primary key, org int, secret int);"
                + "grant select (id, org), insert (id, org), update (id, org) on docs to anon; alter table docs enable row level security; create policy p on docs using (true);",
            configure: o => o with { DatabaseUrl = PrivatePostgres.Shared!.CreateDatabase(), Security = Enforcement.Native }
        );
        string prefer = answers + "resolution=merge-duplicates";
        Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/docs?select=id,org", json: """{"id":1,"org":1}""", prefer: prefer)).Status);
        Assert.Equal(200, (await app.SendAsync("POST", "/rest/v1/docs?select=id,org", json: """{"id":1,"org":2}""", prefer: prefer)).Status);
        Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/docs?select=id,org", json: """[{"id":1,"org":3},{"id":2,"org":3}]""", prefer: prefer)).Status);
        Assert.Equal((200, """[{"id":1,"org":3},{"id":2,"org":3}]"""), await app.SendAsync("GET", "/rest/v1/docs?select=id,org&order=id"));
    }

    [Fact]
    public async Task A_migration_that_PostgreSQL_gives_up_for_a_reader_runs_again()
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string url = PrivatePostgres.Shared!.CreateDatabase();
        await using TestApp app = await TestApp.StartAsync("create table one (id int); create table two (id int);", configure: o => o with { DatabaseUrl = url });
        await using var reader = new NpgsqlConnection(PrivatePostgres.Shared!.ConnectionTo(new Uri(url).AbsolutePath.TrimStart('/')));
        await reader.OpenAsync(TestContext.Current.CancellationToken);
        // The reader waits long before it gives up itself, so that the migration is the one given up.
        await RunAsync(reader, "set deadlock_timeout = '60s'; begin; select * from two");
        var migration = app.Host.Backend.Database.ApplyAsync("2", "two", "alter table one add column x int; alter table two add column x int;", 0, CancellationToken.None);
        while (!await IsWaitingAsync(reader))
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
        await RunAsync(reader, "select * from one; commit");
        Assert.Null(await migration);
        await RunAsync(reader, "select x from one; select x from two");
    }

    private static async Task<bool> IsWaitingAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("select exists (select from pg_locks where not granted and relation = 'two'::regclass)", connection);
        return (bool)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("exists (select 1 from notes n where n.doc_id = docs.id)", true)]
    [InlineData("id > 0", false)]
    public async Task A_policy_leads_back_to_its_table_by_the_side_that_is_not_asked_too(string check, bool refused)
    {
        await using TestApp app = await TestApp.StartAsync(
            $"""
            create table docs (id int primary key, org int);
            create table notes (id int primary key, doc_id int);
            grant select, insert, update on docs, notes to anon;
            alter table docs enable row level security;
            alter table notes enable row level security;
            create policy p on docs using (org = 1) with check ({check});
            create policy q on docs for insert with check (exists (select 1 from notes n where n.doc_id = docs.id));
            create policy r on notes using (exists (select 1 from docs d where d.id = notes.doc_id));
            """
        );
        (int _, string body) = await app.SendAsync("POST", "/rest/v1/docs", json: """{"id":1,"org":1}""");
        Assert.Equal(refused, body.Contains("42P17", StringComparison.Ordinal));
    }

    private const string Docs = "create table docs (id int primary key, org int, status varchar(20), twice int as (org * 2) stored);";

    private const string Policies = "grant select, insert, update on docs to anon; alter table docs enable row level security; create policy p on docs using ({0});";

    [Theory]
    // The trigger mends the row, and PostgreSQL asks what it made of it.
    [InlineData("create trigger t before update on docs for each row set new.org = coalesce(new.org, 1)", "org = 1", """{"org":null}""", 204)]
    [InlineData("create trigger t before update on docs for each row set new.org = 9", "org = 1", """{"org":1}""", 401)]
    [InlineData("create trigger t before update on docs for each row set new.id = 77", "org = 1", """{"status":"x"}""", 401)]
    [InlineData("", "twice < 10", """{"org":4}""", 204)]
    [InlineData("", "twice < 10", """{"org":5}""", 401)]
    public async Task A_changed_row_is_checked_as_MariaDB_made_it(string trigger, string policy, string change, int status)
    {
        PrivateMariaDb server = AttachedMariaDb.Server();
        string url = server.CreateDatabase(Docs + "insert into docs (id, org) values (1, 1);" + trigger);
        await using TestApp app = await StartAsync(url, policy);
        (int answered, string body) = await SendAsync(app, "PATCH", "docs?id=eq.1", change);
        Assert.True(status == answered, body);
        string kept = server.Execute(url, "select count(*) from docs where id = 1 and org = 1 and status is null").Trim();
        Assert.Equal(status == 401 || change.Contains("null", StringComparison.Ordinal) ? "1" : "0", kept);
    }

    [Fact]
    public async Task Who_may_not_write_a_row_is_told_no_duplicate_where_a_trigger_delays_the_check()
    {
        string url = AttachedMariaDb.Server().CreateDatabase(
            Docs + "insert into docs (id, org) values (1, 2); create trigger t before insert on docs for each row set new.status = lower(new.status);"
        );
        await using TestApp app = await StartAsync(url, "org = 1");
        (int status, string body) = await SendAsync(app, "POST", "docs", """{"id":1,"org":2}""");
        Assert.Equal(401, status);
        Assert.Contains("42501", body);
        Assert.Equal(409, (await SendAsync(app, "POST", "docs", """{"id":1,"org":1}""")).Status);
        Assert.Equal(201, (await SendAsync(app, "POST", "docs", """{"id":2,"org":1}""")).Status);
    }

    [Fact]
    public async Task An_upsert_on_MariaDB_checks_the_row_proposed_too()
    {
        string url = AttachedMariaDb.Server().CreateDatabase(
            Docs + "insert into docs (id, org, status) values (1, 1, 'a'); create trigger t before insert on docs for each row set new.status = lower(new.status);"
        );
        await using TestApp app = await StartAsync(url, "org = 1) with check (status <> 'secret'");
        Assert.Equal(401, (await SendAsync(app, "POST", "docs", """{"id":1,"org":1,"status":"secret"}""", "resolution=merge-duplicates")).Status);
        Assert.Equal(200, (await SendAsync(app, "POST", "docs", """{"id":1,"org":1,"status":"b"}""", "resolution=merge-duplicates")).Status);
    }

    [Theory]
    [InlineData("meta->>k=lte.b", "[{\"id\":1}]")]
    [InlineData("meta->>k=gt.a&title=lt.z", "[{\"id\":2}]")]
    [InlineData("", "[{\"id\":1}]")]
    public async Task Texts_that_no_column_orders_are_compared_on_MariaDB(string filter, string expected)
    {
        string url = AttachedMariaDb.Server().CreateDatabase(
            "create table docs (id int primary key, title varchar(20), old varchar(20) character set latin1 collate latin1_swedish_ci, meta json) collate utf8mb4_general_ci;"
                + """insert into docs values (1, 'x', 'a', '{"k":"a"}'), (2, 'x', 'y', '{"k":"c"}'), (3, 'x', 'y', '{"k":null}');"""
        );
        await using TestApp app = await StartAsync(url, filter.Length > 0 ? "true" : "title >= old");
        Assert.Equal((200, expected), await SendAsync(app, "GET", $"docs?select=id&order=id&{filter}", null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("create trigger t before insert on docs for each row set new.org = if(new.status = 'private', 25, new.org);")]
    public async Task Null_where_a_column_of_MariaDB_may_not_be_is_refused_with_a_trigger_on_the_table_too(string trigger)
    {
        PrivateMariaDb server = AttachedMariaDb.Server();
        string url = server.CreateDatabase("create table docs (id int primary key, owner uuid not null default 'a11ce000-0000-4000-8000-000000000001', org int, status varchar(20));"
            // So many that the database takes the path that stores what it should refuse.
            + "insert into docs (id) select seq from seq_100_to_200;" + trigger);
        await using TestApp app = await StartAsync(url, "true");
        Assert.Equal(201, (await SendAsync(app, "POST", "docs", """[{"id":13,"org":9},{"id":10,"org":1}]""")).Status);
        (int status, string body) = await SendAsync(app, "PATCH", "docs?id=in.(10,13)", """{"owner":null,"org":1,"status":"public"}""");
        Assert.Equal(400, status);
        Assert.Contains("23502", body);
        Assert.Equal(400, (await SendAsync(app, "POST", "docs", """{"id":10,"owner":null}""", "resolution=merge-duplicates")).Status);
        Assert.Equal("2", server.Execute(url, "select count(*) from docs where owner = 'a11ce000-0000-4000-8000-000000000001' and status is null and id < 100").Trim());
    }

    private static Task<TestApp> StartAsync(string url, string policy) =>
        TestApp.StartAsync(
            "select 1;",
            configure: o => o with
            {
                Engines = AttachedMariaDb.Engines,
                Sources = [new AttachedOptions("crm", url) { Policies = string.Format(System.Globalization.CultureInfo.InvariantCulture, Policies, policy), Writable = true }],
            }
        );

    private static async Task<(int Status, string Body)> SendAsync(TestApp app, string method, string path, string? body, string? prefer = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/rest/v1/" + path);
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        request.Headers.Add(body is null ? "Accept-Profile" : "Content-Profile", "crm");
        if (prefer is not null)
        {
            request.Headers.Add("Prefer", prefer);
        }
        request.Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
