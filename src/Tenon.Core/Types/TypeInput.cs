using System.Globalization;
using Tenon.Core.Errors;
using Tenon.Core.Types.FullText;

namespace Tenon.Core.Types;

// Text to values: the input function of every logical type, modifiers applied, with PostgreSQL's own errors.

internal static class TypeInput
{
    /// <summary>What PostgreSQL's number and boolean input skips at both ends.</summary>
    public const string Whitespace = " \t\n\r\v\f";

    /// <summary>
    /// Reads one value. <paramref name="time"/> says what 'now' and 'today' mean and which zone an instant without one is in.
    /// </summary>
    public static Outcome<Datum> Parse(LogicalType type, ReadOnlySpan<char> text, SessionTime time = default) =>
        type.Kind switch
        {
            TypeKind.Boolean => TryParseBoolean(text, out bool value) ? Datum.Of(value) : TypeErrors.InvalidSyntax("boolean", text),
            TypeKind.Int2 => Integer(text, "smallint", short.MinValue, short.MaxValue),
            TypeKind.Int4 => Integer(text, "integer", int.MinValue, int.MaxValue),
            TypeKind.Int8 => Integer(text, "bigint", long.MinValue, long.MaxValue),
            TypeKind.Numeric => ParseNumeric(type, text),
            TypeKind.Float4 or TypeKind.Float8 => ParseFloat(text, type.Kind == TypeKind.Float4),
            TypeKind.Text or TypeKind.Unknown => Text(text),
            TypeKind.Varchar or TypeKind.Char => FitText(type, text, isExplicit: false),
            TypeKind.Uuid => TryParseUuid(text, out Guid uuid) ? Datum.Of(uuid.ToString()) : TypeErrors.InvalidSyntax("uuid", text),
            TypeKind.Date => DateTimeText.ParseDate(text, time),
            TypeKind.Time => DateTimeText.ParseTime(text, type.Precision, time),
            TypeKind.Timestamp => DateTimeText.ParseTimestamp(text, withZone: false, type.Precision, time),
            TypeKind.TimestampTz => DateTimeText.ParseTimestamp(text, withZone: true, type.Precision, time),
            TypeKind.Interval => ParseInterval(type, text),
            TypeKind.Json => ParseJson(text.ToString(), binary: false),
            TypeKind.Jsonb => ParseJson(text.ToString(), binary: true),
            TypeKind.Bytea => ByteaText.Parse(text),
            TypeKind.TsVector => TsVector.Parse(text.ToString()).TryGet(out TsVector vector, out Error wrong) ? vector.ToDatum() : wrong,
            TypeKind.TsQuery => TsQuery.Parse(text.ToString()).TryGet(out TsQuery query, out Error wrong) ? query.ToDatum() : wrong,
            TypeKind.RegConfig => SearchConfiguration.ReadName(text),
            TypeKind.Array => ArrayParser.Parse(type.Element!, text, time),
            TypeKind.Enum => ParseEnum(type.Enum!, text),
            TypeKind.Record => ParseJson(text.ToString(), binary: false),
            _ => new Error(ErrorCodes.FeatureNotSupported, $"type {type.SqlName} has no text input"),
        };

    public static Outcome<Datum> Integer(ReadOnlySpan<char> text, string type, long min, long max)
    {
        if (TryParseInt64(text, out long value, out bool overflow) && value >= min && value <= max)
        {
            return Datum.Of(value);
        }
        return overflow || value != 0 ? TypeErrors.TextOutOfRange(type, text) : TypeErrors.InvalidSyntax(type, text);
    }

    /// <summary>Blanks, a sign, decimal digits; nothing else. Allocates nothing.</summary>
    public static bool TryParseInt64(ReadOnlySpan<char> text, out long value, out bool overflow)
    {
        overflow = false;
        value = 0;
        ReadOnlySpan<char> body = text.Trim(Whitespace);
        bool negative = body.StartsWith('-');
        if (negative || body.StartsWith('+'))
        {
            body = body[1..];
        }
        if (body.Length == 0 || body.ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }
        UInt128 magnitude = 0;
        foreach (char c in body)
        {
            magnitude = magnitude * 10 + (uint)(c - '0');
            if (magnitude > (UInt128)long.MaxValue + 1)
            {
                overflow = true;
                return false;
            }
        }
        overflow = !negative && magnitude > long.MaxValue;
        value = overflow ? 0 : negative ? (long)-(Int128)magnitude : (long)magnitude;
        return !overflow;
    }

    /// <summary>true, yes, on, 1 and false, no, off, 0, each also shortened as long as it is unique; case is ignored.</summary>
    public static bool TryParseBoolean(ReadOnlySpan<char> text, out bool value)
    {
        ReadOnlySpan<char> body = text.Trim(Whitespace);
        value = Starts("true", body) || Starts("yes", body) || body is "1" || body.Equals("on", StringComparison.OrdinalIgnoreCase);
        return value
            || Starts("false", body)
            || Starts("no", body)
            || body is "0"
            || (body.Length >= 2 && Starts("off", body));
    }

    private static bool Starts(string word, ReadOnlySpan<char> body) =>
        body.Length > 0 && word.AsSpan().StartsWith(body, StringComparison.OrdinalIgnoreCase);

    /// <summary>Every spelling of a uuid: any case, hyphens after any group of four digits or none, braces around.</summary>
    public static bool TryParseUuid(ReadOnlySpan<char> text, out Guid value)
    {
        value = default;
        if (text.Length == 36 && Guid.TryParseExact(text, "D", out value))
        {
            return true;
        }
        if (text.StartsWith('{') && text.EndsWith('}'))
        {
            text = text[1..^1];
        }
        Span<char> digits = stackalloc char[32];
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '-' && count is > 0 and < 32 && count % 4 == 0 && text[i - 1] != '-')
            {
                continue;
            }
            if (count == 32 || !char.IsAsciiHexDigit(text[i]))
            {
                return false;
            }
            digits[count++] = text[i];
        }
        return count == 32 && Guid.TryParseExact(digits, "N", out value);
    }

    private static Outcome<Datum> ParseNumeric(LogicalType type, ReadOnlySpan<char> text)
    {
        if (!Numeric.Parse(text).TryGet(out Numeric number, out Error error))
        {
            return error;
        }
        return number.Fit(type).TryGet(out Numeric fitted, out error) ? Datum.Of(fitted) : error;
    }

    private static Outcome<Datum> ParseFloat(ReadOnlySpan<char> text, bool single) =>
        FloatText.Parse(text, single).TryGet(out double value, out Error error) ? Datum.Of(value) : error;

    private static Outcome<Datum> ParseInterval(LogicalType type, ReadOnlySpan<char> text) =>
        IntervalParser.Parse(text).TryGet(out Interval value, out Error error)
            ? Datum.Of(value with { Microseconds = DateTimeText.RoundTo(value.Microseconds, type.Precision) })
            : error;

    private static Outcome<Datum> Text(ReadOnlySpan<char> text) =>
        text.Contains('\0') ? TypeErrors.NulCharacter() : Datum.Of(text.ToString());

    /// <summary>
    /// Applies varchar(n) and char(n): char is padded; what is too long is cut when cast explicitly or when only blanks go,
    /// else refused. Without a length (the operand of a comparison) the text is taken as it is.
    /// </summary>
    public static Outcome<Datum> FitText(LogicalType type, ReadOnlySpan<char> text, bool isExplicit)
    {
        if (text.Contains('\0'))
        {
            return TypeErrors.NulCharacter();
        }
        if (type.Length is not { } length)
        {
            return Datum.Of(text.ToString());
        }
        int end = text.Length > length ? CodePoints.IndexOf(text, length) : text.Length;
        if (end < text.Length)
        {
            return isExplicit || !text[end..].ContainsAnyExcept(' ') ? Datum.Of(text[..end].ToString()) : TypeErrors.TooLong(type);
        }
        int missing = type.Kind == TypeKind.Char ? length - CodePoints.Count(text) : 0;
        return Datum.Of(missing > 0 ? string.Concat(text, new string(' ', missing)) : text.ToString());
    }

    public static Outcome<Datum> ParseJson(string text, bool binary)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            return TypeErrors.NulCharacter();
        }
        Outcome<JsonNode> parsed = binary ? JsonParser.ParseBinary(text) : JsonParser.Parse(text);
        return parsed.TryGet(out JsonNode node, out Error error) ? Datum.Of(binary ? node.ToString() : text) : error;
    }

    private static Outcome<Datum> ParseEnum(EnumType type, ReadOnlySpan<char> text)
    {
        foreach (string label in type.Labels)
        {
            if (text.SequenceEqual(label))
            {
                return Datum.Of(label);
            }
        }
        return TypeErrors.EnumLabel(type, text);
    }

    /// <summary>A request body's value, as json_populate_record would take it.</summary>
    public static Outcome<Datum> FromJson(LogicalType type, System.Text.Json.JsonElement value, SessionTime time = default) =>
        JsonInput.FromElement(type, value, time);

    /// <summary>The same from a reader that stands on the value's first token; afterwards it stands on the last.</summary>
    public static Outcome<Datum> FromJson(LogicalType type, ref System.Text.Json.Utf8JsonReader reader, SessionTime time = default) =>
        JsonInput.FromReader(type, ref reader, time);
}
