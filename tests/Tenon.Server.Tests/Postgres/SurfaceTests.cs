using System.Runtime.CompilerServices;
using Tenon.Core.Policies;
using Tenon.Server.Tests.Hosting;
using Tenon.Server.Tests.Rest;
using Tenon.Testing;
using Xunit;

namespace Tenon.Server.Tests.Postgres;

/// <summary>What only PostgreSQL has, through the data API: ranges, partitions, composite types, views written by triggers, media types of domains, overloads, several schemas.</summary>
public sealed class SurfaceTests
{
    [Theory]
    [InlineData("compiled")]
    [InlineData("native")]
    public async Task What_PostgreSQL_has_is_reachable(string security)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        string folder = Path.Combine(Path.GetDirectoryName(Here())!, "..", "Rest", "scenarios");
        string schema = await File.ReadAllTextAsync(Path.Combine(folder, "postgres.sql"), cancellation);
        string url = PrivatePostgres.Shared!.CreateDatabase();
        Enforcement? enforcement = security == "native" ? Enforcement.Native : null;
        await using TestApp app = await TestApp.StartAsync(
            schema,
            configure: o => o with { DatabaseUrl = url, Security = enforcement, Rest = o.Rest with { Schemas = ["public", "shop"], PlanEnabled = true } }
        );
        var differences = new List<string>();
        foreach (Scenario scenario in ScenarioFile.Read(Path.Combine(folder, "postgres.http")).Where(s => s.IsFor(security)))
        {
            if (await ScenarioFile.Run(scenario, app.Http, app.Keys.SecretKey, cancellation) is { } difference)
            {
                differences.Add(difference);
            }
        }
        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
