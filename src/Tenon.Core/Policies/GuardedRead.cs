using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;

namespace Tenon.Core.Policies;

/// <summary>What stands for one range of a guarded plan: the only from item allowed for it, and the predicate of its policies.</summary>
internal sealed record RangeGuard(FromItem Source, Expr? Predicate)
{
    /// <summary>The table or view behind the range, for the types of keys and NOT NULL; null for a function.</summary>
    public Table? Table { get; init; }

    /// <summary>Of a function: the table whose rows it returns, for the types of keys.</summary>
    public Table? RowsOf { get; init; }

    /// <summary>Of a function of a row: null only where it has no row for one.</summary>
    public Expr? Presence { get; init; }
}

/// <summary>
/// A read that has been through the policy binder. Lowering takes nothing else, so an unguarded read does not compile; the
/// constructor is private and <see cref="Bind"/> is the one factory.
/// </summary>
internal sealed class GuardedRead
{
    private readonly Dictionary<string, RangeGuard> guards;

    private GuardedRead(ReadPlan plan, Dictionary<string, RangeGuard> guards, PolicyBinder binder)
    {
        Plan = plan;
        Enforcement = binder.Enforcement;
        Suspected = binder.Suspected;
        HidesRows = binder.HidesRows;
        this.guards = guards;
    }

    /// <summary>The plan with guarded subqueries; its own tables are in <see cref="Of"/>.</summary>
    public ReadPlan Plan { get; }
    public Enforcement Enforcement { get; }

    /// <summary>Under native enforcement: the privilege that seems to be missing. The database decides; this words its refusal.</summary>
    public Error? Suspected { get; }

    /// <summary>Some row of what is read may be hidden from the caller: the statistics of a database know of it all the same.</summary>
    public bool HidesRows { get; }

    public RangeGuard Of(string range) => guards[range];

    public static Outcome<GuardedRead> Bind(ReadPlan plan, PolicyBinder binder, GuardedWrite? written = null)
    {
        try
        {
            var (guarded, guards) = binder.Guard(plan);
            if (written is { Returned: SelectFrom rows })
            {
                guards[plan.Root.Range] = guards[plan.Root.Range] with { Source = rows };
            }
            return new GuardedRead(guarded, guards, binder);
        }
        catch (TenonException refused)
        {
            return refused.Error;
        }
    }
}

/// <summary>A query (of a function body, a trigger, a view) that has been through the policy binder.</summary>
internal sealed class GuardedSelect
{
    private GuardedSelect(Select select) => Select = select;

    public Select Select { get; }

    public static GuardedSelect Bind(Select select, PolicyBinder binder) => new(binder.Guard(select));
}
