using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Sources;

/// <summary>A migration that the target refuses.</summary>
internal sealed record RefusedMigration(AppliedMigration Migration, Error Error);

/// <summary>
/// An empty database that another one moves into. Until <see cref="CommitAsync"/> nothing of it is seen by anybody, and
/// disposing it before leaves the place as empty as it was; so a move that breaks is begun anew. Order of use: ReplayAsync,
/// BeginRowsAsync, Load and Rows for each table, EndRowsAsync, CommitAsync.
/// </summary>
internal abstract class MoveTarget : IAsyncDisposable
{
    /// <summary>What the migrations made.</summary>
    public abstract Catalog Catalog { get; }

    /// <summary>Which database this is, for people: never a password.</summary>
    public abstract string Place { get; }

    /// <summary>Runs the migrations that made the other database and records them as they were recorded there.</summary>
    public abstract Task<RefusedMigration?> ReplayAsync(ImmutableArray<AppliedMigration> history, CancellationToken cancellation);

    /// <summary>Throws away the rows that migrations made; from now on no trigger fires and no reference is asked for.</summary>
    public abstract Task BeginRowsAsync(CancellationToken cancellation);

    /// <summary>Puts rows into a table as they are, identities included; columns that the database computes are left out.</summary>
    public abstract void Load(QualifiedName table, ImmutableArray<string> columns, IEnumerable<Datum[]> rows);

    /// <summary>Sets the numbers of identity columns, puts triggers and references back and checks every reference.</summary>
    public abstract Task EndRowsAsync(ImmutableArray<NumberPosition> numbers, string? seedChecksum, CancellationToken cancellation);

    /// <summary>What is there now, to be compared.</summary>
    public abstract IEnumerable<Datum[]> Rows(QualifiedName table, ImmutableArray<string> columns, CancellationToken cancellation);

    public abstract Task CommitAsync(CancellationToken cancellation);

    public abstract ValueTask DisposeAsync();

    /// <summary>Positions among columns that are written: the others the database computes.</summary>
    protected static int[] Written(Table table, ImmutableArray<string> columns) =>
        [.. columns.Select((c, i) => (c, i)).Where(p => table.Find(p.c)!.Generated is null).Select(p => p.i)];
}
