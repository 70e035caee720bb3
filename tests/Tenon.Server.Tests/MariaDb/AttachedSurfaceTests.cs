// The whole surface of the data API under the profile of an attached MariaDB, and the keys that users make of their own there.
using System.Net;
using System.Text.Json;
using Tenon.Core.Policies;
using Tenon.Server.Tests.Hosting;
using Tenon.Sources;
using Tenon.Testing;

namespace Tenon.Server.Tests.MariaDb;

public sealed class AttachedSurfaceTests
{
    private const string Tables = """
        create table notes (id int primary key, owner varchar(36), body varchar(20));
        create table others (id int primary key);
        create table hidden (id int primary key);
        create view slow as select sleep(300) + id as id from others;
        insert into notes values (1, 'x', 'a,"b"'), (2, 'x', 'c'), (3, 'y', null);
        insert into others values (1);
        """;

    private const string Policies = """
        alter table notes enable row level security;
        alter table others enable row level security;
        alter table slow enable row level security;
        grant select, insert on notes to anon, authenticated;
        grant select on others, slow to anon, authenticated;
        create policy seen on notes for select using (owner = 'x' or owner = auth.uid()::text);
        create policy own on notes for insert with check (owner = auth.uid()::text);
        create policy all_others on others using (true);
        create policy all_slow on slow using (true);
        """;

    private static (string Url, Task<TestApp> App) Start(string main = "select 1;")
    {
        string url = AttachedMariaDb.Server().CreateDatabase(Tables);
        return (
            url,
            TestApp.StartAsync(
                main,
                configure: o => o with
                {
                    Engines = AttachedMariaDb.Engines,
                    Sources = [new AttachedOptions("crm", url) { Policies = Policies, Writable = true, Timeout = TimeSpan.FromMinutes(5) }],
                }
            )
        );
    }

    private static async Task<(HttpResponseMessage Answer, string Body)> SendAsync(
        TestApp app, string method, string path, string? token = null, string? prefer = null, string? accept = null, string? body = null, CancellationTokenSource? gone = null)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), "/rest/v1/" + path);
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        request.Headers.Add(method is "GET" or "HEAD" ? "Accept-Profile" : "Content-Profile", "crm");
        foreach ((string name, string? value) in new[] { ("Prefer", prefer), ("Accept", accept), ("Authorization", token is null ? null : "Bearer " + token) })
        {
            if (value is not null)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }
        request.Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        HttpResponseMessage answer = await app.Http.SendAsync(request, gone?.Token ?? TestContext.Current.CancellationToken);
        return (answer, await answer.Content.ReadAsStringAsync(CancellationToken.None));
    }

    private static string RangeOf(HttpResponseMessage answer) => answer.Content.Headers.NonValidated["Content-Range"].ToString();

    [Fact]
    public async Task Counts_csv_one_object_and_the_document_are_those_of_the_profile()
    {
        await using TestApp app = await Start().App;
        var (answer, body) = await SendAsync(app, "HEAD", "notes", prefer: "count=exact");
        Assert.Equal((HttpStatusCode.OK, "0-1/2", ""), (answer.StatusCode, RangeOf(answer), body));
        (answer, body) = await SendAsync(app, "GET", "notes?limit=1&order=id", prefer: "count=exact");
        Assert.Equal((HttpStatusCode.PartialContent, "0-0/2"), (answer.StatusCode, RangeOf(answer)));
        (answer, body) = await SendAsync(app, "GET", "notes?select=id,body&order=id", accept: "text/csv");
        Assert.Equal("id,body\n1,\"a,\"\"b\"\"\"\n2,c", body.TrimEnd('\n').Replace("\r", "", StringComparison.Ordinal));
        Assert.Equal("crm", answer.Headers.GetValues("Content-Profile").Single());
        (_, body) = await SendAsync(app, "GET", "notes?select=id&id=eq.2", accept: "application/vnd.pgrst.object+json");
        Assert.Equal("""{"id":2}""", body);
        (answer, _) = await SendAsync(app, "GET", "notes?select=id&id=eq.3", accept: "application/vnd.pgrst.object+json");
        Assert.Equal(HttpStatusCode.NotAcceptable, answer.StatusCode);
        (_, body) = await SendAsync(app, "GET", "");
        JsonElement paths = JsonElement.Parse(body).GetProperty("paths");
        Assert.True(paths.TryGetProperty("/notes", out _));
        Assert.False(paths.TryGetProperty("/hidden", out _));
    }

    [Theory]
    [InlineData("GET", "rpc/whoami")]
    [InlineData("POST", "rpc/whoami")]
    public async Task A_function_of_the_main_database_is_none_of_the_source(string method, string path)
    {
        await using TestApp app = await Start("create function whoami() returns text language sql stable as 'select auth.uid()::text';").App;
        var (answer, body) = await SendAsync(app, method, path, body: method == "POST" ? "{}" : null);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("PGRST202", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_statement_of_a_request_that_is_given_up_is_killed()
    {
        (string url, Task<TestApp> starting) = Start();
        await using TestApp app = await starting;
        using var gone = new CancellationTokenSource();
        Task request = SendAsync(app, "GET", "slow", gone: gone);
        await UntilAsync(() => Sleeping(url) == "1");
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        // It would sleep for five minutes.
        await UntilAsync(() => Sleeping(url) == "0");
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(app, "GET", "notes")).Answer.StatusCode);
    }

    private static string Sleeping(string url) =>
        AttachedMariaDb.Server().Execute(url, "select count(*) from information_schema.processlist where db = database() and info like '%slow%' and info not like '%processlist%'").Trim();

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (int attempt = 0; !holds(); attempt++)
        {
            Assert.True(attempt < 600, "it did not come to hold");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_users_key_is_its_user_within_its_scopes_at_the_source_too()
    {
        await using TestApp app = await Start().App;
        (string token, string user) = await app.SignUpAsync("ann@b.test");
        string key = await MakeKeyAsync(app, token, """{"crm.notes":["select","insert"]}""");
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(app, "POST", "notes", key, body: $$"""{"id":7,"owner":"{{user}}"}""")).Answer.StatusCode);
        Assert.Equal("""[{"id":1},{"id":2},{"id":7}]""", (await SendAsync(app, "GET", "notes?select=id&order=id", key)).Body);
        var (answer, body) = await SendAsync(app, "POST", "notes", key, body: """{"id":8,"owner":"somebody else"}""");
        Assert.True(answer.StatusCode == HttpStatusCode.Forbidden && body.Contains("row-level security", StringComparison.Ordinal), body);
        (answer, body) = await SendAsync(app, "GET", "others", key);
        Assert.True(answer.StatusCode == HttpStatusCode.Forbidden && body.Contains("select on crm.others", StringComparison.Ordinal), body);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(app, "GET", "others", token)).Answer.StatusCode);
        // A table of the main database with the same name is another one.
        string ofMain = await MakeKeyAsync(app, token, """{"notes":["select"]}""");
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(app, "GET", "notes", ofMain)).Answer.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_users_key_is_its_user_within_its_scopes_on_PostgreSQL(bool native)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        const string Schema = """
            create table notes (id int primary key, owner uuid not null default auth.uid());
            create table others (id int primary key, note_id int references notes (id));
            alter table notes enable row level security;
            create policy own on notes to authenticated using (owner = auth.uid());
            grant select, insert on notes, others to authenticated;
            """;
        await using TestApp app = await TestApp.StartAsync(Schema, configure: o => o with { DatabaseUrl = PrivatePostgres.Shared!.CreateDatabase(), Security = native ? Enforcement.Native : Enforcement.Compiled });
        (string token, _) = await app.SignUpAsync("ann@b.test");
        (string other, _) = await app.SignUpAsync("bob@b.test");
        Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/notes", other, """{"id":2}""")).Status);
        string key = await MakeKeyAsync(app, token, """{"notes":["select","insert"]}""");
        Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/notes", key, """{"id":1}""")).Status);
        Assert.Equal((200, """[{"id":1}]"""), await app.SendAsync("GET", "/rest/v1/notes?select=id", key));
        Assert.Equal(403, (await app.SendAsync("GET", "/rest/v1/notes?select=id,others(id)", key)).Status);
        Assert.Equal(200, (await app.SendAsync("GET", "/rest/v1/notes?select=id,others(id)", token)).Status);
        Assert.Equal(403, (await app.SendAsync("POST", "/rest/v1/notes", key, """{"id":3,"owner":"b0b00000-0000-4000-8000-000000000002"}""")).Status);
    }

    private static async Task<string> MakeKeyAsync(TestApp app, string token, string scopes)
    {
        (int status, string body) = await app.SendAsync("POST", "/auth/v1/keys", token, $$"""{"name":"k{{Guid.NewGuid()}}","scopes":{{scopes}}}""");
        Assert.True(status == 200, body);
        return JsonElement.Parse(body).GetProperty("api_key").GetString()!;
    }
}
