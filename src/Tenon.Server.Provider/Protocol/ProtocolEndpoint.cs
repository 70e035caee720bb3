using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Server.AspNetCore;
using Tenon.Server.Auth;

namespace Tenon.Server.Provider.Protocol;

/// <summary>Hands a request to OpenIddict: only requests of its own routes, so that no other request pays for it.</summary>
internal static class ProtocolEndpoint
{
    public const string Scheme = OpenIddictServerAspNetCoreDefaults.AuthenticationScheme;

    /// <summary>True when it answered; false when the request was found in order, or is refused with a page of ours.</summary>
    public static async Task<bool> AnsweredAsync(HttpContext context)
    {
        if (context.Request.HasFormContentType)
        {
            // Bounded and judged here; the handler finds it read.
            await AuthForm.ReadAsync(context);
        }
        context.Response.Headers.CacheControl = "no-store";
        var handlers = context.RequestServices.GetRequiredService<IAuthenticationHandlerProvider>();
        var handler = (IAuthenticationRequestHandler)(await handlers.GetHandlerAsync(context, Scheme))!;
        return await handler.HandleRequestAsync();
    }

    public static Task ForbidAsync(HttpContext context, string error, string description) =>
        context.ForbidAsync(
            Scheme,
            new AuthenticationProperties(
                new Dictionary<string, string?>
                {
                    [OpenIddictServerAspNetCoreConstants.Properties.Error] = error,
                    [OpenIddictServerAspNetCoreConstants.Properties.ErrorDescription] = description,
                }
            )
        );
}
