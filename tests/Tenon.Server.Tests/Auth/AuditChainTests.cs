using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tenon.Server.Auth.Audit;
using Tenon.Server.Hosting;
using Tenon.Server.Store;
using Tenon.Server.Tests.Hosting;
using Tenon.Sources.Sqlite;
using Tenon.Testing;

namespace Tenon.Server.Tests.Auth;

/// <summary>The audit log as a chain, on each main database: what somebody with the database alone can do to it is found.</summary>
public sealed class AuditChainTests
{
    private const string Other = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";

    // What was done, by somebody who may write to the database past Tenon; the entry that is named; what is said of it.
    // {n} is the last entry.
    private static readonly (string Sql, string? Entry, string Problem)[] Tampering =
    [
        ("update {entries} set action = 'logout' where seq = 3", "3", "changed, inserted or moved"),
        ("update {entries} set created_at = (select created_at from {entries} where seq = 1) where seq = 3", "3", "changed, inserted or moved"),
        ($"update {{entries}} set id = '{Other}' where seq = 3", "3", "changed, inserted or moved"),
        ("update {entries} set actor_username = 'mallory@b.test' where seq = 3", "3", "who, from where"),
        ("update {entries} set actor_id = null where seq = 3", "3", "who, from where"),
        ("update {entries} set ip_address = '192.0.2.1' where seq = 3", "3", "who, from where"),
        ("update {entries} set payload = '{}' where seq = 3", "3", "who, from where"),
        ("update {entries} set salt = (select salt from {entries} where seq = 4) where seq = 3", "3", "who, from where"),
        ("update {entries} set salt = null, actor_id = null, actor_username = null, ip_address = '', erased = hash where seq = 3", "3", "who, from where"),
        ("update {entries} set commitment = (select commitment from {entries} where seq = 4) where seq = 3", "3", "changed, inserted or moved"),
        ("update {entries} set hash = (select hash from {entries} where seq = 4) where seq = 3", "3", "changed, inserted or moved"),
        ("delete from {entries} where seq = 1", "1", "missing"),
        ("delete from {entries} where seq = 3", "3", "missing"),
        ("delete from {entries} where seq = 3; update {entries} set seq = seq + 1000 where seq > 3; update {entries} set seq = seq - 1001 where seq > 1000", "3", "changed, inserted or moved"),
        ("update {entries} set seq = 1003 where seq = 3; update {entries} set seq = 3 where seq = 4; update {entries} set seq = 4 where seq = 1003", "3", "changed, inserted or moved"),
        ($"insert into {{entries}} (id, action, payload, ip_address, created_at) select '{Other}', action, payload, ip_address, created_at from {{entries}} where seq = 3", null, "past the chain"),
        ($"insert into {{entries}} (id, action, payload, ip_address, created_at, seq, hash) select '{Other}', action, payload, ip_address, created_at, -1, hash from {{entries}} where seq = 3", null, "past the chain"),
        ($"insert into {{entries}} (id, action, payload, ip_address, created_at, seq, salt, commitment, hash) select '{Other}', action, payload, ip_address, created_at, {{n}} + 1, salt, commitment, hash from {{entries}} where seq = {{n}}", "{n}+1", "changed, inserted or moved"),
        ("delete from {entries} where seq > {n} - 2", "{n}-1", "the log was cut"),
        ("delete from {entries}", "1", "the log was cut"),
        ("delete from {entries} where seq > {n} - 2; update {chain} set seq = {n} - 2, hash = (select hash from {entries} where seq = {n} - 2)", null, "(auth.audit_chain) was changed"),
        ("update {chain} set adopting = true", null, "(auth.audit_chain) was changed"),
        ("delete from {chain}", null, "(auth.audit_chain) was removed"),
        ("delete from {entries}; delete from {chain}", null, "(auth.audit_chain) was removed"),
    ];

    private static async Task<TestApp> StartAsync(bool postgres)
    {
        Assert.SkipWhen(postgres && PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        return await TestApp.StartAsync(
            "create table things (id int primary key);",
            configure: o =>
            {
                o.Auth.RateLimit.SignInSignUps = 10_000;
                return postgres ? o with { DatabaseUrl = PrivatePostgres.Shared!.CreateDatabase() } : o;
            }
        );
    }

    /// <summary>SQL of somebody who has the database's file or owner's password, and not the server's key.</summary>
    private static async Task TamperAsync(TestApp app, bool postgres, string sql)
    {
        string names(string text) =>
            text.Replace("{entries}", postgres ? "auth.audit_log_entries" : "\"auth.audit_log_entries\"", StringComparison.Ordinal)
                .Replace("{chain}", postgres ? "auth.audit_chain" : "\"auth.audit_chain\"", StringComparison.Ordinal);
        if (!postgres)
        {
            using SqliteConnection file = SqliteConnection.Open(new SqliteOptions(Path.Combine(app.Host.Backend.Options.AppFolder, ".tenon/data.db")), SqliteMode.Writer);
            file.ExecuteScript(names(sql));
            return;
        }
        string name = app.Host.Backend.Database.Place.Split('/')[^1];
        await using var source = NpgsqlDataSource.Create(PrivatePostgres.Shared!.ConnectionTo(name) + ";Pooling=false");
        await using NpgsqlCommand command = source.CreateCommand("set session_replication_role = replica; " + names(sql));
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<JsonElement> VerifyAsync(TestApp app, string query = "")
    {
        (int status, string body) = await AdminAsync(app, "GET", "/auth/v1/admin/audit/verify" + query);
        Assert.True(status == 200, body);
        return JsonElement.Parse(body);
    }

    private static Task<(int Status, string Body)> AdminAsync(TestApp app, string method, string path, string? json = null) =>
        app.SendAsync(method, path, app.Keys.SecretKey, json);

    private static async Task SignInAsync(TestApp app, string email)
    {
        (int status, string body) = await app.SendAsync("POST", "/auth/v1/token?grant_type=password", null, $$"""{"email":"{{email}}","password":"correct-horse-7"}""");
        Assert.True(status == 200, body);
    }

    private static async Task<long> FillAsync(TestApp app)
    {
        await app.SignUpAsync("ann@b.test");
        await app.SignUpAsync("bob@b.test");
        await SignInAsync(app, "ann@b.test");
        await SignInAsync(app, "bob@b.test");
        await SignInAsync(app, "ann@b.test");
        JsonElement whole = await VerifyAsync(app);
        Assert.True(whole.GetProperty("valid").GetBoolean(), whole.ToString());
        return whole.GetProperty("checked").GetInt64();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whatever_is_done_to_the_log_behind_the_server_is_found_and_the_first_bad_entry_is_named(bool postgres)
    {
        await using TestApp app = await StartAsync(postgres);
        long n = await FillAsync(app);
        Assert.True(n >= 5);
        await TamperAsync(app, postgres, "create table kept as select * from {entries}; create table kept_chain as select * from {chain}");
        foreach ((string sql, string? entry, string problem) in Tampering)
        {
            await TamperAsync(app, postgres, sql.Replace("{n}", n.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
            JsonElement report = await VerifyAsync(app);
            Assert.False(report.GetProperty("valid").GetBoolean(), sql);
            JsonElement finding = report.GetProperty("finding");
            Assert.Contains(problem, finding.GetProperty("problem").GetString(), StringComparison.Ordinal);
            long? expected = entry switch
            {
                null => null,
                "{n}+1" => n + 1,
                "{n}-1" => n - 1,
                _ => long.Parse(entry, CultureInfo.InvariantCulture),
            };
            long? named = finding.TryGetProperty("seq", out JsonElement seq) ? seq.GetInt64() : null;
            Assert.True(expected == named, $"{sql}: {finding}");
            await TamperAsync(
                app,
                postgres,
                "delete from {entries}; delete from {chain}; insert into {entries} select * from kept; insert into {chain} select * from kept_chain"
            );
            Assert.True((await VerifyAsync(app)).GetProperty("valid").GetBoolean(), sql);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cut_that_takes_an_older_end_back_is_found_by_an_anchor_kept_elsewhere(bool postgres)
    {
        await using TestApp app = await StartAsync(postgres);
        long n = await FillAsync(app);
        await TamperAsync(app, postgres, "create table kept_chain as select * from {chain}");
        await SignInAsync(app, "bob@b.test");
        JsonElement later = await VerifyAsync(app);
        string anchor = later.GetProperty("place").GetString()!;
        await SignInAsync(app, "bob@b.test");
        Assert.True((await VerifyAsync(app, "?anchor=" + anchor)).GetProperty("valid").GetBoolean());
        await TamperAsync(app, postgres, $"delete from {{entries}} where seq > {n}; delete from {{chain}}; insert into {{chain}} select * from kept_chain");
        // Whoever has only the database cannot tell; whoever kept the anchor can.
        Assert.True((await VerifyAsync(app)).GetProperty("valid").GetBoolean());
        JsonElement cut = await VerifyAsync(app, "?anchor=" + anchor);
        Assert.Equal(n + 1, cut.GetProperty("finding").GetProperty("seq").GetInt64());
        // The log goes on, and its entries are others than those of the anchor.
        await SignInAsync(app, "bob@b.test");
        JsonElement replaced = await VerifyAsync(app, "?anchor=" + anchor);
        Assert.Contains("not the one of the anchor", replaced.GetProperty("finding").GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Equal(400, (await AdminAsync(app, "GET", "/auth/v1/admin/audit/verify?anchor=7")).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Erasing_a_person_leaves_the_chain_whole(bool postgres)
    {
        await using TestApp app = await StartAsync(postgres);
        await FillAsync(app);
        (_, string ann) = await app.SignUpAsync("cat@b.test");
        (int status, string body) = await AdminAsync(app, "DELETE", "/auth/v1/admin/users/" + ann, """{"should_erase":true}""");
        Assert.True(status == 200, body);
        Assert.DoesNotContain("cat@b.test", (await AdminAsync(app, "GET", "/auth/v1/admin/audit?per_page=1000")).Body, StringComparison.Ordinal);
        JsonElement whole = await VerifyAsync(app);
        Assert.True(whole.GetProperty("valid").GetBoolean(), whole.ToString());
        // Nobody else's entry can be made to look erased by the marks of one that was.
        await TamperAsync(
            app,
            postgres,
            """
            update {entries} set salt = null, ip_address = '', actor_username = null, actor_id = (select actor_id from {entries} where erased is not null limit 1),
                payload = (select payload from {entries} where erased is not null limit 1), erased = (select erased from {entries} where erased is not null limit 1) where seq = 2
            """
        );
        Assert.Equal(2, (await VerifyAsync(app)).GetProperty("finding").GetProperty("seq").GetInt64());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Units_that_write_at_once_and_units_that_fail_leave_one_whole_chain(bool postgres)
    {
        await using TestApp app = await StartAsync(postgres);
        // On PostgreSQL two nodes share the database.
        await using TenonHost? second = postgres ? await TenonHost.StartAsync(app.Host.Backend.Options, "127.0.0.1", 0, cancellation: TestContext.Current.CancellationToken) : null;
        long before = await FillAsync(app);
        using var other = new HttpClient { BaseAddress = new Uri(second?.Url ?? app.Host.Url) };
        other.DefaultRequestHeaders.Add("apikey", app.Keys.PublishableKey);
        async Task ElsewhereAsync(int i)
        {
            using var content = new StringContent($$"""{"email":"ann@b.test","password":"correct-horse-7","n":{{i}}}""", System.Text.Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await other.PostAsync(new Uri("/auth/v1/token?grant_type=password", UriKind.Relative), content);
            Assert.Equal(200, (int)answer.StatusCode);
        }
        Task[] work =
        [
            .. Enumerable.Range(0, 12).Select(ElsewhereAsync),
            .. Enumerable.Range(0, 12).Select(_ => SignInAsync(app, "bob@b.test")),
            .. Enumerable.Range(0, 6).Select(i => SignUpTwiceAsync(app, $"u{i}@b.test")),
        ];
        await Task.WhenAll(work);
        JsonElement whole = await VerifyAsync(app);
        Assert.True(whole.GetProperty("valid").GetBoolean(), whole.ToString());
        Assert.True(whole.GetProperty("checked").GetInt64() >= before + 24 + 6);
    }

    // One of the two fails in its unit, or before it.
    private static async Task SignUpTwiceAsync(TestApp app, string email)
    {
        string body = $$"""{"email":"{{email}}","password":"correct-horse-7"}""";
        (int Status, string Body)[] answers = await Task.WhenAll(app.SendAsync("POST", "/auth/v1/signup", null, body), app.SendAsync("POST", "/auth/v1/signup", null, body));
        Assert.Equal([200, 422], answers.Select(a => a.Status).Order());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Entries_of_before_the_chain_are_taken_into_it_once(bool postgres)
    {
        await using TestApp app = await StartAsync(postgres);
        await FillAsync(app);
        string id = postgres ? "(lpad(i::text, 8, '0') || '-0000-4000-8000-000000000000')::uuid" : "printf('%08d-0000-4000-8000-000000000000', i)";
        await TamperAsync(
            app,
            postgres,
            $$"""
            update {entries} set seq = null, salt = null, commitment = null, hash = null;
            insert into {entries} (id, action, actor_username, payload, ip_address, created_at)
                with recursive n(i) as (select 1 union all select i + 1 from n where i < 1200)
                select {{id}}, 'login', 'old@b.test', '{"action":"login"}', '', (select min(created_at) from {entries}) from n;
            delete from {chain}
            """
        );
        var chain = app.Host.Services.GetRequiredService<AuditChain>();
        await chain.StartAsync(TestContext.Current.CancellationToken);
        JsonElement whole = await VerifyAsync(app);
        Assert.True(whole.GetProperty("valid").GetBoolean(), whole.ToString());
        Assert.True(whole.GetProperty("checked").GetInt64() > 1200);
        await SignInAsync(app, "ann@b.test");
        // What is slipped in afterwards is not taken in by the next start.
        await TamperAsync(app, postgres, $"insert into {{entries}} (id, action, payload, ip_address, created_at) select '{Other}', action, payload, ip_address, created_at from {{entries}} where seq = 3");
        await chain.StartAsync(TestContext.Current.CancellationToken);
        JsonElement report = await VerifyAsync(app);
        Assert.Equal(Other, report.GetProperty("finding").GetProperty("id").GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_long_log_is_checked_in_parts_that_go_on_from_one_another(bool postgres)
    {
        await using TestApp app = await StartAsync(postgres);
        var store = app.Host.Services.GetRequiredService<StoreDatabase>();
        DateTimeOffset now = StoreTime.Now(TimeProvider.System);
        LogLine[] lines = [.. Enumerable.Range(0, 2500).Select(_ => new LogLine(Guid.CreateVersion7(), "login", null, "x", "{}", "", now, AuditHash.NewSalt()))];
        await store.WriteAsync(
            unit =>
            {
                Array.ForEach(lines, unit.Log);
                return true;
            },
            TestContext.Current.CancellationToken
        );
        var check = app.Host.Services.GetRequiredService<AuditCheck>();
        AuditReport first = await check.RunAsync(AuditPlace.Start, null, 1000, TestContext.Current.CancellationToken);
        Assert.Equal((1000, true, null), (first.Checked, first.More, first.Finding));
        AuditReport rest = await check.RunAsync(first.Place, null, 100_000, TestContext.Current.CancellationToken);
        Assert.Equal((1500, false, null), (rest.Checked, rest.More, rest.Finding));
        Assert.Equal(2500, rest.Place.Seq);
    }

    [Fact]
    public void The_same_payload_has_the_same_text_whichever_engine_printed_it()
    {
        Assert.Equal("""{"a":[1,{"b":null,"c":"x"}],"z":true}""", AuditHash.Canonical("""{ "z" : true, "a": [1, {"c": "x", "b": null}] }"""));
        var person = new AuditPerson(null, "a", "{}", "");
        Assert.NotEqual(AuditHash.Commitment("s", person), AuditHash.Commitment("s", new AuditPerson("", "a", "{}", "")));
        Assert.NotEqual(AuditHash.Commitment("s", person), AuditHash.Commitment("t", person));
    }
}
