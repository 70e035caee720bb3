using System.Text;
using System.Text.Json;
using Tenon.Core.Policies;
using Tenon.Server.Tests.Hosting;
using Tenon.Testing;
using Xunit;

namespace Tenon.Server.Tests.Rest;

/// <summary>application/vnd.pgrst.plan: what the database would do, in place of doing it.</summary>
public sealed class PlanTests
{
    internal const string Text = "application/vnd.pgrst.plan";
    private const string Json = "application/vnd.pgrst.plan+json";

    private const string Schema = """
        create table shelves (id int primary key, name text not null);
        create table books (id int primary key, shelf int not null references shelves (id), title text not null);
        create index on books (shelf);
        alter table books enable row level security;
        create policy readable on books using (title <> 'hidden');
        create function titles(of_shelf int) returns setof books language sql stable as 'select * from books where shelf = of_shelf';
        create function add_shelf(n int) returns int language plpgsql as $$
        begin
          insert into shelves values (n, 'made by a function');
          return n;
        end $$;
        insert into shelves values (1, 'a'), (2, 'b');
        insert into books values (1, 1, 'one'), (2, 1, 'two'), (3, 2, 'hidden');
        grant select, insert, update, delete on shelves, books to anon;
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Task<TestApp> StartAsync(string engine)
    {
        if (engine == "sqlite")
        {
            return TestApp.StartAsync(Schema, configure: o => o with { Rest = o.Rest with { PlanEnabled = true } });
        }
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string url = PrivatePostgres.Shared!.CreateDatabase();
        Enforcement? enforcement = engine == "native" ? Enforcement.Native : null;
        return TestApp.StartAsync(Schema, configure: o => o with { DatabaseUrl = url, Security = enforcement, Rest = o.Rest with { PlanEnabled = true } });
    }

    private static async Task<(int Status, string Type, string Body)> AskAsync(TestApp app, string method, string path, string accept, string? body = null, string prefer = "return=representation")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/rest/v1/" + path);
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        request.Headers.Add("Prefer", prefer);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancel);
        return ((int)answer.StatusCode, answer.Content.Headers.ContentType?.ToString() ?? "", await answer.Content.ReadAsStringAsync(Cancel));
    }

    internal static async Task<string> PlanAsync(TestApp app, string method, string path, string accept, string? body = null)
    {
        (int status, string type, string plan) = await AskAsync(app, method, path, accept, body);
        Assert.True(status == 200, $"{status} {plan}");
        Assert.StartsWith(accept == Text ? "application/vnd.pgrst.plan+text" : accept.Split(';')[0], type, StringComparison.Ordinal);
        return plan;
    }

    private static async Task DemandUntouchedAsync(TestApp app)
    {
        Assert.Equal((200, """[{"id":1},{"id":2}]"""), await app.SendAsync("GET", "/rest/v1/books?select=id&order=id"));
        Assert.Equal((200, """[{"id":1,"name":"a"},{"id":2,"name":"b"}]"""), await app.SendAsync("GET", "/rest/v1/shelves?order=id"));
    }

    [Fact]
    public async Task SQLite_shows_the_nodes_of_every_statement()
    {
        await using TestApp app = await StartAsync("sqlite");
        Assert.Equal("SEARCH r0 USING INTEGER PRIMARY KEY (rowid=?)", await PlanAsync(app, "GET", "shelves?id=eq.1", Text));
        Assert.Equal("""[{"Plan":{"Plans":[{"Detail":"SEARCH r0 USING INTEGER PRIMARY KEY (rowid=?)"}]}}]""", await PlanAsync(app, "GET", "shelves?id=eq.1", Json));
        JsonElement two = JsonElement.Parse(await PlanAsync(app, "GET", "shelves?select=id,books(title)", Json));
        Assert.Equal(2, two.GetArrayLength());
        Assert.Contains("USING INDEX books_shelf_idx", two[1].ToString(), StringComparison.Ordinal);
        Assert.Contains("USING INDEX books_shelf_idx", await PlanAsync(app, "GET", "rpc/titles?of_shelf=1", Text), StringComparison.Ordinal);
        Assert.Equal("CALL public.add_shelf", await PlanAsync(app, "POST", "rpc/add_shelf", Text, """{"n":9}"""));
        // What SQLite has no word for is not named as heeded.
        (_, string type, _) = await AskAsync(app, "GET", "shelves", Json + "; options=analyze|verbose");
        Assert.Equal("application/vnd.pgrst.plan+json; for=\"application/json\"; charset=utf-8", type);
        (_, type, _) = await AskAsync(app, "GET", "shelves", Json + "; for=\"text/csv\"");
        Assert.Equal("application/vnd.pgrst.plan+json; for=\"text/csv\"; charset=utf-8", type);
        (_, type, _) = await AskAsync(app, "GET", "shelves", Json + "; for=\"no type\"");
        Assert.Equal("application/vnd.pgrst.plan+json; for=\"application/json\"; charset=utf-8", type);
    }

    [Fact]
    public async Task A_write_on_SQLite_shows_how_its_rows_are_found_and_writes_none()
    {
        await using TestApp app = await StartAsync("sqlite");
        Assert.Equal("INSERT shelves\n\nSCAN k", (await PlanAsync(app, "POST", "shelves", Text, """{"id":7,"name":"x"}"""))[..22]);
        Assert.Matches("^UPDATE books\n  SEARCH \\w+ USING INDEX books_shelf_idx", await PlanAsync(app, "PATCH", "books?shelf=eq.1", Text, """{"title":"x"}"""));
        Assert.Matches("^DELETE books\n  SEARCH \\w+ USING INTEGER PRIMARY KEY", await PlanAsync(app, "DELETE", "books?id=eq.1", Text));
        Assert.StartsWith("INSERT shelves\n  SEARCH", await PlanAsync(app, "PUT", "shelves?id=eq.1", Text, """{"id":1,"name":"x"}"""), StringComparison.Ordinal);
        Assert.Equal("[]", await PlanAsync(app, "PATCH", "books", Json, "{}"));
        await DemandUntouchedAsync(app);
    }

    [Theory]
    [InlineData("compiled")]
    [InlineData("native")]
    public async Task A_write_on_PostgreSQL_shows_its_plan_and_is_undone_where_it_is_run(string security)
    {
        await using TestApp app = await StartAsync(security);
        foreach (string accept in new[] { Text, Text + "; options=analyze" })
        {
            bool runs = accept != Text;
            string[] plans =
            [
                await PlanAsync(app, "POST", "shelves", accept, """[{"id":7,"name":"x"},{"id":8,"name":"y"}]"""),
                await PlanAsync(app, "PATCH", "books?shelf=eq.1", accept, """{"title":"x"}"""),
                await PlanAsync(app, "DELETE", "books?id=eq.1", accept),
                await PlanAsync(app, "POST", "rpc/add_shelf", accept, """{"n":9}"""),
            ];
            string[] words = ["Insert on shelves", "Update on books", "Delete on books", "Function Scan on add_shelf"];
            foreach ((string plan, string word) in plans.Zip(words))
            {
                Assert.Contains(word, plan, StringComparison.Ordinal);
                Assert.Equal(runs, plan.Contains("actual time", StringComparison.Ordinal));
            }
            await DemandUntouchedAsync(app);
        }
        JsonElement json = JsonElement.Parse(await PlanAsync(app, "DELETE", "shelves?id=eq.2&select=id,books(title)", Json));
        Assert.Equal(3, json.GetArrayLength());
        Assert.All(json.EnumerateArray(), plan => Assert.True(plan.TryGetProperty("Plan", out _)));
        await DemandUntouchedAsync(app);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("compiled")]
    public async Task What_could_not_be_done_has_no_plan(string engine)
    {
        await using TestApp app = await StartAsync(engine);
        Assert.Equal(404, (await AskAsync(app, "DELETE", "nothing", Text)).Status);
        (int status, _, string body) = await AskAsync(app, "POST", "shelves", Text, """{"id":"x"}""");
        Assert.True(status == 400 && body.Contains("22P02", StringComparison.Ordinal), body);
        Assert.Equal(405, (await AskAsync(app, "GET", "rpc/add_shelf?n=1", Text)).Status);
    }

    [Fact]
    public async Task Switched_off_nothing_is_planned_and_nothing_is_written()
    {
        await using TestApp app = await TestApp.StartAsync(Schema);
        foreach ((string method, string path, string? body) in new[] { ("GET", "books", null), ("POST", "shelves", """{"id":7,"name":"x"}"""), ("DELETE", "books?id=eq.1", null), ("POST", "rpc/add_shelf", """{"n":9}""") })
        {
            (int status, _, string answer) = await AskAsync(app, method, path, Text, body);
            Assert.True(status == 406 && answer.Contains("PGRST107", StringComparison.Ordinal), $"{method} {path}: {status} {answer}");
        }
        await DemandUntouchedAsync(app);
    }
}
