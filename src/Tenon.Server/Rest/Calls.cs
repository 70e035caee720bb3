using System.Collections.Immutable;
using System.Text;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Query;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>GET, HEAD and POST of /rpc/function.</summary>
internal sealed class Calls(RestRuntime runtime, TableReads reads)
{
    /// <summary>The body of a call: the names of its arguments, or that it is one value.</summary>
    private sealed record Arguments(CallBody Body, Payload? Payload, BodyKind Kind);

    public async Task RunAsync(RestRequest request, string function, bool isPost)
    {
        using RequestBody body = isPost
            ? await RequestBody.ReadAsync(request.Http.Request, runtime.Options.MaxBody, request.Aborted)
            : RequestBody.None;
        Arguments? arguments = isPost ? ArgumentsOf(request, body).Value : null;
        PreparedRead call = Prepare(request, function, arguments, body).Value;
        CallPlan plan = call.Entry.Call!;
        request.NegotiateFor(plan.Routine);
        if (request.Answer.Form == AnswerForm.Plan)
        {
            await ExplainAsync(request, call);
            return;
        }
        if (MaxAffected(request) is not null && !plan.Routine.ReturnsSet)
        {
            throw ScalarMaxAffected().ToException();
        }
        Wrapping wrapping = plan.Routine.ReturnsSet ? Wrapping.Array : Wrapping.Bare;
        if (call.Entry.CallProgram is { } own)
        {
            await RunByItselfAsync(request, call, own, wrapping);
            return;
        }
        ReadProgram program = call.Entry.Program!;
        // Whether max-affected holds shows only once all rows are counted.
        ReadBounds bounds = MaxAffected(request) is null
            ? TableReads.BoundsOf(request, runtime.Options.MaxRows, wrapping)
            : ReadBounds.Whole(runtime.Options.MaxRows);
        StatementArguments values = request.Arguments(call.Slots);
        using ReadResult result = IsReadOnly(plan, program)
            ? await program.RunAsync(values, bounds, request.Aborted)
            : await program.WriteAsync(values, runtime.Options.MaxRows, count => Demand(request, plan, count), request.Aborted);
        Check(request, plan, result.Rows);
        if (!IsVoid(request, plan))
        {
            await TableReads.AnswerAsync(request, call.Paging, result, wrapping, program.Root.Shape);
        }
        request.Note(result.Rows, result.Statements);
    }

    private async ValueTask ExplainAsync(RestRequest request, PreparedRead call)
    {
        ExplainOptions shown = PlanAnswer.Options(request, runtime.Options, runtime.Source);
        List<string> plans = call.Entry is { Program: { } program, Call: { } plan }
            ? await program.ExplainAsync(request.Arguments(call.Slots), shown, !IsReadOnly(plan, program), request.Aborted)
            : [call.Entry.CallProgram!.Explain(shown)];
        await PlanAnswer.WriteAsync(request, shown, plans);
    }

    /// <summary>A call that no query can hold.</summary>
    private static async ValueTask RunByItselfAsync(RestRequest request, PreparedRead call, CallProgram own, Wrapping wrapping)
    {
        CallPlan plan = call.Entry.Call!;
        CallResult written = await own.RunAsync(
            request.Arguments(call.Slots),
            call.Paging,
            count => Demand(request, plan, count),
            request.Aborted
        );
        Check(request, plan, written.Rows);
        request.Note(written.Rows, written.Statements);
        if (!IsVoid(request, plan))
        {
            bool counted = request.Preferences.Count != CountPreference.None;
            var rows = new AnsweredRows(written.Body, written.Rows, counted ? written.Total : null, own.Shape);
            await TableReads.AnswerAsync(request, call.Paging, rows, wrapping);
        }
    }

    private static void Check(RestRequest request, CallPlan plan, long rows)
    {
        if (Demand(request, plan, rows) is { } refused)
        {
            throw refused.ToException();
        }
    }

    private static bool IsVoid(RestRequest request, CallPlan plan)
    {
        bool isVoid = plan.Routine.Result.Kind == TypeKind.Void;
        if (isVoid)
        {
            request.StartAnswer(204, null);
        }
        return isVoid;
    }

    /// <summary>A function whose text was read is known to write or not; of one the database runs only its declaration is known.</summary>
    private static bool IsReadOnly(CallPlan plan, ReadProgram program) =>
        program.Enforcement == Enforcement.Native ? plan.Routine.Volatility != Volatility.Volatile : plan.ReadOnly;

    /// <summary>max-affected, and the one row that an object answer needs.</summary>
    private static Error? Demand(RestRequest request, CallPlan plan, long count) =>
        MaxAffected(request) is { } most && count > most ? RowCounts.TooManyAffected(count)
        : plan.Routine.Result.Kind == TypeKind.Void ? null
        : AnswerWriter.Refusal(request, count);

    private static long? MaxAffected(RestRequest request) => request.Preferences.IsStrict ? request.Preferences.MaxAffected : null;

    private static Error ScalarMaxAffected() =>
        new(
            ErrorCodes.MaxAffectedRpc,
            "Function must return SETOF or TABLE when max-affected preference is used with handling=strict"
        );

    // ---- the body ------------------------------------------------------------------------------------------------

    private static Outcome<Arguments> ArgumentsOf(RestRequest request, RequestBody body)
    {
        if (!Payloads.KindOf(request.Http.Request).TryGet(out BodyKind kind, out Error error))
        {
            return error;
        }
        return kind switch
        {
            BodyKind.Json => JsonArguments(body),
            BodyKind.Form => FormPayload.Read(body.Span).TryGet(out Payload form, out error)
                ? new Arguments(new CallBody(form.Keys), form, kind)
                : error,
            BodyKind.Text => new Arguments(new CallBody([]) { WholeKinds = [TypeKind.Text, TypeKind.Varchar] }, null, kind),
            BodyKind.Bytes => new Arguments(new CallBody([]) { WholeKinds = [TypeKind.Bytea] }, null, kind),
            _ => Payloads.NotAcceptable("text/csv"),
        };
    }

    private static Outcome<Arguments> JsonArguments(RequestBody body)
    {
        if (body.Span.IsEmpty)
        {
            return new Arguments(new CallBody([]), null, BodyKind.Json);
        }
        if (JsonPayload.Fault(body.Span) is { } fault)
        {
            return fault;
        }
        ImmutableArray<TypeKind> whole = [TypeKind.Json, TypeKind.Jsonb];
        int start = body.Span.IndexOfAnyExcept(" \t\r\n"u8);
        // Of an array of objects the first gives the arguments, as for PostgREST; anything else may only be one whole value.
        bool mayName = body.Span[start] is (byte)'{' or (byte)'[';
        return mayName && JsonPayload.Read(body, sameKeys: true, maxRows: int.MaxValue).TryGet(out Payload payload, out _)
            ? new Arguments(new CallBody(payload.Keys) { WholeKinds = whole }, payload, BodyKind.Json)
            : new Arguments(new CallBody([]) { WholeKinds = whole }, null, BodyKind.Json);
    }

    // ---- plan and values -----------------------------------------------------------------------------------------

    private Outcome<PreparedRead> Prepare(RestRequest request, string function, Arguments? arguments, RequestBody body)
    {
        RequestShape shape = RequestShape.Rent();
        try
        {
            bool count = request.Preferences.Count != CountPreference.None;
            bool cut = ReadShape(shape, request, function, arguments, count);
            PlanCache<ReadEntry>.Entry? cached = runtime.Reads.Find(request.Catalog, shape);
            ReadEntry? entry = cached?.Program;
            string[]? texts = cut ? null : cached?.Texts;
            Error error;
            if (entry is null)
            {
                if (!Plan(request, function, arguments, count, out texts).TryGet(out entry, out error))
                {
                    return error;
                }
                runtime.Reads.Add(request.Catalog, shape, cut, entry, entry.Meta, texts);
            }
            if (!runtime.Fill(entry.Meta, shape, texts, request.Time).TryGet(out Datum[] slots, out error))
            {
                return error;
            }
            if (FillArguments(request, entry.Call!, arguments, body, slots) is { } bad)
            {
                return bad;
            }
            return reads.Page(request, entry.Meta, slots).TryGet(out Paging page, out error) ? new PreparedRead(entry, slots, page) : error;
        }
        finally
        {
            RequestShape.Return(shape);
        }
    }

    private bool ReadShape(RequestShape shape, RestRequest request, string function, Arguments? arguments, bool count)
    {
        shape.Append(count ? "call count" : "call");
        shape.Append(request.Caller.PlanKey);
        shape.Append(request.Schema);
        shape.Append(function);
        shape.Append(arguments is null ? "get" : arguments.Kind.ToString());
        foreach (string name in arguments?.Body.Names ?? [])
        {
            shape.Append(name);
        }
        shape.Append("");
        return shape.Read(request.Query, callByGet: arguments is null, runtime.Options.Limits);
    }

    private Outcome<ReadEntry> Plan(RestRequest request, string function, Arguments? arguments, bool count, out string[] texts)
    {
        texts = [];
        bool byGet = arguments is null;
        if (!QueryParser.Parse(request.Query, byGet, runtime.Options.Limits).TryGet(out QuerySyntax query, out Error error))
        {
            return error;
        }
        texts = [.. query.Slots];
        var options = runtime.PlanOptionsOf(request);
        if (!ReadPlanner.PlanCall(request.Catalog, function, query, arguments?.Body, options).TryGet(out CallPlan call, out error))
        {
            return error;
        }
        if (ScopeCheck.Of(request.Caller, call.Read) is { } refused)
        {
            return refused;
        }
        return Compile(request, call with { Read = Counted(call, count) });
    }

    /// <summary>A function that may write runs once, whatever is counted.</summary>
    private static ReadPlan Counted(CallPlan call, bool count)
    {
        bool twice = call.ReadOnly && call.Routine.Volatility != Volatility.Volatile;
        return !count || twice
            ? call.Read with { CountExact = count }
            : call.Read with { CountWhileReading = true, Root = call.Read.Root with { Limit = null, Offset = null } };
    }

    private Outcome<ReadEntry> Compile(RestRequest request, CallPlan call)
    {
        var principal = RestRuntime.PrincipalOf(request.Caller);
        PlanMeta meta = PlanMeta.Of(call.Read);
        Error error;
        bool alone = CallProgram.IsNeededFor(call.Routine) && !runtime.Source.RunsFunctions;
        if (alone)
        {
            if (CallProgram.Compile(call, principal, runtime.Source).TryGet(out CallProgram plain, out error))
            {
                return new ReadEntry(null, meta) { Call = call, CallProgram = plain };
            }
            // Filters, orders and embeds on its rows: it is called, once, inside the query.
            if (error.Code != ErrorCodes.FeatureNotSupported)
            {
                return error;
            }
        }
        if (ReadProgram.Compile(call.Read, request.Catalog, principal, runtime.Source).TryGet(out ReadProgram program, out error))
        {
            return new ReadEntry(program, meta) { Call = call };
        }
        // A select that calls a function which writes cannot be inlined, but it can run by itself.
        if (error.Code != ErrorCodes.FeatureNotSupported || runtime.Source.RunsFunctions || alone)
        {
            return error;
        }
        return CallProgram.Compile(call, principal, runtime.Source).TryGet(out CallProgram own, out error)
            ? new ReadEntry(null, meta) { Call = call, CallProgram = own }
            : error;
    }

    private static Error? FillArguments(RestRequest request, CallPlan call, Arguments? arguments, RequestBody body, Datum[] slots)
    {
        if (arguments is null || call.BodyArguments.IsEmpty)
        {
            return null;
        }
        if (call.WholeBody)
        {
            BodyArgument only = call.BodyArguments[0];
            return Whole(only.Type, body, request.Time).TryGet(out slots[only.Slot], out Error error) ? null : error;
        }
        BodyArgument[] single = [.. call.BodyArguments];
        if (Repeated(call, arguments.Payload!) is { } repeated)
        {
            single = [.. single.Where(a => a != repeated)];
            List<string> texts = ((TextPayload)arguments.Payload!).Repeats![repeated.Name];
            if (!Several(repeated.Type.Element!, texts, request.Time).TryGet(out slots[repeated.Slot], out Error error))
            {
                return error;
            }
        }
        ImmutableArray<PayloadColumn> columns = [.. single.Select((a, i) => new PayloadColumn(a.Name, i, a.Type))];
        var wanted = new PayloadRequest(columns, columns.Length) { Time = request.Time, FirstOnly = true };
        if (!arguments.Payload!.Rows(wanted).TryGet(out List<Datum[]> rows, out Error refused))
        {
            return refused;
        }
        for (int i = 0; i < columns.Length; i++)
        {
            slots[single[i].Slot] = rows[0][i];
        }
        return null;
    }

    /// <summary>The variadic parameter of a form that gives its values one by one, not as an array's text.</summary>
    private static BodyArgument? Repeated(CallPlan call, Payload payload)
    {
        string? variadic = call.Routine.Parameters.LastOrDefault(p => p.Variadic)?.Name;
        if (variadic is null || payload is not TextPayload { Repeats: { } repeats } || !repeats.TryGetValue(variadic, out List<string>? texts))
        {
            return null;
        }
        bool isArrayText = texts is [var only] && only.StartsWith('{');
        return isArrayText ? null : call.BodyArguments.FirstOrDefault(a => a.Name == variadic);
    }

    private static Outcome<Datum> Several(LogicalType element, List<string> texts, SessionTime time)
    {
        var items = new Datum[texts.Count];
        for (int i = 0; i < items.Length; i++)
        {
            if (!TypeInput.Parse(element, texts[i], time).TryGet(out items[i], out Error error))
            {
                return error;
            }
        }
        return ArrayValue.Of(element, items).ToDatum();
    }

    private static Outcome<Datum> Whole(LogicalType type, RequestBody body, SessionTime time) =>
        type.Kind == TypeKind.Bytea ? Datum.Of(body.Span.ToArray()) : TypeInput.Parse(type, Encoding.UTF8.GetString(body.Span), time);
}
