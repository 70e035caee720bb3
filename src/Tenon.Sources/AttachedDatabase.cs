using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;

namespace Tenon.Sources;

/// <summary>A database of others that the app attaches: [sources.name] of tenon.toml and sources/name/policies.sql.</summary>
internal sealed partial record AttachedOptions(string Name, string Url)
{
    public static bool IsName(string name) => NamePattern().IsMatch(name);

    /// <summary>What policies.sql of an app's folder says about a source; nothing where there is none: nothing is exposed then.</summary>
    public static string PoliciesOf(string folder, string name)
    {
        string file = Path.Combine(folder, "sources", name, "policies.sql");
        return File.Exists(file) ? File.ReadAllText(file) : "";
    }

    [GeneratedRegex("\\A[a-z][a-z0-9_]{0,62}\\z")]
    private static partial Regex NamePattern();


    /// <summary>What policies.sql says: which tables are exposed, to whom, which rows. Never sent to the database.</summary>
    public string Policies { get; init; } = "";

    /// <summary>Names of tables and views to read, * and ? as wildcards.</summary>
    public ImmutableArray<string> Tables { get; init; } = ["*"];

    /// <summary>Databases, or schemas, of the server to read; empty for the one the url names.</summary>
    public ImmutableArray<string> Schemas { get; init; } = [];
    public bool Writable { get; init; }
    public int PoolSize { get; init; } = 10;

    /// <summary>The longest a statement may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>
/// A database that others own: introspected, never altered. It need not be there: a request that wants it then fails with
/// 503, and the next one tries again.
/// </summary>
internal abstract class AttachedDatabase : IAsyncDisposable
{
    public abstract string Name { get; }

    public abstract Source Source { get; }

    /// <summary>What it contains and who may do what with it; connects and introspects when that has not been done.</summary>
    /// <exception cref="SourceException">It cannot be reached, or policies.sql does not fit it.</exception>
    public abstract ValueTask<Catalog> CatalogAsync(CancellationToken cancellation);

    /// <summary>For an administrator: the server and every table there is, exposed or not. Asks the database each time.</summary>
    /// <exception cref="SourceException">It cannot be reached; its error says what stands in the way, for the terminal.</exception>
    public abstract Task<AttachedReport> ReportAsync(CancellationToken cancellation);

    public abstract ValueTask DisposeAsync();
}

/// <summary>
/// What an administrator is told. Server: product and version; User: as whom Tenon is there; Rights: of that user on each table;
/// LeftOut: columns whose type is not carried.
/// </summary>
internal sealed record AttachedReport(string Server, string User, Catalog Found, ImmutableArray<string> LeftOut)
{
    /// <summary>By table: what of select, insert, update and delete the user may do; a table that is not in it cannot be read.</summary>
    public ImmutableDictionary<string, Privileges> Rights { get; init; } = ImmutableDictionary<string, Privileges>.Empty;

    /// <summary>Things that work otherwise than one may expect, each with its mend.</summary>
    public ImmutableArray<string> Notices { get; init; } = [];
}

/// <summary>What the app says of the database, in policies.sql or tenon.toml, does not fit the tables there are.</summary>
internal sealed class AttachedRefused(string source, Error error) : SourceException(error.Message, null)
{
    /// <summary>For the log and the terminal: what is wrong, with its place.</summary>
    public Error Error { get; } = error;

    // What the file says is nobody's business outside.
    public override Error ToError() => new(ErrorCodes.ConnectionFailure, $"the source {source} is not available", null, "What the app says of it does not fit its tables; the server's log says where.");
}

/// <summary>An engine of attached sources: the schemes of its urls, and how it opens one.</summary>
internal sealed record AttachedEngine(ImmutableArray<string> Schemes, Func<AttachedOptions, Outcome<AttachedDatabase>> Open);

/// <summary>The engines that were added to this program. Each package of an engine has one AddX.</summary>
internal sealed class AttachedEngines
{
    private readonly List<AttachedEngine> engines = [];

    public AttachedEngines Add(AttachedEngine engine)
    {
        engines.Add(engine);
        return this;
    }

    /// <summary>Does not connect: that happens when the source is first wanted.</summary>
    public Outcome<AttachedDatabase> Open(AttachedOptions options)
    {
        AttachedEngine? engine = engines.Find(e => e.Schemes.Any(s => options.Url.StartsWith(s, StringComparison.OrdinalIgnoreCase)));
        // Never the url itself: it may hold a password.
        string known = string.Join(", ", engines.SelectMany(e => e.Schemes));
        return engine is null
            ? Refusals.NotSupported($"the kind of url of source {options.Name}", $"It begins with one of: {known}")
            : engine.Open(options);
    }
}
