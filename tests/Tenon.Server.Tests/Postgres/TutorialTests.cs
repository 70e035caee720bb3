using Tenon.Server.Tests.Hosting;
using Tenon.Testing;
using Xunit;

namespace Tenon.Server.Tests.Postgres;

/// <summary>The corpus of quick-starts, run natively: what they expect of roles, schemas and helper functions is there.</summary>
public sealed class TutorialTests
{
    public static TheoryData<string> Files() =>
        [
            .. Directory
                .GetFiles(Repository.PathTo("tests/tutorials"), "*.sql")
                .Select(f => Path.GetFileName(f)!)
                // It fills the tables of file storage, which is not built.
                .Where(f => f != "08_file_buckets.sql")
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_quick_start_runs_on_PostgreSQL(string file)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string url = PrivatePostgres.Shared!.CreateDatabase();
        string text = await File.ReadAllTextAsync(Path.Combine(Repository.PathTo("tests/tutorials"), file), TestContext.Current.CancellationToken);
        await using TestApp app = await TestApp.StartAsync(text, configure: o => o with { DatabaseUrl = url });
        Assert.Contains(app.Host.Backend.Database.Applied, a => a.Name == "1_app.sql");
    }
}
