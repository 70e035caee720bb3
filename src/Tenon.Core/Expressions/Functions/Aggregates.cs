using System.Text;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Functions;

// Aggregates with PostgreSQL's result types. Strict ones skip rows with a NULL argument; json and array aggregates keep them.

internal static class Aggregates
{
    private static readonly LogicalType N = LogicalType.Numeric;

    public static IEnumerable<Function> Functions() =>
        [.. Counting(), .. Sums(), .. FloatAndIntervalSums(), .. Extremes(), .. Logic(), .. Spreads(), .. Collecting()];

    private static Function Aggregate(
        string id,
        string name,
        LogicalType[] parameters,
        LogicalType result,
        Func<Accumulator>? make
    ) => new(id, name, [.. parameters], result) { Shape = FunctionShape.Aggregate, Accumulate = make };

    private static IEnumerable<Function> Counting()
    {
        yield return Aggregate("count_star", "count", [], LogicalType.Int8, () => new CountAccumulator()).AsTotal();
        yield return Aggregate("count", "count", [LogicalType.Any], LogicalType.Int8, () => new CountAccumulator())
            .AsTotal()
            .Polymorphic(f => f);
    }

    private static IEnumerable<Function> Sums()
    {
        foreach (LogicalType type in new[] { LogicalType.Int2, LogicalType.Int4, LogicalType.Int8 })
        {
            bool wide = type.Kind == TypeKind.Int8;
            string prefix = TypeTag.Of(type);
            yield return Aggregate(
                prefix + "_sum",
                "sum",
                [type],
                wide ? N : LogicalType.Int8,
                () => new IntegerSum(average: false, wide)
            );
            yield return Aggregate(prefix + "_avg", "avg", [type], N, () => new IntegerSum(average: true, wide));
        }
        yield return Aggregate("numeric_sum", "sum", [N], N, () => new NumericSum(average: false));
        yield return Aggregate("numeric_avg", "avg", [N], N, () => new NumericSum(average: true));
    }

    private static IEnumerable<Function> FloatAndIntervalSums()
    {
        yield return Aggregate(
            "float4_sum",
            "sum",
            [LogicalType.Float4],
            LogicalType.Float4,
            () => new FloatSum(false, single: true)
        );
        yield return Aggregate(
            "float8_sum",
            "sum",
            [LogicalType.Float8],
            LogicalType.Float8,
            () => new FloatSum(false, single: false)
        );
        yield return Aggregate(
            "float4_avg",
            "avg",
            [LogicalType.Float4],
            LogicalType.Float8,
            () => new FloatSum(true, single: true)
        );
        yield return Aggregate(
            "float8_avg",
            "avg",
            [LogicalType.Float8],
            LogicalType.Float8,
            () => new FloatSum(true, single: false)
        );
        yield return Aggregate(
            "interval_sum",
            "sum",
            [LogicalType.Interval],
            LogicalType.Interval,
            () => new IntervalSum(average: false)
        );
        yield return Aggregate(
            "interval_avg",
            "avg",
            [LogicalType.Interval],
            LogicalType.Interval,
            () => new IntervalSum(average: true)
        );
    }

    private static IEnumerable<Function> Extremes()
    {
        LogicalType[] types =
        [
            LogicalType.Int2,
            LogicalType.Int4,
            LogicalType.Int8,
            N,
            LogicalType.Float4,
            LogicalType.Float8,
            LogicalType.Text,
            LogicalType.CharOf(1).Unmodified,
            LogicalType.Date,
            LogicalType.Time,
            LogicalType.Timestamp,
            LogicalType.TimestampTz,
            LogicalType.Interval,
        ];
        foreach ((string name, bool largest) in new[] { ("min", false), ("max", true) })
        {
            foreach (LogicalType type in types)
            {
                yield return Aggregate(
                        $"{TypeTag.Of(type)}_{name}",
                        name,
                        [type],
                        type,
                        () => new Extreme(type, largest)
                    )
                    .AsTotal();
            }
            foreach (LogicalType type in new[] { LogicalType.AnyArray, LogicalType.AnyEnum })
            {
                string prefix = type.Kind == TypeKind.AnyArray ? "array" : "enum";
                yield return Aggregate($"{prefix}_{name}", name, [type], type, null)
                    .AsTotal()
                    .Polymorphic(f => f with { Accumulate = () => new Extreme(f.Result, largest) });
            }
        }
    }

    private static IEnumerable<Function> Logic()
    {
        foreach ((string name, bool all) in new[] { ("bool_and", true), ("every", true), ("bool_or", false) })
        {
            yield return Aggregate(
                    name,
                    name,
                    [LogicalType.Boolean],
                    LogicalType.Boolean,
                    () => Folding((a, b) => Datum.Of(all ? a.Boolean && b.Boolean : a.Boolean || b.Boolean))
                )
                .AsTotal();
        }
        foreach (LogicalType type in new[] { LogicalType.Int2, LogicalType.Int4, LogicalType.Int8 })
        {
            string prefix = TypeTag.Of(type);
            yield return Aggregate(
                    prefix + "_bit_and",
                    "bit_and",
                    [type],
                    type,
                    () => Folding((a, b) => Datum.Of(a.Integer & b.Integer))
                )
                .AsTotal();
            yield return Aggregate(
                    prefix + "_bit_or",
                    "bit_or",
                    [type],
                    type,
                    () => Folding((a, b) => Datum.Of(a.Integer | b.Integer))
                )
                .AsTotal();
        }
    }

    private static Fold<Datum> Folding(Func<Datum, Datum, Datum> combine) =>
        new(Datum.Null, (state, a) => state.IsNull ? a[0] : combine(state, a[0]), state => state);

    private static IEnumerable<Function> Spreads()
    {
        (string Name, Spread Spread, bool Sample)[] kinds =
        [
            ("stddev", Spread.Deviation, true),
            ("stddev_samp", Spread.Deviation, true),
            ("stddev_pop", Spread.Deviation, false),
            ("variance", Spread.Variance, true),
            ("var_samp", Spread.Variance, true),
            ("var_pop", Spread.Variance, false),
        ];
        foreach ((string name, Spread spread, bool sample) in kinds)
        {
            foreach (LogicalType type in new[] { LogicalType.Int2, LogicalType.Int4, LogicalType.Int8, N })
            {
                yield return Aggregate(
                    $"{TypeTag.Of(type)}_{name}",
                    name,
                    [type],
                    N,
                    () => new NumericSpread(spread, sample)
                );
            }
            foreach (LogicalType type in new[] { LogicalType.Float4, LogicalType.Float8 })
            {
                yield return Aggregate(
                    $"{TypeTag.Of(type)}_{name}",
                    name,
                    [type],
                    LogicalType.Float8,
                    () => new FloatSpread(spread, sample)
                );
            }
        }
    }

    private static IEnumerable<Function> Collecting()
    {
        LogicalType text = LogicalType.Text;
        yield return Aggregate("string_agg", "string_agg", [text, text], text, StringAgg).AsTotal().AsLax();
        yield return Aggregate("array_agg", "array_agg", [LogicalType.AnyNonArray], LogicalType.AnyArray, null)
            .AsTotal()
            .AsLax()
            .Polymorphic(f => f with { Accumulate = () => ArrayAgg(f.Parameters[0]) });
        foreach (bool binary in new[] { false, true })
        {
            LogicalType json = binary ? LogicalType.Jsonb : LogicalType.Json;
            string prefix = binary ? "jsonb" : "json";
            yield return Aggregate(prefix + "_agg", prefix + "_agg", [LogicalType.AnyElement], json, null)
                .AsLax()
                .Polymorphic(f => f with { Accumulate = () => JsonAgg(f.Parameters[0], binary) });
            yield return Aggregate(
                    prefix + "_object_agg",
                    prefix + "_object_agg",
                    [LogicalType.Any, LogicalType.Any],
                    json,
                    null
                )
                .AsLax()
                .Polymorphic(f =>
                    f with
                    {
                        Accumulate = () => JsonObjectAgg(f.Parameters[0], f.Parameters[1], binary),
                    }
                );
        }
    }

    private static Fold<StringBuilder?> StringAgg() =>
        new(
            null,
            (state, a) =>
            {
                if (!a[0].IsNull)
                {
                    state = state is null ? new StringBuilder() : state.Append(a[1].IsNull ? "" : a[1].Text);
                    state.Append(a[0].Text);
                }
                return state;
            },
            state => state is null ? Datum.Null : Datum.Of(state.ToString())
        );

    private static Fold<List<Datum>> ArrayAgg(LogicalType element) =>
        new(
            [],
            (state, a) =>
            {
                state.Add(a[0]);
                return state;
            },
            state => state.Count == 0 ? Datum.Null : ArrayValue.Of(element, [.. state]).ToDatum()
        );

    private static Fold<StringBuilder?> JsonAgg(LogicalType element, bool binary) =>
        new(
            null,
            (state, a) =>
            {
                state = state is null ? new StringBuilder("[") : state.Append(", ");
                // json_agg starts a new line before an element with parts of its own.
                state.Append(
                    state.Length > 1 && !binary && !a[0].IsNull && element.Kind is TypeKind.Array or TypeKind.Record
                        ? "\n "
                        : ""
                );
                TypeOutput.AppendJson(element, a[0], state);
                return state;
            },
            state => state is null ? Datum.Null : JsonFunctions.Finish(state.Append(']').ToString(), binary)
        );

    private static Fold<StringBuilder?> JsonObjectAgg(LogicalType key, LogicalType value, bool binary) =>
        new(
            null,
            (state, a) =>
            {
                if (a[0].IsNull)
                {
                    return new Error(ErrorCodes.InvalidParameterValue, "field name must not be null");
                }
                state = state is null ? new StringBuilder("{ ") : state.Append(", ");
                JsonNode.WriteString(state, TypeOutput.CastToText(key, a[0]));
                TypeOutput.AppendJson(value, a[1], state.Append(" : "));
                return state;
            },
            state => state is null ? Datum.Null : JsonFunctions.Finish(state.Append(" }").ToString(), binary)
        );
}
