using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Expressions;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>A result value in the form the reader takes.</summary>
internal sealed record OutwardExpr(Expr Value) : Expr;

/// <summary>A text that is told apart from others by its bytes.</summary>
internal sealed record ExactExpr(Expr Value) : Expr;

/// <summary>What a whole statement needs that its parts do not: results in readable form, groups by bytes, the parents' order.</summary>
internal static class MySqlOutward
{
    public static Select Of(Select select)
    {
        Select ordered = InOrderOfParents(select);
        return ordered.Body is SelectCore { Distinct: false, DistinctOn.IsEmpty: true } core
            ? ordered with { Body = core with { Items = [.. core.Items.Select(Outward)], GroupBy = [.. core.GroupBy.Select(Exact)] } }
            : Wrapped(ordered);
    }

    private static SelectItem Outward(SelectItem item) => item with { Value = new OutwardExpr(item.Value) { Type = item.Value.Type } };

    private static Expr Exact(Expr key) => key.Type.IsString ? new ExactExpr(key) { Type = key.Type } : key;

    private static Select Wrapped(Select select)
    {
        ImmutableArray<string> names = [.. select.Output.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"c{i}"))];
        if (select.Body is SelectCore { Distinct: true } core)
        {
            select = select with { Body = core with { Items = [.. core.Items.Select(i => i with { Value = Exact(i.Value) })] } };
        }
        var items = select.Output.Select((f, i) => Outward(new SelectItem(new ColumnExpr("o", names[i]) { Type = f.Type }, null)));
        return new Select(new SelectCore([.. items]) { From = new SelectFrom(select, "o", names, false) }) { Output = select.Output };
    }

    // No order of a join is promised; the executor reads a child's rows parent by parent.
    private static Select InOrderOfParents(Select select)
    {
        if (!select.OrderBy.IsEmpty || select.Body is not SelectCore { From: { } from } || Leftmost(from) is not ParentKeysFrom keys)
        {
            return select;
        }
        var ordinal = new ParentOrdinalExpr(keys.Alias) { Type = LogicalType.Int8 };
        return select with { OrderBy = [new OrderItem(ordinal) { NeverNull = true }] };
    }

    private static FromItem Leftmost(FromItem from) => from is JoinFrom join ? Leftmost(join.Left) : from;
}
