using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Core.Query;

namespace Tenon.Server.Rest;

internal enum BodyKind
{
    Json,
    Csv,
    Form,
    Text,
    Bytes,
}

/// <summary>Content-Type and body → payload.</summary>
internal static class Payloads
{
    public static Outcome<BodyKind> KindOf(HttpRequest request)
    {
        string? header = request.ContentType;
        if (string.IsNullOrEmpty(header))
        {
            return BodyKind.Json;
        }
        int semicolon = header.IndexOf(';');
        string type = (semicolon < 0 ? header : header[..semicolon]).Trim().ToLowerInvariant();
        return type switch
        {
            "application/json" or "application/vnd.pgrst.object+json" or "application/vnd.pgrst.array+json" => BodyKind.Json,
            "text/csv" => BodyKind.Csv,
            "application/x-www-form-urlencoded" => BodyKind.Form,
            "text/plain" or "text/xml" => BodyKind.Text,
            "application/octet-stream" => BodyKind.Bytes,
            _ => NotAcceptable(type),
        };
    }

    public static Error NotAcceptable(string type) => Payload.Invalid($"Content-Type not acceptable: {type}");

    /// <summary>The payload of a write on a table; it owns the body from here on.</summary>
    public static Outcome<Payload> OfTable(RestRequest request, BodyKind kind, RequestBody body, RestOptions options) =>
        kind switch
        {
            BodyKind.Json => JsonPayload.Read(body, !HasColumns(request.Query), options.MaxInsertRows),
            BodyKind.Csv => CsvPayload.Read(body.Span, options.MaxInsertRows),
            BodyKind.Form => FormPayload.Read(body.Span),
            _ => NotAcceptable(request.Http.Request.ContentType ?? ""),
        };

    /// <summary>?columns= says which keys are meant; then objects may differ in the others.</summary>
    public static bool HasColumns(ReadOnlySpan<char> query)
    {
        while (QueryText.Next(ref query, out ReadOnlySpan<char> key, out _, out bool hasValue))
        {
            if (hasValue && key is "columns")
            {
                return true;
            }
        }
        return false;
    }
}
