using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>The rows of a read as JSON objects separated by commas (no brackets), how many, and how many there are in all.</summary>
internal sealed class ReadResult(ByteBuffer body, int rows, long? total) : IDisposable
{
    public ByteBuffer Body { get; } = body;
    public int Rows { get; } = rows;
    public long? Total { get; } = total;

    public void Dispose() => Body.Dispose();
}

/// <summary>A read planned, guarded, lowered, compiled: what the plan cache keeps. One instance serves all requests of its shape and role.</summary>
internal sealed class ReadProgram
{
    private readonly CompiledRead read;
    private readonly JsonProgram json;
    private readonly Source source;

    private ReadProgram(CompiledRead read, Source source)
    {
        this.read = read;
        this.source = source;
        json = JsonProgram.Of(read.Root);
    }

    public SlotSpec[] Slots => read.Slots;

    /// <summary>The root's unit: its shape and result forms, for surfaces other than JSON.</summary>
    public CompiledUnit Root => read.Root;

    public static Outcome<ReadProgram> Compile(ReadPlan plan, Catalog catalog, Principal principal, Source source)
    {
        if (!GuardedRead.Bind(plan, new PolicyBinder(catalog, principal)).TryGet(out GuardedRead guarded, out Error refused))
        {
            return refused;
        }
        try
        {
            LoweredRead lowered = ReadLowering.Lower(guarded);
            return new ReadProgram(CompiledRead.Of(lowered, plan.Slots, source), source);
        }
        catch (TenonException unsupported)
        {
            return unsupported.Error;
        }
    }

    /// <summary>Runs all statements in one snapshot. The caller disposes the result after it has sent it.</summary>
    public async ValueTask<ReadResult> RunAsync(StatementArguments arguments, int maxRows, CancellationToken cancellation)
    {
        using SourceSession session = await source.OpenAsync(read.IsSingleStatement, cancellation).ConfigureAwait(false);
        var body = new ByteBuffer();
        try
        {
            // The count first: if the rows do not fit the buffer, the head can still be right.
            long? total = read.Count is null ? null : Count(session, read.Count, arguments);
            int rows = new ResultWriter(session, arguments, body, maxRows).WriteRows(json);
            return new ReadResult(body, rows, total);
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    private static long Count(SourceSession session, CompiledStatement count, StatementArguments arguments)
    {
        using RowReader reader = session.Run(count, arguments);
        return reader.Read() ? reader.GetInt64(0) : 0;
    }
}
