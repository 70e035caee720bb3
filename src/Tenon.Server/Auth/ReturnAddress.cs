using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth;

/// <summary>Sends a browser on to an address that was judged before, with what it is to bring along.</summary>
internal static class ReturnAddress
{
    public static string Form(params ReadOnlySpan<(string Name, string Value)> members)
    {
        var text = new StringBuilder();
        foreach ((string name, string value) in members)
        {
            text.Append(text.Length == 0 ? "" : "&").Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value).Replace("%20", "+", StringComparison.Ordinal));
        }
        return text.ToString();
    }

    public static string WithQuery(string target, string parameters) => target + (target.Contains('?') ? "&" : "?") + parameters;

    /// <summary>The session of an implicit flow, in the fragment, which no server is sent.</summary>
    public static string WithSession(string target, IssuedSession issued, string? type)
    {
        List<(string, string)> members =
        [
            ("access_token", issued.AccessToken),
            ("expires_at", issued.ExpiresAt.ToString(CultureInfo.InvariantCulture)),
            ("expires_in", issued.ExpiresIn.ToString(CultureInfo.InvariantCulture)),
        ];
        if (issued.Provider is { } provider)
        {
            members.Add(("provider_token", provider.AccessToken));
            if (provider.RefreshToken is { } refresh)
            {
                members.Add(("provider_refresh_token", refresh));
            }
        }
        members.Add(("refresh_token", issued.RefreshToken));
        members.Add(("token_type", "bearer"));
        if (type is not null)
        {
            members.Add(("type", type));
        }
        return target + "#" + Form([.. members]);
    }

    /// <summary>Neither caches nor the next page learn what the address carries.</summary>
    public static void Go(HttpContext context, int status, string target)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = target;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
    }
}
