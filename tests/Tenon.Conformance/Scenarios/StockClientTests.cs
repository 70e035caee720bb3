// Runs the stock supabase-js under Node against one server; every test of a file is a line in the result.
using System.Diagnostics;
using Tenon.Conformance.Servers;
using Tenon.Testing;
using Xunit;

namespace Tenon.Conformance.Scenarios;

/// <summary>One server with the clients' app for all files.</summary>
public sealed class ClientServer : ClientServerOn
{
    private protected override void Configure(string folder) { }
}

/// <summary>The same on PostgreSQL.</summary>
public sealed class PostgresClientServer : ClientServerOn
{
    private protected override bool IsMissing => PrivatePostgres.Shared is null;

    private protected override void Configure(string folder)
    {
        var file = Path.Combine(folder, "tenon.toml");
        File.AppendAllText(file, $"\n[db]\nurl = \"{PrivatePostgres.Shared!.CreateDatabase()}\"\n");
    }
}

public abstract class ClientServerOn : IAsyncLifetime
{
    internal ServerUnderTest Server { get; private set; } = null!;

    private protected virtual bool IsMissing => false;

    private protected abstract void Configure(string folder);

    public async ValueTask InitializeAsync()
    {
        if (IsMissing)
        {
            return;
        }

        await Node.InstallAsync(StockClientTests.Folder);
        Server = await ServerUnderTest.StartAsync(Repository.PathTo("tests/clients/app"), Configure);
    }

    public async ValueTask DisposeAsync()
    {
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }
    }
}

public sealed class StockClientTests(ClientServer fixture, ITestOutputHelper output) : IClassFixture<ClientServer>
{
    internal static string Folder { get; } = Repository.PathTo("tests/clients/js");

    public static TheoryData<string> Files { get; } =
        [.. Directory.GetFiles(Folder, "*.test.mjs").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task The_stock_client_passes(string file)
    {
        await PassesAsync(file, fixture.Server, output);
    }

    internal static async Task PassesAsync(string file, ServerUnderTest server, ITestOutputHelper output)
    {
        var report = await Node.TestAsync(Folder, file, server);
        output.WriteLine(report);
        var failed = report.Split('\n').Where(l => l.StartsWith("not ok", StringComparison.Ordinal) && !l.Contains("# TODO", StringComparison.Ordinal)).ToArray();
        Assert.True(failed.Length == 0, $"{file}: {failed.Length} failed\n{string.Join('\n', failed)}\n\n{report}\n\n{server.Output}");
        Assert.Contains("\n# fail 0\n", report, StringComparison.Ordinal);
        Assert.DoesNotContain("\n# pass 0\n", report, StringComparison.Ordinal);
    }
}

/// <summary>The same files against a server whose main database is PostgreSQL.</summary>
public sealed class PostgresStockClientTests(PostgresClientServer fixture, ITestOutputHelper output) : IClassFixture<PostgresClientServer>
{
    public static TheoryData<string> Files => StockClientTests.Files;

    [Theory]
    [MemberData(nameof(Files))]
    public Task The_stock_client_passes_on_PostgreSQL(string file)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        return StockClientTests.PassesAsync(file, fixture.Server, output);
    }
}

/// <summary>The stock client against a server that confirms addresses by mail.</summary>
public sealed class ConfirmingClientTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_stock_client_passes_where_addresses_are_confirmed()
    {
        await Node.InstallAsync(StockClientTests.Folder);
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(Repository.PathTo("tests/clients/app"), Confirm);
        string report = await Node.TestAsync(StockClientTests.Folder, Path.Combine("confirming", "confirm.test.mjs"), server);
        output.WriteLine(report);
        Assert.Contains("\n# fail 0\n", report, StringComparison.Ordinal);
        Assert.DoesNotContain("\n# pass 0\n", report, StringComparison.Ordinal);
    }

    private static void Confirm(string folder)
    {
        string file = Path.Combine(folder, "tenon.toml");
        string text = File.ReadAllText(file);
        Assert.Contains("enable_confirmations = false", text, StringComparison.Ordinal);
        File.WriteAllText(file, text.Replace("enable_confirmations = false", "enable_confirmations = true", StringComparison.Ordinal));
    }
}

/// <summary>Node and npm as child processes.</summary>
internal static class Node
{
    public static async Task InstallAsync(string folder)
    {
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            var (code, text) = await RunAsync("npm", ["ci", "--no-progress"], folder, new Dictionary<string, string>());
            Assert.True(code == 0, "npm ci failed:\n" + text);
        }
    }

    public static async Task<string> TestAsync(string folder, string file, ServerUnderTest server)
    {
        var environment = new Dictionary<string, string>
        {
            ["TENON_URL"] = server.Url.ToString().TrimEnd('/'),
            ["TENON_ANON_KEY"] = server.AnonKey,
            ["TENON_SERVICE_KEY"] = server.ServiceKey,
            ["TENON_PUBLISHABLE_KEY"] = server.PublishableKey,
            ["TENON_SECRET_KEY"] = server.SecretKey,
        };
        var (_, text) = await RunAsync("node", ["--test", "--test-reporter=tap", file], folder, environment);
        return text;
    }

    private static async Task<(int Code, string Text)> RunAsync(
        string program, string[] arguments, string folder, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, text + await errors);
    }
}
