using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth;

/// <summary>The user whom the host application has authenticated, laid beside the request before Tenon sees it.</summary>
internal sealed record HostPrincipal(ClaimsPrincipal User)
{
    /// <summary>Asks the host's authentication; nothing is laid down where it knows nobody.</summary>
    public static async ValueTask FindAsync(HttpContext http, HostSignInOptions options)
    {
        if (options.Schemes.Count == 0)
        {
            Lay(http, http.User);
            return;
        }
        foreach (string scheme in options.Schemes)
        {
            AuthenticateResult result = await http.AuthenticateAsync(scheme);
            if (result is { Succeeded: true, Principal: { } user } && Lay(http, user))
            {
                return;
            }
        }
    }

    public static HostPrincipal? Of(HttpContext http) => http.Features.Get<HostPrincipal>();

    private static bool Lay(HttpContext http, ClaimsPrincipal user)
    {
        if (user.Identity?.IsAuthenticated != true)
        {
            return false;
        }
        http.Features.Set(new HostPrincipal(user));
        return true;
    }
}
