using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Server.Rest;

/// <summary>
/// A JSON body: one object or an array of objects. It is read twice over the same bytes: for its keys (and its faults),
/// then, when the plan has said which columns they are, for its values.
/// </summary>
internal sealed class JsonPayload : Payload
{
    private readonly RequestBody body;
    private readonly byte[][] keys;

    private JsonPayload(RequestBody body, byte[][] keys, int count)
    {
        this.body = body;
        this.keys = keys;
        Keys = [.. keys.Select(Encoding.UTF8.GetString)];
        Count = count;
    }

    /// <summary>sameKeys: every object must have the keys of the first (there is no ?columns= to say which are meant).</summary>
    public static Outcome<Payload> Read(RequestBody body, bool sameKeys, int maxRows)
    {
        if (Fault(body.Span) is { } fault)
        {
            return fault;
        }
        var reader = new Utf8JsonReader(body.Span, isFinalBlock: true, new JsonReaderState(StrippedJson.Deep));
        reader.Read();
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return new JsonPayload(body, FirstKeys(ref reader), 1);
            case JsonTokenType.StartArray:
                return ReadArray(body, ref reader, sameKeys, maxRows);
            default:
                return Invalid("The body must be a JSON object or an array of objects");
        }
    }

    private static Outcome<Payload> ReadArray(RequestBody body, ref Utf8JsonReader reader, bool sameKeys, int maxRows)
    {
        byte[][]? keys = null;
        int count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                return Invalid("All object keys must match");
            }
            if (++count > maxRows)
            {
                return TooManyRows(maxRows);
            }
            if (keys is null)
            {
                keys = FirstKeys(ref reader);
            }
            else if (sameKeys && !HasKeys(ref reader, keys))
            {
                return Invalid("All object keys must match");
            }
            else if (!sameKeys)
            {
                reader.Skip();
            }
        }
        return new JsonPayload(body, keys ?? [], count);
    }

    private static byte[][] FirstKeys(ref Utf8JsonReader reader)
    {
        var keys = new List<byte[]>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!Contains(keys, ref reader))
            {
                keys.Add(reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan.ToArray());
            }
            reader.Read();
            reader.Skip();
        }
        return [.. keys];
    }

    private static bool Contains(List<byte[]> keys, ref Utf8JsonReader reader)
    {
        foreach (byte[] key in keys)
        {
            if (reader.ValueTextEquals(key))
            {
                return true;
            }
        }
        return false;
    }

    private static bool HasKeys(ref Utf8JsonReader reader, byte[][] keys)
    {
        int next = 0;
        int seen = 0;
        ulong found = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int index = IndexOf(ref reader, keys, next);
            if (index < 0)
            {
                return false;
            }
            ulong bit = index < 64 ? 1UL << index : 0;
            seen += (found & bit) == 0 || bit == 0 ? 1 : 0;
            found |= bit;
            next = index + 1;
            reader.Read();
            reader.Skip();
        }
        return seen == keys.Length;
    }

    /// <summary>Keys usually come in the same order: the next one is tried first.</summary>
    private static int IndexOf(ref Utf8JsonReader reader, byte[][] keys, int next)
    {
        if (next < keys.Length && reader.ValueTextEquals(keys[next]))
        {
            return next;
        }
        for (int i = 0; i < keys.Length; i++)
        {
            if (reader.ValueTextEquals(keys[i]))
            {
                return i;
            }
        }
        return -1;
    }

    public override Outcome<List<Datum[]>> Rows(PayloadRequest request)
    {
        byte[][] names = [.. request.Columns.Select(c => Encoding.UTF8.GetBytes(c.Name))];
        var rows = new List<Datum[]>(request.FirstOnly ? 1 : Count);
        var reader = new Utf8JsonReader(body.Span, isFinalBlock: true, new JsonReaderState(StrippedJson.Deep));
        reader.Read();
        bool isArray = reader.TokenType == JsonTokenType.StartArray;
        while (!isArray || (reader.Read() && reader.TokenType == JsonTokenType.StartObject))
        {
            if (!Row(ref reader, request, names).TryGet(out Datum[] row, out Error error))
            {
                return error;
            }
            rows.Add(row);
            if (!isArray || request.FirstOnly)
            {
                break;
            }
        }
        return rows;
    }

    private static Outcome<Datum[]> Row(ref Utf8JsonReader reader, PayloadRequest request, byte[][] names)
    {
        var row = new Datum[request.Width];
        if (!request.Missing.IsNull)
        {
            foreach (PayloadColumn column in request.Columns)
            {
                row[column.Ordinal] = request.Missing;
            }
        }
        int next = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int index = IndexOf(ref reader, names, next);
            reader.Read();
            if (index < 0)
            {
                reader.Skip();
                continue;
            }
            PayloadColumn column = request.Columns[index];
            if (!TypeInput.FromJson(column.Type, ref reader, request.Time).TryGet(out row[column.Ordinal], out Error error))
            {
                return error;
            }
            next = index + 1;
        }
        return row;
    }

    public override void Dispose() => body.Dispose();

    // ---- faults --------------------------------------------------------------------------------------------------

    /// <summary>What is wrong with a text that should be one JSON value; null when nothing is.</summary>
    public static Error? Fault(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return Invalid("Empty or invalid json");
        }
        if (!Utf8.IsValid(text))
        {
            return Invalid("Empty or invalid json", "The body is not UTF-8");
        }
        try
        {
            var reader = new Utf8JsonReader(text, isFinalBlock: true, new JsonReaderState(StrippedJson.Deep));
            bool escapes = text.IndexOf("\\u"u8) >= 0;
            while (reader.Read())
            {
                if (escapes && reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                {
                    reader.GetString();
                }
            }
            return null;
        }
        catch (JsonException e)
        {
            string place = string.Create(CultureInfo.InvariantCulture, $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}");
            return Invalid("Empty or invalid json", $"Invalid JSON at {place}");
        }
        catch (InvalidOperationException)
        {
            // The reader's way to say that an escape is half a surrogate pair.
            return Invalid("Empty or invalid json", "A \\u escape is half of a surrogate pair");
        }
    }
}
