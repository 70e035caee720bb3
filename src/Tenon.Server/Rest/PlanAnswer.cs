using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>
/// application/vnd.pgrst.plan: the database's own plan of each statement of a read, the root's first. It tells of tables,
/// policies and statistics, so [db] plan_enabled has to be on.
/// </summary>
internal static class PlanAnswer
{
    public static async ValueTask WriteAsync(RestRequest request, ReadProgram program, Datum[] slots, RestOptions options)
    {
        ExplainOptions asked = request.Answer.Explain!;
        List<List<Datum[]>>? plans = options.PlanEnabled ? await program.ExplainAsync(request.Arguments(slots), asked, request.Aborted) : null;
        if (plans is null)
        {
            throw MediaTypes.NotAvailable(request.Http.Request.Headers.Accept.ToString()).ToException();
        }
        byte[] body = Encoding.UTF8.GetBytes(asked.Json ? Json(plans) : Text(plans));
        request.StartAnswer(StatusCodes.Status200OK, null);
        request.Http.Response.ContentType = request.Answer.ContentType;
        request.Note(0, plans.Count);
        if (!request.IsHead)
        {
            request.Http.Response.ContentLength = body.Length;
            await request.Http.Response.Body.WriteAsync(body, request.Aborted);
        }
    }

    /// <summary>Each statement's plan is an array of one.</summary>
    private static string Json(List<List<Datum[]>> plans) => "[" + string.Join(",", plans.Select(p => p[0][0].Text.Trim()[1..^1])) + "]";

    private static string Text(List<List<Datum[]>> plans) => string.Join("\n\n", plans.Select(p => string.Join('\n', p.Select(line => line[0].Text))));

    /// <summary>How many rows a plan in JSON expects.</summary>
    public static long RowsOf(string plan)
    {
        using JsonDocument json = JsonDocument.Parse(plan);
        return (long)json.RootElement[0].GetProperty("Plan").GetProperty("Plan Rows").GetDouble();
    }

    /// <summary>application/vnd.pgrst.plan[+json|+text]; for="…"; options=analyze|verbose.</summary>
    public static Answer? Read(ReadOnlySpan<char> type, ReadOnlySpan<char> parameters)
    {
        ImmutableArray<string> words = [];
        foreach (Range range in parameters.Split(';'))
        {
            ReadOnlySpan<char> parameter = parameters[range].Trim();
            if (parameter.StartsWith("options=", StringComparison.OrdinalIgnoreCase))
            {
                string[] asked = parameter[8..].Trim('"').ToString().ToLowerInvariant().Split('|', StringSplitOptions.TrimEntries);
                words = [.. ExplainOptions.Known.Where(asked.Contains)];
            }
        }
        bool json = type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
        string options = words.IsEmpty ? "" : $"; options={string.Join('|', words)}";
        return new Answer(AnswerForm.Plan, false)
        {
            Media = $"application/vnd.pgrst.plan+{(json ? "json" : "text")}; for=\"application/json\"{options}; charset=utf-8",
            Explain = new ExplainOptions(json, words),
        };
    }
}
