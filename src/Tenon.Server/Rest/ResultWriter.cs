using System.Buffers;
using Tenon.Core.Errors;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>
/// Rows → UTF-8 JSON. A unit without to-many embeds is written as its rows come; one with them leaves a hole per embed, runs
/// each child once with all parents' keys, and fills the holes while copying. Allocates per unit, never per row.
/// </summary>
internal sealed class ResultWriter(SourceSession session, StatementArguments arguments, ByteBuffer body, int maxRows)
{
    /// <summary>Writes the root's rows separated by commas, without brackets; returns how many.</summary>
    public int WriteRows(JsonProgram program)
    {
        if (program.HasHoles)
        {
            using UnitRows rows = Collect(program, 0, false);
            for (int row = 0; row < rows.Count; row++)
            {
                if (row > 0)
                {
                    body.Add((byte)',');
                }
                rows.Emit(row, body);
            }
            return rows.Count;
        }
        using RowReader reader = session.Run(program.Unit.Statement, arguments);
        int count = 0;
        while (reader.Read())
        {
            if (count++ > 0)
            {
                body.Add((byte)',');
            }
            WriteRow(program.Ops, reader, body, null);
        }
        return count;
    }

    private UnitRows Collect(JsonProgram program, int parents, bool isChild)
    {
        var rows = new UnitRows(program);
        try
        {
            using (RowReader reader = session.Run(program.Unit.Statement, arguments))
            {
                ReadRows(program, reader, rows, parents, isChild);
            }
            for (int i = 0; i < program.Children.Length; i++)
            {
                rows.Children[i] = CollectChild(program, rows, i);
            }
            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    private void ReadRows(JsonProgram program, RowReader reader, UnitRows rows, int parents, bool isChild)
    {
        long limit = isChild ? Math.Min(Count(program.Unit.Limit, maxRows), maxRows) : long.MaxValue;
        long offset = isChild ? Count(program.Unit.Offset, 0) : 0;
        long ordinal = -1;
        long inGroup = 0;
        while (reader.Read())
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
                if (inGroup++ < offset || inGroup > offset + limit)
                {
                    continue;
                }
            }
            rows.Begin((int)ordinal);
            WriteRow(program.Ops, reader, rows.Bytes, rows);
            rows.End(reader);
        }
        rows.Finish(parents);
    }

    private UnitRows? CollectChild(JsonProgram program, UnitRows rows, int index)
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
            return Collect(program.Children[index], rows.Count, true);
        }
        finally
        {
            arguments.ParentKeys = outer;
        }
    }

    private long Count(Core.Expressions.Expr? expr, long otherwise) =>
        expr switch
        {
            null => otherwise,
            Core.Expressions.ConstantExpr constant => constant.Value.Integer,
            _ => arguments.Get(expr).Integer,
        };

    internal static void WriteRow(JsonOp[] ops, RowReader reader, ByteBuffer into, UnitRows? holes)
    {
        for (int i = 0; i < ops.Length; i++)
        {
            ref readonly JsonOp op = ref ops[i];
            holes?.At(i);
            into.Add(op.Before);
            switch (op.Kind)
            {
                case JsonOpKind.Value:
                    JsonValues.Write(reader, op.Column, op.Form, op.Scale, into);
                    break;
                case JsonOpKind.ObjectOrNull when reader.IsNull(op.Column):
                    into.Add("null"u8);
                    i = op.Target - 1;
                    break;
                case JsonOpKind.Children or JsonOpKind.Spread:
                    holes!.Hole(i);
                    break;
            }
        }
    }
}
