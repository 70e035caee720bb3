using Tenon.Core.Types;
using static Tenon.Core.Expressions.Functions.Define;

namespace Tenon.Core.Expressions.Functions;

// =, <>, <, <=, >, >= of every type with an order. Mixed pairs (int4 = int8, date < timestamptz) are resolved by implicit
// conversion to one of these. None of them ever raises.

internal static class Comparisons
{
    private static readonly (string Prefix, LogicalType Type)[] Ordered =
    [
        ("bool", LogicalType.Boolean),
        ("int2", LogicalType.Int2),
        ("int4", LogicalType.Int4),
        ("int8", LogicalType.Int8),
        ("numeric", LogicalType.Numeric),
        ("float4", LogicalType.Float4),
        ("float8", LogicalType.Float8),
        ("text", LogicalType.Text),
        ("bpchar", LogicalType.CharOf(1).Unmodified),
        ("uuid", LogicalType.Uuid),
        ("date", LogicalType.Date),
        ("time", LogicalType.Time),
        ("timestamp", LogicalType.Timestamp),
        ("timestamptz", LogicalType.TimestampTz),
        ("interval", LogicalType.Interval),
        ("jsonb", LogicalType.Jsonb),
        ("bytea", LogicalType.Bytea),
    ];

    private static readonly (string Suffix, string Spelling, Func<int, bool> Test)[] Tests =
    [
        ("eq", "=", c => c == 0),
        ("ne", "<>", c => c != 0),
        ("lt", "<", c => c < 0),
        ("le", "<=", c => c <= 0),
        ("gt", ">", c => c > 0),
        ("ge", ">=", c => c >= 0),
    ];

    public static IEnumerable<Function> Functions()
    {
        foreach ((string suffix, string spelling, Func<int, bool> test) in Tests)
        {
            foreach ((string prefix, LogicalType type) in Ordered)
            {
                yield return Infix(
                        $"{prefix}_{suffix}",
                        spelling,
                        type,
                        type,
                        LogicalType.Boolean,
                        Evaluate(type, test)
                    )
                    .AsTotal();
            }
            yield return Poly($"enum_{suffix}", spelling, LogicalType.AnyEnum, test);
            yield return Poly($"array_{suffix}", spelling, LogicalType.AnyArray, test);
        }
        yield return Infix(
                "record_eq",
                "=",
                LogicalType.Record,
                LogicalType.Record,
                LogicalType.Boolean,
                a => Datum.Of(a[0].Text == a[1].Text)
            )
            .AsTotal();
        yield return Infix(
                "record_ne",
                "<>",
                LogicalType.Record,
                LogicalType.Record,
                LogicalType.Boolean,
                a => Datum.Of(a[0].Text != a[1].Text)
            )
            .AsTotal();
    }

    private static Function Poly(string id, string spelling, LogicalType pseudo, Func<int, bool> test) =>
        (Infix(id, spelling, pseudo, pseudo, LogicalType.Boolean, null!) with { Total = true }).Polymorphic(types =>
            Evaluate(types[0], test)
        );

    private static Evaluation Evaluate(LogicalType type, Func<int, bool> test) =>
        a => Datum.Of(test(Ordering.Compare(type, a[0], a[1])));

    /// <summary>The equality of a type, as an operator of the catalogue; null where there is none (json).</summary>
    public static Function? Equality(LogicalType type)
    {
        string? prefix = type.Kind switch
        {
            TypeKind.Varchar or TypeKind.Text => "text",
            TypeKind.Char => "bpchar",
            TypeKind.Boolean => "bool",
            TypeKind.Enum or TypeKind.Array => type.Kind.ToString().ToLowerInvariant(),
            _ => Ordered.FirstOrDefault(o => o.Type.Kind == type.Kind).Prefix,
        };
        Function? function = prefix is null ? null : FunctionCatalog.Find(prefix + "_eq");
        return function?.Specialize is { } specialize ? specialize([type, type]) : function;
    }
}
