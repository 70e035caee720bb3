using System.Collections.Immutable;
using Tenon.Core.Types;
using static Tenon.Core.Expressions.Functions.Define;

namespace Tenon.Core.Expressions.Functions;

// greatest, least, nullif, num_nulls: functions to our catalogue, syntax to PostgreSQL. coalesce is a node of the tree.
internal static class ConditionalFunctions
{
    public static IEnumerable<Function> Functions()
    {
        LogicalType e = LogicalType.AnyElement;
        yield return Lax("greatest", "greatest", [e], e, types => a => Extreme(types[0], a, 1)).AsVariadic();
        yield return Lax("least", "least", [e], e, types => a => Extreme(types[0], a, -1)).AsVariadic();
        yield return Lax(
            "nullif",
            "nullif",
            [e, e],
            e,
            types => a => !a[0].IsNull && !a[1].IsNull && Ordering.AreEqual(types[0], a[0], a[1]) ? Datum.Null : a[0]
        );
        yield return Lax("num_nulls", "num_nulls", [LogicalType.Any], LogicalType.Int4, _ => a => Datum.Of(Nulls(a)))
            .AsVariadic();
        yield return Lax(
                "num_nonnulls",
                "num_nonnulls",
                [LogicalType.Any],
                LogicalType.Int4,
                _ => a => Datum.Of(a.Length - Nulls(a))
            )
            .AsVariadic();
    }

    private static Function Lax(
        string id,
        string name,
        LogicalType[] parameters,
        LogicalType result,
        Func<ImmutableArray<LogicalType>, Evaluation> evaluate
    )
    {
        Function function = Total(id, name, parameters, result, null!).AsLax();
        return function with
        {
            Specialize = types =>
                (function with { Variadic = parameters.Length == 1 }).Polymorphic(evaluate).Specialize!(types),
        };
    }

    private static Datum Extreme(LogicalType type, ReadOnlySpan<Datum> values, int sign)
    {
        Datum best = Datum.Null;
        foreach (Datum value in values)
        {
            if (!value.IsNull && (best.IsNull || Ordering.Compare(type, value, best) * sign > 0))
            {
                best = value;
            }
        }
        return best;
    }

    private static int Nulls(ReadOnlySpan<Datum> values)
    {
        int count = 0;
        foreach (Datum value in values)
        {
            count += value.IsNull ? 1 : 0;
        }
        return count;
    }
}
