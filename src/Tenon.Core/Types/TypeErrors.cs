using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// What PostgreSQL says when a value does not fit a type. The words are its own, so that clients that match on them go on
// working; the text that failed is quoted in the message, as there.

internal static class TypeErrors
{
    public static Error InvalidSyntax(string type, ReadOnlySpan<char> text) =>
        new(ErrorCodes.InvalidText, $"invalid input syntax for type {type}: \"{text}\"");

    public static Error InvalidDatetime(string type, ReadOnlySpan<char> text) =>
        new(ErrorCodes.InvalidDatetime, $"invalid input syntax for type {type}: \"{text}\"");

    public static Error DatetimeField(ReadOnlySpan<char> text, bool dateStyleHint = false) =>
        new(
            ErrorCodes.DatetimeOverflow,
            $"date/time field value out of range: \"{text}\"",
            Hint: dateStyleHint ? "Perhaps you need a different \"datestyle\" setting." : null
        );

    public static Error DatetimeRange(string kind, ReadOnlySpan<char> text) =>
        new(ErrorCodes.DatetimeOverflow, $"{kind} out of range: \"{text}\"");

    public static Error DatetimeRange(string kind) => new(ErrorCodes.DatetimeOverflow, $"{kind} out of range");

    public static Error IntervalField(ReadOnlySpan<char> text) =>
        new(ErrorCodes.IntervalOverflow, $"interval field value out of range: \"{text}\"");

    public static Error ZoneDisplacement(ReadOnlySpan<char> text) =>
        new(ErrorCodes.InvalidTimeZoneDisplacement, $"time zone displacement out of range: \"{text}\"");

    public static Error UnknownZone(ReadOnlySpan<char> zone) =>
        new(ErrorCodes.InvalidParameterValue, $"time zone \"{zone}\" not recognized");

    public static Error SessionZone(string name) =>
        new(ErrorCodes.InvalidParameterValue, $"invalid value for parameter \"TimeZone\": \"{name}\"");

    public static Error LeapSeconds(string name) =>
        new(ErrorCodes.InvalidParameterValue, $"time zone \"{name}\" appears to use leap seconds", "PostgreSQL does not support leap seconds.");

    public static Error TextOutOfRange(string type, ReadOnlySpan<char> text) =>
        new(ErrorCodes.NumericOutOfRange, $"value \"{text}\" is out of range for type {type}");

    public static Error FloatTextOutOfRange(string type, ReadOnlySpan<char> text) =>
        new(ErrorCodes.NumericOutOfRange, $"\"{text}\" is out of range for type {type}");

    public static Error OutOfRange(string type) => new(ErrorCodes.NumericOutOfRange, $"{type} out of range");

    public static Error FloatOverflow() => new(ErrorCodes.NumericOutOfRange, "value out of range: overflow");

    public static Error FloatUnderflow() => new(ErrorCodes.NumericOutOfRange, "value out of range: underflow");

    public static Error NumericOverflow() => new(ErrorCodes.NumericOutOfRange, "value overflows numeric format");

    public static Error NumericField(int precision, int scale) =>
        new(
            ErrorCodes.NumericOutOfRange,
            "numeric field overflow",
            precision == scale
                ? $"A field with precision {precision}, scale {scale} must round to an absolute value less than 1."
                : $"A field with precision {precision}, scale {scale} must round to an absolute value less than 10^{precision - scale}."
        );

    public static Error InfiniteNumeric() =>
        new(ErrorCodes.FeatureNotSupported, "infinite numeric values are not supported");

    public static Error DivisionByZero() => new(ErrorCodes.DivisionByZero, "division by zero");

    public static Error TooLong(LogicalType type) =>
        new(ErrorCodes.StringTooLong, $"value too long for type {type.SqlName}");

    public static Error EnumLabel(EnumType type, ReadOnlySpan<char> text) =>
        // A function that runs inside SQLite knows the labels alone.
        new(ErrorCodes.InvalidText, $"invalid input value for enum{(type.Name.Schema.Length > 0 ? " " + LogicalType.EnumOf(type).SqlName : "")}: \"{text}\"");

    public static Error Json(string detail) =>
        new(ErrorCodes.InvalidText, "invalid input syntax for type json", detail);

    public static Error JsonUnicode(string detail) =>
        new(ErrorCodes.UntranslatableCharacter, "unsupported Unicode escape sequence", detail);

    public static Error ArrayLiteral(ReadOnlySpan<char> text, string detail) =>
        new(ErrorCodes.InvalidText, $"malformed array literal: \"{text}\"", detail);

    public static Error NulCharacter() =>
        new(ErrorCodes.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": 0x00");
}
