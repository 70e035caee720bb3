using System.Text;
using Tenon.Testing;

namespace Tenon.Server.Tests.Oracles;

/// <summary>
/// Random tables, policies, grants, functions and triggers under random requests: Tenon answers, refuses and writes as
/// PostgreSQL does by its own row security. What the generator makes is in <see cref="PolicySchema"/> and
/// <see cref="PolicyRequests"/>; an engine joins by a line of data here.
/// </summary>
public sealed class RandomPoliciesTests
{
    private const int RequestsPerSet = 12;

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres compiled")]
    [InlineData("postgres native")]
    [InlineData("mariadb")]
    public async Task Random_policies_do_what_PostgreSQL_does(string engine)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        await using PolicySide tenon = await TenonPolicies.StartAsync(engine);
        await using PolicySide native = await NativePolicies.StartAsync(PrivatePostgres.Shared!);
        var outcomes = new Tally();
        bool attached = OracleApp.IsAttached(engine);
        string found = await Oracle.PlayAsync(RequestsPerSet, (setting, requests) => PlayAsync(native, tenon, attached, outcomes, setting, requests));
        Assert.True(found.Length == 0, found);
        TestContext.Current.SendDiagnosticMessage($"{engine}: {outcomes}");
        outcomes.Demand(("ok", 35), ("42501", 15));
    }

    private static async Task<string?> PlayAsync(
        PolicySide native, PolicySide tenon, bool attached, Tally outcomes, Draws setting, IReadOnlyList<Draws> draws)
    {
        PolicyScript schema = PolicySchema.Make(setting, attached);
        string? expected = await native.ApplyAsync(schema);
        string? actual = await tenon.ApplyAsync(schema);
        if (expected is not null || actual is not null)
        {
            // The grammar makes only what both carry; a script refused would leave the one before in its place.
            return $"{schema}\nPostgreSQL: {expected ?? "runs"}\nTenon: {actual ?? "runs"}";
        }
        var played = new StringBuilder(schema.ToString());
        foreach (Draws choices in draws)
        {
            PolicyRequest request = PolicyRequests.Make(choices, schema);
            played.Append('\n').Append(request);
            Reply wanted = await native.AskAsync(request);
            Reply got = await tenon.AskAsync(request);
            outcomes.Add(wanted.Error ?? "ok");
            if (attached && AllowedDifferences.RefusesWhatATriggerFills(schema, request, wanted, got))
            {
                // The rest would begin with other rows.
                return null;
            }
            if (!AllowedDifferences.Between(schema, request, wanted, got))
            {
                return $"{played}\nPostgreSQL: {wanted}\nTenon:      {got}";
            }
            (string left, string right) = (await native.RowsAsync(), await tenon.RowsAsync());
            if (left != right)
            {
                return $"{played}\nPostgreSQL has\n{left}\nTenon has\n{right}";
            }
        }
        return null;
    }
}
