using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;

namespace Tenon.Server.Rest;

/// <summary>
/// What functions said of the answer by set_config: response.status, and response.headers as an array of objects of one
/// string each. Read inside the unit, so that nonsense takes the unit back.
/// </summary>
internal sealed record AnswerSettings(int? Status, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    public static readonly AnswerSettings None = new(null, []);

    /// <summary>The app's own type of the body.</summary>
    public string? ContentType => Headers.Count == 0 ? null : Headers.LastOrDefault(h => h.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>Throws PGRST111 or PGRST112.</summary>
    public static AnswerSettings Of(SettingsMade? made)
    {
        string? headers = made?.Get(SettingsMade.ResponseHeaders);
        string? status = made?.Get(SettingsMade.ResponseStatus);
        return headers is null && status is null ? None : new AnswerSettings(status is null ? null : StatusOf(status), headers is null ? [] : HeadersOf(headers));
    }

    // 1xx cannot stand before an answer, so it is none.
    private static int StatusOf(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int status) && status is >= 200 and < 600
            ? status
            : throw new Error(ErrorCodes.ResponseStatus, "response.status guc must be a valid status code").ToException();

    private static List<KeyValuePair<string, string>> HeadersOf(string text)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            var headers = new List<KeyValuePair<string, string>>();
            foreach (JsonElement one in json.RootElement.EnumerateArray())
            {
                JsonProperty header = one.EnumerateObject().Single();
                headers.Add(new(header.Name, header.Value.GetString() ?? ""));
            }
            return headers.TrueForAll(AnswerHeaders.IsAllowed) ? headers : throw BadHeaders();
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            throw BadHeaders();
        }
    }

    private static TenonException BadHeaders() =>
        new Error(
            ErrorCodes.ResponseHeaders,
            "response.headers guc must be a JSON array composed of objects with a single key and a string value"
        ).ToException();
}

/// <summary>Headers that the app's own SQL gives to an answer.</summary>
internal static class AnswerHeaders
{
    /// <summary>A name and a value as HTTP has them; how the message is framed stays the server's.</summary>
    public static bool IsAllowed(KeyValuePair<string, string> header) =>
        header.Key.Length > 0
        && header.Key.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal))
        && header.Value.All(c => c is >= ' ' and < (char)127 or '\t')
        && header.Key.ToLowerInvariant() is not ("content-length" or "transfer-encoding" or "connection" or "keep-alive" or "upgrade" or "trailer" or "te");

    /// <summary>Set-Cookie may stand several times; of every other header the app's own replaces ours.</summary>
    public static void Put(HttpResponse response, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        foreach ((string name, string value) in headers)
        {
            if (name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase))
            {
                response.Headers.Append(name, value);
            }
            else
            {
                response.Headers[name] = value;
            }
        }
    }
}
