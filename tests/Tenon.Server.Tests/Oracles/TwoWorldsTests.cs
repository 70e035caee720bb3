using System.Globalization;
using System.Text;
using Tenon.Server.Tests.Hosting;
using Tenon.Testing;

namespace Tenon.Server.Tests.Oracles;

/// <summary>
/// Non-interference (no row or column that a caller may not see changes a byte): two servers whose databases differ only in
/// hidden rows, hidden columns and hidden tables answer random requests with the same status, headers and bytes.
/// </summary>
public sealed class TwoWorldsTests
{
    private const int RequestsPerWorld = 10;

    private static readonly HashSet<string> OfTheMoment = new(StringComparer.OrdinalIgnoreCase) { "Date", "X-Request-Id", "Server-Timing" };

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres compiled")]
    [InlineData("postgres native")]
    [InlineData("mariadb")]
    public async Task What_the_caller_may_not_see_changes_no_byte_of_any_answer(string engine)
    {
        await using var one = await World.StartAsync(engine);
        await using var other = await World.StartAsync(engine);
        var outcomes = new Tally();
        var grammar = new WorldRequests(OracleApp.IsAttached(engine));
        string found = await Oracle.PlayAsync(RequestsPerWorld, (setting, requests) => PlayAsync(one, other, grammar, outcomes, setting, requests));
        Assert.True(found.Length == 0, found);
        TestContext.Current.SendDiagnosticMessage($"{engine}: {outcomes}");
        // Names of what an attached database has not stay in the grammar, so that fewer are answered.
        outcomes.Demand(("200", OracleApp.IsAttached(engine) ? 25 : 30), ("401", 10));
    }

    private static async Task<string?> PlayAsync(
        World one, World other, WorldRequests grammar, Tally outcomes, Draws setting, IReadOnlyList<Draws> draws)
    {
        string visible = TwoWorlds.Visible(setting);
        // Few of the choices are the second world's, so that shrinking leaves one difference.
        (string left, string right) = (TwoWorlds.Hidden(setting), TwoWorlds.Hidden(setting));
        await one.ApplyAsync(left, visible);
        await other.ApplyAsync(right, visible);
        var played = new StringBuilder($"{visible}\n-- one world\n{left}\n-- the other\n{right}");
        foreach (Draws choices in draws)
        {
            WorldRequest request = grammar.Make(choices);
            played.Append('\n').Append(request);
            if (await DifferenceAsync(one, other, request, outcomes) is { } difference)
            {
                return $"{played}\n{difference}";
            }
            foreach (string table in request.Writes ? TwoWorlds.Tables : [])
            {
                if (await DifferenceAsync(one, other, new WorldRequest("GET", table)) is { } after)
                {
                    return $"{played}\nafter it {table}:\n{after}";
                }
            }
        }
        return null;
    }

    private static async Task<string?> DifferenceAsync(World one, World other, WorldRequest request, Tally? outcomes = null)
    {
        (string left, string right) = (await one.AskAsync(request), await other.AskAsync(request));
        outcomes?.Add(left[..3]);
        // A failure of the server's own is a defect in both.
        bool failed = left.Contains("XX000", StringComparison.Ordinal);
        return left == right && !failed ? null : $"one world: {left}\nthe other: {right}";
    }

    private sealed class World(OracleApp app) : IAsyncDisposable
    {
        public static async Task<World> StartAsync(string engine)
        {
            OracleApp app = await OracleApp.StartAsync(engine);
            if (OracleApp.IsAttached(engine))
            {
                Assert.Null(await app.ApplyAsync("", TwoWorlds.AttachedTables, TwoWorlds.AttachedPolicies));
            }
            return new World(app);
        }

        public async Task ApplyAsync(string hidden, string visible)
        {
            // Hidden people come first: a visible row refers to them.
            string people = string.Join('\n', hidden.Split('\n').Where(l => l.Contains(" people ", StringComparison.Ordinal)));
            string others = string.Join('\n', hidden.Split('\n').Where(l => !l.Contains(" people ", StringComparison.Ordinal)));
            string rows = people + "\n" + visible + others;
            Assert.Null(await app.ApplyAsync(TwoWorlds.Schema + rows, TwoWorlds.Attached(rows), null));
        }

        /// <summary>Status, headers and body as one text.</summary>
        public async Task<string> AskAsync(WorldRequest request)
        {
            using HttpRequestMessage message = app.Request(request.Method, request.Target);
            message.Headers.Add("apikey", app.Keys.PublishableKey);
            foreach ((string name, string? value) in new[] { ("Prefer", request.Prefer), ("Accept", request.Accept), ("Range", request.Range) })
            {
                if (value is not null)
                {
                    message.Headers.TryAddWithoutValidation(name, value);
                }
            }
            if (request.Body is { } body)
            {
                message.Content = new StringContent(body, Encoding.UTF8, "application/json");
            }
            using HttpResponseMessage answer = await app.Http.SendAsync(message);
            string text = await answer.Content.ReadAsStringAsync();
            var headers = answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated)
                .Where(h => !OfTheMoment.Contains(h.Key))
                .Select(h => $"{h.Key}: {h.Value}")
                .Order(StringComparer.Ordinal);
            return $"{(int)answer.StatusCode}\n{string.Join('\n', headers)}\n{text}";
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
