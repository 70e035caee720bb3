using Tenon.Cli.Configuration;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Sources;

namespace Tenon.Cli.Commands;

/// <summary>
/// The app's database as it stands: a command beside a running server applies no migration of the app and seeds nothing, or
/// the server would go on with a schema that is gone. Both may write: SQLite's lock lets one at a time, the other waits.
/// </summary>
internal static class LocalDatabase
{
    public static BackendOptions Options(AppFolder app, Keys keys)
    {
        string configured = app.Config.Text("server.public_url");
        string url = configured.Length > 0 ? configured : DevFile.Url(app) ?? $"http://127.0.0.1:{app.Config.Count("server.port")}";
        BackendOptions options = BackendSettings.From(app.Config, keys, development: false, url, null);
        if (!SourceRegistry.MainExists(options.MainDatabase(TimeProvider.System)))
        {
            throw new CommandFailure($"{app.Shown} has no database yet; make it with: tenon migrate up {app.Shown}");
        }
        // Commands sign nobody in by a provider, and must work where one is down or allowed in development alone.
        options.Auth.External.Clear();
        options.Auth.ThirdParty.Clear();
        return options with { MigrationPaths = [], ClaimsDatabase = false };
    }

    /// <summary>
    /// For commands that only ask for the schema: pending migrations are applied first, but not in production and not beside a
    /// running server, where the database is taken as it stands.
    /// </summary>
    public static async Task<Backend> OpenSchemaAsync(AppFolder app, CancellationToken cancellation)
    {
        if (app.Environment != "development" || await DevFile.IsRunningAsync(app, cancellation))
        {
            return await OpenAsync(app, cancellation);
        }
        BackendOptions options = BackendSettings.From(app.Config, app.Keys(), development: false, "http://127.0.0.1", null);
        return await Backend.OpenAsync(options, TimeProvider.System, cancellation: cancellation);
    }

    public static Task<Backend> OpenAsync(AppFolder app, CancellationToken cancellation) =>
        Backend.OpenAsync(Options(app, app.Keys()), TimeProvider.System, cancellation: cancellation);
}
