using System.Collections.Immutable;
using Tenon.Server.Auth.Hooks;

namespace Tenon.Server.Auth.OAuth;

/// <summary>From <c>[auth.external.NAME]</c> to a provider. What cannot work stops the start, with the setting's name.</summary>
internal static class Presets
{
    private const string Microsoft = "https://login.microsoftonline.com/common";

    public static Provider Of(string name, AuthExternalOptions options, AuthOptions auth)
    {
        string setting = $"[auth.external.{name}]";
        ImmutableArray<string> clients = [.. options.ClientId.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        if (clients.IsEmpty)
        {
            throw new InvalidOperationException($"{setting} needs client_id");
        }
        if (name is "email" or "phone" || name.StartsWith(CustomProviders.Prefix, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{setting}: this name is taken by the server itself");
        }
        var blank = new Provider
        {
            Name = name,
            Kind = ProviderKind.Oidc,
            ClientIds = clients,
            Secret = options.Secret,
            SkipNonceCheck = options.SkipNonceCheck,
            EmailOptional = options.EmailOptional,
            RedirectUri = options.RedirectUri.Length > 0 ? options.RedirectUri : auth.Issuer + "/callback",
        };
        Provider made = WithAddresses(blank, options, setting);
        RequireAddresses(made, setting, auth.Development);
        return made with { Scopes = [.. made.Scopes.Concat(options.Scopes).Distinct()] };
    }

    /// <summary>Every address must be one that calls may go to; null: all are.</summary>
    public static string? BadAddress(Provider provider, bool development)
    {
        string[] addresses =
            provider.Kind == ProviderKind.Oidc ? [provider.Issuer, provider.MetadataUrl]
            : [provider.AuthorizationUrl, provider.TokenUrl, provider.UserInfoUrl];
        return addresses.FirstOrDefault(address => !IsAddress(address, development));
    }

    public static bool IsAddress(string text, bool development)
    {
        try
        {
            return SafeHttp.Require(text, "", development).Fragment.Length == 0;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static Provider WithAddresses(Provider blank, AuthExternalOptions options, string setting)
    {
        string Base(string standard) => (options.Url.Length > 0 ? options.Url : standard).TrimEnd('/');
        return blank.Name switch
        {
            "google" => Oidc(blank, Base("https://accounts.google.com")) with { IssuerRule = options.Url.Length > 0 ? IssuerRule.Exact : IssuerRule.Google },
            "gitlab" => Oidc(blank, Base("https://gitlab.com")),
            "azure" => Oidc(blank, Base(Microsoft) + "/v2.0") with { IssuerRule = IssuerRule.Microsoft },
            "apple" => Apple(Oidc(blank, Base("https://appleid.apple.com")), options, setting),
            "github" => GitHub(blank, Base("https://github.com")),
            "discord" => Discord(blank, Base("https://discord.com/api")),
            _ when options.AuthorizationUrl.Length > 0 => blank with
            {
                Kind = ProviderKind.OAuth2,
                AuthorizationUrl = options.AuthorizationUrl,
                TokenUrl = options.TokenUrl,
                UserInfoUrl = options.UserInfoUrl,
            },
            // Keycloak and every issuer without a preset: url is the issuer, to the letter.
            _ => Oidc(blank, options.Url),
        };
    }

    private static Provider Oidc(Provider blank, string issuer) =>
        blank with { Kind = ProviderKind.Oidc, Issuer = issuer, Scopes = ["openid", "email", "profile"] };

    private static Provider Apple(Provider oidc, AuthExternalOptions options, string setting)
    {
        bool any = (options.TeamId + options.KeyId + options.PrivateKey).Length > 0;
        if (any && (options.TeamId.Length == 0 || options.KeyId.Length == 0 || options.PrivateKey.Length == 0))
        {
            throw new InvalidOperationException($"{setting} needs team_id, key_id and private_key together, or a secret made elsewhere");
        }
        AppleKey? key = any ? new AppleKey(options.TeamId, options.KeyId, options.PrivateKey) : null;
        if (key is not null)
        {
            AppleSecret.Check(key, setting);
        }
        return oidc with
        {
            AppleKey = key,
            Scopes = ["openid", "email", "name"],
            // Apple gives name and e-mail in a form post only.
            Parameters = ImmutableDictionary<string, string>.Empty.Add("response_mode", "form_post"),
        };
    }

    private static Provider GitHub(Provider blank, string address)
    {
        string api = address == "https://github.com" ? "https://api.github.com" : address + "/api/v3";
        return blank with
        {
            Kind = ProviderKind.GitHub,
            AuthorizationUrl = address + "/login/oauth/authorize",
            TokenUrl = address + "/login/oauth/access_token",
            UserInfoUrl = api + "/user",
            Scopes = ["user:email"],
            Claims = Map(("sub", "id"), ("preferred_username", "login"), ("picture", "avatar_url")),
        };
    }

    private static Provider Discord(Provider blank, string address) =>
        blank with
        {
            Kind = ProviderKind.OAuth2,
            AuthorizationUrl = address + "/oauth2/authorize",
            TokenUrl = address + "/oauth2/token",
            UserInfoUrl = address + "/users/@me",
            Scopes = ["identify", "email"],
            Claims = Map(("sub", "id"), ("email_verified", "verified"), ("name", "global_name"), ("preferred_username", "username")),
        };

    private static ImmutableDictionary<string, string> Map(params ReadOnlySpan<(string Ours, string Theirs)> pairs)
    {
        var map = ImmutableDictionary.CreateBuilder<string, string>();
        foreach ((string ours, string theirs) in pairs)
        {
            map[ours] = theirs;
        }
        return map.ToImmutable();
    }

    private static void RequireAddresses(Provider provider, string setting, bool development)
    {
        if (BadAddress(provider, development) is { } bad)
        {
            throw new InvalidOperationException(
                bad.Length == 0
                    ? $"{setting} needs url (an OpenID Connect issuer), or authorization_url, token_url and userinfo_url"
                    : $"{setting}: {bad} must be an https address (in development also http to this machine)"
            );
        }
    }
}
