using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Tenon.Server.Auth;

/// <summary>A form as body of a request: bounded like every other body, and one that cannot be read is its sender's fault.</summary>
internal static class AuthForm
{
    public static async Task<IFormCollection> ReadAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = AuthBody.LargestBody;
        }
        try
        {
            IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
            // No database keeps NUL in a text.
            return form.Any(field => field.Value.Append(field.Key).Any(text => text?.Contains('\0') == true)) ? throw AuthErrors.FormNotReadable.ToException() : form;
        }
        catch (Exception e) when (e is InvalidDataException or IOException and not BadHttpRequestException)
        {
            // Too many members, too long ones, or a part without its end.
            throw AuthErrors.FormNotReadable.ToException();
        }
    }
}
