using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>
/// application/vnd.pgrst.plan: the database's own plan of each statement of a request, the first one's first, in place of what
/// the request would answer or do. It tells of tables, policies and statistics, so [db] plan_enabled has to be on.
/// </summary>
internal static class PlanAnswer
{
    /// <summary>What is shown of this source; throws PGRST107 where nothing is.</summary>
    public static ExplainOptions Options(RestRequest request, RestOptions options, Source source)
    {
        ExplainOptions asked = request.Answer.Explain!;
        return options.PlanEnabled && source.PlanWords is { } known
            ? asked with { Words = asked.Words.RemoveAll(w => !known.Contains(w)) }
            : throw MediaTypes.NotAvailable(request.Http.Request.Headers.Accept.ToString()).ToException();
    }

    public static async ValueTask WriteAsync(RestRequest request, ExplainOptions shown, List<string> plans)
    {
        byte[] body = Encoding.UTF8.GetBytes(shown.Json ? "[" + string.Join(",", plans) + "]" : string.Join("\n\n", plans));
        request.StartAnswer(StatusCodes.Status200OK, null);
        request.Http.Response.ContentType = TypeOf(shown, request.Answer.Media!);
        request.Note(0, plans.Count);
        if (!request.IsHead)
        {
            request.Http.Response.ContentLength = body.Length;
            await request.Http.Response.Body.WriteAsync(body, request.Aborted);
        }
    }

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
        string media = Plain;
        foreach (Range range in parameters.Split(';'))
        {
            ReadOnlySpan<char> parameter = parameters[range].Trim();
            if (parameter.StartsWith("options=", StringComparison.OrdinalIgnoreCase))
            {
                string[] asked = parameter[8..].Trim('"').ToString().ToLowerInvariant().Split('|', StringSplitOptions.TrimEntries);
                words = [.. ExplainOptions.Known.Where(asked.Contains)];
            }
            else if (parameter.StartsWith("for=", StringComparison.OrdinalIgnoreCase) && IsMedia(parameter[4..].Trim('"')))
            {
                media = parameter[4..].Trim('"').ToString();
            }
        }
        bool json = type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
        return new Answer(AnswerForm.Plan, false) { Explain = new ExplainOptions(json, words), Media = media };
    }

    private const string Plain = "application/json";

    // It is written into a header again.
    private static bool IsMedia(ReadOnlySpan<char> text) =>
        text is { Length: > 2 and <= 100 } && text.Count('/') == 1 && text.IndexOfAnyExcept(MediaLetters) < 0;

    private static readonly SearchValues<char> MediaLetters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/.+-_*"
    );

    /// <summary>It names the media type whose plan was asked for (the statements are the same) and the options that were heeded.</summary>
    private static string TypeOf(ExplainOptions shown, string media)
    {
        string options = shown.Words.IsEmpty ? "" : $"; options={string.Join('|', shown.Words)}";
        return $"application/vnd.pgrst.plan+{(shown.Json ? "json" : "text")}; for=\"{media}\"{options}; charset=utf-8";
    }
}
