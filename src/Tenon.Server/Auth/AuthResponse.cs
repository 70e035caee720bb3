using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth;

/// <summary>Answers of /auth/v1: JSON that no cache keeps, and errors in the shape of the API version the client names.</summary>
internal static class AuthResponse
{
    private const string VersionHeader = "X-Supabase-Api-Version";
    private static readonly DateOnly CodesAreText = new(2024, 1, 1);

    public static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            write(writer);
        }
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = buffer.WrittenCount;
        response.Headers.CacheControl = "no-store";
        await response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }

    public static Task WriteUserAsync(HttpContext context, int status, User user, IReadOnlyList<Identity> identities) =>
        WriteAsync(context, status, writer => UserWriter.WriteUser(writer, user, identities));

    public static Task WriteSessionAsync(HttpContext context, IssuedSession issued) =>
        WriteAsync(context, StatusCodes.Status200OK, writer => UserWriter.WriteSession(writer, issued));

    public static Task WriteEmptyObjectAsync(HttpContext context) =>
        WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteEndObject();
            }
        );

    public static void NoContent(HttpContext context) => context.Response.StatusCode = StatusCodes.Status204NoContent;

    public static Task WriteErrorAsync(HttpContext context, AuthError error)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers["x-sb-error-code"] = error.Code;
        if (error.RetryAfter is { } seconds)
        {
            headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
        bool textual = NamesVersionWithTextCodes(context);
        if (textual)
        {
            headers[VersionHeader] = CodesAreText.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        }
        return WriteAsync(context, error.Status, writer => WriteError(writer, error, textual));
    }

    /// <summary>The OAuth form (RFC 6749 §5.2), which the token endpoint uses for requests that name no grant.</summary>
    public static Task WriteOAuthErrorAsync(HttpContext context, string error, string description) =>
        WriteAsync(
            context,
            StatusCodes.Status400BadRequest,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("error", error);
                writer.WriteString("error_description", description);
                writer.WriteEndObject();
            }
        );

    private static void WriteError(Utf8JsonWriter writer, AuthError error, bool textual)
    {
        writer.WriteStartObject();
        if (textual)
        {
            writer.WriteString("code", error.Code);
            writer.WriteString("message", error.Message);
        }
        else
        {
            writer.WriteNumber("code", error.Status);
            writer.WriteString("error_code", error.Code);
            writer.WriteString("msg", error.Message);
        }
        if (!error.WeakPasswordReasons.IsEmpty)
        {
            writer.WriteStartObject("weak_password");
            writer.WriteStartArray("reasons");
            foreach (string reason in error.WeakPasswordReasons)
            {
                writer.WriteStringValue(reason);
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    private static bool NamesVersionWithTextCodes(HttpContext context) =>
        DateOnly.TryParseExact(
            context.Request.Headers[VersionHeader].ToString(),
            "yyyy-MM-dd",
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out DateOnly version
        )
        && version >= CodesAreText;
}
