using Microsoft.AspNetCore.Http;
using Tenon.Core.Catalog;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>The data API over one source: what its requests share and the three kinds of them.</summary>
internal sealed class RestSurface
{
    private readonly Func<CancellationToken, ValueTask>? prepare;

    private RestSurface(RestRuntime runtime, Func<CancellationToken, ValueTask>? prepare)
    {
        this.prepare = prepare;
        Runtime = runtime;
        Reads = new TableReads(runtime);
        Writes = new TableWrites(runtime);
        Calls = new Calls(runtime, Reads);
    }

    public RestRuntime Runtime { get; }
    public TableReads Reads { get; }
    public TableWrites Writes { get; }
    public Calls Calls { get; }

    /// <summary>Completes when the source's tables are known; throws when it cannot be reached.</summary>
    public ValueTask PrepareAsync(CancellationToken cancellation) => prepare?.Invoke(cancellation) ?? ValueTask.CompletedTask;

    public static RestSurface OfMain(RestRuntime runtime) => new(runtime, null);

    /// <summary>An attached source answers as one schema of its own name.</summary>
    public static RestSurface OfAttached(RestOptions options, AttachedDatabase database, TimeProvider clock, RestRuntime main)
    {
        Catalog known = Catalog.Empty;
        var runtime = new RestRuntime(options, database.Source, () => Volatile.Read(ref known), clock);
        runtime.Main = main;
        return new RestSurface(runtime, async cancellation => Volatile.Write(ref known, await database.CatalogAsync(cancellation)));
    }
}

/// <summary>Which source a request is for: the main database, or the attached one that its profile names.</summary>
internal sealed class RestSurfaces(RestSurface main, IReadOnlyDictionary<string, RestSurface> attached)
{
    public RestSurface Of(HttpRequest request) =>
        attached.Count > 0 && RestRequest.ProfileOf(request) is { Length: > 0 } profile && attached.TryGetValue(profile, out RestSurface? surface)
            ? surface
            : main;
}
