// [auth.external.NAME] and [auth.third_party.NAME]: sections whose names the app chooses, with closed keys inside.
using Tenon.Core.Planning;
using Tenon.Server.Auth;

namespace Tenon.Cli.Configuration;

internal static class ExternalSettings
{
    public static readonly string[] ProviderKeys =
    [
        "enabled", "client_id", "secret", "url", "redirect_uri", "scopes", "skip_nonce_check", "email_optional", "authorization_url",
        "token_url", "userinfo_url", "team_id", "key_id", "private_key",
    ];

    public static readonly string[] ThirdPartyKeys = ["enabled", "issuer", "audience", "role_claim", "roles"];

    public static void Providers(Config config, Dictionary<string, AuthExternalOptions> external)
    {
        foreach ((string name, string at) in Sections(config, "auth.external.", ProviderKeys))
        {
            var options = new AuthExternalOptions { Enabled = Switch(config, at + "enabled") };
            external[name] = options;
            if (!options.Enabled)
            {
                // What is off may name variables that are not set.
                continue;
            }
            options.ClientId = config.Text(at + "client_id");
            options.Secret = config.Text(at + "secret");
            options.Url = config.Text(at + "url");
            options.RedirectUri = config.Text(at + "redirect_uri");
            options.Scopes.AddRange(config.List(at + "scopes"));
            options.SkipNonceCheck = Switch(config, at + "skip_nonce_check");
            options.EmailOptional = Switch(config, at + "email_optional");
            options.AuthorizationUrl = config.Text(at + "authorization_url");
            options.TokenUrl = config.Text(at + "token_url");
            options.UserInfoUrl = config.Text(at + "userinfo_url");
            options.TeamId = config.Text(at + "team_id");
            options.KeyId = config.Text(at + "key_id");
            options.PrivateKey = config.Text(at + "private_key");
        }
    }

    public static void ThirdParties(Config config, Dictionary<string, AuthThirdPartyOptions> thirdParty)
    {
        foreach ((string name, string at) in Sections(config, "auth.third_party.", ThirdPartyKeys))
        {
            var options = new AuthThirdPartyOptions { Enabled = Switch(config, at + "enabled") };
            thirdParty[name] = options;
            if (!options.Enabled)
            {
                continue;
            }
            options.Issuer = config.Text(at + "issuer");
            options.Audience = config.Text(at + "audience");
            options.RoleClaim = config.IsSet(at + "role_claim") ? config.Text(at + "role_claim") : options.RoleClaim;
            string roles = at + "roles.";
            foreach (ConfigEntry entry in config.Entries.Where(e => e.Path.StartsWith(roles, StringComparison.Ordinal)))
            {
                options.Roles[entry.Path[roles.Length..]] = config.Text(entry.Path);
            }
        }
    }

    // Names and where their keys begin; a key that is none of the section's is refused by name.
    private static List<(string Name, string At)> Sections(Config config, string prefix, string[] keys)
    {
        var sections = new List<(string, string)>();
        foreach (ConfigEntry entry in config.Entries.Where(e => e.Path.StartsWith(prefix, StringComparison.Ordinal)))
        {
            string[] parts = entry.Path[prefix.Length..].Split('.');
            if (parts.Length < 2 || !keys.Contains(parts[1]) || (parts.Length > 2 && parts[1] != "roles"))
            {
                string? near = parts.Length < 2 ? null : NearMiss.Find(parts[1], keys);
                throw new ConfigException($"{entry.File}:{entry.Line}: unknown key {entry.Path}{(near is null ? "" : $"; did you mean {prefix}{parts[0]}.{near}?")}");
            }
            if (!sections.Contains((parts[0], $"{prefix}{parts[0]}.")))
            {
                sections.Add((parts[0], $"{prefix}{parts[0]}."));
            }
        }
        return sections;
    }

    private static bool Switch(Config config, string path) => config.IsSet(path) && config.Switch(path);
}
