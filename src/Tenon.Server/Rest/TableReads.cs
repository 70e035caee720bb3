using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Query;
using Tenon.Core.Sql;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>A read ready to run: its program, its values, the rows it answers.</summary>
internal readonly record struct PreparedRead(ReadEntry Entry, Datum[] Slots, Paging Paging);

/// <summary>Rows to answer: JSON separated by commas, how many, of how many if that is known, and how each looks.</summary>
internal readonly record struct AnsweredRows(ReadOnlyMemory<byte> Json, long Count, long? Total, RowShape Shape);

/// <summary>GET and HEAD of a table or view.</summary>
internal sealed class TableReads(RestRuntime runtime)
{
    public async Task RunAsync(RestRequest request, string table)
    {
        PreparedRead read = Prepare(request, table).Value;
        ReadProgram program = read.Entry.Program!;
        if (request.Answer.Form == AnswerForm.Plan)
        {
            ExplainOptions shown = PlanAnswer.Options(request, runtime.Options, runtime.Source);
            await PlanAnswer.WriteAsync(request, shown, await program.ExplainAsync(request.Arguments(read.Slots), shown, writes: false, request.Aborted));
            return;
        }
        if (request.Answer.Handler is not null)
        {
            await MakeAsync(request, read, program);
            return;
        }
        ReadBounds bounds = BoundsOf(request, runtime.Options.MaxRows, Wrapping.Array);
        using ReadResult result = await program.RunAsync(request.Arguments(read.Slots), bounds, request.Aborted);
        await AnswerAsync(request, read.Paging, result, Wrapping.Array, program.Root.Shape);
        request.Note(result.Rows, result.Statements);
    }

    /// <summary>The database makes the answer of the rows.</summary>
    public static async ValueTask MakeAsync(RestRequest request, PreparedRead read, ReadProgram program)
    {
        MadeAnswer made = await program.MakeAsync(request.Arguments(read.Slots), request.Aborted);
        request.Note(made.Rows, made.Statements);
        if (Paging.OutOfBounds(read.Paging.Offset, made.Total) is { } outside)
        {
            request.Http.Response.Headers.ContentRange = Paging.ContentRange(0, 0, made.Total);
            throw outside.ToException();
        }
        request.StartAnswer(Paging.Status(made.Rows, made.Total), Paging.ContentRange(read.Paging.Offset, made.Rows, made.Total));
        await AnswerWriter.SendAsync(request, made.Body);
    }

    /// <summary>One object or value is never streamed: whether it is the only one shows at the end.</summary>
    public static ReadBounds BoundsOf(RestRequest request, int maxRows, Wrapping wrapping) =>
        request.Answer.Form is AnswerForm.Object or AnswerForm.Raw || wrapping == Wrapping.Bare
            ? ReadBounds.Whole(maxRows)
            : new ReadBounds(maxRows, ReadBounds.Buffer);

    /// <summary>The rest of a read, tables and inlined calls alike.</summary>
    public static ValueTask AnswerAsync(RestRequest request, Paging page, ReadResult result, Wrapping wrapping, RowShape shape) =>
        result.IsWhole
            ? AnswerAsync(request, page, new AnsweredRows(result.Body.WrittenMemory, result.Rows, TotalOf(result, page), shape), wrapping)
            : StreamedAnswer.WriteAsync(request, page, result, shape);

    // An estimate below the rows that are here is corrected by them.
    private static long? TotalOf(ReadResult result, Paging page) =>
        result is { IsEstimate: true, Total: { } estimate } ? Math.Max(estimate, page.Offset + result.Rows) : result.Total;

    /// <summary>The rest of a read whose rows are all here.</summary>
    public static async ValueTask AnswerAsync(RestRequest request, Paging page, AnsweredRows rows, Wrapping wrapping)
    {
        if (Paging.OutOfBounds(page.Offset, rows.Total) is { } outside)
        {
            request.Http.Response.Headers.ContentRange = Paging.ContentRange(0, 0, rows.Total);
            throw outside.ToException();
        }
        if (AnswerWriter.Refusal(request, rows.Count) is { } refused)
        {
            throw refused.ToException();
        }
        request.StartAnswer(Paging.Status(rows.Count, rows.Total), Paging.ContentRange(page.Offset, rows.Count, rows.Total));
        await AnswerWriter.WriteAsync(request, rows.Json, rows.Count, wrapping, rows.Shape);
    }

    /// <summary>All that happens before the first statement: from the cache by shape, else parsed, planned, guarded, compiled.</summary>
    public Outcome<PreparedRead> Prepare(RestRequest request, string table)
    {
        RequestShape shape = RequestShape.Rent();
        try
        {
            CountPreference count = request.Preferences.Count;
            shape.Append(count switch { CountPreference.None => "rows", CountPreference.Exact => "count", CountPreference.Planned => "planned", _ => "estimated" });
            shape.Append(request.Answer.Handler?.Function.ToString());
            shape.Append(request.Caller.PlanKey);
            shape.Append(request.Schema);
            shape.Append(table);
            bool cut = shape.Read(request.Query, callByGet: false, runtime.Options.Limits);
            PlanCache<ReadEntry>.Entry? cached = runtime.Reads.Find(request.Catalog, shape);
            if (cached is not null)
            {
                return Fill(request, cached.Program!, cut ? shape : null, cached.Texts);
            }
            return Plan(request, table, count, shape, cut);
        }
        finally
        {
            RequestShape.Return(shape);
        }
    }

    private Outcome<PreparedRead> Plan(RestRequest request, string table, CountPreference count, RequestShape shape, bool cut)
    {
        if (!QueryParser.Parse(request.Query, callByGet: false, runtime.Options.Limits).TryGet(out QuerySyntax query, out Error error))
        {
            return error;
        }
        if (!ReadPlanner.Plan(request.Catalog, table, query, runtime.PlanOptionsOf(request)).TryGet(out ReadPlan plan, out error))
        {
            return error;
        }
        if (ScopeCheck.Of(request.Caller, plan) is { } refused)
        {
            return refused;
        }
        if (request.Answer.Handler is { RowsOf: { } rowsOf } && !IsWhole(plan.Root, request.Catalog.Find(rowsOf)!))
        {
            return MediaTypes.NotAvailable(request.Http.Request.Headers.Accept.ToString());
        }
        plan = plan with
        {
            Handler = request.Answer.Handler,
            CountExact = count != CountPreference.None,
            Estimate = count switch
            {
                CountPreference.Planned => CountEstimate.Always,
                CountPreference.Estimated => new CountEstimate(true, runtime.Options.MaxRows),
                _ => default,
            },
        };
        var principal = RestRuntime.PrincipalOf(request.Caller);
        if (!ReadProgram.Compile(plan, request.Catalog, principal, runtime.Source).TryGet(out ReadProgram program, out error))
        {
            return error;
        }
        var entry = new ReadEntry(program, PlanMeta.Of(plan));
        string[] texts = [.. query.Slots];
        runtime.Reads.Add(request.Catalog, shape, cut, entry, entry.Meta, texts);
        return Fill(request, entry, null, texts);
    }

    /// <summary>A handler of a table's own rows takes them as they are.</summary>
    private static bool IsWhole(ReadNode root, Table table) =>
        root.Members.Length == table.Columns.Length
        && root.Members.Zip(table.Columns).All(p => p.First is ValueMember { Value: ColumnExpr column } && column.Column == p.Second.Name);

    private Outcome<PreparedRead> Fill(RestRequest request, ReadEntry entry, RequestShape? shape, string[]? texts)
    {
        if (!runtime.Fill(entry.Meta, shape, texts, request.Time).TryGet(out Datum[] slots, out Error error))
        {
            return error;
        }
        return Page(request, entry.Meta, slots).TryGet(out Paging page, out error) ? new PreparedRead(entry, slots, page) : error;
    }

    /// <summary>
    /// Limit and offset of the query, met with Range and the server's bound, into the last two slots. A role with export
    /// right reads past that bound; for all others what is asked beside the page has a price.
    /// </summary>
    public Outcome<Paging> Page(RestRequest request, PlanMeta meta, Datum[] slots)
    {
        var asked = new Paging(
            meta.OffsetSlot < 0 ? 0 : slots[meta.OffsetSlot].Integer,
            meta.LimitSlot < 0 ? long.MaxValue : slots[meta.LimitSlot].Integer
        );
        Paging page = asked.And(request.Range);
        bool exports = runtime.MayExport(request.Caller);
        if (!exports || request.Answer.Form == AnswerForm.Object)
        {
            page = page.AtMost(runtime.Options.MaxRows);
        }
        if (!exports)
        {
            if (ReadCost.Refusal(meta, slots, page.Offset, runtime.Options.MaxCost) is { } refused)
            {
                return refused;
            }
        }
        slots[^2] = Datum.Of(page.Limit);
        slots[^1] = Datum.Of(page.Offset);
        return page;
    }
}
