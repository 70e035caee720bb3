using System.Runtime.CompilerServices;
using Tenon.Core.Policies;
using Tenon.Server.Hosting;
using Tenon.Server.Tests.Hosting;
using Tenon.Testing;
using Xunit;

namespace Tenon.Server.Tests.Rest;

public sealed class ScenarioTests
{
    private static readonly string[] Names =
    [
        "reads", "filters", "embeds", "writes", "calls", "hostile", "width", "bodies", "computed", "rpc", "views", "answers", "transactions",
        "prerequest", "search",
    ];

    public static TheoryData<string> All => [.. Names];

    [Theory]
    [MemberData(nameof(All))]
    public Task Requests_are_answered_as_the_scenarios_say(string name) => Run(name, "sqlite", o => o);

    [Theory]
    [MemberData(nameof(OnPostgres))]
    public Task Requests_are_answered_the_same_on_PostgreSQL(string name, string security)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string url = PrivatePostgres.Shared!.CreateDatabase();
        Enforcement? enforcement = security == "native" ? Enforcement.Native : null;
        return Run(name, "postgres", o => o with { DatabaseUrl = url, Security = enforcement });
    }

    public static TheoryData<string, string> OnPostgres()
    {
        var data = new TheoryData<string, string>();
        foreach (string name in Names)
        {
            data.Add(name, "compiled");
            data.Add(name, "native");
        }
        return data;
    }

    // What a file of scenarios needs beside the defaults.
    private static BackendOptions SettingsOf(string name, BackendOptions o) =>
        name switch
        {
            "transactions" => o with { Rest = o.Rest with { TransactionEnd = new(RollsBack: false, CallerDecides: true) } },
            "prerequest" => o with { Rest = o.Rest with { PreRequest = "check_request" } },
            _ => o,
        };

    private static async Task Run(string name, string engine, Func<BackendOptions, BackendOptions> configure)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        string folder = Path.Combine(Path.GetDirectoryName(Here())!, "scenarios");
        string schema = await File.ReadAllTextAsync(Path.Combine(folder, "schema.sql"), cancellation);
        await using TestApp app = await TestApp.StartAsync(schema, configure: o => SettingsOf(name, configure(o)));
        var differences = new List<string>();
        foreach (Scenario scenario in ScenarioFile.Read(Path.Combine(folder, name + ".http")).Where(s => s.IsFor(engine)))
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
