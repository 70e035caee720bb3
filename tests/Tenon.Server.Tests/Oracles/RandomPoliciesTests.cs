using System.Text;
using Tenon.Core.Policies;
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
    public async Task Random_policies_do_what_PostgreSQL_does(string engine)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        await using PolicySide native = await NativePolicies.StartAsync(PrivatePostgres.Shared!);
        await using PolicySide tenon = await StartAsync(engine);
        var outcomes = new Tally();
        string found = await Oracle.PlayAsync(RequestsPerSet, (setting, requests) => PlayAsync(native, tenon, outcomes, setting, requests));
        Assert.True(found.Length == 0, found);
        TestContext.Current.SendDiagnosticMessage(outcomes.ToString());
        outcomes.Demand(("ok", 35), ("42501", 15));
    }

    private static async Task<PolicySide> StartAsync(string engine) =>
        engine switch
        {
            "sqlite" => await TenonPolicies.StartAsync(null, null),
            "postgres compiled" => await TenonPolicies.StartAsync(PrivatePostgres.Shared!.CreateDatabase(), Enforcement.Compiled),
            _ => await TenonPolicies.StartAsync(PrivatePostgres.Shared!.CreateDatabase(), Enforcement.Native),
        };

    private static async Task<string?> PlayAsync(PolicySide native, PolicySide tenon, Tally outcomes, Draws setting, IReadOnlyList<Draws> draws)
    {
        string schema = PolicySchema.Make(setting);
        string? expected = await native.ApplyAsync(PolicySchema.Drop + schema);
        string? actual = await tenon.ApplyAsync(PolicySchema.Drop + schema);
        if (expected is not null || actual is not null)
        {
            // The grammar makes only what both carry; a script refused would leave the one before in its place.
            return $"{schema}\nPostgreSQL: {expected ?? "runs"}\nTenon: {actual ?? "runs"}";
        }
        var played = new StringBuilder(schema);
        foreach (Draws choices in draws)
        {
            PolicyRequest request = PolicyRequests.Make(choices);
            played.Append('\n').Append(request);
            Reply wanted = await native.AskAsync(request);
            Reply got = await tenon.AskAsync(request);
            outcomes.Add(wanted.Error ?? "ok");
            if (!AllowedDifferences.Between(request, wanted, got))
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
