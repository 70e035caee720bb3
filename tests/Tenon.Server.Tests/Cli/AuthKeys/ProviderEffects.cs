using Tenon.Server.Tests.Auth;
using Tenon.Server.Tests.Provider;

namespace Tenon.Server.Tests.Cli.AuthKeys;

/// <summary>Keys of being the identity provider of other systems.</summary>
internal static class ProviderEffects
{
    private static async Task<string> PageHasAsync(Site site, string text) => (await site.SendAsync("GET", "/oauth/device")).Body.Contains(text, StringComparison.Ordinal).ToString();

    /// <summary>A client's refresh, three days after its user allowed it.</summary>
    private static async Task<string> LateAsync(Site site)
    {
        ProviderHost provider = site.Provider;
        TestClient client = await provider.ClientAsync();
        TokenAnswer tokens = await provider.RedeemAsync(client, await new Visitor(provider).CodeAsync(client, await site.UserAsync()));
        site.Clock.Advance(TimeSpan.FromDays(3));
        TokenAnswer late = await provider.RefreshAsync(client, tokens.Refresh);
        return late.Ok ? "200" : late.Error;
    }

    private static async Task<string> ConsentAsync(Site site)
    {
        Answer begun = await new Visitor(site.Provider).SendAsync("GET", Visitor.AuthorizeUrl(await site.Provider.ClientAsync()));
        return new Uri(new Uri(Site.Address), begun.Header("Location")).AbsolutePath;
    }

    public static readonly Effect[] All =
    [
        new("oauth_server.enabled", "False", "True", async site => (await site.SendAsync("GET", "/.well-known/openid-configuration")).Json.TryGetProperty("token_endpoint", out _).ToString()),
        new("oauth_server.authorization_url_path", "/auth/v1/oauth/consent", "/consent", ConsentAsync) { In = "consent", Beside = "provider" },
        new("oauth_server.allow_dynamic_registration", "404 feature_disabled", "201", async site => (await site.PostAsync("/oauth/clients/register", new { redirect_uris = new[] { "https://c.example/" } })).Status),
        new("oauth_server.refresh_token_expiry", "200", "invalid_grant", LateAsync) { Beside = "provider" },
        new("oauth_server.name", "False", "True", site => PageHasAsync(site, "Acme Ltd")),
        new("oauth_server.logo_url", "False", "True", site => PageHasAsync(site, "src=\"/logo.svg\"")),
        new("oauth_server.color", "False", "True", site => PageHasAsync(site, "--accent: #aa0000")),
        new("oauth_server.background_color", "False", "True", site => PageHasAsync(site, "--back: #00aa00")),
        new("oauth_server.scopes.*", "False", "True", async site => (await site.SendAsync("GET", "/.well-known/openid-configuration")).Body.Contains("\"orders:read\"", StringComparison.Ordinal).ToString()),
    ];
}
