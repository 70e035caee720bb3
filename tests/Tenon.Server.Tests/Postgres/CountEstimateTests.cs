using System.Text.Json;
using Tenon.Core.Policies;
using Tenon.Server.Hosting;
using Tenon.Server.Tests.Hosting;
using Tenon.Testing;
using Xunit;

namespace Tenon.Server.Tests.Postgres;

/// <summary>count=planned and count=estimated from PostgreSQL's statistics, and its plans by Accept.</summary>
public sealed class CountEstimateTests
{
    private const string Schema = """
        create table many (id int primary key, kind text not null);
        insert into many select n, case when n % 2 = 0 then 'even' else 'odd' end from generate_series(1, 5000) n;
        create table guarded (id int primary key, owner text not null);
        insert into guarded select n, 'nobody' from generate_series(1, 5000) n;
        insert into guarded values (9001, 'anon');
        alter table guarded enable row level security;
        create policy own on guarded for select using (owner = current_user::text);
        analyze many;
        analyze guarded;
        grant select on many, guarded to anon;
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<TestApp> StartAsync(string security, bool plans = false)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string url = PrivatePostgres.Shared!.CreateDatabase();
        Enforcement? enforcement = security == "native" ? Enforcement.Native : null;
        return await TestApp.StartAsync(Schema, configure: o => o with { DatabaseUrl = url, Security = enforcement, Rest = o.Rest with { PlanEnabled = plans } });
    }

    private static async Task<(int Status, string Range, string Body, string Type)> GetAsync(TestApp app, string path, string? prefer = null, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/rest/v1/" + path);
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        request.Headers.TryAddWithoutValidation("Prefer", prefer);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        using HttpResponseMessage response = await app.Http.SendAsync(request, Cancel);
        string range = response.Content.Headers.TryGetValues("Content-Range", out var values) ? string.Join(",", values) : "";
        return ((int)response.StatusCode, range, await response.Content.ReadAsStringAsync(Cancel), response.Content.Headers.ContentType?.ToString() ?? "");
    }

    [Theory]
    [InlineData("compiled")]
    [InlineData("native")]
    public async Task A_planned_count_is_what_the_database_expects(string security)
    {
        await using TestApp app = await StartAsync(security);
        Assert.Equal((206, "0-0/5000"), (await GetAsync(app, "many?limit=1", "count=planned")) is var all ? (all.Status, all.Range) : default);
        // A page behind the estimate is a page all the same.
        Assert.Equal((206, "*/5001"), (await GetAsync(app, "many?offset=5001", "count=planned")) is var past ? (past.Status, past.Range) : default);
        // No statistics say how many rows such a condition lets through; the answer corrects an estimate that is too low.
        Assert.Equal("0-9/10", (await GetAsync(app, "many?id=gt.4990", "count=planned")).Range);
    }

    [Theory]
    [InlineData("compiled")]
    [InlineData("native")]
    public async Task An_estimated_count_is_exact_up_to_the_bound_of_rows(string security)
    {
        await using TestApp app = await StartAsync(security);
        Assert.Equal("0-0/700", (await GetAsync(app, "many?id=lte.700&limit=1", "count=estimated")).Range);
        Assert.Equal("0-0/5000", (await GetAsync(app, "many?limit=1", "count=estimated")).Range);
    }

    [Theory]
    [InlineData("compiled")]
    [InlineData("native")]
    public async Task Statistics_tell_nothing_of_hidden_rows(string security)
    {
        await using TestApp app = await StartAsync(security);
        Assert.Equal("0-0/1", (await GetAsync(app, "guarded?limit=1", "count=planned")).Range);
        Assert.Equal("0-0/1", (await GetAsync(app, "guarded?limit=1", "count=estimated")).Range);
    }

    [Theory]
    [InlineData("compiled")]
    [InlineData("native")]
    public async Task A_plan_is_shown_where_the_setting_allows_it(string security)
    {
        await using TestApp app = await StartAsync(security, plans: true);
        var json = await GetAsync(app, "many?id=eq.5", accept: "application/vnd.pgrst.plan+json; for=\"application/json\"; options=verbose");
        Assert.Equal((200, "application/vnd.pgrst.plan+json; for=\"application/json\"; options=verbose; charset=utf-8"), (json.Status, json.Type));
        JsonElement plan = JsonElement.Parse(json.Body)[0].GetProperty("Plan");
        Assert.Contains("many", plan.ToString());
        var text = await GetAsync(app, "many?id=eq.5", accept: "application/vnd.pgrst.plan; options=analyze");
        Assert.Equal((200, true), (text.Status, text.Body.Contains("actual time", StringComparison.Ordinal)));
        // A word that is none of EXPLAIN's reaches no statement.
        var hostile = await GetAsync(app, "many?id=eq.5", accept: "application/vnd.pgrst.plan; options=analyze) delete from many; --");
        Assert.Equal(200, hostile.Status);
        Assert.Equal("0-0/5000", (await GetAsync(app, "many?limit=1", "count=exact")).Range);
    }

    [Fact]
    public async Task No_plan_is_shown_by_default()
    {
        await using TestApp app = await StartAsync("compiled");
        var (status, _, body, _) = await GetAsync(app, "many", accept: "application/vnd.pgrst.plan+json");
        Assert.Equal((406, """{"code":"PGRST107","details":null,"hint":null,"message":"None of these media types are available: application/vnd.pgrst.plan+json"}"""), (status, body));
    }
}
