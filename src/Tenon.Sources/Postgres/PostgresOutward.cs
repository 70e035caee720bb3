using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Expressions;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres;

/// <summary>A result value in the form the reader takes: JSON or text.</summary>
internal sealed record OutwardExpr(Expr Value) : Expr;

/// <summary>What a whole statement needs that its parts do not: results in readable form, and the parents' order.</summary>
internal static class PostgresOutward
{
    public static Select Of(Select select)
    {
        Select ordered = InOrderOfParents(select);
        if (!ordered.Output.Any(f => IsChanged(f.Type)))
        {
            return ordered;
        }
        return ordered.Body is SelectCore { Distinct: false, DistinctOn.IsEmpty: true } core
            ? ordered with { Body = core with { Items = [.. core.Items.Select(Outward)] } }
            : Wrapped(ordered);
    }

    private static bool IsChanged(LogicalType type) =>
        type.NativeName is not null
        || type.Kind is TypeKind.Array or TypeKind.Record or TypeKind.Jsonb or TypeKind.Numeric or TypeKind.Interval
            or TypeKind.TsVector or TypeKind.TsQuery or TypeKind.RegConfig;

    internal static SelectItem Outward(SelectItem item) =>
        IsChanged(item.Value.Type) ? item with { Value = new OutwardExpr(item.Value) { Type = item.Value.Type } } : item;

    private static Select Wrapped(Select select)
    {
        ImmutableArray<string> names = [.. select.Output.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"c{i}"))];
        var items = select.Output.Select((f, i) => Outward(new SelectItem(new ColumnExpr("o", names[i]) { Type = f.Type }, null)));
        return new Select(new SelectCore([.. items]) { From = new SelectFrom(select, "o", names, false) }) { Output = select.Output };
    }

    // PostgreSQL promises no order of a join; the executor reads a child's rows parent by parent.
    private static Select InOrderOfParents(Select select)
    {
        if (!select.OrderBy.IsEmpty || select.Body is not SelectCore { From: { } from } || ParentKeysFrom.Of(from) is not { } keys)
        {
            return select;
        }
        var ordinal = new ParentOrdinalExpr(keys.Alias) { Type = LogicalType.Int8 };
        return select with { OrderBy = [new OrderItem(ordinal) { NeverNull = true }] };
    }
}
