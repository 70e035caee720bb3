using System.Collections.Immutable;
using Tenon.Core.Types;

namespace Tenon.Sources;

/// <summary>The number that an identity column gives next.</summary>
internal sealed record NumberPosition(QualifiedName Table, string Column, long Next);

/// <summary>
/// A database's rows on the way out: one snapshot that nobody writes past where the engine can see to that, and nothing is
/// changed in it. Rows come as they are read, so memory is bounded by one of them.
/// </summary>
internal abstract class RowExport : IAsyncDisposable
{
    /// <summary>One table at a time; the next one begins when this one has been read or given up.</summary>
    public abstract IEnumerable<Datum[]> Rows(QualifiedName table, ImmutableArray<string> columns, CancellationToken cancellation);

    public abstract Task<ImmutableArray<NumberPosition>> NumbersAsync(CancellationToken cancellation);

    public abstract ValueTask DisposeAsync();
}
