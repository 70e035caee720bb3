using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Auth;

namespace Tenon.Server.Rest;

/// <summary>Errors as PostgREST answers them: code, details, hint, message; Proxy-Status names the code.</summary>
internal static class RestErrors
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Task WriteAsync(HttpContext context, CredentialFailure failure)
    {
        context.Response.Headers.WWWAuthenticate = failure.WwwAuthenticate;
        return WriteAsync(context, failure.ToRestError(), null);
    }

    /// <summary>caller decides between 401 and 403 for what is not permitted; null when nobody was recognised.</summary>
    public static async Task WriteAsync(HttpContext context, Error error, Caller? caller)
    {
        HttpResponse response = context.Response;
        error = RaisedAnswer.Of(error);
        int status = StatusOf(error, caller);
        response.StatusCode = status;
        response.ContentType = "application/json; charset=utf-8";
        response.Headers["Proxy-Status"] = $"PostgREST; error={error.Code.Text}";
        AnswerHeaders.Put(response, error.Headers);
        if (status == StatusCodes.Status401Unauthorized && response.Headers.WWWAuthenticate.Count == 0)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }
        if (error.RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
        var buffer = new ArrayBufferWriter<byte>(256);
        Write(buffer, error);
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }
        response.ContentLength = buffer.WrittenCount;
        await response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }

    public static int StatusOf(Error error, Caller? caller)
    {
        if (error.Code == ErrorCodes.InsufficientPrivilege)
        {
            return caller is null || caller.Role == RoleName.Anon ? StatusCodes.Status401Unauthorized : StatusCodes.Status403Forbidden;
        }
        return error.StatusOverride ?? error.Code.Status;
    }

    private static void Write(IBufferWriter<byte> buffer, Error error)
    {
        using var json = new Utf8JsonWriter(buffer, Plain);
        json.WriteStartObject();
        json.WriteString("code", error.Code.Text);
        json.WritePropertyName("details");
        if (error.Details is not null && error.DetailsAreJson)
        {
            json.WriteRawValue(error.Details);
        }
        else
        {
            WriteText(json, error.Details);
        }
        json.WritePropertyName("hint");
        WriteText(json, error.Hint);
        json.WritePropertyName("message");
        WriteText(json, error.Message);
        json.WriteEndObject();
    }

    // A text of the request may hold half a surrogate pair, which no UTF-8 can.
    private static void WriteText(Utf8JsonWriter json, string? text)
    {
        if (text is null)
        {
            json.WriteNullValue();
            return;
        }
        json.WriteStringValue(System.Text.Encoding.UTF8.GetBytes(text));
    }
}
