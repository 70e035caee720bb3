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
    public long? Total { get; private set; } = total;

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
            Total ??= writer.Total;
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

/// <summary>What a media handler made of rows.</summary>
internal readonly record struct MadeAnswer(byte[] Body, long Rows, long? Total, int Statements);

/// <summary>A read planned, guarded, lowered, compiled: what the plan cache keeps. One instance serves all requests of its shape and role.</summary>
internal sealed class ReadProgram
{
    private readonly CompiledRead read;
    private readonly JsonProgram json;
    private readonly JsonProgram? inline;
    private readonly Enforcement enforcement;
    private readonly Error? suspected;
    private readonly Source source;
    private readonly bool countsWhileReading;

    private readonly long estimateAbove;

    private ReadProgram(CompiledRead read, GuardedRead guarded, Source source)
    {
        estimateAbove = guarded.Plan.Estimate.Above ?? 0;
        countsWhileReading = guarded.Plan.CountWhileReading;
        enforcement = guarded.Enforcement;
        suspected = guarded.Suspected;
        this.read = read;
        this.source = source;
        json = JsonProgram.Of(read.Root);
        inline = read.Inline is { } statement && !countsWhileReading && read.Count is null ? JsonProgram.Inline(read.Root, statement) : null;
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
        if (inline is not null && bounds.MaxRows >= MostRows && IsPage(arguments, SmallPage) && await RunInlineAsync(arguments, bounds, cancellation).ConfigureAwait(false) is { } whole)
        {
            return whole;
        }
        bool isSingle = arguments.Frame.First is null && read.IsSingleStatement;
        var needs = new SessionNeeds(isSingle, arguments.Context, enforcement) { Long = bounds.Part == ReadBounds.Buffer && !IsPage(arguments, bounds.MaxRows) };
        SourceSession session = await source.OpenAsync(needs, cancellation).ConfigureAwait(false);
        return await RunAsync(session, json, arguments, bounds).ConfigureAwait(false);
    }

    /// <summary>Rows of a page up to which its children come with it: one round trip less weighs more than a join of all keys.</summary>
    private const long SmallPage = 100;

    /// <summary>Rows of one embed that every caller may be given in this form.</summary>
    private const int MostRows = 100;

    /// <summary>Requests that are not tried in one statement after one that was read in vain.</summary>
    private const int ReadInVain = 100;

    private int untried;

    /// <summary>All in one statement; null where the children are more or larger than a row is to hold, or the answer than its buffer.</summary>
    private async ValueTask<ReadResult?> RunInlineAsync(StatementArguments arguments, ReadBounds bounds, CancellationToken cancellation)
    {
        if (Volatile.Read(ref untried) > 0)
        {
            Interlocked.Decrement(ref untried);
            return null;
        }
        var needs = new SessionNeeds(arguments.Frame.First is null, arguments.Context, enforcement);
        SourceSession session = await source.OpenAsync(needs, cancellation).ConfigureAwait(false);
        ReadBounds buffer = bounds with { Part = Math.Min(bounds.Part, ReadBounds.Buffer) };
        ReadResult result = await RunAsync(session, inline!, arguments, buffer).ConfigureAwait(false);
        if (result.IsWhole)
        {
            return result;
        }
        result.Dispose();
        Volatile.Write(ref untried, ReadInVain);
        return null;
    }

    private async ValueTask<ReadResult> RunAsync(SourceSession session, JsonProgram program, StatementArguments arguments, ReadBounds bounds)
    {
        // Nothing else comes before the rows.
        if (arguments.Frame.First is null && read.Count is null && read.Estimate is null)
        {
            try
            {
                await session.StartAsync(program.Statement, arguments).ConfigureAwait(false);
            }
            catch (Exception failure)
            {
                session.Dispose();
                Reword(failure);
                throw;
            }
        }
        return Run(session, program, arguments, bounds);
    }

    /// <summary>A limit bounds its rows, and by no more than this.</summary>
    private bool IsPage(StatementArguments arguments, long most) =>
        read.Page switch
        {
            ParameterExpr limit => arguments.Get(limit) is { IsNull: false, Integer: var rows } && rows <= most,
            ConstantExpr limit => limit.Value is { IsNull: false, Integer: var rows } && rows <= most,
            _ => false,
        };

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
                ReadResult result = Run(session, json, arguments, ReadBounds.Whole(maxRows));
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

    private ReadResult Run(SourceSession session, JsonProgram program, StatementArguments arguments, ReadBounds bounds)
    {
        var body = new ByteBuffer();
        ReadResult? result = null;
        try
        {
            arguments.Frame.Enter(session, arguments);
            // The count first: if the rows do not fit the buffer, the head can still be right.
            long? total = Total(session, arguments, out bool isEstimate);
            var writer = new ResultWriter(session, arguments, body, bounds.MaxRows) { Page = countsWhileReading ? PageOf(arguments) : null };
            result = new ReadResult(session, writer, program, body, total) { IsEstimate = isEstimate };
            // The head needs the count, which is known behind the last row.
            result.Begin(countsWhileReading ? int.MaxValue : bounds.Part);
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
            Reword(failure);
            throw;
        }
    }

    private void Reword(Exception failure)
    {
        if (failure is SourceException refusal && Enforced.Reworded(refusal, suspected) is { } reworded)
        {
            throw reworded;
        }
    }

    /// <summary>The last two slots are the page.</summary>
    private static Paging PageOf(StatementArguments arguments) => new(arguments.Slots[^1].Integer, arguments.Slots[^2].Integer);

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

    /// <summary>What the plan's handler makes of the rows of the page: its bytes, how many rows there were, and in all.</summary>
    public async ValueTask<MadeAnswer> MakeAsync(StatementArguments arguments, CancellationToken cancellation)
    {
        var needs = new SessionNeeds(read.IsSingleStatement && arguments.Frame.First is null, arguments.Context, enforcement);
        using SourceSession session = await source.OpenAsync(needs, cancellation).ConfigureAwait(false);
        arguments.Frame.Enter(session, arguments);
        long? total = Total(session, arguments, out _);
        using RowReader reader = session.Run(read.Root.Statement, arguments);
        reader.Read();
        return new MadeAnswer(reader.IsNull(0) ? [] : reader.GetBytes(0).ToArray(), reader.GetInt64(1), total, session.Statements);
    }

    /// <summary>The plans of all statements, root first. What may write runs as a unit that is taken back.</summary>
    public async ValueTask<List<string>> ExplainAsync(StatementArguments arguments, ExplainOptions options, bool writes, CancellationToken cancellation)
    {
        var needs = new SessionNeeds(false, arguments.Context, enforcement);
        if (writes)
        {
            UnitFrame undone = arguments.Frame with { TakeBack = true };
            return await undone.WriteAsync(source, session => Explain(session, arguments, options), needs, cancellation).ConfigureAwait(false);
        }
        using SourceSession reading = await source.OpenAsync(needs, cancellation).ConfigureAwait(false);
        return Explain(reading, arguments, options);
    }

    private List<string> Explain(SourceSession session, StatementArguments arguments, ExplainOptions options)
    {
        arguments.ParentKeys = "[]"u8.ToArray();
        arguments.Frame.Enter(session, arguments);
        return [.. read.Root.Below.Prepend(read.Root).Select(u => source.PlanOf(session.Rows(source.Explain(u.Statement, options), arguments), options))];
    }

    private static long Count(SourceSession session, CompiledStatement count, StatementArguments arguments)
    {
        using RowReader reader = session.Run(count, arguments);
        return reader.Read() ? reader.GetInt64(0) : 0;
    }
}
