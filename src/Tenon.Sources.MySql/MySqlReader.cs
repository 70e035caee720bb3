using System.Buffers;
using MySqlConnector;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>
/// Rows of one statement. Texts come as bytes of UTF-8 (the dialect casts them so) and are copied into one buffer per reader,
/// reused from row to row.
/// </summary>
internal sealed class MySqlReader(
    MySqlDataReader reader,
    LogicalType[] columns,
    Func<Exception, MySqlFailure> failed,
    Action completed,
    Action ended,
    Action cancel
) : RowReader
{
    /// <summary>Rows that are read to the end rather than ending the statement for them, which takes a connection.</summary>
    private const int Few = 100;

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int used;
    private bool closed;

    public override int ColumnCount => columns.Length;

    /// <summary>The rows come as several results, one after the other.</summary>
    public bool IsSeveral { get; init; }

    /// <summary>Rows a statement without a result touched; known once it has ended.</summary>
    public long Affected { get; private set; }

    /// <summary>Rows that the statements in front of these rows touched.</summary>
    public long AffectedBefore => Math.Max(reader.RecordsAffected, 0);

    public override bool Read()
    {
        used = 0;
        try
        {
            while (!closed)
            {
                if (reader.Read())
                {
                    return true;
                }
                if (!IsSeveral || !reader.NextResult())
                {
                    break;
                }
            }
            Close();
            return false;
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            MySqlFailure error = failed(failure);
            End();
            throw error;
        }
    }

    public override bool IsNull(int column) => reader.IsDBNull(column);

    public override long GetInt64(int column) => reader.GetInt64(column);

    public override double GetDouble(int column) => reader.GetDouble(column);

    public override ReadOnlySpan<byte> GetUtf8(int column) => GetBytes(column);

    public override ReadOnlySpan<byte> GetBytes(int column)
    {
        if (reader.IsDBNull(column))
        {
            return default;
        }
        int length = (int)reader.GetBytes(column, 0, null, 0, 0);
        Reserve(length);
        reader.GetBytes(column, 0, buffer, used, length);
        ReadOnlySpan<byte> bytes = buffer.AsSpan(used, length);
        used += length;
        return bytes;
    }

    // A full buffer is left to the spans that point into it; the next one is twice as large.
    private void Reserve(int length)
    {
        if (buffer.Length - used < length)
        {
            buffer = ArrayPool<byte>.Shared.Rent(Math.Max(length, buffer.Length * 2));
            used = 0;
        }
    }

    private void Close()
    {
        if (closed)
        {
            return;
        }
        // What stands behind the rows in the same round trip has to end well too; disposing alone would not say.
        while (reader.NextResult()) { }
        completed();
        Affected = Math.Max(reader.RecordsAffected, 0);
        End();
    }

    // Also after a failure: to the driver the statement runs until its reader is disposed of, and takes no other.
    private void End()
    {
        if (closed)
        {
            return;
        }
        closed = true;
        try
        {
            reader.Dispose();
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            failed(failure);
        }
        finally
        {
            ended();
        }
    }

    // The driver reads what is left of a result, however much that is.
    private void Abandon()
    {
        for (int row = 0; row < Few; row++)
        {
            if (!reader.Read())
            {
                return;
            }
        }
        cancel();
    }

    protected override void Dispose(bool disposing)
    {
        try
        {
            if (!closed)
            {
                Abandon();
            }
            Close();
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            // The rest of the rows was thrown away; whether the connection lives shows at its next use.
            failed(failure);
            End();
        }
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = [];
        }
    }
}

/// <summary>Result columns → datums.</summary>
internal static class MySqlValues
{
    public static List<Datum[]> ReadAll(RowReader reader, LogicalType[] columns)
    {
        var rows = new List<Datum[]>();
        while (reader.Read())
        {
            var row = new Datum[columns.Length];
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = reader.IsNull(i) ? Datum.Null : Read(reader, i, columns[i]);
            }
            rows.Add(row);
        }
        return rows;
    }

    private static Datum Read(RowReader reader, int column, LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Boolean => Datum.Of(reader.GetInt64(column) != 0),
            TypeKind.Int2 or TypeKind.Int4 or TypeKind.Int8 or TypeKind.Date or TypeKind.Timestamp or TypeKind.TimestampTz => Datum.Of(reader.GetInt64(column)),
            TypeKind.Float4 or TypeKind.Float8 => Datum.Of(reader.GetDouble(column)),
            TypeKind.Bytea => Datum.Of(reader.GetBytes(column).ToArray()),
            TypeKind.Numeric => Datum.Of(Numeric.Parse(Text(reader, column)).Value),
            TypeKind.Interval => Datum.Of(Interval.FromStorage(Text(reader, column))),
            _ => Datum.Of(Text(reader, column)),
        };

    private static string Text(RowReader reader, int column) => System.Text.Encoding.UTF8.GetString(reader.GetUtf8(column));
}
