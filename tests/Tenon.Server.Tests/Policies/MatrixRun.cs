// One cell of the policy matrix through planner, policy binder and a source, without HTTP.
using System.Text;
using System.Text.Json.Nodes;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Query;
using Tenon.Core.Types;
using Tenon.Server.Rest;
using Tenon.Sources;
using Tenon.Testing;
using Xunit;
using JsonNode = System.Text.Json.Nodes.JsonNode;

namespace Tenon.Server.Tests.Policies;

internal sealed class MatrixRun(Source source, Catalog catalog, QualifiedName docs)
{
    private static readonly Principal Caller = Principal.Of(RoleName.Authenticated);

    private static readonly RequestContext Context = new()
    {
        Now = 0, CurrentUser = RoleName.Authenticated, Uid = PolicyMatrix.Alice, Role = "authenticated",
    };

    public async Task<JsonNode?> Execute(MatrixOperation operation)
    {
        var at = operation.Target.IndexOf('?', StringComparison.Ordinal);
        var query = QueryParser.Parse(at < 0 ? "" : operation.Target.AsSpan(at + 1), callByGet: false, QueryLimits.Default).Value;
        return operation.Method is "GET" or "HEAD" ? await Read(query, Caller, operation.Result == "count") : await Write(query, operation);
    }

    public async Task<JsonArray> Table() =>
        (await Read(QueryParser.Parse("order=id", callByGet: false, QueryLimits.Default).Value, Principal.Owner, count: false))!.AsArray();

    private async Task<JsonNode?> Read(QuerySyntax query, Principal principal, bool count)
    {
        var plan = ReadPlanner.Plan(catalog, docs.Name, query, new PlanOptions { Schema = docs.Schema, Role = principal.Role, SeesEverything = principal.Bypass }).Value;
        var program = ReadProgram.Compile(plan with { CountExact = count }, catalog, principal, source).Value;
        var slots = Fill(query, [.. plan.Slots]);
        slots[^2] = Datum.Of(1000);
        slots[^1] = Datum.Of(0);
        using var result = await program.RunAsync(Arguments(slots), ReadBounds.Whole(1000), TestContext.Current.CancellationToken);
        return count ? JsonValue.Create(result.Total!.Value) : Rows(result.Body);
    }

    private async Task<JsonNode?> Write(QuerySyntax query, MatrixOperation operation)
    {
        var preferences = Preferences.Parse(operation.Headers["Prefer"]);
        var payload = operation.Body switch { JsonArray many => many.ToArray(), { } one => [one], null => [] };
        var intent = new WriteIntent(Enum.Parse<WriteMethod>(operation.Method, ignoreCase: true))
        {
            PayloadKeys = payload.Length == 0 ? [] : [.. payload[0]!.AsObject().Select(m => m.Key)],
            Resolution = preferences.Resolution,
            Return = preferences.Return ?? ReturnPreference.Minimal,
        };
        var plan = WritePlanner.Plan(catalog, docs.Name, query, intent, new PlanOptions { Schema = docs.Schema, Role = Caller.Role }).Value;
        var program = WriteProgram.Compile(plan, catalog, Caller, source).Value;
        using var result = await program.RunAsync(
            [.. payload.Select(Row)], Arguments(Fill(query, program.Slots)), 1000, TestContext.Current.CancellationToken);
        return operation.Result == "rows" ? Rows(result.Body!) : null;
    }

    private Datum[] Row(JsonNode? body)
    {
        var table = catalog.Find(docs)!;
        var row = new Datum[table.Columns.Length];
        foreach (var (name, value) in body!.AsObject())
        {
            var ordinal = table.OrdinalOf(name);
            row[ordinal] = value is null ? Datum.Null : TypeInput.Parse(table.Columns[ordinal].Type, value.ToString(), 0).Value;
        }

        return row;
    }

    private static Datum[] Fill(QuerySyntax query, SlotSpec[] specs)
    {
        var slots = new Datum[specs.Length];
        for (var i = 0; i < query.Slots.Length; i++)
        {
            slots[i] = specs[i].Kind == SlotKind.Unused ? Datum.Null : SlotReader.Read(specs[i], query.Slots[i], QueryLimits.Default).Value;
        }

        return slots;
    }

    private static StatementArguments Arguments(Datum[] slots) => new() { Slots = slots, Context = Context };

    private static JsonArray Rows(ByteBuffer body) => JsonNode.Parse($"[{Encoding.UTF8.GetString(body.Written)}]")!.AsArray();
}
