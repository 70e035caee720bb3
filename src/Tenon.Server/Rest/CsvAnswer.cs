using System.Buffers;
using System.Text;
using System.Text.Json;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Server.Rest;

/// <summary>
/// Rows as CSV: a header line, then values in PostgreSQL's text form, NULL as nothing. Made from the rows' JSON, as CSV is
/// asked for seldom; embeds stay JSON in their field.
/// </summary>
internal static class CsvAnswer
{
    /// <summary>header: false for what follows a first part.</summary>
    public static void Write(ReadOnlySpan<byte> rows, RowShape shape, IBufferWriter<byte> output, bool header = true)
    {
        var line = new StringBuilder();
        LogicalType?[] types = [.. shape.Members.Select(m => (m as ValueShape)?.Type)];
        line.AppendJoin(',', header ? shape.Members.Select(m => Quote(m.Name)) : []);
        byte[] whole = [(byte)'[', .. rows, (byte)']'];
        var reader = new Utf8JsonReader(whole);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            line.Append('\n');
            if (reader.TokenType == JsonTokenType.StartObject && !shape.BareValue)
            {
                Row(ref reader, types, line);
            }
            else
            {
                line.Append(Quote(Text(ref reader, types[0])));
            }
        }
        output.Write(Encoding.UTF8.GetBytes(line.ToString()));
    }

    private static void Row(ref Utf8JsonReader reader, LogicalType?[] types, StringBuilder line)
    {
        for (int i = 0; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; i++)
        {
            reader.Read();
            line.Append(i > 0 ? "," : "").Append(Quote(Text(ref reader, i < types.Length ? types[i] : null)));
        }
    }

    /// <summary>Null for NULL, which is written as an empty field; an empty text is quoted.</summary>
    private static string? Text(ref Utf8JsonReader reader, LogicalType? type)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }
        if (type is null || type.IsJson)
        {
            return JsonElement.ParseValue(ref reader).GetRawText();
        }
        return TypeInput.FromJson(type, ref reader).TryGet(out Datum value, out _) ? TypeOutput.ToText(type, value) : "";
    }

    private static string Quote(string? text)
    {
        if (text is null)
        {
            return "";
        }
        bool plain = text.Length > 0 && !text.AsSpan().ContainsAny("\",\r\n");
        return plain ? text : $"\"{text.Replace("\"", "\"\"")}\"";
    }
}
