using System.Text.RegularExpressions;

namespace Tenon.Server.Auth;

/// <summary>Being the identity provider of other systems (OpenID Connect, OAuth 2.1), as <c>[auth.oauth_server]</c>.</summary>
public sealed partial class AuthOAuthServerOptions
{
    /// <summary>Serve /auth/v1/oauth; needs the package Tenon.Server.Provider.</summary>
    public bool Enabled { get; set; }

    /// <summary>A page of the application's own below its site_url, which asks for consent; empty: Tenon's own pages.</summary>
    public string AuthorizationUrlPath { get; set; } = "";

    /// <summary>Anyone may register a client (RFC 7591).</summary>
    public bool AllowDynamicRegistration { get; set; }

    /// <summary>How long a client may stay away and still refresh.</summary>
    public TimeSpan RefreshTokenExpiry { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Whose account people sign in with, as the pages say it; empty: the host of public_url.</summary>
    public string Name { get; set; } = "";

    /// <summary>An image above the pages' heading: an https address, or a path of this server; empty: none.</summary>
    public string LogoUrl { get; set; } = "";

    /// <summary>Colour of buttons and links, #rrggbb.</summary>
    public string Color { get; set; } = "#1d4ed8";

    /// <summary>Colour behind the pages, #rrggbb.</summary>
    public string BackgroundColor { get; set; } = "#f3f4f6";

    /// <summary>Scopes of the application's own, with what the consent page says of each.</summary>
    public Dictionary<string, string> Scopes { get; } = new(StringComparer.Ordinal);

    internal void Validate(string issuer)
    {
        if (!Enabled)
        {
            return;
        }
        if (Uri.TryCreate(issuer, UriKind.Absolute, out Uri? uri) && uri.AbsoluteUri != issuer)
        {
            // Others compare the issuer letter by letter.
            throw new InvalidOperationException($"[server] public_url must be written as {uri.AbsoluteUri[..^"/auth/v1".Length]}");
        }
        if (!Colour().IsMatch(Color) || !Colour().IsMatch(BackgroundColor))
        {
            throw new InvalidOperationException("[auth.oauth_server] color and background_color are #rrggbb");
        }
        if (LogoUrl.Length > 0 && !LogoUrl.StartsWith("https://", StringComparison.Ordinal) && (LogoUrl[0] != '/' || LogoUrl.StartsWith("//", StringComparison.Ordinal)))
        {
            throw new InvalidOperationException("[auth.oauth_server] logo_url is an https address, or a path of this server");
        }
        if (RefreshTokenExpiry < TimeSpan.FromMinutes(1))
        {
            throw new InvalidOperationException("[auth.oauth_server] refresh_token_expiry must be at least a minute");
        }
        if (Scopes.Keys.FirstOrDefault(scope => !ScopeToken().IsMatch(scope)) is { } wrong)
        {
            throw new InvalidOperationException($"[auth.oauth_server.scopes] {wrong} is no name of a scope (RFC 6749 §3.3)");
        }
    }

    [GeneratedRegex(@"\A#[0-9a-fA-F]{6}\z")]
    private static partial Regex Colour();

    [GeneratedRegex(@"\A[!#-\[\]-~]{1,64}\z")]
    private static partial Regex ScopeToken();
}
