using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;

namespace Tenon.Core.Policies;

/// <summary>
/// The conditions of a write. Targets is the query of the rows touched; ConflictTarget is over the range (a row that exists);
/// Check and ConflictCheck are over parameters by column ordinal (rows that come to be). Null: nothing to ask.
/// </summary>
internal sealed record GuardedWriteParts(Select? Targets, Expr? Check, Expr? ConflictTarget, Expr? ConflictCheck)
{
    /// <summary>What rows written through a view must be, asked after they are written.</summary>
    public ImmutableArray<ViewCheck> ViewChecks { get; init; } = [];
}

/// <summary>A write that has been through the policy binder; the only thing an engine writes rows for.</summary>
internal sealed class GuardedWrite
{
    private GuardedWrite(WriteDemand demand, GuardedWriteParts parts, ImmutableArray<SelectItem> returning, PolicyBinder binder)
    {
        Enforcement = binder.Enforcement;
        Principal = binder.Principal;
        Suspected = binder.Suspected;
        Returning = returning;
        Kind = demand.Kind;
        Table = demand.Table;
        Range = demand.Range;
        Parts = parts;
        RowsByKey = PolicyBinder.RowsByKey(demand);
        Returned = binder.Returned(demand);
    }

    public WriteKind Kind { get; }
    public Enforcement Enforcement { get; }
    public Principal Principal { get; }

    /// <summary>As in <see cref="GuardedRead.Suspected"/>.</summary>
    public Error? Suspected { get; }
    public Table Table { get; }
    public string Range { get; }
    public GuardedWriteParts Parts { get; }

    /// <summary>What a statement answers of each row, over the range.</summary>
    public ImmutableArray<SelectItem> Returning { get; }

    /// <summary>
    /// The written table under <see cref="Range"/>, past its policies, for one purpose: an engine reads a row by its row key
    /// that this write's conditions chose (the row RETURNING answers, the row in the way of an insert).
    /// Only the engines' Writing folders name it, which a test watches.
    /// </summary>
    public GuardedTable RowsByKey { get; }

    /// <summary>The rows RETURNING answers, by row key: <see cref="RowsByKey"/>, or the view over it that was written through.</summary>
    public FromItem Returned { get; }

    public static Outcome<GuardedWrite> Bind(WriteDemand demand, PolicyBinder binder)
    {
        try
        {
            return new GuardedWrite(demand, binder.Guard(demand), binder.GuardReturning(demand), binder);
        }
        catch (TenonException refused)
        {
            return refused.Error;
        }
    }
}
