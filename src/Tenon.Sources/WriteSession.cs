using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources;

/// <summary>How many rows a write touched, and their row keys as a JSON array in the order they were written.</summary>
internal sealed class WrittenRows
{
    public long Count { get; set; }

    /// <summary>Of an upsert: rows that were new.</summary>
    public long Inserted { get; set; }
    public List<long> Keys { get; } = [];

    public byte[] KeysJson() => System.Text.Encoding.UTF8.GetBytes("[" + string.Join(',', Keys) + "]");
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

    /// <summary>Inserts rows (values by column ordinal), or merges them into existing ones as the options say.</summary>
    public abstract WrittenRows Insert(GuardedWrite write, IReadOnlyList<Datum[]> rows, StatementArguments arguments, InsertOptions options);

    /// <summary>Sets these columns to these values in every row the write's target lets through.</summary>
    public abstract WrittenRows Update(GuardedWrite write, IReadOnlyList<int> set, Datum[] values, StatementArguments arguments);

    /// <summary>The row keys of the rows a delete would remove, for their representation.</summary>
    public abstract WrittenRows Targets(GuardedWrite write, StatementArguments arguments);

    /// <summary>Deletes the rows the write's target lets through.</summary>
    public abstract WrittenRows Delete(GuardedWrite write, StatementArguments arguments);

    /// <summary>Runs a bound SQL statement as this principal; answers the rows of its select or returning.</summary>
    public abstract List<Datum[]> Execute(Statement bound, Principal principal, StatementArguments arguments);

    /// <summary>Runs a function of the app with these arguments; a trigger-less function that writes is run this way.</summary>
    public abstract List<Datum[]> Call(Routine routine, Datum[] values, Principal principal, StatementArguments arguments);
}

/// <summary>Given: ordinals the caller gave values for (the others take their defaults).</summary>
internal sealed record InsertOptions(IReadOnlyList<int> Given)
{
    /// <summary>The keys whose conflict is not an error, each as ordinals; the first that matches decides.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Arbiters { get; init; } = [];

    /// <summary>Ordinals an upsert changes in the existing row.</summary>
    public IReadOnlyList<int> Set { get; init; } = [];

    /// <summary>(existing, proposed) → the changed row, or null to leave it; default: Set is taken from the proposed row.</summary>
    public Func<Datum[], Datum[], Datum[]?>? Merge { get; init; }
}
