using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tenon.Core.Catalog;
using Tenon.Core.Policies;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Admin;
using Tenon.Server.Auth.OAuth;
using Tenon.Server.Auth.Overrides;
using Tenon.Server.Rest;
using Tenon.Server.Store;
using Tenon.Sources;

namespace Tenon.Server.Hosting;

/// <summary>One step of starting, for whoever shows progress.</summary>
internal readonly record struct StartStep(string What, string Detail, TimeSpan? Took);

/// <summary>
/// A running back end: the database with its migrations applied, and the features on top of it. Order of use: OpenAsync,
/// AddServices, Map, StartAsync.
/// </summary>
internal sealed class Backend : IAsyncDisposable
{
    private readonly BackendOptions options;
    private readonly TimeProvider clock;
    private readonly AttachedSources attached;

    private Backend(BackendOptions options, TimeProvider clock, MainDatabase database, AttachedSources attached)
    {
        this.attached = attached;
        this.options = options;
        this.clock = clock;
        Database = database;
    }

    public MainDatabase Database { get; }
    public Catalog Catalog => Database.Catalog;
    public BackendOptions Options => options;

    /// <summary>Opens the database and runs what is due: the server's own migrations, the app's, in development the seed.</summary>
    public static async Task<Backend> OpenAsync(
        BackendOptions options,
        TimeProvider clock,
        Action<StartStep>? progress = null,
        CancellationToken cancellation = default
    )
    {
        MainDatabase database = await new DatabaseFiles(options, clock, progress).OpenAsync(cancellation);
        Backend backend;
        try
        {
            backend = new Backend(options, clock, database, await AttachedSources.OpenAsync(options, progress, cancellation));
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
        foreach (string line in backend.Report)
        {
            progress?.Invoke(new StartStep("database", line, null));
        }
        if (options.Strict && backend.OpenTables is [var first, ..] all)
        {
            await backend.DisposeAsync();
            throw new StartRefused($"{first}{(all.Length > 1 ? $" (and {all.Length - 1} more)" : "")}; mend: {MendOf(first, options.OpenTables)}");
        }
        return backend;
    }

    /// <summary>Lines about the database: who we are there, what was chosen and why; none where there was nothing to choose.</summary>
    public IEnumerable<string> Report =>
        Database.Source.Enforcements.Contains(Enforcement.Native)
            ? [.. Database.Facts, .. DatabaseReport.Policies(Catalog, options.Rest.Schemas, options.Security)]
            : Database.Facts;

    /// <summary>Tables and views that strangers reach past every policy and that [api] open does not list.</summary>
    public ImmutableArray<OpenTable> OpenTables => 
        Core.Policies.OpenTables.Find(Catalog, options.Rest.Schemas, options.OpenTables, options.Auth.AdditionalRoles);

    /// <summary>Entries of [api] open that name no open table.</summary>
    public ImmutableArray<string> IdleOpenEntries =>
        Core.Policies.OpenTables.Idle(Catalog, options.Rest.Schemas, options.OpenTables, options.Auth.AdditionalRoles);

    /// <summary>What a person can do about an open table: the line of a migration, or the entry that says it is meant.</summary>
    public static string MendOf(OpenTable table, IReadOnlyList<string> listed)
    {
        string entry = table.Name.Schema == "public" ? table.Name.Name : table.Name.ToString()!;
        string list = string.Join(", ", listed.Append(entry).Select(n => $"\"{n}\""));
        return $"{table.Mend} or, if it is meant for all: [api] open = [{list}]";
    }

    /// <summary>Development: why the files of these options ask for a fresh database; null when they do not.</summary>
    public string? WhyRebuild(BackendOptions now) => SchemaFiles.Of(now).WhyRebuild(Database);

    /// <summary>Applies new migrations while requests go on; each one is there as a whole or, when refused, not at all.</summary>
    public Task ApplyAsync(BackendOptions now, Action<StartStep>? progress, CancellationToken cancellation) =>
        new DatabaseFiles(now, clock, progress).ApplyAsync(Database, SchemaFiles.Of(now), cancellation);

    private RestSurfaces Surfaces()
    {
        RestOptions rest = options.Rest with { Sources = [.. attached.Databases.Select(d => d.Name)] };
        var runtime = new RestRuntime(rest, Database.Source, () => Catalog, clock) 
        {
            PreRequest = PreRequest.Of(rest.PreRequest, Database.Source),
            Refresh = cancellation => Database.RefreshAsync(cancellation),
        };
        var main = RestSurface.OfMain(runtime);
        return new RestSurfaces(main, attached.Databases.ToDictionary(d => d.Name, d => RestSurface.OfAttached(rest, d, clock, runtime), StringComparer.Ordinal));
    }

    // ---- the HTTP side ----

    public void AddServices(IServiceCollection services)
    {
        services.AddSingleton(clock);
        services.AddSingleton<StoreDatabase>(new CompiledStore(Database.Source, () => Catalog, clock));
        options.Auth.RequestTimeout = options.Rest.RequestTimeout;
        services.AddAuth(options.Auth, options.Keys);
        AddNodes(services);
        foreach (BackendPackage package in options.Packages)
        {
            package.AddServices(services);
        }
        AddEnvironment(services);
        services.AddSingleton(options.Rest);
        services.AddSingleton(Surfaces());
        services.AddSingleton(new RestRoot(options.Rest, new RootDocuments()));
        services.AddSingleton<RestEndpoints>();
        services.AddCors();
        services.AddSingleton(_ => new RequestLog(options.RequestLog, options.LogOutput, clock));
        services.AddSingleton<RequestEdge>();
        services.AddHostedService(provider => ActivatorUtilities.CreateInstance<SchemaWatch>(provider, this));
        if (options.DevServer is not null)
        {
            services.AddHttpForwarder();
        }
    }

    private void AddEnvironment(IServiceCollection services)
    {
        services.AddSingleton(provider => new EnvironmentSnapshot(
            Database,
            provider.GetRequiredService<StoreDatabase>(),
            provider.GetRequiredService<CustomProviders>(),
            options.Auth,
            options.SignInSettings
        ));
        services.AddSingleton(provider => new EnvironmentChange(
            Database,
            provider.GetRequiredService<StoreDatabase>(),
            provider.GetRequiredService<EnvironmentSnapshot>(),
            provider.GetRequiredService<SettingOverrides>(),
            provider.GetRequiredService<AdminProviders>(),
            catalog => options.Strict ? Core.Policies.OpenTables.Find(catalog, options.Rest.Schemas, options.OpenTables, options.Auth.AdditionalRoles) : [],
            clock
        ));
        services.AddSingleton<AdminEnvironment>();
    }

    /// <summary>Where several servers run on the database, each tells the others what ends sessions and looks for itself as well.</summary>
    private void AddNodes(IServiceCollection services)
    {
        if (Database.IsShared)
        {
            options.Auth.TokensBelievedFor = NodeWatch.BelievedFor;
            services.AddSingleton(Database);
            services.AddSingleton<SharedLimits>();
            services.AddHostedService<NodeWatch>();
        }
    }

    /// <summary>A server of its own: everything, the front end included.</summary>
    public void Map(WebApplication app)
    {
        app.Use(app.Services.GetRequiredService<RequestEdge>().Around);
        AllowOrigins(app);
        FrontEndPages.Map(app, options);
        MapEndpoints(app);
    }

    /// <summary>
    /// The same inside an application: a pipeline of its own behind one endpoint of the host's, with its own services, so that
    /// neither's routes, options or filters change the other's. The front end is the host's.
    /// </summary>
    public RequestDelegate BuildBranch(IServiceProvider services, bool anyOrigin)
    {
        var app = new ApplicationBuilder(services);
        app.Use(services.GetRequiredService<RequestEdge>().Around);
        app.UseRouting();
        if (anyOrigin)
        {
            AllowOrigins(app);
        }
        app.UseEndpoints(MapEndpoints);
        return app.Build();
    }

    // Not UseCors: to call a method of two parameters it compiles an expression at every start, and loads what that takes.
    private static void AllowOrigins(IApplicationBuilder app)
    {
        CorsPolicy policy = new CorsPolicyBuilder().AllowAnyOrigin().AllowAnyHeader().AllowAnyMethod().WithExposedHeaders(ExposedHeaders).Build();
        IServiceProvider services = app.ApplicationServices;
        var policies = services.GetRequiredService<ICorsPolicyProvider>();
        app.Use(next =>
        {
            var cors = new CorsMiddleware(next, services.GetRequiredService<ICorsService>(), policy, services.GetRequiredService<ILoggerFactory>());
            return http => cors.Invoke(http, policies);
        });
    }

    private void MapEndpoints(IEndpointRouteBuilder routes)
    {
        routes.ServiceProvider.GetRequiredService<RestEndpoints>().Map(routes);
        routes.MapAuth();
        foreach (BackendPackage package in options.Packages)
        {
            package.Map(routes);
        }
        NotBuiltYet.Map(routes);
        routes.MapGet("/health/live", http => Results.Json(new { status = "ok" }).ExecuteAsync(http));
        routes.MapGet("/health/ready", http => (IsReady ? Results.Json(new { status = "ok" }) : Results.StatusCode(503)).ExecuteAsync(http));
        routes.MapGet("/.well-known/tenon.json", http => WellKnown(http.Request).ExecuteAsync(http));
    }

    private IResult WellKnown(HttpRequest request) =>
        Results.Json(new { url = $"{request.Scheme}://{request.Host}{request.PathBase}", publishableKey = options.Keys.PublishableKey });

    private static readonly string[] ExposedHeaders =
    [
        "Content-Range", "Content-Location", "Content-Profile", "Location", "Preference-Applied", "Proxy-Status", "Range-Unit",
        "X-Total-Count", "Link", "x-sb-error-code", "X-Supabase-Api-Version", "Retry-After", "WWW-Authenticate", RequestEdge.IdHeader,
    ];

    public bool IsReady => Database.IsReady;

    /// <summary>Loads keys and starts background work; until then every token is refused.</summary>
    public static Task StartAsync(IServiceProvider services, CancellationToken cancellation) =>
        AuthFeature.StartAsync(services, cancellation);

    public async ValueTask DisposeAsync()
    {
        await attached.DisposeAsync();
        await Database.DisposeAsync();
    }
}
