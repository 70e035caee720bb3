using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources;

/// <summary>How many rows a write touched, and of an upsert how many of them were new.</summary>
internal readonly record struct WrittenRows(long Count, long Inserted);

/// <summary>A write ready for one source. How rows written are found again for their representation is the engine's own affair.</summary>
internal abstract class CompiledWrite(GuardedWrite write, InsertOptions options, CompiledUnit? representation)
{
    public GuardedWrite Write { get; } = write;
    public InsertOptions Options { get; } = options;

    /// <summary>How the rows written are answered: the shape of the root's rows, and its children's statements.</summary>
    public CompiledUnit? Representation { get; } = representation;
}

/// <summary>
/// The statements of one write unit: all or nothing, visible to others after the commit. Reads see the unit's own writes.
/// Replayable: what it is given was fixed before the unit was queued.
/// </summary>
internal abstract class WriteSession : SourceSession
{
    /// <summary>A cell that says DEFAULT: a row of a bulk insert that left the key out under missing=default. Known by reference.</summary>
    public static readonly Datum DefaultMark = Datum.Of(new byte[1]);

    /// <summary>Rows the last insert, update or delete of this session touched (PL/pgSQL's FOUND, the command's tag).</summary>
    public long LastCount { get; protected set; }

    /// <summary>
    /// Runs a write. Rows hold the values by column ordinal; an update has exactly one, whose given columns are set.
    /// <paramref name="represent"/> is called with the rows to answer while they can be read: before a delete, after the rest.
    /// </summary>
    public abstract WrittenRows Write(
        CompiledWrite write,
        IReadOnlyList<Datum[]> rows,
        StatementArguments arguments,
        Action<RowReader>? represent
    );

    /// <summary>Sends a write whose rows (represented) or numbers <see cref="Write"/> is to answer next.</summary>
    public virtual ValueTask StartAsync(CompiledWrite write, IReadOnlyList<Datum[]> rows, StatementArguments arguments, bool represented) =>
        ValueTask.CompletedTask;

    /// <summary>
    /// What the engine shows of the plans of a write's statements, in their order. What it does to rows where the options run
    /// it is the caller's to take back.
    /// </summary>
    public virtual List<List<Datum[]>> Explain(CompiledWrite write, IReadOnlyList<Datum[]> rows, StatementArguments arguments, ExplainOptions options) =>
        throw new InvalidOperationException("this source shows no plans");

    /// <summary>Runs a statement of the server's own; answers the rows of its select or returning.</summary>
    public abstract List<Datum[]> Execute(CompiledStatement own, StatementArguments arguments);

    /// <summary>Runs a bound SQL statement as this principal; answers the rows of its select or returning.</summary>
    public abstract List<Datum[]> Execute(Statement bound, Principal principal, StatementArguments arguments);

    /// <summary>Runs a function of the app with these arguments; a trigger-less function that writes is run this way.</summary>
    public abstract List<Datum[]> Call(Routine routine, Datum[] values, Principal principal, StatementArguments arguments);
}

/// <summary>Given: ordinals the caller gave values for (the others take their defaults); of an update, the ones it sets.</summary>
internal sealed record InsertOptions(IReadOnlyList<int> Given)
{
    /// <summary>The keys whose conflict is not an error, each as ordinals; the first that matches decides.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Arbiters { get; init; } = [];

    /// <summary>Ordinals an upsert changes in the existing row.</summary>
    public IReadOnlyList<int> Set { get; init; } = [];

    /// <summary>(existing, proposed) → the changed row, or null to leave it; default: Set is taken from the proposed row.</summary>
    public Func<Datum[], Datum[], Datum[]?>? Merge { get; init; }
}
