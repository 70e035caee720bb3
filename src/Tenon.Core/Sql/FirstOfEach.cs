using System.Collections.Immutable;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Core.Sql;

/// <summary>
/// select distinct on (k) … order by k, o for engines without it: rows are numbered within their k in that order, and the
/// first of each is kept; a second numbering keeps the order of the answer.
/// </summary>
internal static class FirstOfEach
{
    private const string Range = "first";
    private static readonly Function RowNumber = FunctionCatalog.Named("row_number")[0];
    private static readonly Function Equal = FunctionCatalog
        .Operators("=")
        .First(f => f.Parameters is [{ Kind: TypeKind.Int8 }, { Kind: TypeKind.Int8 }]);

    public static Select Of(Select select, SelectCore core)
    {
        var numbered = ImmutableArray.CreateBuilder<SelectItem>();
        var items = ImmutableArray.CreateBuilder<SelectItem>();
        var fields = ImmutableArray.CreateBuilder<RowField>();
        for (int i = 0; i < core.Items.Length; i++)
        {
            LogicalType type = i < select.Output.Length ? select.Output[i].Type : core.Items[i].Value.Type;
            numbered.Add(new SelectItem(core.Items[i].Value, $"i{i}"));
            items.Add(new SelectItem(new ColumnExpr(Range, $"i{i}") { Type = type }, core.Items[i].Alias));
            fields.Add(new RowField($"i{i}", type));
        }
        numbered.Add(new SelectItem(Number(core.DistinctOn, select.OrderBy), "place"));
        numbered.Add(new SelectItem(Number([], select.OrderBy), "turn"));
        fields.Add(new RowField("place", LogicalType.Int8));
        fields.Add(new RowField("turn", LogicalType.Int8));
        var inner = new Select(core with { DistinctOn = [], Distinct = false, Items = numbered.DrainToImmutable() })
        {
            Output = fields.DrainToImmutable(),
        };
        Expr isFirst = new ApplyExpr(
            Equal,
            [new ColumnExpr(Range, "place") { Type = LogicalType.Int8 }, new ConstantExpr(Datum.Of(1)) { Type = LogicalType.Int8 }]
        )
        {
            Type = LogicalType.Boolean,
        };
        return select with
        {
            Body = new SelectCore(items.DrainToImmutable()) { From = new SelectFrom(inner, Range, [], false), Where = isFirst },
            OrderBy = select.OrderBy.IsEmpty
                ? []
                : [new OrderItem(new ColumnExpr(Range, "turn") { Type = LogicalType.Int8 }) { NeverNull = true }],
        };
    }

    private static WindowExpr Number(ImmutableArray<Expr> within, ImmutableArray<OrderItem> order) =>
        new(RowNumber, [], new WindowSpec(null, within, order, null)) { Type = LogicalType.Int8 };
}
