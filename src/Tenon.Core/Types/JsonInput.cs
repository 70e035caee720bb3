using System.Buffers;
using System.Text;
using System.Text.Json;
using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// JSON of a request body to values, by the rules of json_populate_record: numbers, strings and booleans go by way of their
// text, objects and arrays are kept for json types, JSON arrays become arrays, null is NULL.

internal static class JsonInput
{
    private const int StackChars = 256;

    public static Outcome<Datum> FromElement(LogicalType type, JsonElement value, SessionTime time)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Null or JsonValueKind.Undefined:
                return Datum.Null;
            case JsonValueKind.String when !type.IsJson:
                return TypeInput.Parse(type, value.GetString(), time);
            case JsonValueKind.True or JsonValueKind.False when type.Kind == TypeKind.Boolean:
                return Datum.Of(value.ValueKind == JsonValueKind.True);
            default:
                return FromText(type, value.GetRawText(), time);
        }
    }

    public static Outcome<Datum> FromReader(LogicalType type, ref Utf8JsonReader reader, SessionTime time)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return Datum.Null;
            case JsonTokenType.True or JsonTokenType.False when type.Kind == TypeKind.Boolean:
                return Datum.Of(reader.TokenType == JsonTokenType.True);
            case JsonTokenType.String when !type.IsJson:
                return FromString(type, ref reader, time);
            case JsonTokenType.Number when !type.IsJson && !reader.HasValueSequence && reader.ValueSpan.Length <= StackChars:
                Span<char> digits = stackalloc char[StackChars];
                int length = Encoding.UTF8.GetChars(reader.ValueSpan, digits);
                return Scalar(type, digits[..length], time);
            default:
                return FromText(type, JsonElement.ParseValue(ref reader).GetRawText(), time);
        }
    }

    private static Outcome<Datum> FromString(LogicalType type, ref Utf8JsonReader reader, SessionTime time)
    {
        int size = reader.HasValueSequence ? checked((int)reader.ValueSequence.Length) : reader.ValueSpan.Length;
        if (type.Kind is TypeKind.Text or TypeKind.Varchar && type.Length is null)
        {
            string text = reader.GetString()!;
            return text.Contains('\0', StringComparison.Ordinal) ? Nul() : Datum.Of(text);
        }
        char[]? rented = size > StackChars ? ArrayPool<char>.Shared.Rent(size) : null;
        try
        {
            Span<char> chars = rented ?? stackalloc char[StackChars];
            int length = reader.CopyString(chars);
            return chars[..length].Contains('\0') ? Nul() : TypeInput.Parse(type, chars[..length], time);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<char>.Shared.Return(rented);
            }
        }
    }

    private static Error Nul() => TypeErrors.JsonUnicode("\\u0000 cannot be converted to text.");

    private static Outcome<Datum> FromText(LogicalType type, string json, SessionTime time)
    {
        if (type.IsJson)
        {
            return TypeInput.ParseJson(json, type.Kind == TypeKind.Jsonb);
        }
        return JsonParser.ParseBinary(json).TryGet(out JsonNode node, out Error error)
            ? FromNode(type, JsonParser.Stored(json), json, time)
            : error;
    }

    /// <summary>A parsed value (as json, so that its text is verbatim) to a type.</summary>
    public static Outcome<Datum> FromNode(LogicalType type, JsonNode node, string text, SessionTime time)
    {
        if (node.Kind == JsonKind.Null)
        {
            return Datum.Null;
        }
        string raw = text[node.Start..node.End];
        if (type.IsJson)
        {
            return TypeInput.ParseJson(raw, type.Kind == TypeKind.Jsonb);
        }
        if (type.Kind == TypeKind.Array && node.Kind == JsonKind.Array)
        {
            return FromArray(type.Element!, node, text, time);
        }
        if (type.Kind == TypeKind.Array && node.Kind != JsonKind.String)
        {
            return new Error(ErrorCodes.InvalidText, "expected JSON array");
        }
        return node.Kind == JsonKind.String ? TypeInput.Parse(type, node.Text, time) : Scalar(type, raw, time);
    }

    private static Outcome<Datum> FromArray(LogicalType element, JsonNode node, string text, SessionTime time)
    {
        var items = new List<Datum>();
        var dimensions = new List<int>();
        return Collect(element, node, text, time, 0, items, dimensions) is { } error
            ? error
            : ArrayValue.Of(element, [.. items], items.Count == 0 ? [] : [.. dimensions]).TryGet(out ArrayValue array, out Error ragged)
                ? array.ToDatum()
                : ragged;
    }

    private static Error? Collect(LogicalType element, JsonNode node, string text, SessionTime time, int level, List<Datum> items, List<int> dimensions)
    {
        if (dimensions.Count == level)
        {
            dimensions.Add(node.Items.Count);
        }
        foreach (JsonNode item in node.Items)
        {
            if (item.Kind == JsonKind.Array && !element.IsJson)
            {
                if (Collect(element, item, text, time, level + 1, items, dimensions) is { } inner)
                {
                    return inner;
                }
                continue;
            }
            if (!FromNode(element, item, text, time).TryGet(out Datum value, out Error error))
            {
                return error;
            }
            items.Add(value);
        }
        return null;
    }

    // true and 1 are texts like any other to an integer or text column.
    private static Outcome<Datum> Scalar(LogicalType type, ReadOnlySpan<char> text, SessionTime time) =>
        TypeInput.Parse(type, text, time);
}
