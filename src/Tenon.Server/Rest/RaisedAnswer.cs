using System.Text.Json;
using Tenon.Core.Errors;

namespace Tenon.Server.Rest;

/// <summary>
/// raise sqlstate 'PGRST' using message = '{"code", "message", …}', detail = '{"status", "headers", …}': the app's own whole
/// answer. Anything else in them is PGRST121.
/// </summary>
internal static class RaisedAnswer
{
    public static Error Of(Error error)
    {
        if (error.Code.Text != "PGRST")
        {
            return error;
        }
        if (error.Details is null)
        {
            return Malformed("DETAIL is missing in the RAISE statement", isMessage: false);
        }
        try
        {
            using JsonDocument detail = JsonDocument.Parse(error.Details);
            int status = detail.RootElement.GetProperty("status").GetInt32();
            List<KeyValuePair<string, string>> headers =
            [
                .. detail.RootElement.GetProperty("headers").EnumerateObject().Select(h => new KeyValuePair<string, string>(h.Name, h.Value.GetString() ?? "")),
            ];
            return status is >= 200 and < 600 && headers.TrueForAll(AnswerHeaders.IsAllowed)
                ? WithMessage(error, status, headers)
                : Malformed($"Invalid JSON value for DETAIL: '{error.Details}'", isMessage: false);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return Malformed($"Invalid JSON value for DETAIL: '{error.Details}'", isMessage: false);
        }
    }

    private static Error WithMessage(Error error, int status, List<KeyValuePair<string, string>> headers)
    {
        try
        {
            using JsonDocument message = JsonDocument.Parse(error.Message);
            string code = message.RootElement.GetProperty("code").GetString() ?? "";
            string text = message.RootElement.GetProperty("message").GetString() ?? "";
            return new Error(ErrorCodes.OfTheApp(code, status), text, Optional(message, "details"), Optional(message, "hint")) { Headers = headers };
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return Malformed($"Invalid JSON value for MESSAGE: '{error.Message}'", isMessage: true);
        }
    }

    private static string? Optional(JsonDocument message, string name) =>
        message.RootElement.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static Error Malformed(string details, bool isMessage) =>
        new(
            ErrorCodes.RaisedAnswer,
            "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error",
            details,
            isMessage
                ? "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys: 'details', 'hint'."
                : "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key: 'status_text'."
        );
}
