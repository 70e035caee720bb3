using System.Buffers;
using System.Globalization;
using System.Text;

namespace Tenon.Core.Types;

// Values to text: PostgreSQL's text form (casts to text, CSV) and PostgREST's JSON form (answers). Times are in UTC unless a
// request's zone is given.

internal static class TypeOutput
{
    /// <summary>PostgreSQL's text output. The value must not be NULL.</summary>
    public static string ToText(LogicalType type, Datum value) =>
        type.Kind switch
        {
            TypeKind.Boolean => value.Boolean ? "t" : "f",
            TypeKind.Int2 or TypeKind.Int4 or TypeKind.Int8 => value.Integer.ToString(CultureInfo.InvariantCulture),
            TypeKind.Numeric => value.Numeric.ToString(),
            TypeKind.Float4 or TypeKind.Float8 => FloatText.ToText(value.Double, type.Kind == TypeKind.Float4),
            TypeKind.Date or TypeKind.Time or TypeKind.Timestamp or TypeKind.TimestampTz => DateTimeToText(type, value.Integer),
            TypeKind.Interval => value.Interval.ToString(),
            TypeKind.Bytea => "\\x" + Convert.ToHexStringLower(value.Bytes),
            TypeKind.Array => ArrayValue.Read(type.Element!, value.Text).ToLiteral(),
            TypeKind.Void => "",
            _ => value.Text,
        };

    /// <summary>What a cast to text gives: the output, except that a boolean is spelled out and char loses its padding.</summary>
    public static string CastToText(LogicalType type, Datum value) =>
        type.Kind switch
        {
            TypeKind.Boolean => value.Boolean ? "true" : "false",
            TypeKind.Char => value.Text.TrimEnd(' '),
            _ => ToText(type, value),
        };

    private static string DateTimeToText(LogicalType type, long value)
    {
        Span<byte> bytes = stackalloc byte[JsonText.MaxDateTime];
        int length = type.Kind switch
        {
            TypeKind.Date => DateTimeFormat.Date(value, bytes),
            TypeKind.Time => DateTimeFormat.Time(value, bytes),
            TypeKind.Timestamp => DateTimeFormat.Timestamp(value, (byte)' ', "", bytes),
            _ => DateTimeFormat.Timestamp(value, (byte)' ', "+00", bytes),
        };
        return Encoding.ASCII.GetString(bytes[..length]);
    }

    /// <summary>The text of a value of an answer, in the request's zone.</summary>
    public static string ToText(LogicalType type, Datum value, Zone? zone)
    {
        if (zone is null || type.Kind != TypeKind.TimestampTz || Calendar.IsInfinite(value.Integer))
        {
            return ToText(type, value);
        }
        Span<char> offset = stackalloc char[DateTimeFormat.MaxOffset];
        Span<byte> bytes = stackalloc byte[JsonText.MaxDateTime];
        long east = zone.OffsetAt(value.Integer);
        offset = offset[..DateTimeFormat.Offset(east, shortest: true, offset)];
        return Encoding.ASCII.GetString(bytes[..DateTimeFormat.Timestamp(value.Integer + east, (byte)' ', offset, bytes)]);
    }

    /// <summary>One value of an answer as JSON, in the request's zone.</summary>
    public static void WriteJson(LogicalType type, Datum value, Zone? zone, IBufferWriter<byte> output)
    {
        if (zone is not null && !value.IsNull && type.Kind == TypeKind.TimestampTz)
        {
            output.Advance(JsonText.WriteTimestampTz(value.Integer, zone, output.GetSpan(JsonText.MaxDateTime)));
            return;
        }
        if (zone is not null && !value.IsNull && type is { Kind: TypeKind.Array, Element.Kind: TypeKind.TimestampTz })
        {
            Raw(ZonedTimes.Of(value.Text, zone), output);
            return;
        }
        WriteJson(type, value, output);
    }

    /// <summary>One value as JSON, NULL as null.</summary>
    public static void WriteJson(LogicalType type, Datum value, IBufferWriter<byte> output)
    {
        if (value.IsNull)
        {
            output.Write("null"u8);
            return;
        }
        switch (type.Kind)
        {
            case TypeKind.Json or TypeKind.Jsonb or TypeKind.Array or TypeKind.Record:
                Raw(value.Text, output);
                break;
            case TypeKind.Numeric:
                string digits = value.Numeric.ToString();
                Raw(value.Numeric.IsNaN ? "\"NaN\"" : digits, output);
                break;
            case TypeKind.Interval:
                JsonText.WriteString(value.Interval.ToString().AsSpan(), output);
                break;
            case TypeKind.Bytea:
                output.Advance(JsonText.WriteBytea(value.Bytes, output.GetSpan(2 * value.Bytes.Length + 5)));
                break;
            case TypeKind.Void:
                output.Write("\"\""u8);
                break;
            case var kind when value.Kind == DatumKind.Text:
                JsonText.WriteString(value.Text.AsSpan(), output);
                break;
            default:
                output.Advance(WriteFixed(type.Kind, value, output.GetSpan(JsonText.MaxDateTime)));
                break;
        }
    }

    private static int WriteFixed(TypeKind kind, Datum value, Span<byte> into) =>
        kind switch
        {
            TypeKind.Boolean => JsonText.WriteBoolean(value.Boolean, into),
            TypeKind.Float4 or TypeKind.Float8 => JsonText.WriteFloat(value.Double, kind == TypeKind.Float4, into),
            TypeKind.Date => JsonText.WriteDate(value.Integer, into),
            TypeKind.Time => JsonText.WriteTime(value.Integer, into),
            TypeKind.Timestamp => JsonText.WriteTimestamp(value.Integer, into),
            TypeKind.TimestampTz => JsonText.WriteTimestampTz(value.Integer, into),
            _ => JsonText.WriteInteger(value.Integer, into),
        };

    private static void Raw(string text, IBufferWriter<byte> output)
    {
        Span<byte> span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        output.Advance(Encoding.UTF8.GetBytes(text, span));
    }

    /// <summary>The same JSON, appended to text.</summary>
    public static void AppendJson(LogicalType type, Datum value, StringBuilder into)
    {
        if (value.IsNull)
        {
            into.Append("null");
            return;
        }
        switch (type.Kind)
        {
            case TypeKind.Json or TypeKind.Jsonb or TypeKind.Array or TypeKind.Record:
                into.Append(value.Text);
                break;
            case TypeKind.Numeric when !value.Numeric.IsNaN:
                into.Append(value.Numeric.ToString());
                break;
            case TypeKind.Interval or TypeKind.Numeric or TypeKind.Bytea:
                JsonNode.WriteString(into, ToText(type, value));
                break;
            case var kind when value.Kind == DatumKind.Text:
                JsonNode.WriteString(into, value.Text);
                break;
            default:
                Span<byte> bytes = stackalloc byte[JsonText.MaxDateTime];
                into.Append(Encoding.ASCII.GetString(bytes[..WriteFixed(type.Kind, value, bytes)]));
                break;
        }
    }
}
