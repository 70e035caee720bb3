using System.Buffers;
using System.Text.Json;

namespace Tenon.Server.Rest;

/// <summary>nulls=stripped: the same JSON without the members that are null, at every depth; nulls in arrays stay.</summary>
internal static class StrippedJson
{
    /// <summary>A jsonb may be nested a thousand deep.</summary>
    public static readonly JsonReaderOptions Deep = new() { MaxDepth = 1100 };

    public static void Write(ReadOnlySpan<byte> rows, IBufferWriter<byte> output)
    {
        // Rows are separated by commas: inside brackets they are one value.
        byte[] whole = ArrayPool<byte>.Shared.Rent(rows.Length + 2);
        try
        {
            whole[0] = (byte)'[';
            rows.CopyTo(whole.AsSpan(1));
            whole[rows.Length + 1] = (byte)']';
            var reader = new Utf8JsonReader(whole.AsSpan(0, rows.Length + 2), isFinalBlock: true, new JsonReaderState(Deep));
            reader.Read();
            Elements(ref reader, output);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    private static void Elements(ref Utf8JsonReader reader, IBufferWriter<byte> output)
    {
        bool first = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            output.Write(first ? default : ","u8);
            first = false;
            Value(ref reader, output);
        }
    }

    private static void Value(ref Utf8JsonReader reader, IBufferWriter<byte> output)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartArray:
                output.Write("["u8);
                Elements(ref reader, output);
                output.Write("]"u8);
                break;
            case JsonTokenType.StartObject:
                Members(ref reader, output);
                break;
            case JsonTokenType.String:
                Quoted(reader.ValueSpan, output);
                break;
            default:
                output.Write(reader.ValueSpan);
                break;
        }
    }

    private static void Members(ref Utf8JsonReader reader, IBufferWriter<byte> output)
    {
        output.Write("{"u8);
        bool first = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> name = reader.ValueSpan;
            reader.Read();
            if (reader.TokenType == JsonTokenType.Null)
            {
                continue;
            }
            output.Write(first ? default : ","u8);
            first = false;
            Quoted(name, output);
            output.Write(":"u8);
            Value(ref reader, output);
        }
        output.Write("}"u8);
    }

    // Escapes are copied as they stand.
    private static void Quoted(ReadOnlySpan<byte> escaped, IBufferWriter<byte> output)
    {
        output.Write("\""u8);
        output.Write(escaped);
        output.Write("\""u8);
    }
}
