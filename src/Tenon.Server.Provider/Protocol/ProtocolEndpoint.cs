using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Server.AspNetCore;

namespace Tenon.Server.Provider.Protocol;

/// <summary>Hands a request to OpenIddict: only requests of its own routes, so that no other request pays for it.</summary>
internal static class ProtocolEndpoint
{
    public const string Scheme = OpenIddictServerAspNetCoreDefaults.AuthenticationScheme;
    private const int LargestBody = 64 << 10;

    /// <summary>True when it answered; false when the request was found in order, or is refused with a page of ours.</summary>
    public static async Task<bool> AnsweredAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = LargestBody;
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
