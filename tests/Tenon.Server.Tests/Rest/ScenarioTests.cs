using System.Runtime.CompilerServices;
using Tenon.Server.Tests.Hosting;
using Xunit;

namespace Tenon.Server.Tests.Rest;

public sealed class ScenarioTests
{
    [Theory]
    [InlineData("reads")]
    [InlineData("filters")]
    [InlineData("embeds")]
    [InlineData("writes")]
    [InlineData("calls")]
    [InlineData("hostile")]
    [InlineData("width")]
    [InlineData("bodies")]
    [InlineData("computed")]
    [InlineData("rpc")]
    public async Task Requests_are_answered_as_the_scenarios_say(string name)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        string folder = Path.Combine(Path.GetDirectoryName(Here())!, "scenarios");
        string schema = await File.ReadAllTextAsync(Path.Combine(folder, "schema.sql"), cancellation);
        await using TestApp app = await TestApp.StartAsync(schema);
        var differences = new List<string>();
        foreach (Scenario scenario in ScenarioFile.Read(Path.Combine(folder, name + ".http")))
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
