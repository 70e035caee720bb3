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

/// <summary>How much of a read is taken: rows of one embed per parent, and bytes of one part of the answer.</summary>
internal readonly record struct ReadBounds(int MaxRows, int Part)
{
    /// <summary>An answer of this size is whole in memory before its head is sent (DECISIONS §5).</summary>
    public const int Buffer = 1 << 20;

    /// <summary>The whole answer in one part; the buffer's own ceiling bounds it.</summary>
    public static ReadBounds Whole(int maxRows) => new(maxRows, int.MaxValue);
}

/// <summary>
/// The rows of a read as JSON objects separated by commas (no brackets), how many, and how many there are in all. The body
/// holds the whole answer, or its first part while the session stays open for the rest.
/// </summary>
internal sealed class ReadResult(SourceSession session, ResultWriter writer, JsonProgram program, ByteBuffer body, long? total) : IDisposable
{
    private const int LaterPart = 64 << 10;

    private bool released;

    public ByteBuffer Body { get; } = body;
    public int Rows => writer.Count;
    public long? Total { get; } = total;

    /// <summary>Total is what the source expects, not a count.</summary>
    public bool IsEstimate { get; init; }
    public int Statements => session.Statements;

    /// <summary>The body holds all rows; nothing of the source is held any more.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Fills the body up to the first part's size.</summary>
    public void Begin(int part)
    {
        IsWhole = writer.WriteRows(program, part);
        if (IsWhole)
        {
            Release();
        }
    }

    /// <summary>The answer is past its buffer: from here on the client's pace counts, up to the age a snapshot may reach.</summary>
    public void Stream() => session.AllowLongest();

    /// <summary>Replaces the body with the next part; false when there is none.</summary>
    public bool Next()
    {
        Body.Clear();
        return !IsWhole && Continue();
    }

    private bool Continue()
    {
        Begin(LaterPart);
        return Body.Length > 0;
    }

    private void Release()
    {
        if (!released)
        {
            released = true;
            writer.Dispose();
            session.Dispose();
        }
    }

    public void Dispose()
    {
        Release();
        Body.Dispose();
    }
}

/// <summary>A read planned, guarded, lowered, compiled: what the plan cache keeps. One instance serves all requests of its shape and role.</summary>
internal sealed class ReadProgram
{
    private readonly CompiledRead read;
    private readonly JsonProgram json;
    private readonly Enforcement enforcement;
    private readonly Error? suspected;
    private readonly Source source;

    private readonly long estimateAbove;

    private ReadProgram(CompiledRead read, GuardedRead guarded, Source source)
    {
        estimateAbove = guarded.Plan.Estimate.Above ?? 0;
        enforcement = guarded.Enforcement;
        suspected = guarded.Suspected;
        this.read = read;
        this.source = source;
        json = JsonProgram.Of(read.Root);
    }

    public SlotSpec[] Slots => read.Slots;
    public Enforcement Enforcement => enforcement;

    /// <summary>The root's unit: its shape and result forms, for surfaces other than JSON.</summary>
    public CompiledUnit Root => read.Root;

    public static Outcome<ReadProgram> Compile(ReadPlan plan, Catalog catalog, Principal principal, Source source) =>
        Enforced.First(source, enforcement => Compile(plan, new PolicyBinder(catalog, principal, enforcement), source));

    private static Outcome<ReadProgram> Compile(ReadPlan plan, PolicyBinder binder, Source source)
    {
        if (!GuardedRead.Bind(plan, binder).TryGet(out GuardedRead guarded, out Error refused))
        {
            return refused;
        }
        try
        {
            LoweredRead lowered = ReadLowering.Lower(guarded);
            return new ReadProgram(CompiledRead.Of(lowered, plan.Slots, source), guarded, source);
        }
        catch (TenonException unsupported)
        {
            return unsupported.Error;
        }
    }

    /// <summary>Runs all statements in one snapshot. The caller disposes the result after it has sent it.</summary>
    public async ValueTask<ReadResult> RunAsync(StatementArguments arguments, ReadBounds bounds, CancellationToken cancellation)
    {
        var needs = new SessionNeeds(read.IsSingleStatement && arguments.Frame.First is null, arguments.Context, enforcement);
        SourceSession session = await source.OpenAsync(needs, cancellation).ConfigureAwait(false);
        return Run(session, arguments, bounds);
    }

    /// <summary>Runs a call that may write, as one write unit; what demand says of its rows takes everything back.</summary>
    public ValueTask<ReadResult> WriteAsync(
        StatementArguments arguments,
        int maxRows,
        Func<long, Error?> demand,
        CancellationToken cancellation
    ) =>
        arguments.Frame.WriteAsync(
            source,
            session =>
            {
                arguments.Context.Made?.Clear();
                ReadResult result = Run(session, arguments, ReadBounds.Whole(maxRows));
                if (demand(result.Rows) is { } refused)
                {
                    result.Dispose();
                    throw refused.ToException();
                }
                AnswerSettings.Of(arguments.Context.Made);
                return result;
            },
            new SessionNeeds(false, arguments.Context, enforcement),
            cancellation
        );

    private ReadResult Run(SourceSession session, StatementArguments arguments, ReadBounds bounds)
    {
        var body = new ByteBuffer();
        ReadResult? result = null;
        try
        {
            arguments.Frame.Enter(session, arguments);
            // The count first: if the rows do not fit the buffer, the head can still be right.
            long? total = Total(session, arguments, out bool isEstimate);
            result = new ReadResult(session, new ResultWriter(session, arguments, body, bounds.MaxRows), json, body, total) { IsEstimate = isEstimate };
            result.Begin(bounds.Part);
            return result;
        }
        catch (Exception failure)
        {
            if (result is null)
            {
                body.Dispose();
                session.Dispose();
            }
            result?.Dispose();
            if (failure is SourceException refusal && Enforced.Reworded(refusal, suspected) is { } reworded)
            {
                throw reworded;
            }
            throw;
        }
    }

    /// <summary>The count asked for; estimated where the source can and nothing is hidden.</summary>
    private long? Total(SourceSession session, StatementArguments arguments, out bool isEstimate)
    {
        isEstimate = false;
        if (read.Estimate is not { } estimate)
        {
            return read.Count is null ? null : Count(session, read.Count, arguments);
        }
        if (read.CountedUpTo is { } bounded && Count(session, bounded, arguments) is var counted && counted <= estimateAbove)
        {
            return counted;
        }
        isEstimate = true;
        long planned = PlanAnswer.RowsOf(session.Rows(estimate, arguments)[0][0].Text);
        return Math.Max(planned, read.CountedUpTo is null ? 0 : estimateAbove + 1);
    }

    /// <summary>The plans of all statements, root first; null when the source shows none.</summary>
    public async ValueTask<List<List<Datum[]>>?> ExplainAsync(StatementArguments arguments, ExplainOptions options, CancellationToken cancellation)
    {
        var statements = new List<CompiledStatement>();
        Collect(read.Root, statements);
        CompiledStatement?[] explained = [.. statements.Select(s => source.Explain(s, options))];
        if (explained.Contains(null))
        {
            return null;
        }
        arguments.ParentKeys = "[]"u8.ToArray();
        using SourceSession session = await source.OpenAsync(new SessionNeeds(false, arguments.Context, enforcement), cancellation).ConfigureAwait(false);
        arguments.Frame.Enter(session, arguments);
        return [.. explained.Select(e => session.Rows(e!, arguments))];
    }

    private static void Collect(CompiledUnit unit, List<CompiledStatement> into)
    {
        into.Add(unit.Statement);
        foreach (CompiledChild child in unit.Children)
        {
            Collect(child.Unit, into);
        }
    }

    private static long Count(SourceSession session, CompiledStatement count, StatementArguments arguments)
    {
        using RowReader reader = session.Run(count, arguments);
        return reader.Read() ? reader.GetInt64(0) : 0;
    }
}
