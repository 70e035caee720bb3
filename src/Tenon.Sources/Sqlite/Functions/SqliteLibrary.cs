using System.Collections.Concurrent;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Functions;

/// <summary>
/// The function catalogue inside SQLite: every function as tn_&lt;Id&gt; on values in storage form, so that SQLite and the
/// in-memory evaluator compute with the same code. A polymorphic one takes its type tag first.
/// </summary>
internal static class SqliteLibrary
{
    private static readonly ConcurrentDictionary<(string Id, string Tag, int Count), Function> Specialised = new();
    private static readonly ConcurrentDictionary<string, LogicalType> Types = new();

    public static void Register(SqliteConnection connection)
    {
        foreach (Function function in FunctionCatalog.All.Where(f => f.Id != SettingFunctions.SetConfig))
        {
            switch (function.Shape)
            {
                case FunctionShape.Scalar:
                    RegisterScalar(connection, function);
                    break;
                case FunctionShape.Aggregate:
                    RegisterAggregate(connection, function);
                    break;
                case FunctionShape.SetReturning:
                    RegisterRows(connection, function);
                    break;
            }
        }
        RegisterOwn(connection);
        SqliteCalls.Register(connection);
        TextIndexTokens.Register(connection);
        connection.CreateCollation("TN_NUMERIC", CompareNumerics);
        connection.CreateCollation("TN_INTERVAL", (a, b) => Interval(a).CompareTo(Interval(b)));
        connection.CreateCollation("TN_JSONB", JsonbOrder.Compare);
        foreach (LogicalType element in ArrayElements)
        {
            connection.CreateCollation(ArrayCollation(element)!, (a, b) => CompareArrays(element, a, b));
        }
    }

    /// <summary>Names of our orders begin so.</summary>
    public const string OrderPrefix = "TN_";

    /// <summary>The version of our orders: raised by whoever changes how TN_NUMERIC, TN_INTERVAL or TN_JSONB compare.</summary>
    public const string OrderStamp = "1";

    /// <summary>Elements whose arrays have an order here; others (enums) order by their text.</summary>
    private static readonly LogicalType[] ArrayElements =
    [
        LogicalType.Boolean, LogicalType.Int2, LogicalType.Int4, LogicalType.Int8, LogicalType.Numeric, LogicalType.Float4,
        LogicalType.Float8, LogicalType.Text, LogicalType.Uuid, LogicalType.Date, LogicalType.Time, LogicalType.Timestamp,
        LogicalType.TimestampTz, LogicalType.Interval, LogicalType.Jsonb,
    ];

    private static readonly Dictionary<TypeKind, string> ArrayCollations = ArrayElements.ToDictionary(
        e => e.Kind,
        e => "TN_ARRAY_" + e.Kind.ToString().ToUpperInvariant()
    );

    /// <summary>The collation that orders arrays of this element; null when there is none.</summary>
    public static string? ArrayCollation(LogicalType element) =>
        ArrayCollations.GetValueOrDefault(element.Kind == TypeKind.Varchar ? TypeKind.Text : element.Kind);

    // Flat arrays of the common types are compared where they stand; others (several dimensions, dates) are taken apart.
    private static int CompareArrays(LogicalType element, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        left.SequenceEqual(right) ? 0
            : ArrayOrder.Compare(element, left, right) is { } order ? order
            : Ordering.Compare(LogicalType.ArrayOf(element), Datum.Of(Text(left)), Datum.Of(Text(right)));

    private static string Text(ReadOnlySpan<byte> utf8) => System.Text.Encoding.UTF8.GetString(utf8);

    private static FunctionTraits Traits(Function function) =>
        function.Volatility == Volatility.Immutable ? FunctionTraits.Pure : FunctionTraits.None;

    private static Function Resolve(Function function, SqliteArguments arguments, out int skip)
    {
        if (!function.IsPolymorphic)
        {
            skip = 0;
            return function;
        }
        skip = 1;
        return Specialised.GetOrAdd(
            (function.Id, arguments[0].ToString(), arguments.Count - 1),
            static (key, generic) => Define.FromTag(generic, key.Tag, key.Count),
            function
        );
    }

    public static LogicalType TypeOf(string tag) => Types.GetOrAdd(tag, TypeTag.Parse);

    private static void RegisterScalar(SqliteConnection connection, Function function)
    {
        connection.CreateScalar(
            "tn_" + function.Id,
            -1,
            Traits(function),
            (context, arguments) =>
            {
                Function concrete = Resolve(function, arguments, out int skip);
                var values = new Datum[arguments.Count - skip];
                if (Read(concrete, arguments, skip, values))
                {
                    SqliteResults.Set(context, concrete.Evaluate!(values).Value, concrete.Result);
                }
                else
                {
                    context.Null();
                }
            }
        );
    }

    /// <summary>The arguments as datums; false when a strict function met a NULL.</summary>
    private static bool Read(Function function, SqliteArguments arguments, int skip, Datum[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            SqliteValue value = arguments[i + skip];
            if (value.IsNull)
            {
                if (function.Strict)
                {
                    return false;
                }
                values[i] = Datum.Null;
                continue;
            }
            values[i] = SqliteResults.Get(value, function.Parameters[Math.Min(i, function.Parameters.Length - 1)]);
        }
        return true;
    }

    private static void RegisterRows(SqliteConnection connection, Function function)
    {
        connection.CreateScalar(
            "tn_" + function.Id,
            -1,
            FunctionTraits.None,
            (context, arguments) =>
            {
                Function concrete = Resolve(function, arguments, out int skip);
                var values = new Datum[arguments.Count - skip];
                if (!Read(concrete, arguments, skip, values))
                {
                    context.Text("[]"u8);
                    return;
                }
                context.Text(SqliteArrays.Rows(
                    concrete.EvaluateSet!(values).Value,
                    i => concrete.Columns.IsEmpty ? concrete.Result : concrete.Columns[i].Type
                ));
            }
        );
    }

    private static void RegisterAggregate(SqliteConnection connection, Function function) =>
        connection.CreateAggregate("tn_" + function.Id, -1, FunctionTraits.None, () => new Group(function));

    /// <summary>One group of one aggregate.</summary>
    private sealed class Group(Function function) : SqliteAggregate
    {
        private Function? concrete;
        private Accumulator? state;

        public override void Step(SqliteArguments arguments)
        {
            concrete ??= Resolve(function, arguments, out _);
            state ??= concrete.Accumulate!();
            int skip = function.IsPolymorphic ? 1 : 0;
            var values = new Datum[arguments.Count - skip];
            if (Read(concrete, arguments, skip, values) && state.Add(values) is { } error)
            {
                throw error.ToException();
            }
        }

        public override void Inverse(SqliteArguments arguments) =>
            throw Refusals.NotSupported($"{function.Name} over a moving window frame on this source").ToException();

        public override void Result(SqliteContext context)
        {
            if (state is null && function.IsPolymorphic)
            {
                context.Null();
                return;
            }
            concrete ??= function;
            state ??= concrete.Accumulate!();
            SqliteResults.Set(context, state.Finish().Value, concrete.Result);
        }
    }

    // ---- what only SQLite needs ----

    private static void RegisterOwn(SqliteConnection connection)
    {
        connection.CreateScalar("tn_convert", 4, FunctionTraits.Pure, Convert);
        connection.CreateScalar("tn_num", 2, FunctionTraits.Pure, (context, a) =>
        {
            if (a[0].IsNull)
            {
                context.Null();
                return;
            }
            context.Text(new Numeric(a[0].Int64, (int)a[1].Int64).ToString());
        });
        connection.CreateScalar("tn_scale", 3, FunctionTraits.Pure, (context, a) =>
        {
            if (a[0].IsNull)
            {
                context.Null();
                return;
            }
            LogicalType type = LogicalType.NumericOf((int)a[1].Int64, (int)a[2].Int64);
            SqliteResults.Set(context, TypeInput.Parse(type, a[0].ToString()).Value, type);
        });
        connection.CreateScalar("tn_array", -1, FunctionTraits.Pure, (context, a) =>
        {
            LogicalType element = TypeOf(a[0].ToString());
            var items = new Datum[a.Count - 1];
            for (int i = 0; i < items.Length; i++)
            {
                items[i] = a[i + 1].IsNull ? Datum.Null : SqliteResults.Get(a[i + 1], element);
            }
            context.Text(ArrayValue.Of(element, items).ToString());
        });
        connection.CreateScalar("tn_subscript", 3, FunctionTraits.Pure, Subscript);
        connection.CreateScalar("tn_slice", 4, FunctionTraits.Pure, Slice);
        connection.CreateScalar("tn_elements", 2, FunctionTraits.Pure, (context, a) =>
        {
            if (a[1].IsNull)
            {
                context.Text(SqliteArrays.OfNull);
                return;
            }
            context.Text(SqliteArrays.StoredElements(a[1].ToString(), TypeOf(a[0].ToString()), null));
        });
    }

    private static void Convert(SqliteContext context, SqliteArguments a)
    {
        if (a[0].IsNull)
        {
            context.Null();
            return;
        }
        LogicalType from = TypeOf(a[1].ToString());
        LogicalType to = TypeOf(a[2].ToString());
        SqliteResults.Set(context, Conversions.Convert(SqliteResults.Get(a[0], from), from, to, a[3].Int64 != 0).Value, to);
    }

    private static void Subscript(SqliteContext context, SqliteArguments a)
    {
        if (a[1].IsNull || a[2].IsNull)
        {
            context.Null();
            return;
        }
        LogicalType element = TypeOf(a[0].ToString());
        Datum[] items = ArrayValue.Read(element, a[1].ToString()).Items;
        long at = a[2].Int64;
        SqliteResults.Set(context, at >= 1 && at <= items.Length ? items[at - 1] : Datum.Null, element);
    }

    private static void Slice(SqliteContext context, SqliteArguments a)
    {
        if (a[1].IsNull || a[2].IsNull || a[3].IsNull)
        {
            context.Null();
            return;
        }
        LogicalType element = TypeOf(a[0].ToString());
        Datum[] items = ArrayValue.Read(element, a[1].ToString()).Items;
        long from = Math.Max(a[2].Int64, 1), to = Math.Min(a[3].Int64, items.Length);
        context.Text(ArrayValue.Of(element, from > to ? [] : items[(int)(from - 1)..(int)to]).ToString());
    }

    private static int CompareNumerics(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => Number(left).CompareTo(Number(right));

    // Stored by us, so always well formed; anything else sorts as zero rather than raise inside a comparison.
    private static Numeric Number(ReadOnlySpan<byte> utf8) =>
        TypeInput.Parse(LogicalType.Numeric, System.Text.Encoding.UTF8.GetString(utf8)).TryGet(out Datum value, out _)
            ? value.Numeric
            : Numeric.Zero;

    private static Interval Interval(ReadOnlySpan<byte> utf8) =>
        Core.Types.Interval.FromStorage(System.Text.Encoding.UTF8.GetString(utf8));
}
