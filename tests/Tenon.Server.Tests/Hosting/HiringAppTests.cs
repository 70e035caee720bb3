using System.Runtime.CompilerServices;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Testing;
using Xunit;

namespace Tenon.Server.Tests.Hosting;

/// <summary>The reference customer's own migrations and data, on the embedded database and on PostgreSQL.</summary>
public sealed class HiringAppTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Its_migrations_and_seed_run_and_a_visitor_reads_open_roles(bool postgres)
    {
        Assert.SkipWhen(postgres && PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string data = Directory.CreateTempSubdirectory("tenon-hiring-").FullName;
        try
        {
            var options = new BackendOptions
            {
                AppFolder = Path.Combine(Root(), "apps", "hiring"),
                DatabaseUrl = postgres ? PrivatePostgres.Shared!.CreateDatabase() : "sqlite:" + Path.Combine(data, "data.db"),
                Keys = Keys.Create(TimeProvider.System),
                SeedPaths = ["seed/*.sql", "seed.sql"],
                Development = true,
            };
            await using TenonHost host = await TenonHost.StartAsync(options, "127.0.0.1", 0, cancellation: TestContext.Current.CancellationToken);
            using var http = new HttpClient { BaseAddress = new Uri(host.Url) };
            http.DefaultRequestHeaders.Add("apikey", options.Keys.PublishableKey);
            string roles = await http.GetStringAsync("/rest/v1/role_postings?select=title,companies(name),cities(name)&status=eq.open&order=id&limit=3", TestContext.Current.CancellationToken);
            Assert.StartsWith("[{\"title\":", roles, StringComparison.Ordinal);
            Assert.Contains("\"companies\":{\"name\":", roles, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static string Root([CallerFilePath] string here = "")
    {
        string? folder = Path.GetDirectoryName(here);
        while (folder is not null && !File.Exists(Path.Combine(folder, "Tenon.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder ?? throw new DirectoryNotFoundException("the repository's root was not found");
    }
}
