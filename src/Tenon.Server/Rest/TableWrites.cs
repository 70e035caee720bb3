using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Planning;
using Tenon.Core.Query;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>POST, PUT, PATCH and DELETE of a table.</summary>
internal sealed class TableWrites(RestRuntime runtime)
{
    private readonly record struct PreparedWrite(WriteEntry Entry, Datum[] Slots, List<Datum[]> Rows);

    public async Task RunAsync(RestRequest request, WriteMethod method, string table)
    {
        using RequestBody body =
            method == WriteMethod.Delete
                ? RequestBody.None
                : await RequestBody.ReadAsync(request.Http.Request, runtime.Options.MaxBody, request.Aborted);
        ExplainOptions? shown = request.Answer.Form == AnswerForm.Plan ? PlanAnswer.Options(request, runtime.Options, runtime.Source) : null;
        PreparedWrite write = Prepare(request, method, table, body).Value;
        if (shown is not null)
        {
            List<string> plans = IsNothing(write) ? [] : await write.Entry.Program.ExplainAsync(write.Rows, request.Arguments(write.Slots), shown, request.Aborted);
            await PlanAnswer.WriteAsync(request, shown, plans);
            return;
        }
        if (IsNothing(write))
        {
            request.Note(0, 0);
            await AnswerAsync(request, method, write.Entry, count: 0, inserted: 0, ReadOnlyMemory<byte>.Empty);
            return;
        }
        using WriteResult result = await write.Entry.Program.RunAsync(
            write.Rows,
            request.Arguments(write.Slots),
            int.MaxValue,
            request.Aborted
        );
        request.Note(result.Count, result.Statements);
        await AnswerAsync(request, method, write.Entry, result.Count, result.Inserted, result.Body?.WrittenMemory ?? default);
    }

    /// <summary>An update of no columns or with no row, an insert of no rows.</summary>
    private static bool IsNothing(PreparedWrite write) =>
        write.Entry.Plan.Kind switch
        {
            WriteKind.Delete => false,
            WriteKind.Update => write.Rows.Count == 0 || write.Entry.Plan.Columns.IsEmpty,
            _ => write.Rows.Count == 0,
        };

    // ---- plan and values -----------------------------------------------------------------------------------------

    private Outcome<PreparedWrite> Prepare(RestRequest request, WriteMethod method, string table, RequestBody body)
    {
        if (!PayloadOf(request, method, body).TryGet(out Payload? payload, out Error error))
        {
            return error;
        }
        WriteIntent intent = IntentOf(request, method, payload);
        RequestShape shape = RequestShape.Rent();
        try
        {
            bool cut = ReadShape(shape, request, table, intent);
            PlanCache<WriteEntry>.Entry? cached = runtime.Writes.Find(request.Catalog, shape);
            WriteEntry? entry = cached?.Program;
            string[]? texts = cut ? null : cached?.Texts;
            if (entry is null)
            {
                if (!Plan(request, table, intent, out texts).TryGet(out entry, out error))
                {
                    return error;
                }
                runtime.Writes.Add(request.Catalog, shape, cut, entry, entry.Meta, texts);
            }
            if (!runtime.Fill(entry.Meta, shape, texts, request.Time).TryGet(out Datum[] slots, out error))
            {
                return error;
            }
            return Rows(request, entry, payload, slots).TryGet(out List<Datum[]> rows, out error)
                ? new PreparedWrite(entry, slots, rows)
                : error;
        }
        finally
        {
            RequestShape.Return(shape);
        }
    }

    private Outcome<Payload?> PayloadOf(RestRequest request, WriteMethod method, RequestBody body)
    {
        if (method == WriteMethod.Delete)
        {
            return (Payload?)null;
        }
        if (!Payloads.KindOf(request.Http.Request).TryGet(out BodyKind kind, out Error error))
        {
            return error;
        }
        return Payloads.OfTable(request, kind, body, runtime.Options).TryGet(out Payload payload, out error) ? payload : error;
    }

    private static WriteIntent IntentOf(RestRequest request, WriteMethod method, Payload? payload)
    {
        Preferences prefer = request.Preferences;
        return new WriteIntent(method)
        {
            PayloadKeys = payload?.Keys ?? [],
            Resolution = prefer.Resolution,
            MissingIsDefault = prefer.MissingIsDefault == true,
            Return = prefer.Return ?? ReturnPreference.Minimal,
            Singular = request.Answer.Form == AnswerForm.Object,
            MaxAffected = prefer.IsStrict ? prefer.MaxAffected : null,
        };
    }

    /// <summary>Everything that decides the plan of a write: method, preferences, role, table, keys of the body, query.</summary>
    private bool ReadShape(RequestShape shape, RestRequest request, string table, WriteIntent intent)
    {
        shape.Append(intent.Method.ToString());
        shape.Append(intent.Return.ToString());
        shape.Append(intent.Resolution.ToString());
        shape.Append(intent.MissingIsDefault ? "default" : "null");
        shape.Append(intent.Singular ? "one" : "many");
        shape.Append(intent.MaxAffected?.ToString(CultureInfo.InvariantCulture));
        shape.Append(request.Caller.PlanKey);
        shape.Append(request.Schema);
        shape.Append(table);
        shape.Append(intent.PayloadKeys.Length.ToString(CultureInfo.InvariantCulture));
        foreach (string key in intent.PayloadKeys)
        {
            shape.Append(key);
        }
        return shape.Read(request.Query, callByGet: false, runtime.Options.Limits);
    }

    private Outcome<WriteEntry> Plan(RestRequest request, string table, WriteIntent intent, out string[] texts)
    {
        texts = [];
        if (!QueryParser.Parse(request.Query, callByGet: false, runtime.Options.Limits).TryGet(out QuerySyntax query, out Error error))
        {
            return error;
        }
        texts = [.. query.Slots];
        if (!WritePlanner.Plan(request.Catalog, table, query, intent, runtime.PlanOptionsOf(request)).TryGet(out WritePlan plan, out error))
        {
            return error;
        }
        if (ScopeCheck.Of(request.Caller, plan) is { } refused)
        {
            return refused;
        }
        var principal = RestRuntime.PrincipalOf(request.Caller);
        if (!WriteProgram.Compile(plan, request.Catalog, principal, runtime.Source).TryGet(out WriteProgram program, out error))
        {
            return error;
        }
        Table target = request.Catalog.Find(plan.Table)!;
        return new WriteEntry(program, PlanMeta.Of(plan), plan) { Columns = ColumnsOf(target, plan), Width = target.Columns.Length };
    }

    private static ImmutableArray<PayloadColumn> ColumnsOf(Table table, WritePlan plan)
    {
        string[] names = [.. table.Columns.Select(c => c.Name)];
        return [.. plan.Columns.Zip(plan.BaseColumns(plan.Columns), (c, below) => new PayloadColumn(c, Array.IndexOf(names, below), table.Find(below)!.Type))];
    }

    private static Outcome<List<Datum[]>> Rows(RestRequest request, WriteEntry entry, Payload? payload, Datum[] slots)
    {
        if (payload is null)
        {
            return new List<Datum[]>();
        }
        var wanted = new PayloadRequest(entry.Columns, entry.Width)
        {
            Missing = entry.Plan.MissingIsDefault ? WriteSession.DefaultMark : Datum.Null,
            Time = request.Time,
        };
        if (!payload.Rows(wanted).TryGet(out List<Datum[]> rows, out Error error))
        {
            return error;
        }
        if (entry.Plan.Kind == WriteKind.Update && rows.Count > 1)
        {
            return Payload.Invalid("An update takes one object", $"The body has {rows.Count}.");
        }
        return KeysMatch(entry, rows, slots) ? rows : PlanErrors.PutKey();
    }

    /// <summary>PUT: the key in the body is the key in the URL, and there is one row.</summary>
    private static bool KeysMatch(WriteEntry entry, List<Datum[]> rows, Datum[] slots)
    {
        foreach (KeySlot key in entry.Plan.PutKey)
        {
            int ordinal = entry.OrdinalOf(key.Column);
            if (rows.Count != 1 || ordinal < 0 || !rows[0][ordinal].Equals(slots[key.Slot]))
            {
                return false;
            }
        }
        return true;
    }

    // ---- the answer ----------------------------------------------------------------------------------------------

    private static async ValueTask AnswerAsync(
        RestRequest request,
        WriteMethod method,
        WriteEntry entry,
        long count,
        long inserted,
        ReadOnlyMemory<byte> body
    )
    {
        bool wantsRows = request.Preferences.Return == ReturnPreference.Representation;
        if (AnswerWriter.Refusal(request, count) is { } refused)
        {
            throw refused.ToException();
        }
        Preferences applied =
            method == WriteMethod.Post && entry.Plan.Kind != WriteKind.Insert
                ? request.Preferences
                : request.Preferences with { Resolution = ResolutionPreference.None };
        request.StartAnswer(StatusOf(method, entry, inserted, wantsRows), RangeOf(request, method, count), applied);
        if (wantsRows)
        {
            await AnswerWriter.WriteAsync(request, body, count, Wrapping.Array, entry.Program.Shape!);
        }
        else if (entry.Plan.ReturnKey && count == 1)
        {
            request.Http.Response.Headers.Location = Location.Of((entry.Plan.View?.View.Name ?? entry.Plan.Table).Name, body.Span);
        }
    }

    private static int StatusOf(WriteMethod method, WriteEntry entry, long inserted, bool wantsRows) =>
        method switch
        {
            WriteMethod.Post => entry.Plan.Kind != WriteKind.Insert && inserted == 0 ? 200 : 201,
            WriteMethod.Put when wantsRows => inserted > 0 ? 201 : 200,
            _ => wantsRows ? 200 : 204,
        };

    private static string? RangeOf(RestRequest request, WriteMethod method, long count)
    {
        string of = request.Preferences.Count == CountPreference.None ? "*" : count.ToString(CultureInfo.InvariantCulture);
        return method switch
        {
            WriteMethod.Put => null,
            WriteMethod.Patch when count > 0 => string.Create(CultureInfo.InvariantCulture, $"0-{count - 1}/{of}"),
            _ => $"*/{of}",
        };
    }
}
