using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Rest;
using Tenon.Server.Store;
using Tenon.Sources;

namespace Tenon.Server.Hosting;

/// <summary>One step of starting, for whoever shows progress.</summary>
internal readonly record struct StartStep(string What, string Detail, TimeSpan Took);

/// <summary>
/// A running back end: the database with its migrations applied, and the features on top of it. Order of use: OpenAsync,
/// AddServices, Map, StartAsync.
/// </summary>
internal sealed class Backend : IAsyncDisposable
{
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly BackendOptions options;
    private readonly TimeProvider clock;

    private Backend(BackendOptions options, TimeProvider clock, MainDatabase database)
    {
        this.options = options;
        this.clock = clock;
        Database = database;
    }

    public MainDatabase Database { get; }
    public Catalog Catalog => Database.Catalog;

    /// <summary>Opens the database, runs the server's own migrations, the app's, and in development the seed of a new one.</summary>
    public static async Task<Backend> OpenAsync(
        BackendOptions options,
        TimeProvider clock,
        Action<StartStep>? progress = null,
        CancellationToken cancellation = default
    )
    {
        var backend = new Backend(options, clock, await SourceRegistry.OpenMainAsync(options.MainDatabase(clock), cancellation));
        try
        {
            await backend.MigrateAsync(progress, cancellation);
            return backend;
        }
        catch
        {
            await backend.DisposeAsync();
            throw;
        }
    }

    private async Task MigrateAsync(Action<StartStep>? progress, CancellationToken cancellation)
    {
        long started = clock.GetTimestamp();
        var files = MigrationFile.List(options.AppFolder, options.MigrationPaths);
        if (files.FirstOrDefault(f => f.IsEdited(Database.Applied)) is { } edited)
        {
            await RebuildAsync(edited, cancellation);
        }
        foreach (StoreMigration migration in StoreMigrations.All)
        {
            await ApplyAsync($"tenon:{migration.Number:0000}", migration.Name, migration.Sql, cancellation);
        }
        bool isNew = !Database.Applied.Any(a => !a.Version.StartsWith("tenon:", StringComparison.Ordinal));
        int applied = 0;
        foreach (MigrationFile file in files)
        {
            applied += await ApplyAsync(file.Version, file.Name, file.Read(), cancellation) ? 1 : 0;
        }
        progress?.Invoke(new StartStep("migrations", $"{applied} applied", clock.GetElapsedTime(started)));
        if (options.Development && isNew)
        {
            await SeedAsync(progress, cancellation);
        }
    }

    /// <summary>In development an edited migration means a new database from all files, in place of the old one; elsewhere a refusal.</summary>
    private async Task RebuildAsync(MigrationFile edited, CancellationToken cancellation)
    {
        if (!options.Development)
        {
            throw new InvalidOperationException(
                $"migration {edited.Name} was edited after it had been applied; restore it and write a new migration"
            );
        }
        if (await Database.StartAnewAsync(cancellation) is { } refused)
        {
            throw new InvalidOperationException($"migration {edited.Name} was edited after it had been applied: {refused.Message}. {refused.Hint}");
        }
    }

    private async Task<bool> ApplyAsync(string version, string name, string text, CancellationToken cancellation)
    {
        if (Database.Applied.Any(a => a.Version == version))
        {
            return false;
        }
        Error? refused = await Database.ApplyAsync(version, name, text, Now(), cancellation);
        return refused is null ? true : throw new MigrationFailure(name, text, refused);
    }

    private async Task SeedAsync(Action<StartStep>? progress, CancellationToken cancellation)
    {
        long started = clock.GetTimestamp();
        int files = 0;
        foreach (string file in MigrationFile.Find(options.AppFolder, options.SeedPaths))
        {
            string text = await File.ReadAllTextAsync(file, cancellation);
            if (await Database.SeedAsync(text, Now(), cancellation) is { } refused)
            {
                throw new MigrationFailure(Path.GetFileName(file), text, refused);
            }
            files++;
        }
        progress?.Invoke(new StartStep("seed", $"{files} file{(files == 1 ? "" : "s")}", clock.GetElapsedTime(started)));
    }

    private long Now() => (clock.GetUtcNow() - Epoch).Ticks / TimeSpan.TicksPerMicrosecond;

    // ---- the HTTP side ----

    public void AddServices(IServiceCollection services)
    {
        services.AddSingleton(clock);
        services.AddSingleton<StoreDatabase>(new CompiledStore(Database.Source, () => Catalog, clock));
        services.AddAuth(options.Auth, options.Keys);
        services.AddSingleton(options.Rest);
        services.AddSingleton(new RestRuntime(options.Rest, Database.Source, () => Catalog, clock));
        services.AddSingleton(new RestRoot(options.Rest, new RootDocuments()));
        services.AddSingleton<RestEndpoints>();
        services.AddCors();
    }

    public void Map(WebApplication app)
    {
        app.UseCors(cors => cors.AllowAnyOrigin().AllowAnyHeader().AllowAnyMethod().WithExposedHeaders(ExposedHeaders));
        if (options.StaticFiles is { } folder && Directory.Exists(folder))
        {
            var files = new PhysicalFileProvider(Path.GetFullPath(folder));
            app.UseDefaultFiles(new DefaultFilesOptions { FileProvider = files });
            app.UseStaticFiles(new StaticFileOptions { FileProvider = files });
            app.MapFallback(http => FallbackAsync(http, files));
        }
        app.Services.GetRequiredService<RestEndpoints>().Map(app);
        app.MapAuth();
        NotBuiltYet.Map(app);
        app.MapGet("/health/live", () => Results.Json(new { status = "ok" }));
        app.MapGet("/health/ready", () => IsReady ? Results.Json(new { status = "ok" }) : Results.StatusCode(503));
        app.MapGet("/.well-known/tenon.json", (HttpRequest r) => Results.Json(new { url = $"{r.Scheme}://{r.Host}", publishableKey = options.Keys.PublishableKey }));
    }

    private static readonly string[] ExposedHeaders =
    [
        "Content-Range", "Content-Location", "Content-Profile", "Location", "Preference-Applied", "Proxy-Status", "Range-Unit",
        "X-Total-Count", "Link", "x-sb-error-code", "X-Supabase-Api-Version", "Retry-After", "WWW-Authenticate",
    ];

    public bool IsReady => Database.IsReady;

    /// <summary>Loads keys and starts background work; until then every token is refused.</summary>
    public static Task StartAsync(IServiceProvider services, CancellationToken cancellation) =>
        AuthFeature.StartAsync(services, cancellation);

    // A page of a single-page app: paths without an extension belong to its own router.
    private static async Task FallbackAsync(HttpContext http, PhysicalFileProvider files)
    {
        IFileInfo index = files.GetFileInfo("index.html");
        bool isPage = HttpMethods.IsGet(http.Request.Method) && !Path.HasExtension(http.Request.Path.Value);
        if (!isPage || !index.Exists)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        http.Response.ContentType = "text/html; charset=utf-8";
        await http.Response.SendFileAsync(index, http.RequestAborted);
    }

    public async ValueTask DisposeAsync() => await Database.DisposeAsync();
}
