using System.Buffers;
using Npgsql;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres;

/// <summary>
/// Rows of one statement. Texts are copied as the UTF-8 the server sent into one buffer per reader, reused from row to row;
/// numbers and times are read in binary. It ends itself with its last row, so that the next statement can start.
/// </summary>
internal sealed class PostgresReader : RowReader
{
    /// <summary>Rows that are read to the end rather than cancelling the statement for them, which takes a connection.</summary>
    private const int Few = 100;

    private readonly NpgsqlDataReader reader;
    private readonly LogicalType[] columns;
    private readonly PostgresCompiled statement;
    private readonly Action<Exception?> ended;
    private readonly Action? cancel;
    private bool abandoned;
    private readonly SettingsMade? made;
    private PostgresNested?[] nested = [];
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int used;
    private bool closed;

    // The column last found not to be null.
    private int present = -1;

    /// <summary>cancel: ends a statement that only reads where rows are left that nobody wants. made: where to put what functions said of the answer, when the batch asks for it behind the statement.</summary>
    public PostgresReader(NpgsqlDataReader reader, PostgresCompiled statement, Action<Exception?> ended, Action? cancel, SettingsMade? made = null)
    {
        this.made = made;
        this.reader = reader;
        this.statement = statement;
        this.ended = ended;
        this.cancel = cancel;
        columns = statement.Columns;
    }

    public override int ColumnCount => columns.Length;

    /// <summary>Rows read so far, and how many of them an upsert inserted.</summary>
    public long Count { get; private set; }
    public long Inserted { get; private set; }

    /// <summary>Rows a statement without a result touched; known once it has ended.</summary>
    public long Affected { get; private set; }

    public override bool Read()
    {
        used = 0;
        present = -1;
        try
        {
            if (closed || statement.IsCommand || !reader.Read())
            {
                Close(null);
                return false;
            }
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            PostgresFailure error = PostgresErrors.Of(failure);
            Close(error);
            throw error;
        }
        Count++;
        Inserted += statement.TellsInserted && reader.GetBoolean(columns.Length) ? 1 : 0;
        return true;
    }

    public override bool IsNull(int column)
    {
        if (reader.IsDBNull(column))
        {
            return true;
        }
        present = column;
        return false;
    }

    public override long GetInt64(int column)
    {
        switch (columns[column].Kind)
        {
            case TypeKind.Boolean:
                return reader.GetBoolean(column) ? 1 : 0;
            case TypeKind.Date:
                int days = reader.GetFieldValue<int>(column);
                return days switch { int.MaxValue => long.MaxValue, int.MinValue => long.MinValue, _ => days };
            default:
                return reader.GetFieldValue<long>(column);
        }
    }

    public override double GetDouble(int column) => reader.GetFieldValue<double>(column);

    public override ReadOnlySpan<byte> GetUtf8(int column) =>
        columns[column].Kind == TypeKind.Uuid ? Uuid(column) : GetBytes(column);

    private ReadOnlySpan<byte> Uuid(int column)
    {
        Span<byte> into = Reserve(36);
        reader.GetFieldValue<Guid>(column).TryFormat(into, out int written, "D");
        return into[..written];
    }

    public override ReadOnlySpan<byte> GetBytes(int column) => Bytes(column).Span;

    private ReadOnlyMemory<byte> Bytes(int column)
    {
        if (column != present && reader.IsDBNull(column))
        {
            return default;
        }
        int at = used;
        int free = buffer.Length - at;
        int length = free > 0 ? (int)reader.GetBytes(column, 0, buffer, at, free) : 0;
        if (length < free)
        {
            used += length;
            return buffer.AsMemory(at, length);
        }
        // It fills what was left of the buffer, so it may be longer.
        length = (int)reader.GetBytes(column, 0, null, 0, 0);
        Reserve(length);
        reader.GetBytes(column, 0, buffer, used - length, length);
        return buffer.AsMemory(used - length, length);
    }

    public override RowReader Nested(int column, LogicalType[] inner)
    {
        if (nested.Length <= column)
        {
            Array.Resize(ref nested, column + 1);
        }
        return (nested[column] ??= new PostgresNested(inner)).Over(Bytes(column));
    }

    // A full buffer is left to the spans that point into it; the next one is twice as large.
    private Span<byte> Reserve(int length)
    {
        if (buffer.Length - used < length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(length + used, buffer.Length * 2));
            buffer.AsSpan(0, used).CopyTo(larger);
            buffer = larger;
        }
        Span<byte> free = buffer.AsSpan(used, length);
        used += length;
        return free;
    }

    /// <summary>The value as text, for what is not on the hot path: results that no dialect shaped.</summary>
    public string GetText(int column) =>
        columns[column].Kind == TypeKind.Uuid ? reader.GetFieldValue<Guid>(column).ToString("D") : reader.GetString(column);

    private void Close(Exception? failure)
    {
        if (closed)
        {
            return;
        }
        closed = true;
        try
        {
            if (failure is null && made is not null && !abandoned)
            {
                ReadSettings(made);
            }
            reader.Dispose();
            Affected = Math.Max(reader.RecordsAffected, 0);
        }
        catch (Exception late) when (failure is null && IsExpectedLate(late))
        {
            bool isOurs = abandoned && late is (OperationCanceledException or PostgresException { SqlState: PostgresErrorCodes.QueryCanceled });
            if (!isOurs)
            {
                failure = PostgresErrors.Of(late);
                throw failure;
            }
        }
        finally
        {
            ended(failure);
        }
    }

    private void ReadSettings(SettingsMade into)
    {
        // A command has no result of its own, so theirs is the next one already.
        if ((!statement.IsCommand && !reader.NextResult()) || !reader.Read())
        {
            return;
        }
        string[] names = [SettingsMade.ResponseHeaders, SettingsMade.ResponseStatus];
        for (int i = 0; i < names.Length; i++)
        {
            if (!reader.IsDBNull(i) && reader.GetString(i) is { Length: > 0 } value)
            {
                into.Set(names[i], value);
            }
        }
    }

    private bool IsExpectedLate(Exception failure) => PostgresErrors.IsFailure(failure) || (abandoned && failure is OperationCanceledException);

    // The driver reads what is left of a result, however much that is.
    private void Abandon()
    {
        try
        {
            for (int row = 0; row < Few; row++)
            {
                if (!reader.Read())
                {
                    return;
                }
            }
            abandoned = true;
            cancel!();
            while (reader.Read()) { }
        }
        catch (Exception failure) when (IsExpectedLate(failure))
        {
            // Mostly that it was cancelled; whether the connection lives shows when it is closed and at its next use.
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (!closed && cancel is not null && !statement.IsCommand)
        {
            Abandon();
        }
        Close(null);
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = [];
        }
    }
}
