using System.Globalization;
using MySqlConnector;
using Tenon.Core.Policies;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Server.Tests.Hosting;
using Tenon.Server.Tests.MariaDb;
using Tenon.Sources;
using Tenon.Testing;

namespace Tenon.Server.Tests.Oracles;

/// <summary>A server over one engine, by the name a test is given: whatever was there gives way to the next setting.</summary>
internal sealed class OracleApp : IAsyncDisposable
{
    private const string Profile = "crm";

    private readonly TestApp app;
    private readonly SwappedDatabase? attached;
    private readonly string? url;
    private int applied = 1;

    private OracleApp(string engine, TestApp app, SwappedDatabase? attached, string? url) => (Engine, this.app, this.attached, this.url) = (engine, app, attached, url);

    public string Engine { get; }

    /// <summary>Where the rows are: the url of the attached database, or of the main one.</summary>
    public string Url => url ?? app.Host.Backend.Options.DatabaseUrl;

    public TestApp App => app;

    /// <summary>Of an attached database: texts of the reads compiled so far.</summary>
    public IEnumerable<string> Compiled => attached!.Compiled;

    public HttpClient Http => app.Http;
    public Keys Keys => app.Keys;

    public static bool IsAttached(string engine) => engine == "mariadb";

    /// <summary>timeout: of a statement, where it is not the usual one.</summary>
    public static async Task<OracleApp> StartAsync(string engine, TimeSpan? timeout = null, Func<BackendOptions, BackendOptions>? configure = null)
    {
        Assert.SkipWhen(Oracle.Engine is { } only && only != engine, $"TENON_ORACLE_ENGINE is {Oracle.Engine}");
        Assert.SkipWhen(engine.StartsWith("postgres", StringComparison.Ordinal) && PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string? url = IsAttached(engine) ? AttachedMariaDb.Server().CreateDatabase() : null;
        SwappedDatabase? attached = url is null ? null : new SwappedDatabase(Profile, url, timeout);
        TestApp app = await TestApp.StartAsync("select 1;", configure: o => On(engine, attached, configure?.Invoke(Timed(o, timeout)) ?? Timed(o, timeout)));
        return new OracleApp(engine, app, attached, url);
    }

    private static BackendOptions Timed(BackendOptions options, TimeSpan? timeout) => timeout is { } given ? options with { StatementTimeout = given } : options;

    // Nothing here looks at what survives a power cut.
    private static BackendOptions On(string engine, SwappedDatabase? attached, BackendOptions options) =>
        engine switch
        {
            "sqlite" => options with { Durable = false },
            "postgres compiled" => options with { DatabaseUrl = PrivatePostgres.Shared!.CreateDatabase(), Security = Enforcement.Compiled },
            "postgres native" => options with { DatabaseUrl = PrivatePostgres.Shared!.CreateDatabase(), Security = Enforcement.Native },
            _ => options with
            {
                Durable = false,
                Engines = new AttachedEngines().Add(new AttachedEngine(["swapped:"], _ => attached!)),
                Sources = [new AttachedOptions(Profile, "swapped:")],
            },
        };

    /// <summary>script: of a main database. What an attached one is given stands beside it. What is wrong with it, or null.</summary>
    public async Task<string?> ApplyAsync(string script, string attachedScript, string? policies)
    {
        if (url is null)
        {
            string version = (++applied).ToString(CultureInfo.InvariantCulture);
            var refused = await app.Host.Backend.Database.ApplyAsync(version, version, script, 0, CancellationToken.None);
            return refused is null ? null : $"{refused.Code.Text}: {refused.Message}";
        }
        await using var connection = new MySqlConnection(SwappedDatabase.SettingsOf(url));
        await connection.OpenAsync();
        await using (var command = new MySqlCommand(attachedScript, connection))
        {
            await command.ExecuteNonQueryAsync();
        }
        return policies is null ? null : await attached!.SwapAsync(policies);
    }

    /// <summary>A request of the data API; the attached source answers under its own profile.</summary>
    public HttpRequestMessage Request(string method, string target)
    {
        var message = new HttpRequestMessage(new HttpMethod(method), "/rest/v1/" + target);
        if (url is not null)
        {
            message.Headers.Add(method is "GET" or "HEAD" ? "Accept-Profile" : "Content-Profile", Profile);
        }
        return message;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        if (attached is not null)
        {
            await attached.DisposeAsync();
        }
    }
}
