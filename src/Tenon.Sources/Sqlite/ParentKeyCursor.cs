using System.Buffers.Text;
using System.Text.Json;

namespace Tenon.Sources.Sqlite;

/// <summary>
/// Goes over the parents' keys as the result writer wrote them: a JSON array without blanks of numbers, strings and nulls, or
/// of arrays of them where a key has several columns.
/// </summary>
internal struct ParentKeyCursor(ReadOnlyMemory<byte> keys)
{
    // Behind the opening bracket; at a key, or at the closing bracket.
    private int at = 1;

    /// <summary>The position of the parent, from 0.</summary>
    public int Ordinal { get; private set; } = -1;

    /// <summary>Moves to the next key; false behind the last.</summary>
    public bool Next()
    {
        ReadOnlySpan<byte> text = keys.Span;
        if (at >= text.Length || text[at] == ']')
        {
            return false;
        }
        Ordinal++;
        at += text[at] == ',' ? 1 : 0;
        return true;
    }

    /// <summary>Puts the parts of this key into the statement's parameters, and goes behind it.</summary>
    public void Bind(SqliteStatement statement, int[] places)
    {
        ReadOnlySpan<byte> text = keys.Span;
        bool several = places.Length > 1;
        foreach (int place in places)
        {
            at += several ? 1 : 0;
            at += Bind(statement, place, text[at..]);
        }
        at += several ? 1 : 0;
    }

    // Length of the value.
    private static int Bind(SqliteStatement statement, int place, ReadOnlySpan<byte> value)
    {
        switch (value[0])
        {
            case (byte)'"':
                return BindString(statement, place, value);
            case (byte)'n':
                statement.BindNull(place);
                return "null"u8.Length;
            default:
                ReadOnlySpan<byte> number = value[..value.IndexOfAny((byte)',', (byte)']')];
                if (Utf8Parser.TryParse(number, out long integer, out int read) && read == number.Length)
                {
                    statement.Bind(place, integer);
                }
                else
                {
                    _ = Utf8Parser.TryParse(number, out double real, out _);
                    statement.Bind(place, real);
                }
                return number.Length;
        }
    }

    private static int BindString(SqliteStatement statement, int place, ReadOnlySpan<byte> value)
    {
        int end = value[1..].IndexOfAny((byte)'"', (byte)'\\') + 1;
        if (value[end] == '"')
        {
            statement.BindText(place, value[1..end]);
            return end + 1;
        }
        var reader = new Utf8JsonReader(value);
        reader.Read();
        statement.BindText(place, reader.GetString()!);
        return (int)reader.BytesConsumed;
    }
}
