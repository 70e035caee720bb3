using System.Text.Json;
using Tenon.Server.Auth.Hooks;

namespace Tenon.Server.Auth.OAuth;

/// <summary>Calls to issuers: JSON back, or the reason why there is none. Neither bodies nor secrets come into a message.</summary>
internal static class ExternalCalls
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>The object, or list, that a call answers with status 200.</summary>
    public static async Task<JsonElement> JsonAsync(SafeHttp http, HttpRequestMessage request, CancellationToken cancellation)
    {
        CallAnswer answer = await SendAsync(http, request, cancellation);
        return answer.Status == 200
            ? Parse(answer.Body, request.RequestUri!)
            : throw new IssuerException($"{Place(request.RequestUri!)} answered {answer.Status}");
    }

    public static async Task<CallAnswer> SendAsync(SafeHttp http, HttpRequestMessage request, CancellationToken cancellation)
    {
        request.Headers.UserAgent.ParseAdd("Tenon");
        try
        {
            return await http.SendAsync(request, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new IssuerException($"{Place(request.RequestUri!)} gave no answer", e);
        }
    }

    public static JsonElement Parse(byte[] body, Uri from)
    {
        try
        {
            JsonElement root = JsonElement.Parse(body, Strict);
            return root.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? root : throw new IssuerException($"{Place(from)} did not answer an object");
        }
        catch (JsonException e)
        {
            throw new IssuerException($"{Place(from)} did not answer JSON", e);
        }
    }

    // Queries may carry secrets.
    private static string Place(Uri uri) => uri.GetLeftPart(UriPartial.Path);
}
