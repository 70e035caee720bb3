using Tenon.Core.Errors;
using Tenon.Sources;

namespace Tenon.Server.Hosting;

/// <summary>The attached databases of a back end, in the order of tenon.toml.</summary>
internal sealed class AttachedSources : IAsyncDisposable
{
    private readonly List<AttachedDatabase> databases = [];

    public IReadOnlyList<AttachedDatabase> Databases => databases;

    /// <summary>
    /// Opens them all. What is wrong in the app's own files refuses the start; a database that is not there does not: its
    /// requests answer 503 until it is.
    /// </summary>
    public static async Task<AttachedSources> OpenAsync(BackendOptions options, Action<StartStep>? progress, CancellationToken cancellation)
    {
        var sources = new AttachedSources();
        try
        {
            foreach (AttachedOptions source in options.Sources)
            {
                sources.Add(source, options);
            }
            foreach (AttachedDatabase database in sources.databases)
            {
                StartStep reached = await ReachAsync(database, options, cancellation);
                progress?.Invoke(reached);
            }
            return sources;
        }
        catch
        {
            await sources.DisposeAsync();
            throw;
        }
    }

    private void Add(AttachedOptions source, BackendOptions options)
    {
        if (options.Rest.Schemas.Contains(source.Name))
        {
            throw new StartRefused($"[sources.{source.Name}] has the name of a schema in [api] schemas; mend: give the source another name");
        }
        if (!options.Engines.Open(source).TryGet(out AttachedDatabase database, out Error error))
        {
            throw new StartRefused(Told(source.Name, source.Policies, error));
        }
        databases.Add(database);
    }

    private static async Task<StartStep> ReachAsync(AttachedDatabase database, BackendOptions options, CancellationToken cancellation)
    {
        try
        {
            var catalog = await database.CatalogAsync(cancellation);
            return new StartStep("source", $"{database.Name}: {catalog.Tables.Count} tables exposed", null);
        }
        catch (AttachedRefused refused)
        {
            throw new StartRefused(Told(database.Name, options.Sources.First(s => s.Name == database.Name).Policies, refused.Error));
        }
        catch (SourceException failure)
        {
            return new StartStep("source", $"{database.Name}: not reached; its requests answer 503 until it is ({failure.ToError().Message})", null);
        }
    }

    private static string Told(string source, string text, Error error)
    {
        string place = error.Position is { } at ? $":{new Core.Types.Span(at, 0).LineAndColumn(text).Line}" : "";
        string hint = error.Hint is null ? "" : $"; mend: {error.Hint}";
        return $"source {source}{(error.Position is null ? "" : $" (sources/{source}/policies.sql{place})")}: {error.Message}{hint}";
    }

    public async ValueTask DisposeAsync()
    {
        foreach (AttachedDatabase database in databases)
        {
            await database.DisposeAsync();
        }
    }
}
