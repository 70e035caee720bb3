using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>The place of a row among those of its parent is within what is skipped and kept.</summary>
internal sealed record WithinExpr(Expr Place, Expr Limit, Expr? Offset) : Expr;

/// <summary>
/// A child's query with a limit per parent → the same rows numbered within their parent, of which the first are sent: the
/// database has no LATERAL, and without this all rows of all parents would come here to be thrown away (ENGINES §3). Rows to
/// skip are among them, since the executor does the skipping.
/// </summary>
internal static class MySqlPerParent
{
    private const string Rows = "tenon: rows";
    private static readonly Function RowNumber = FunctionCatalog.Named("row_number")[0];

    /// <summary>ordered: the unit's query with everything that decides the order of its rows, the parents' first.</summary>
    public static Select Of(ReadUnit unit, Select ordered)
    {
        return Applies(unit, ordered) ? Numbered(unit, ordered, (SelectCore)ordered.Body) : ordered;
    }

    /// <summary>It has a limit per parent, and its rows are those of their parents one by one.</summary>
    public static bool Applies(ReadUnit unit, Select ordered) =>
        unit.Limit is not null
        && ordered is { With.IsEmpty: true, Limit: null, Offset: null, OrderBy: [{ Key: ParentOrdinalExpr }, ..] }
        && ordered.Body is SelectCore { GroupBy.IsEmpty: true, Distinct: false, DistinctOn.IsEmpty: true };

    private static Select Numbered(ReadUnit unit, Select ordered, SelectCore core)
    {
        OrderItem parent = ordered.OrderBy[0];
        var place = new WindowExpr(RowNumber, [], new WindowSpec(null, [parent.Key], ordered.OrderBy[1..], null)) { Type = LogicalType.Int8 };
        ImmutableArray<SelectItem> own = [.. core.Items.Select((item, i) => item with { Alias = Name(i) }), new SelectItem(parent.Key, "parent"), new SelectItem(place, "place")];
        var inner = new Select(core with { Items = own }) { Output = [.. own.Select(i => new RowField(i.Alias!, i.Value.Type))] };
        ImmutableArray<SelectItem> items = [.. core.Items.Select((item, i) => new SelectItem(Column(Name(i), item.Value.Type), null))];
        Expr number = Column("place", LogicalType.Int8);
        return new Select(new SelectCore(items)
        {
            From = new SelectFrom(inner, Rows, [], Lateral: false),
            Where = new WithinExpr(number, unit.Limit!, unit.Offset) { Type = LogicalType.Boolean },
        })
        {
            OrderBy = [new OrderItem(Column("parent", LogicalType.Int8)) { NeverNull = true }, new OrderItem(number) { NeverNull = true }],
            Output = ordered.Output,
        };
    }

    private static ColumnExpr Column(string name, LogicalType type) => new(Rows, name) { Type = type };

    private static string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"c{index}");
}
