using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Expressions;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres;

/// <summary>The sum of two counts, as a limit.</summary>
internal sealed record SumExpr(Expr Left, Expr Right) : Expr;

/// <summary>
/// A child's query with a limit per parent → keys cross join lateral (the rows of one parent, in order, up to the limit):
/// PostgreSQL then reads the first rows of each parent from an index instead of all rows of all parents (ENGINES §3). Rows
/// to skip are among them, since the executor does the skipping.
/// </summary>
internal static class PostgresPerParent
{
    private const string Rows = "rows";

    public static Select Of(ReadUnit unit)
    {
        Select select = unit.Select;
        bool applies =
            unit.Limit is not null
            && select is { With.IsEmpty: true, Limit: null, Offset: null, Body: SelectCore { GroupBy.IsEmpty: true, Distinct: false, DistinctOn.IsEmpty: true } }
            && ((SelectCore)select.Body).From is JoinFrom { Kind: JoinKind.Cross };
        return applies && ParentKeysFrom.Of(((SelectCore)select.Body).From!) is { } keys ? Lateral(unit, (SelectCore)select.Body, keys) : select;
    }

    private static Select Lateral(ReadUnit unit, SelectCore core, ParentKeysFrom keys)
    {
        Select select = unit.Select;
        ImmutableArray<OrderItem> order = [.. select.OrderBy.Where(o => o.Key is not ParentOrdinalExpr)];
        ImmutableArray<SelectItem> own = [.. core.Items.Where(i => i.Value is not ParentOrdinalExpr), .. order.Select(o => new SelectItem(o.Key, null))];
        ImmutableArray<string> names = [.. own.Select((_, i) => Name(i))];
        var inner = new Select(core with { Items = own, From = ParentKeysFrom.Without(core.From!) })
        {
            OrderBy = order,
            Limit = unit.Offset is null ? unit.Limit : new SumExpr(unit.Limit!, unit.Offset) { Type = LogicalType.Int8 },
            Output = [.. own.Select((item, i) => new RowField(names[i], item.Value.Type))],
        };
        int next = 0;
        SelectItem Outer(SelectItem item) => item.Value is ParentOrdinalExpr ? item : item with { Value = Column(own, next++) };
        ImmutableArray<SelectItem> items = [.. core.Items.Select(Outer)];
        var ordinal = new OrderItem(new ParentOrdinalExpr(keys.Alias) { Type = LogicalType.Int8 }) { NeverNull = true };
        return new Select(new SelectCore(items)
        {
            From = new JoinFrom(JoinKind.Cross, keys, new SelectFrom(inner, Rows, names, Lateral: true), null, []),
        })
        {
            // The order within a parent is asked for again: a join promises none.
            OrderBy = [ordinal, .. order.Select((o, i) => o with { Key = Column(own, own.Length - order.Length + i) })],
            Output = select.Output,
        };
    }

    private static ColumnExpr Column(ImmutableArray<SelectItem> own, int index) => new(Rows, Name(index)) { Type = own[index].Value.Type };

    private static string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"c{index}");
}
