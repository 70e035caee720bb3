using Tenon.Core.Errors;
using Tenon.Core.Types;
using static Tenon.Core.Expressions.Functions.Define;

namespace Tenon.Core.Expressions.Functions;

// Arrays (one dimension) and the functions that give rows.
internal static class ArrayFunctions
{
    private static readonly LogicalType A = LogicalType.AnyArray;
    private static readonly LogicalType E = LogicalType.AnyElement;
    private static readonly LogicalType I = LogicalType.Int4;
    private static readonly LogicalType B = LogicalType.Boolean;
    private static readonly LogicalType T = LogicalType.Text;

    public static IEnumerable<Function> Functions() =>
        [
            .. Asking(),
            .. Making(),
            .. Changing(),
            .. Texts(),
            .. Bounds(),
            .. PlainRows(),
            .. JsonRows(),
            .. StorageNames(),
        ];

    private static Datum[] Items(LogicalType array, Datum value) => ArrayValue.Read(array.Element!, value.Text).Items;

    private static Datum[] Lax(LogicalType array, Datum value) => value.IsNull ? [] : Items(array, value);

    private static Datum Array(LogicalType array, IEnumerable<Datum> items) =>
        ArrayValue.Of(array.Element!, [.. items]).ToDatum();

    private static bool Has(LogicalType array, Datum[] items, Datum wanted) =>
        items.Any(i => !i.IsNull && !wanted.IsNull && Ordering.AreEqual(array.Element!, i, wanted));

    private static IEnumerable<Function> Asking()
    {
        yield return Total("cardinality", "cardinality", [A], I, null!)
            .Polymorphic(t => a => Datum.Of(Items(t[0], a[0]).Length));
        yield return Total("array_length", "array_length", [A, I], I, null!)
            .Polymorphic(t =>
                a =>
                    Items(t[0], a[0]) is { Length: > 0 } items && a[1].Integer == 1
                        ? Datum.Of(items.Length)
                        : Datum.Null
            );
        yield return (Infix("array_contains", "@>", A, A, B, null!) with { Total = true }).Polymorphic(t =>
            a => Datum.Of(Covers(t[0], Items(t[0], a[0]), Items(t[0], a[1])))
        );
        yield return (Infix("array_contained", "<@", A, A, B, null!) with { Total = true }).Polymorphic(t =>
            a => Datum.Of(Covers(t[0], Items(t[0], a[1]), Items(t[0], a[0])))
        );
        yield return (Infix("array_overlaps", "&&", A, A, B, null!) with { Total = true }).Polymorphic(t =>
            a => Datum.Of(Overlaps(t[0], Items(t[0], a[0]), Items(t[0], a[1])))
        );
        yield return Total("array_position", "array_position", [A, E], I, null!)
            .AsLax()
            .Polymorphic(t => a => a[0].IsNull ? a[0] : Position(t[0], Items(t[0], a[0]), a[1]));
    }

    private static bool Covers(LogicalType type, Datum[] all, Datum[] some) =>
        System.Array.TrueForAll(some, s => Has(type, all, s));

    private static bool Overlaps(LogicalType type, Datum[] left, Datum[] right) =>
        System.Array.Exists(right, r => Has(type, left, r));

    private static Datum Position(LogicalType type, Datum[] items, Datum wanted)
    {
        int at = System.Array.FindIndex(
            items,
            i => wanted.IsNull || i.IsNull ? wanted.IsNull && i.IsNull : Ordering.AreEqual(type.Element!, i, wanted)
        );
        return at < 0 ? Datum.Null : Datum.Of(at + 1);
    }

    private static IEnumerable<Function> Making()
    {
        yield return (
            Infix("array_prepend_op", "||", E, A, A, null!) with
            {
                Total = true,
                Strict = false,
            }
        ).Polymorphic(t => a => Array(t[1], [a[0], .. Lax(t[1], a[1])]));
        yield return (Infix("array_concat", "||", A, A, A, null!) with { Total = true, Strict = false }).Polymorphic(
            t => a => a[0].IsNull && a[1].IsNull ? Datum.Null : Array(t[0], [.. Lax(t[0], a[0]), .. Lax(t[0], a[1])])
        );
        yield return (Infix("array_append_op", "||", A, E, A, null!) with { Total = true, Strict = false }).Polymorphic(
            t => a => Array(t[0], [.. Lax(t[0], a[0]), a[1]])
        );
        yield return Total("array_append", "array_append", [A, E], A, null!)
            .AsLax()
            .Polymorphic(t => a => Array(t[0], [.. Lax(t[0], a[0]), a[1]]));
        yield return Total("array_prepend", "array_prepend", [E, A], A, null!)
            .AsLax()
            .Polymorphic(t => a => Array(t[1], [a[0], .. Lax(t[1], a[1])]));
        yield return Total("array_cat", "array_cat", [A, A], A, null!)
            .AsLax()
            .Polymorphic(t =>
                a => a[0].IsNull && a[1].IsNull ? Datum.Null : Array(t[0], [.. Lax(t[0], a[0]), .. Lax(t[0], a[1])])
            );
    }

    private static IEnumerable<Function> Changing()
    {
        yield return Total("array_remove", "array_remove", [A, E], A, null!)
            .AsLax()
            .Polymorphic(t => a => a[0].IsNull ? a[0] : Remove(t[0], Items(t[0], a[0]), a[1]));
        yield return Total("array_replace", "array_replace", [A, E, E], A, null!)
            .AsLax()
            .Polymorphic(t => a => a[0].IsNull ? a[0] : Replace(t[0], Items(t[0], a[0]), a[1], a[2]));
    }

    private static IEnumerable<Function> Bounds()
    {
        yield return Total("array_upper", "array_upper", [A, I], I, null!)
            .Polymorphic(t =>
                a =>
                    Items(t[0], a[0]) is { Length: > 0 } items && a[1].Integer == 1
                        ? Datum.Of(items.Length)
                        : Datum.Null
            );
        yield return Total("array_lower", "array_lower", [A, I], I, null!)
            .Polymorphic(t => a => Items(t[0], a[0]).Length > 0 && a[1].Integer == 1 ? Datum.Of(1) : Datum.Null);
    }

    private static IEnumerable<Function> Texts()
    {
        yield return Total("array_to_string", "array_to_string", [A, T], T, null!)
            .Polymorphic(t => a => Join(t[0], Items(t[0], a[0]), a[1].Text));
        yield return Total("array_to_string_null", "array_to_string", [A, T, T], T, null!)
            .AsLax()
            .Polymorphic(t =>
                a =>
                    a[0].IsNull || a[1].IsNull
                        ? Datum.Null
                        : Join(t[0], Items(t[0], a[0]), a[1].Text, a[2].IsNull ? null : a[2].Text)
            );
        yield return Total(
                "string_to_array",
                "string_to_array",
                [T, T],
                LogicalType.ArrayOf(T),
                a => a[0].IsNull ? a[0] : Split(a[0].Text, a[1].IsNull ? null : a[1].Text)
            )
            .AsLax();
    }

    private static Datum Remove(LogicalType type, Datum[] items, Datum gone) =>
        Array(
            type,
            items.Where(i =>
                gone.IsNull || i.IsNull ? gone.IsNull != i.IsNull : !Ordering.AreEqual(type.Element!, i, gone)
            )
        );

    private static Datum Replace(LogicalType type, Datum[] items, Datum old, Datum with) =>
        Array(
            type,
            items.Select(i =>
                (old.IsNull || i.IsNull ? old.IsNull && i.IsNull : Ordering.AreEqual(type.Element!, i, old)) ? with : i
            )
        );

    private static Datum Join(LogicalType type, Datum[] items, string between, string? forNull = null) =>
        Datum.Of(
            string.Join(
                between,
                items
                    .Where(i => !i.IsNull || forNull is not null)
                    .Select(i => i.IsNull ? forNull! : TypeOutput.ToText(type.Element!, i))
            )
        );

    // Without a delimiter every character is an item.
    private static Datum Split(string text, string? by) =>
        Array(
            LogicalType.ArrayOf(T),
            text.Length == 0
                ? []
                : (
                    by is null ? text.EnumerateRunes().Select(r => r.ToString())
                    : by.Length == 0 ? [text]
                    : text.Split(by)
                ).Select(Datum.Of)
        );

    // ---- rows ----

    private static Function Set(
        string id,
        string name,
        LogicalType[] parameters,
        LogicalType result,
        SetEvaluation? evaluate
    ) =>
        new(id, name, [.. parameters], result)
        {
            Shape = FunctionShape.SetReturning,
            EvaluateSet = evaluate,
            Columns = [new RowField(name, result)],
        };

    private static IEnumerable<Function> PlainRows()
    {
        foreach (LogicalType type in new[] { LogicalType.Int4, LogicalType.Int8 })
        {
            string p = TypeTag.Of(type);
            yield return Set(
                p + "_series",
                "generate_series",
                [type, type],
                type,
                a => Series(a[0].Integer, a[1].Integer, 1)
            );
            yield return Set(
                p + "_series_step",
                "generate_series",
                [type, type, type],
                type,
                a => Series(a[0].Integer, a[1].Integer, a[2].Integer)
            );
        }
        Function unnest = Set("unnest", "unnest", [A], E, null);
        yield return unnest.Polymorphic(f =>
            f with
            {
                Columns = [new RowField("unnest", f.Result)],
                EvaluateSet = a => One(Items(f.Parameters[0], a[0])),
            }
        );
    }

    private static IEnumerable<Function> JsonRows()
    {
        foreach (bool binary in new[] { false, true })
        {
            LogicalType json = binary ? LogicalType.Jsonb : LogicalType.Json;
            string p = binary ? "jsonb" : "json";
            yield return Set(
                p + "_array_elements",
                p + "_array_elements",
                [json],
                json,
                a => Elements(a[0], false)
            ) with
            {
                Columns = [new RowField("value", json)],
            };
            yield return Set(
                p + "_array_elements_text",
                p + "_array_elements_text",
                [json],
                T,
                a => Elements(a[0], true)
            ) with
            {
                Columns = [new RowField("value", T)],
            };
            yield return Set(
                p + "_object_keys",
                p + "_object_keys",
                [json],
                T,
                a => One(JsonParser.Stored(a[0].Text).Members.Select(m => Datum.Of(m.Key)))
            );
            yield return Set(p + "_each", p + "_each", [json], LogicalType.Record, a => Each(a[0], false)) with
            {
                Columns = [new RowField("key", T), new RowField("value", json)],
            };
            yield return Set(p + "_each_text", p + "_each_text", [json], LogicalType.Record, a => Each(a[0], true)) with
            {
                Columns = [new RowField("key", T), new RowField("value", T)],
            };
        }
    }

    private static Outcome<IReadOnlyList<Datum[]>> One(IEnumerable<Datum> values) =>
        Rows(values.Select(v => new[] { v }));

    private static Outcome<IReadOnlyList<Datum[]>> Rows(IEnumerable<Datum[]> rows)
    {
        IReadOnlyList<Datum[]> list = [.. rows];
        return Outcome<IReadOnlyList<Datum[]>>.Of(list);
    }

    private static Outcome<IReadOnlyList<Datum[]>> Series(long from, long to, long step)
    {
        if (step == 0)
        {
            return new Error(ErrorCodes.InvalidParameterValue, "step size cannot equal zero");
        }
        if (((Int128)to - from) / step > 1_000_000)
        {
            return new Error(ErrorCodes.ProgramLimitExceeded, "generate_series would give more than 1,000,000 rows");
        }
        var rows = new List<Datum[]>();
        for (Int128 i = from; step > 0 ? i <= to : i >= to; i += step)
        {
            rows.Add([Datum.Of((long)i)]);
        }
        return Rows(rows);
    }

    private static Outcome<IReadOnlyList<Datum[]>> Elements(Datum json, bool text)
    {
        JsonNode node = JsonParser.Stored(json.Text);
        return node.Kind == JsonKind.Array
            ? One(node.Items.Select(i => Value(i, text)))
            : new Error(
                ErrorCodes.InvalidParameterValue,
                $"cannot extract elements from {(node.Kind == JsonKind.Object ? "an object" : "a scalar")}"
            );
    }

    private static Outcome<IReadOnlyList<Datum[]>> Each(Datum json, bool text)
    {
        JsonNode node = JsonParser.Stored(json.Text);
        return node.Kind == JsonKind.Object
            ? Rows(node.Members.Select(m => new[] { Datum.Of(m.Key), Value(m.Value, text) }))
            : new Error(ErrorCodes.InvalidParameterValue, "cannot deconstruct a value that is not an object");
    }

    private static Datum Value(JsonNode node, bool text) =>
        !text ? Datum.Of(node.ToString())
        : node.Kind == JsonKind.Null ? Datum.Null
        : Datum.Of(node.Kind == JsonKind.String ? node.Text : node.ToString());

    // ---- storage.foldername and friends: what policies on files ask ----

    private static IEnumerable<Function> StorageNames()
    {
        yield return Total(
            "storage_foldername",
            "storage.foldername",
            [T],
            LogicalType.ArrayOf(T),
            a => Array(LogicalType.ArrayOf(T), a[0].Text.Split('/').SkipLast(1).Select(Datum.Of))
        );
        yield return Total("storage_filename", "storage.filename", [T], T, a => Datum.Of(a[0].Text.Split('/')[^1]));
        yield return Total(
            "storage_extension",
            "storage.extension",
            [T],
            T,
            a => Datum.Of(a[0].Text.Split('/')[^1].Split('.')[^1])
        );
    }
}
