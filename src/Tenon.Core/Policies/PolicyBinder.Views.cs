using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Planning;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>A row written through a view with check option has to be one of the view: the condition, over parameters by ordinal of the base table.</summary>
internal sealed record ViewCheck(string View, Expr Condition);

// Writing through views: the caller's rights on the view, then those of its owner or, by security_invoker, of the caller on
// what lies below, view by view down to the table.
internal sealed partial class PolicyBinder
{
    /// <summary>The name under which a view's rows carry the row key of the table below.</summary>
    private const string RowKeyColumn = "_rowid_";

    private Principal Below(Table view) => view.SecurityInvoker ? Invoker : Principal.Owner;

    /// <summary>The query of a view with fresh ranges, its select, its one range and what that is.</summary>
    private (Select Query, SelectCore Core, string Alias, Table Child) Instance(Table view)
    {
        Select query = new Instantiation(FreshAlias).VisitSelect(Templates.Of(catalog).View(view));
        var core = (SelectCore)query.Body;
        var from = (TableFrom)core.From!;
        return (query, core, from.Alias, catalog.Find(from.Name) ?? throw new InvalidOperationException($"{from.Name} left the catalog"));
    }

    /// <summary>Works as whom the table below a chain of views is reached, after asking for the rights on every view and on it.</summary>
    private T AtBase<T>(WriteDemand demand, Func<T> work) =>
        demand.View is { } through ? AtBase(through.View, new ViewUse(demand), demand, work) : work();

    /// <summary>The columns of one relation in the chain that a write gives, changes and reads.</summary>
    private sealed record ViewUse(IReadOnlyCollection<string> Written, IReadOnlyCollection<string> Updated, IReadOnlyCollection<string> Read)
    {
        public ViewUse(WriteDemand demand)
            : this(demand.ViewWritten, demand.ViewUpdated, demand.Read) { }
    }

    private T AtBase<T>(Table relation, ViewUse use, WriteDemand demand, Func<T> work)
    {
        DemandPrivileges(relation, demand.Kind, use);
        if (relation.Kind == RelationKind.Table)
        {
            return work();
        }
        var (_, core, alias, child) = Instance(relation);
        var items = relation.Columns.Select((c, i) => (c.Name, core.Items[i].Value)).ToDictionary(c => c.Name, c => c.Value, StringComparer.Ordinal);
        IEnumerable<string> Of(Expr? expr) => expr is not null && ExprFacts.Of(expr).Columns.TryGetValue(alias, out var read) ? read : [];
        IReadOnlyCollection<string> Through(IEnumerable<string> columns) => [.. columns.SelectMany(c => Of(items[c])).Distinct()];
        bool filters = demand.Kind is WriteKind.Update or WriteKind.Delete;
        var below = new ViewUse(
            Through(use.Written),
            Through(use.Updated),
            [.. Through(use.Read).Concat(filters ? Of(core.Where) : []).Distinct()]
        );
        return As(Below(relation), () => AtBase(child, below, demand, work));
    }

    /// <summary>
    /// The view's rows with the row key of the table below: those it shows under the conditions of a command, or, without
    /// one, any row of the table, for what RETURNING answers of rows chosen by key.
    /// </summary>
    private Select RowsOf(Table view, PolicyCommand? command, bool reads)
    {
        var (query, core, alias, child) = Instance(view);
        return As(Below(view), () =>
        {
            bool isView = child.Kind == RelationKind.View;
            Expr? policies = isView || command is not { } c ? null : And(Using(child, alias, c), reads ? Using(child, alias, PolicyCommand.Select) : null);
            FromItem rows = isView ? new SelectFrom(RowsOf(child, command, reads), alias, [], false) : Admit(child.Name, alias, null);
            var key = new SelectItem(new RowKeyExpr(alias) { Type = LogicalType.Int8 }, RowKeyColumn);
            var keyed = new Select(core with { Items = core.Items.Add(key), From = rows, Where = command is null ? null : core.Where })
            {
                Output = query.Output.Add(new RowField(RowKeyColumn, LogicalType.Int8)),
            };
            Select guarded = new GuardPass(this).VisitSelect(keyed);
            var body = (SelectCore)guarded.Body;
            return guarded with { Body = body with { Where = Conjunction.Shield(policies, body.Where) } };
        });
    }

    /// <summary>What RETURNING answers of rows chosen by key: the table's, or through the view.</summary>
    internal FromItem Returned(WriteDemand demand) =>
        demand.View is { } through ? new SelectFrom(RowsOf(through.View, null, false), demand.Range, [], false) : RowsByKey(demand);

    private ImmutableArray<ViewCheck> ViewChecks(WriteDemand demand)
    {
        var checks = ImmutableArray.CreateBuilder<ViewCheck>();
        if (demand is { View: { } through, Kind: not WriteKind.Delete })
        {
            ViewRow(through.View, false, demand.Table, checks);
        }
        return checks.ToImmutable();
    }

    /// <summary>The columns of a view over the new row of the table below; adds the checks of the views on the way, inner ones first.</summary>
    private Dictionary<string, Expr> ViewRow(Table view, bool cascaded, Table table, ImmutableArray<ViewCheck>.Builder checks)
    {
        var (_, core, alias, child) = Instance(view);
        bool onward = cascaded || view.CheckOption == CheckOption.Cascaded;
        return As(Below(view), () =>
        {
            Dictionary<string, Expr> row = child.Kind == RelationKind.View
                ? ViewRow(child, onward, table, checks)
                : child.Columns.ToDictionary(c => c.Name, c => (Expr)new ColumnExpr(NewRowRange, c.Name) { Type = c.Type }, StringComparer.Ordinal);
            var put = new RowValues(alias, row);
            Expr Guarded(Expr expr) => put.Visit(new GuardPass(this).Visit(expr));
            if (core.Where is { } where && (cascaded || view.CheckOption != CheckOption.None))
            {
                checks.Add(new ViewCheck(view.Name.Name, NewRowParameters.Put(Guarded(where), table)));
            }
            return view.Columns.Select((c, i) => (c.Name, Value: Guarded(core.Items[i].Value))).ToDictionary(c => c.Name, c => c.Value, StringComparer.Ordinal);
        });
    }

    /// <summary>Columns of one range → expressions, in guarded filters too.</summary>
    private sealed class RowValues(string range, Dictionary<string, Expr> values) : InsideGuarded
    {
        public override Expr Visit(Expr expr) => expr is ColumnExpr column && column.Range == range ? values[column.Column] : base.Visit(expr);
    }
}
