using System.Buffers;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>
/// Rows → UTF-8 JSON. A unit without to-many embeds is written as its rows come; one with them leaves a hole per embed, runs
/// each child once with all parents' keys, and fills the holes while copying; an answer past one batch of parents does so
/// batch by batch. Resumable, so that an answer of any size needs the memory of one part. Allocates per unit, never per row.
/// </summary>
internal sealed class ResultWriter(SourceSession session, StatementArguments arguments, ByteBuffer body, int maxRows) : IDisposable
{
    // Parents whose children are read at once: as fast by hundreds as by thousands (measured), and a tenth of the memory.
    private const int BatchRows = 100;
    private const int BatchBytes = 1 << 20;

    private readonly Zone? zone = arguments.Context.Zone;
    private RowReader? reader;
    private bool isCut;

    /// <summary>Rows of the root written so far.</summary>
    public int Count { get; private set; }

    /// <summary>The page of the root's rows to write when all of them are read and counted.</summary>
    public Paging? Page { get; init; }

    /// <summary>With a page, and all rows read: how many there are.</summary>
    public long? Total { get; private set; }

    /// <summary>Writes the root's rows separated by commas, without brackets; returns how many.</summary>
    public int WriteRows(JsonProgram program)
    {
        WriteRows(program, int.MaxValue);
        return Count;
    }

    /// <summary>The same with the root's statement started already; whoever started it ends it.</summary>
    public int WriteRows(JsonProgram program, RowReader started)
    {
        bool ended = program.HasHoles ? WriteBatches(program, started, int.MaxValue) : WritePlain(program, started, int.MaxValue);
        return ended ? Count : throw new InvalidOperationException("an answer past any size was cut");
    }

    /// <summary>Writes on until the body holds this many bytes (or rows within a row were cut); true when there are no more rows.</summary>
    public bool WriteRows(JsonProgram program, int enough)
    {
        reader ??= Start(program);
        bool ended = program.HasHoles ? WriteBatches(program, reader, enough) : WritePlain(program, reader, enough);
        if (ended)
        {
            Total = (reader as CountedPage)?.Total;
            Dispose();
        }
        return ended;
    }

    private RowReader Start(JsonProgram program)
    {
        RowReader rows = session.Run(program.Statement, arguments);
        return Page is { } page ? new CountedPage(rows, page) : rows;
    }

    private bool WritePlain(JsonProgram program, RowReader rows, int enough)
    {
        while (body.Length < enough && !isCut)
        {
            if (!rows.Read())
            {
                return true;
            }
            if (Count++ > 0)
            {
                body.Add((byte)',');
            }
            WriteRow(program.Ops, rows, body, null);
        }
        return false;
    }

    // Children run while the root's reader stands between two rows; a source that cannot do that reads the root to its end.
    private bool WriteBatches(JsonProgram program, RowReader rows, int enough)
    {
        bool ended = false;
        while (!ended && body.Length < enough)
        {
            using UnitRows batch = UnitRows.Rent(program);
            ended = ReadRows(program, rows, batch, 0, false);
            CollectChildren(program, batch, ended);
            for (int row = 0; row < batch.Count; row++)
            {
                if (Count++ > 0)
                {
                    body.Add((byte)',');
                }
                batch.Emit(row, body);
            }
        }
        return ended;
    }

    public void Dispose()
    {
        reader?.Dispose();
        reader = null;
    }

    private UnitRows CollectChildUnit(JsonProgram program, int parents, bool last)
    {
        UnitRows rows = UnitRows.Rent(program);
        try
        {
            CompiledStatement statement = program.Unit.Statement;
            using (RowReader children = last && program.Children.Length == 0 ? session.RunLast(statement, arguments) : session.Run(statement, arguments))
            {
                ReadRows(program, children, rows, parents, true);
            }
            CollectChildren(program, rows, last);
            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <summary>last: nothing of the session comes behind these children.</summary>
    private void CollectChildren(JsonProgram program, UnitRows rows, bool last)
    {
        for (int i = 0; i < program.Children.Length; i++)
        {
            rows.Children[i] = CollectChild(program, rows, i, last && i == program.Children.Length - 1);
        }
    }

    private bool IsBatch(UnitRows rows) =>
        session.RunsSeveral && (rows.Count >= BatchRows || rows.Bytes.Length >= BatchBytes);

    /// <summary>Reads a child's rows to their end, the root's up to one batch; true at the end.</summary>
    private bool ReadRows(JsonProgram program, RowReader reader, UnitRows rows, int parents, bool isChild)
    {
        long limit = isChild ? Math.Min(Bound(program.Unit.Limit, maxRows), maxRows) : long.MaxValue;
        long offset = isChild ? Bound(program.Unit.Offset, 0) : 0;
        long ordinal = -1;
        long inGroup = 0;
        bool ended = false;
        while ((isChild || !IsBatch(rows)) && !(ended = !reader.Read()))
        {
            if (isChild)
            {
                long parent = reader.GetInt64(0);
                if (parent != ordinal)
                {
                    if (parent < ordinal)
                    {
                        throw new InvalidOperationException("rows of a bind join came out of their parents' order");
                    }
                    inGroup = 0;
                    ordinal = parent;
                }
                if (inGroup++ >= offset + limit)
                {
                    reader.EndParent();
                    continue;
                }
                if (inGroup <= offset)
                {
                    continue;
                }
            }
            rows.Begin((int)ordinal);
            WriteRow(program.Ops, reader, rows.Bytes, rows);
            rows.End(reader);
        }
        rows.Finish(parents);
        return ended;
    }

    private UnitRows? CollectChild(JsonProgram program, UnitRows rows, int index, bool last)
    {
        if (rows.Count == 0)
        {
            return null;
        }
        using ByteBuffer keys = rows.TakeKeys(index);
        ReadOnlyMemory<byte> outer = arguments.ParentKeys;
        arguments.ParentKeys = keys.WrittenMemory;
        try
        {
            return CollectChildUnit(program.Children[index], rows.Count, last);
        }
        finally
        {
            arguments.ParentKeys = outer;
        }
    }

    private long Bound(Core.Expressions.Expr? expr, long otherwise) =>
        expr switch
        {
            null => otherwise,
            Core.Expressions.ConstantExpr constant => constant.Value.Integer,
            _ => arguments.Get(expr).Integer,
        };

    private void WriteRow(JsonOp[] ops, RowReader reader, ByteBuffer into, UnitRows? holes)
    {
        for (int i = 0; i < ops.Length; i++)
        {
            ref readonly JsonOp op = ref ops[i];
            holes?.At(i);
            into.Add(op.Before);
            switch (op.Kind)
            {
                case JsonOpKind.Value:
                    JsonValues.Write(reader, op.Column, op.Form, op.Scale, zone, into);
                    break;
                case JsonOpKind.ObjectOrNull when reader.IsNull(op.Column):
                    into.Add("null"u8);
                    i = op.Target - 1;
                    break;
                case JsonOpKind.Children or JsonOpKind.Spread:
                    holes!.Hole(i);
                    break;
                case JsonOpKind.Nested:
                    WriteNested(op.Rows!, reader.Nested(op.Column, op.Rows!.Unit.Statement.Columns), into);
                    break;
            }
        }
    }

    // The reader belongs to the one it came from.
    private void WriteNested(JsonProgram program, RowReader rows, ByteBuffer into)
    {
        into.Add((byte)'[');
        for (bool first = true; rows.Read(); first = false)
        {
            into.Add(first ? default : ","u8);
            WriteRow(program.Ops, rows, into, null);
        }
        isCut |= rows.IsCut;
        into.Add((byte)']');
    }
}
