using Tenon.Server.Tests.Oracles;

namespace Tenon.Server.Tests.Threats;

/// <summary>A regular expression that backtracks, where the database's engine does: it ends with the statement's time.</summary>
public sealed class SlowExpressionTests
{
    // Back references make PostgreSQL try every way to cut the text. None fits (an odd number of letters has no two equal
    // halves), and there are more of them than it comes through in years.
    private static readonly string Pattern = $"^{string.Concat(Enumerable.Repeat("(a*)", 9))}{string.Concat(Enumerable.Range(1, 9).Select(i => $"%5C{i}"))}b%24";

    [Theory]
    [InlineData("postgres compiled")]
    [InlineData("postgres native")]
    public async Task A_slow_regular_expression_ends_with_the_time_of_a_statement(string engine)
    {
        await using OracleApp app = await OracleApp.StartAsync(engine, TimeSpan.FromSeconds(2));
        Assert.Null(await app.ApplyAsync("create table notes (id int primary key, pad text); insert into notes select n, repeat('a', 201) || 'b' from generate_series(1, 100) n; grant select, update on notes to anon;", "", null));
        var server = new ThreatServer(app);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        foreach ((string method, string target, string? body) in new[] { ("GET", "notes?select=id&pad=match." + Pattern, null), ("GET", "notes?select=id&pad=imatch." + Pattern, null), ("PATCH", "notes?pad=match." + Pattern, """{"pad":"x"}""") })
        {
            ThreatAnswer answer = await server.SendAsync(method, target, body, until: limit);
            Assert.True(answer is { Status: 500, Code: "57014" }, $"{method} {target}: {answer}");
            await DatabaseWork.FreeAsync(app);
        }
        Assert.Equal("0-99/100", (await server.GetAsync("notes?select=id&pad=match.^a")).Range);
    }
}
