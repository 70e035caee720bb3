using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Planning;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>What a write wants to do to one table, before anybody asked whether it may.</summary>
internal sealed record WriteDemand(WriteKind Kind, Table Table, string Range)
{
    /// <summary>The view the table is written through; filters, values and returning speak of its columns then.</summary>
    public UpdatableView? View { get; init; }

    /// <summary>The view's columns given values, and those an upsert changes.</summary>
    public IReadOnlyCollection<string> ViewWritten { get; init; } = [];
    public IReadOnlyCollection<string> ViewUpdated { get; init; } = [];

    /// <summary>Columns given values.</summary>
    public IReadOnlyCollection<string> Written { get; init; } = [];

    /// <summary>Columns an upsert changes in a row that exists.</summary>
    public IReadOnlyCollection<string> Updated { get; init; } = [];

    /// <summary>Columns mentioned in filters, values and the arbiter.</summary>
    public IReadOnlyCollection<string> Read { get; init; } = [];

    /// <summary>
    /// Of an update or delete: the query of the rows it touches. Its from contains the table under <see cref="Range"/>, its
    /// first item is the row key, the others are the values to set.
    /// </summary>
    public Select? Targets { get; init; }

    /// <summary>Rows are answered (RETURNING).</summary>
    public bool Returning { get; init; }

    /// <summary>What is answered of each row, over <see cref="Range"/>; empty where a plan of its own says it.</summary>
    public ImmutableArray<SelectItem> ReturningItems { get; init; } = [];

    /// <summary>The query of all rows of the table, or those of a filter, without values.</summary>
    public static Select TargetsOf(QualifiedName table, string range, Expr? filter) =>
        new(
            new SelectCore([new SelectItem(new RowKeyExpr(range) { Type = LogicalType.Int8 }, null)])
            {
                From = new TableFrom(table, range, []),
                Where = filter,
            }
        )
        {
            Output = [new RowField("", LogicalType.Int8)],
        };
}

// The write half of the door: rules 10-22 of ENGINES §4.2.
internal sealed partial class PolicyBinder
{
    internal GuardedWriteParts Guard(WriteDemand demand)
    {
        if (demand.View is not null)
        {
            return AtBase(demand, () => Parts(demand)) with { Targets = ViewTargets(demand), ViewChecks = ViewChecks(demand) };
        }
        DemandPrivileges(demand.Table, demand.Kind, new ViewUse(demand.Written, demand.Updated, demand.Read));
        return Parts(demand);
    }

    private Select? ViewTargets(WriteDemand demand)
    {
        if (demand.Targets is not { } targets)
        {
            return null;
        }
        bool reads = demand.Returning || demand.Read.Count > 0;
        PolicyCommand command = demand.Kind == WriteKind.Delete ? PolicyCommand.Delete : PolicyCommand.Update;
        FromItem rows = new SelectFrom(RowsOf(demand.View!.View, command, reads), demand.Range, [], false);
        return new GuardPass(this) { Target = (demand.Range, null), Instead = rows }.VisitSelect(targets);
    }

    private GuardedWriteParts Parts(WriteDemand demand)
    {
        // Rule 14/15/17: the SELECT policy joins in when the statement reads columns.
        bool reads = demand.Returning || demand.Read.Count > 0;
        return demand.Kind switch
        {
            WriteKind.Insert => new GuardedWriteParts(null, InsertCheck(demand, demand.Returning), null, null),
            WriteKind.InsertOrIgnore => new GuardedWriteParts(null, InsertCheck(demand, true), null, null),
            WriteKind.InsertOrUpdate => new GuardedWriteParts(
                null,
                InsertCheck(demand, true),
                And(Existing(demand, PolicyCommand.Update), Existing(demand, PolicyCommand.Select)),
                And(NewRow(demand, PolicyCommand.Update), NewRow(demand, PolicyCommand.Select))
            ),
            WriteKind.Update => new GuardedWriteParts(
                demand.View is null ? Targets(demand, PolicyCommand.Update, reads) : null,
                And(NewRow(demand, PolicyCommand.Update), reads ? NewRow(demand, PolicyCommand.Select) : null),
                null,
                null
            ),
            WriteKind.Delete => new GuardedWriteParts(demand.View is null ? Targets(demand, PolicyCommand.Delete, reads) : null, null, null, null),
            _ => throw new InvalidOperationException($"the policy binder does not know {demand.Kind}"),
        };
    }

    private void DemandPrivileges(Table table, WriteKind kind, ViewUse use)
    {
        switch (kind)
        {
            case WriteKind.Update:
                Demand(table, Privileges.Update, use.Written);
                break;
            case WriteKind.Delete:
                Demand(table, Privileges.Delete, []);
                break;
            default:
                Demand(table, Privileges.Insert, use.Written);
                break;
        }
        if (kind == WriteKind.InsertOrUpdate)
        {
            Demand(table, Privileges.Update, use.Updated);
        }
        if (use.Read.Count > 0)
        {
            Demand(table, Privileges.Select, use.Read);
        }
    }

    /// <summary>The written table without a filter, see <see cref="GuardedWrite.RowsByKey"/>.</summary>
    internal static GuardedTable RowsByKey(WriteDemand demand) => Admit(demand.Table.Name, demand.Range, null);

    private Expr? InsertCheck(WriteDemand demand, bool andVisible) =>
        And(NewRow(demand, PolicyCommand.Insert), andVisible ? NewRow(demand, PolicyCommand.Select) : null);

    private Select Targets(WriteDemand demand, PolicyCommand command, bool reads)
    {
        Expr? policies = And(Existing(demand, command), reads ? Existing(demand, PolicyCommand.Select) : null);
        return new GuardPass(this) { Target = (demand.Range, policies) }.VisitSelect(demand.Targets!);
    }

    internal ImmutableArray<SelectItem> GuardReturning(WriteDemand demand) =>
        [.. demand.ReturningItems.Select(i => i with { Value = new GuardPass(this).Visit(i.Value) })];

    /// <summary>A condition on a row as it is, over the demand's range.</summary>
    private Expr? Existing(WriteDemand demand, PolicyCommand command) => Using(demand.Table, demand.Range, command);

    /// <summary>A condition on a row as it is to be: its columns are parameters by their ordinal in the table.</summary>
    private Expr? NewRow(WriteDemand demand, PolicyCommand command)
    {
        Expr? condition = command == PolicyCommand.Select
            ? Using(demand.Table, NewRowRange, command)
            : Check(demand.Table, NewRowRange, command);
        return condition is null ? null : NewRowParameters.Put(condition, demand.Table);
    }

    private const string NewRowRange = "new";

    private static Expr? And(Expr? left, Expr? right) => Conjunction.All([left, right]);

    /// <summary>Columns of the new row → parameters of its values.</summary>
    private sealed class NewRowParameters(Table table) : InsideGuarded
    {
        public static Expr Put(Expr condition, Table table) => new NewRowParameters(table).Visit(condition);

        public override Expr Visit(Expr expr) =>
            expr is ColumnExpr { Range: NewRowRange } column
                ? new ParameterExpr(table.OrdinalOf(column.Column)) { Type = column.Type }
                : base.Visit(expr);
    }

    /// <summary>
    /// A check over a row to come, its values by ordinal in the table put in place of the parameters: for an engine whose
    /// statement holds the row itself.
    /// </summary>
    internal static Expr PutNewRow(Expr check, Func<int, Expr> value) => new NewRowValues(value).Visit(check);

    private sealed class NewRowValues(Func<int, Expr> value) : InsideGuarded
    {
        public override Expr Visit(Expr expr) => expr is ParameterExpr parameter ? value(parameter.Slot) : base.Visit(expr);
    }

    /// <summary>Rewrites also what stands in the filters of guarded tables, which stay where they are.</summary>
    private abstract class InsideGuarded : ExprRewriter
    {
        public override FromItem VisitFrom(FromItem from) => from is GuardedTable ? GuardedInside(from) : base.VisitFrom(from);

        private GuardedTable GuardedInside(FromItem from)
        {
            var guarded = (GuardedTable)from;
            return guarded.Filter is null ? guarded : Admit(guarded.Name, guarded.Alias, Visit(guarded.Filter));
        }
    }
}
