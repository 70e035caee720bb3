using Tenon.Core.Errors;
using Tenon.Core.Types;
using K = Tenon.Core.Types.TypeKind;

namespace Tenon.Core.Expressions.Functions;

// How one value is converted. Engines without a form of their own call an extension function of the name Id with the
// value, both type tags and whether the cast was written out: convert(x, 'int4', 'numeric(5,2)', 1).
internal static partial class Conversions
{
    public const string Id = "convert";

    /// <summary>An untyped literal as a value of a type.</summary>
    public static Outcome<Datum> Parse(string text, LogicalType type, long? now = null) =>
        TypeInput.Parse(type, text, now);

    /// <summary>
    /// Converts a value and applies the target's modifiers. An explicit cast to varchar(n) or char(n) cuts what is too long;
    /// an assignment refuses it.
    /// </summary>
    public static Outcome<Datum> Convert(Datum value, LogicalType from, LogicalType to, bool isExplicit)
    {
        if (value.IsNull)
        {
            return value;
        }
        if (from.IsString || from.Kind == K.Unknown)
        {
            return FromText(value, from, to, isExplicit);
        }
        if (to.IsString)
        {
            string text = TypeOutput.CastToText(from, value);
            return to.Kind == K.Text ? Datum.Of(text) : TypeInput.FitText(to, text, isExplicit);
        }
        return to.Kind switch
        {
            K.Int2 or K.Int4 or K.Int8 => ToInteger(value, from, to),
            K.Numeric => ToNumeric(value, from, to),
            K.Float4 or K.Float8 => ToFloat(value, from, to),
            K.Boolean => ToBoolean(value, from),
            K.Date or K.Time or K.Timestamp or K.TimestampTz or K.Interval => ToDateTime(value, from, to),
            K.Json => value,
            K.Jsonb => from.Kind == K.Jsonb ? value : TypeInput.ParseJson(value.Text, binary: true),
            K.Array => ToArray(value, from, to, isExplicit),
            _ => value,
        };
    }

    /// <summary>The conversion never raises, whatever the value.</summary>
    public static bool IsTotal(LogicalType from, LogicalType to)
    {
        if (to.Kind == K.Array)
        {
            return from.Kind == K.Array && IsTotal(from.Element!, to.Element!);
        }
        bool plain = to.Length is null && (to.Precision is null || to.Kind != K.Numeric);
        if (to.IsString)
        {
            return plain;
        }
        return plain
            && (
                from.Kind == to.Kind
                || (
                    from.IsInteger
                    && (to.Kind is K.Numeric or K.Float4 or K.Float8 || (to.IsInteger && to.Kind > from.Kind))
                )
                || (from.Kind, to.Kind)
                    is
                        (K.Boolean, K.Int4)
                        or
                        (K.Int4, K.Boolean)
                        or
                        (K.Float4, K.Float8)
                        or
                        (K.Timestamp or K.TimestampTz, K.Date or K.Time or K.Timestamp or K.TimestampTz)
                        or
                        (K.Time, K.Interval)
                        or
                        (K.Interval, K.Time)
                        or
                        (K.Jsonb, K.Json)
            );
    }

    /// <summary>Both types hold the value in the same way and the target has no modifiers: nothing is to be done.</summary>
    public static bool IsNoOp(LogicalType from, LogicalType to) =>
        to.Length is null
        && to.Precision is null
        && (
            from.Kind == to.Kind && from.Kind is not (K.Array or K.Char)
            || (from.Kind is K.Text or K.Varchar && to.Kind is K.Text or K.Varchar)
            || (from.Kind == K.Enum && to.Kind is K.Text or K.Varchar)
            || (from.IsInteger && to.IsInteger && to.Kind > from.Kind)
            || (from.Kind, to.Kind)
                is
                    (K.Timestamp, K.TimestampTz)
                    or
                    (K.TimestampTz, K.Timestamp)
                    or
                    (K.Jsonb, K.Json)
                    or
                    (K.Float4, K.Float8)
            || (from.Kind == K.Array && to.Kind == K.Array && from.Element!.Equals(to.Element))
        );

    private static Outcome<Datum> FromText(Datum value, LogicalType from, LogicalType to, bool isExplicit)
    {
        string text = from.Kind == K.Char && to.Kind != K.Char ? value.Text.TrimEnd(' ') : value.Text;
        return to.Kind is K.Varchar or K.Char ? TypeInput.FitText(to, text, isExplicit)
            : to.Kind == K.Text ? Datum.Of(text)
            : TypeInput.Parse(to, text);
    }

    private static Outcome<Datum> ToInteger(Datum value, LogicalType from, LogicalType to)
    {
        (long min, long max) = to.Kind switch
        {
            K.Int2 => (short.MinValue, short.MaxValue),
            K.Int4 => (int.MinValue, int.MaxValue),
            _ => (long.MinValue, long.MaxValue),
        };
        switch (from.Kind)
        {
            case K.Numeric:
                return value.Numeric.IsNaN
                        ? new Error(ErrorCodes.FeatureNotSupported, $"cannot convert NaN to {to.SqlName}")
                    : value.Numeric.ToInteger(min, max) is { } rounded ? Datum.Of(rounded)
                    : TypeErrors.OutOfRange(to.SqlName);
            case K.Float4 or K.Float8:
                double whole = Math.Round(value.Double, MidpointRounding.ToEven);
                return whole >= min && whole < (double)max + (to.Kind == K.Int8 ? 0 : 1)
                    ? Datum.Of((long)whole)
                    : TypeErrors.OutOfRange(to.SqlName);
            case K.Jsonb:
                return JsonNumber(value, to).TryGet(out Datum number, out Error error)
                    ? ToInteger(number, LogicalType.Numeric, to)
                    : error;
            default:
                return value.Integer >= min && value.Integer <= max ? value : TypeErrors.OutOfRange(to.SqlName);
        }
    }

    private static Outcome<Datum> ToNumeric(Datum value, LogicalType from, LogicalType to)
    {
        Outcome<Numeric> number = from.Kind switch
        {
            K.Numeric => value.Numeric,
            K.Float4 or K.Float8 => Numeric.FromDouble(value.Double, from.Kind == K.Float4 ? 6 : 15),
            K.Jsonb => JsonNumber(value, to).TryGet(out Datum n, out Error e) ? n.Numeric : e,
            _ => Numeric.Of(value.Integer),
        };
        return number.TryGet(out Numeric exact, out Error error) ? NumericFunctions.Wrap(exact.Fit(to)) : error;
    }

    private static Outcome<Datum> ToFloat(Datum value, LogicalType from, LogicalType to)
    {
        bool single = to.Kind == K.Float4;
        switch (from.Kind)
        {
            case K.Numeric:
                Outcome<double> parsed = FloatText.Parse(value.Numeric.ToString(), single);
                return parsed.TryGet(out double exact, out Error error) ? Datum.Of(exact) : error;
            case K.Jsonb:
                return JsonNumber(value, to).TryGet(out Datum number, out error)
                    ? ToFloat(number, LogicalType.Numeric, to)
                    : error;
            case K.Float4 or K.Float8:
                double narrow = single ? (float)value.Double : value.Double;
                return double.IsInfinity(narrow) && !double.IsInfinity(value.Double) ? TypeErrors.FloatOverflow()
                    : narrow == 0 && value.Double != 0 ? TypeErrors.FloatUnderflow()
                    : Datum.Of(narrow);
            default:
                return Datum.Of(single ? (float)value.Integer : (double)value.Integer);
        }
    }

    private static Outcome<Datum> ToBoolean(Datum value, LogicalType from)
    {
        if (from.Kind != K.Jsonb)
        {
            return Datum.Of(value.Integer != 0);
        }
        JsonNode node = JsonParser.Stored(value.Text);
        return node.Kind is JsonKind.True or JsonKind.False
            ? Datum.Of(node.Kind == JsonKind.True)
            : NoJsonCast(node, LogicalType.Boolean);
    }

    private static Outcome<Datum> JsonNumber(Datum value, LogicalType to)
    {
        JsonNode node = JsonParser.Stored(value.Text);
        return node.Kind == JsonKind.Number ? NumericFunctions.Wrap(Numeric.Parse(node.Text)) : NoJsonCast(node, to);
    }

    private static Error NoJsonCast(JsonNode node, LogicalType to)
    {
        string kind = node.Kind switch
        {
            JsonKind.Null => "null",
            JsonKind.String => "string",
            JsonKind.Number => "numeric",
            JsonKind.Array => "array",
            JsonKind.Object => "object",
            _ => "boolean",
        };
        return new Error(ErrorCodes.InvalidParameterValue, $"cannot cast jsonb {kind} to type {to.Unmodified.SqlName}");
    }

    private static Outcome<Datum> ToDateTime(Datum value, LogicalType from, LogicalType to)
    {
        if (to.Kind == K.Interval)
        {
            Interval span = from.Kind == K.Time ? new Interval(0, 0, value.Integer) : value.Interval;
            return Datum.Of(span with { Microseconds = DateTimeText.RoundTo(span.Microseconds, to.Precision) });
        }
        if (from.Kind == K.Interval)
        {
            long rest = value.Interval.Microseconds % Calendar.MicrosPerDay;
            return Datum.Of(DateTimeText.RoundTo(rest < 0 ? rest + Calendar.MicrosPerDay : rest, to.Precision));
        }
        long moment = value.Integer;
        if (from.Kind == K.Date && to.Kind != K.Date)
        {
            return DateTimeMath.DateToTimestamp(moment).TryGet(out long start, out Error error)
                ? Datum.Of(start)
                : error;
        }
        if (Calendar.IsInfinite(moment))
        {
            return to.Kind == K.Time ? Datum.Null : value;
        }
        return to.Kind switch
        {
            K.Date => from.Kind == K.Date ? value : Datum.Of(Calendar.Split(moment).Days),
            K.Time => Datum.Of(
                DateTimeText.RoundTo(from.Kind == K.Time ? moment : Calendar.Split(moment).Micros, to.Precision)
            ),
            _ => Datum.Of(DateTimeText.RoundTo(moment, to.Precision)),
        };
    }

    private static Outcome<Datum> ToArray(Datum value, LogicalType from, LogicalType to, bool isExplicit)
    {
        if (from.Kind != K.Array || from.Element!.Equals(to.Element))
        {
            return value;
        }
        ArrayValue array = ArrayValue.Read(from.Element!, value.Text);
        var items = new Datum[array.Items.Length];
        for (int i = 0; i < items.Length; i++)
        {
            if (!Convert(array.Items[i], from.Element!, to.Element!, isExplicit).TryGet(out items[i], out Error error))
            {
                return error;
            }
        }
        return ArrayValue.Of(to.Element!, items, array.Dimensions).Value.ToDatum();
    }
}
