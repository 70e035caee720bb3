using System.Text;
using Tenon.Core.Sql;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>One value of a result as JSON, by the form the source gives it. The canonical JSON of every engine's rows.</summary>
internal static class JsonValues
{
    /// <summary>Longest JSON of a value that is not text: a timestamp, a float, a scaled integer.</summary>
    private const int Fixed = 64;

    public static void Write(RowReader reader, int column, ValueForm form, int scale, Zone? zone, ByteBuffer into)
    {
        if (reader.IsNull(column) || form == ValueForm.Void)
        {
            into.Add("null"u8);
            return;
        }
        switch (form)
        {
            case ValueForm.Integer:
                into.Advance(JsonText.WriteInteger(reader.GetInt64(column), into.Free(Fixed)));
                break;
            case ValueForm.Text:
                ReadOnlySpan<byte> text = reader.GetUtf8(column);
                into.Advance(JsonText.WriteString(text, into.Free(JsonText.MaxString(text.Length))));
                break;
            case ValueForm.PlainText:
                into.Add((byte)'"');
                into.Add(reader.GetUtf8(column));
                into.Add((byte)'"');
                break;
            case ValueForm.Boolean:
                into.Add(reader.GetInt64(column) != 0 ? "true"u8 : "false"u8);
                break;
            case ValueForm.ScaledInteger:
                into.Advance(JsonText.WriteScaled(reader.GetInt64(column), scale, into.Free(Fixed)));
                break;
            case ValueForm.Json:
                into.Add(reader.GetUtf8(column));
                break;
            default:
                WriteRare(reader, column, form, zone, into);
                break;
        }
    }

    private static void WriteRare(RowReader reader, int column, ValueForm form, Zone? zone, ByteBuffer into)
    {
        switch (form)
        {
            case ValueForm.TimestampTz:
                into.Advance(JsonText.WriteTimestampTz(reader.GetInt64(column), zone, into.Free(Fixed)));
                break;
            case ValueForm.TimestampTzArray when zone is null:
                into.Add(reader.GetUtf8(column));
                break;
            case ValueForm.TimestampTzArray:
                into.Add(Encoding.ASCII.GetBytes(ZonedTimes.Of(Encoding.ASCII.GetString(reader.GetUtf8(column)), zone)));
                break;
            case ValueForm.Timestamp:
                into.Advance(JsonText.WriteTimestamp(reader.GetInt64(column), into.Free(Fixed)));
                break;
            case ValueForm.Date:
                into.Advance(JsonText.WriteDate(reader.GetInt64(column), into.Free(Fixed)));
                break;
            case ValueForm.Time:
                into.Advance(JsonText.WriteTime(reader.GetInt64(column), into.Free(Fixed)));
                break;
            case ValueForm.Double:
            case ValueForm.Single:
                into.Advance(JsonText.WriteFloat(reader.GetDouble(column), form == ValueForm.Single, into.Free(Fixed)));
                break;
            case ValueForm.NumericText:
                ReadOnlySpan<byte> digits = reader.GetUtf8(column);
                WriteDigits(digits, into);
                break;
            case ValueForm.Interval:
                WriteInterval(reader.GetUtf8(column), into);
                break;
            case ValueForm.Bytea:
                ReadOnlySpan<byte> bytes = reader.GetBytes(column);
                into.Advance(JsonText.WriteBytea(bytes, into.Free(2 * bytes.Length + 8)));
                break;
            default:
                throw new InvalidOperationException($"no JSON form for {form}");
        }
    }

    // NaN, Infinity and -Infinity are no JSON numbers: strings, as PostgreSQL's to_json has them.
    private static void WriteDigits(ReadOnlySpan<byte> digits, ByteBuffer into)
    {
        bool isNumber = char.IsAsciiDigit((char)digits[^1]);
        into.Add(isNumber ? default : "\""u8);
        into.Add(digits);
        into.Add(isNumber ? default : "\""u8);
    }

    private static void WriteInterval(ReadOnlySpan<byte> stored, ByteBuffer into)
    {
        Interval interval = Interval.FromStorage(Encoding.UTF8.GetString(stored));
        byte[] text = Encoding.UTF8.GetBytes(TypeOutput.ToText(LogicalType.Interval, Datum.Of(interval)));
        into.Advance(JsonText.WriteString(text, into.Free(JsonText.MaxString(text.Length))));
    }

    /// <summary>The key of one parent row for a bind join, in storage form: what json_each gives equals what the child stores.</summary>
    public static void WriteKey(RowReader reader, CompiledChild child, ByteBuffer into)
    {
        int[] columns = child.KeyColumns;
        if (columns.Length == 1)
        {
            WriteKey(reader, columns[0], child.KeyForms[0], into);
            return;
        }
        for (int i = 0; i < columns.Length; i++)
        {
            into.Add(i == 0 ? (byte)'[' : (byte)',');
            WriteKey(reader, columns[i], child.KeyForms[i], into);
        }
        into.Add((byte)']');
    }

    private static void WriteKey(RowReader reader, int column, ValueForm form, ByteBuffer into)
    {
        if (reader.IsNull(column))
        {
            into.Add("null"u8);
            return;
        }
        switch (form)
        {
            case ValueForm.Text:
            case ValueForm.PlainText:
            case ValueForm.Json:
            case ValueForm.TimestampTzArray:
            case ValueForm.NumericText:
            case ValueForm.Interval:
                ReadOnlySpan<byte> text = reader.GetUtf8(column);
                into.Advance(JsonText.WriteString(text, into.Free(JsonText.MaxString(text.Length))));
                break;
            case ValueForm.Double:
            case ValueForm.Single:
                into.Advance(JsonText.WriteFloat(reader.GetDouble(column), false, into.Free(Fixed)));
                break;
            case ValueForm.Bytea:
                throw Core.Errors.Refusals.NotSupported("embedding by a bytea key on this source").ToException();
            default:
                into.Advance(JsonText.WriteInteger(reader.GetInt64(column), into.Free(Fixed)));
                break;
        }
    }

    /// <summary>The one row of aggregates over no rows: count is 0, everything else null.</summary>
    public static void WriteEmptyAggregates(CompiledUnit unit, ByteBuffer into)
    {
        into.Add((byte)'{');
        bool first = true;
        foreach (Shape member in unit.Shape.Members)
        {
            into.Add(Encoding.UTF8.GetBytes((first ? "" : ",") + JsonNames.Quote(member.Name) + ":"));
            into.Add(member is ValueShape { IsCount: true } ? "0"u8 : "null"u8);
            first = false;
        }
        into.Add((byte)'}');
    }
}
