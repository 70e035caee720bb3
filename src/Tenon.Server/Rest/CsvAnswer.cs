using System.Buffers;
using System.Text;
using System.Text.Json;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Server.Rest;

/// <summary>
/// Rows as CSV: a header line, then values in PostgreSQL's text form, NULL as nothing. Made from the rows' JSON; numbers,
/// texts and JSON are copied, only types whose text differs from their JSON are read as values. Embeds stay JSON in their
/// field.
/// </summary>
internal static class CsvAnswer
{
    /// <summary>header: false for what follows a first part.</summary>
    public static void Write(ReadOnlySpan<byte> rows, RowShape shape, Zone? zone, IBufferWriter<byte> output, bool header = true)
    {
        LogicalType?[] types = [.. shape.Members.Select(m => (m as ValueShape)?.Type)];
        if (header)
        {
            Names(shape, output);
        }
        // Rows are separated by commas: inside brackets they are one value.
        byte[] whole = ArrayPool<byte>.Shared.Rent(rows.Length + 2);
        try
        {
            whole[0] = (byte)'[';
            rows.CopyTo(whole.AsSpan(1));
            whole[rows.Length + 1] = (byte)']';
            Rows(whole.AsSpan(0, rows.Length + 2), types, shape.BareValue, zone, output);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    private static void Names(RowShape shape, IBufferWriter<byte> output)
    {
        for (int i = 0; i < shape.Members.Length; i++)
        {
            output.Write(i > 0 ? ","u8 : default);
            Field(Encoding.UTF8.GetBytes(shape.Members[i].Name), output);
        }
    }

    private static void Rows(ReadOnlySpan<byte> json, LogicalType?[] types, bool bare, Zone? zone, IBufferWriter<byte> output)
    {
        var reader = new Utf8JsonReader(json, isFinalBlock: true, new JsonReaderState(StrippedJson.Deep));
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            output.Write("\n"u8);
            if (bare || reader.TokenType != JsonTokenType.StartObject)
            {
                Value(ref reader, json, types[0], zone, output);
                continue;
            }
            for (int i = 0; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; i++)
            {
                reader.Read();
                output.Write(i > 0 ? ","u8 : default);
                Value(ref reader, json, i < types.Length ? types[i] : null, zone, output);
            }
        }
    }

    private static void Value(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, LogicalType? type, Zone? zone, IBufferWriter<byte> output)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return;
            case var _ when type is null || type.IsJson:
                int start = (int)reader.TokenStartIndex;
                reader.Skip();
                Field(json[start..(int)reader.BytesConsumed], output);
                return;
            case JsonTokenType.Number:
                output.Write(reader.ValueSpan);
                return;
            case JsonTokenType.True or JsonTokenType.False:
                output.Write(reader.TokenType == JsonTokenType.True ? "t"u8 : "f"u8);
                return;
            case JsonTokenType.String when type.IsString || type.Kind is TypeKind.Uuid or TypeKind.Enum:
                Text(ref reader, output);
                return;
            default:
                string text = TypeInput.FromJson(type, ref reader).TryGet(out Datum value, out _) ? TypeOutput.ToText(type, value, zone) : "";
                Field(Encoding.UTF8.GetBytes(text), output);
                return;
        }
    }

    private static void Text(ref Utf8JsonReader reader, IBufferWriter<byte> output)
    {
        if (!reader.ValueIsEscaped)
        {
            Field(reader.ValueSpan, output);
            return;
        }
        byte[] rented = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        int length = reader.CopyString(rented);
        Field(rented.AsSpan(0, length), output);
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>NULL is an empty field, so an empty text is quoted.</summary>
    private static void Field(ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        if (text.Length > 0 && !text.ContainsAny("\",\r\n"u8))
        {
            output.Write(text);
            return;
        }
        output.Write("\""u8);
        for (int quote; (quote = text.IndexOf((byte)'"')) >= 0; text = text[(quote + 1)..])
        {
            output.Write(text[..(quote + 1)]);
            output.Write("\""u8);
        }
        output.Write(text);
        output.Write("\""u8);
    }
}
