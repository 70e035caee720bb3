using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Cli.Import;

/// <summary>Users of a Keycloak realm export (kc.sh export, also its realm-users-N.json), with PBKDF2 and Argon2 credentials.</summary>
internal static class KeycloakUsers
{
    public static ImportSource Open(string path) =>
        new(
            () => JsonItems.Read(path, "users").Select(item => Row(item.Line, item.Item)),
            Factors: () => JsonItems.Read(path, "users").SelectMany(item => KeycloakFactors.Of(item.Line, item.Item))
        );

    private static ImportRow Row(long line, JsonElement user)
    {
        if (Text(user, "serviceAccountClientId") is { Length: > 0 })
        {
            return ImportRow.No(line, "a service account of a client is no user");
        }
        if (Text(user, "email") is not { Length: > 0 } email)
        {
            return ImportRow.No(line, $"the user {Text(user, "username")} has no e-mail address");
        }
        (string? hash, string? refused) = Password(user);
        if (refused is not null)
        {
            return ImportRow.No(line, refused);
        }
        string? created = user.TryGetProperty("createdTimestamp", out JsonElement stamp) && stamp.TryGetInt64(out long ms) && ms is >= 0 and < 253402300800000
            ? DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("O", CultureInfo.InvariantCulture)
            : null;
        JsonArray identities = Identities(user, created);
        List<string> providers = [.. hash is null && identities.Count > 0 ? Array.Empty<string>() : ["email"], .. identities.Select(one => (string)one!["provider"]!).Distinct()];
        return new ImportRow(
            line,
            new JsonObject
            {
                ["id"] = Text(user, "id"),
                ["email"] = email,
                ["email_confirmed_at"] = Flag(user, "emailVerified") ? created ?? DateTimeOffset.UnixEpoch.ToString("O", CultureInfo.InvariantCulture) : null,
                ["password_hash"] = hash,
                ["created_at"] = created,
                ["banned_until"] = user.TryGetProperty("enabled", out JsonElement enabled) && enabled.ValueKind == JsonValueKind.False ? "infinity" : null,
                ["user_metadata"] = Profile(user),
                ["app_metadata"] = new JsonObject
                {
                    ["provider"] = providers[0],
                    ["providers"] = new JsonArray([.. providers.Select(name => (JsonNode)name)]),
                    ["roles"] = user.TryGetProperty("realmRoles", out JsonElement roles) ? JsonNode.Parse(roles.GetRawText()) : null,
                },
                ["identities"] = identities,
                ["make_identity"] = true,
            }
        );
    }

    private static JsonObject Profile(JsonElement user)
    {
        var profile = new JsonObject
        {
            ["username"] = Text(user, "username"),
            ["first_name"] = Text(user, "firstName"),
            ["last_name"] = Text(user, "lastName"),
        };
        if (user.TryGetProperty("attributes", out JsonElement attributes) && attributes.ValueKind == JsonValueKind.Object)
        {
            profile["attributes"] = JsonNode.Parse(attributes.GetRawText());
        }
        return profile;
    }

    private static JsonArray Identities(JsonElement user, string? created)
    {
        var identities = new JsonArray();
        if (!user.TryGetProperty("federatedIdentities", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            return identities;
        }
        foreach (JsonElement one in list.EnumerateArray())
        {
            identities.Add(
                (JsonNode)new JsonObject
                {
                    ["provider"] = Text(one, "identityProvider"),
                    ["provider_id"] = Text(one, "userId"),
                    ["created_at"] = created,
                    ["identity_data"] = new JsonObject { ["sub"] = Text(one, "userId"), ["user_name"] = Text(one, "userName") },
                }
            );
        }
        return identities;
    }

    /// <summary>The password's hash in the form that sign-in verifies; null without a password.</summary>
    private static (string? Hash, string? Refused) Password(JsonElement user)
    {
        if (!user.TryGetProperty("credentials", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            return (null, null);
        }
        JsonElement credential = list.EnumerateArray().FirstOrDefault(one => Text(one, "type") == "password");
        if (credential.ValueKind != JsonValueKind.Object)
        {
            return (null, null);
        }
        try
        {
            JsonElement data = JsonElement.Parse(Text(credential, "credentialData") ?? "{}");
            JsonElement secret = JsonElement.Parse(Text(credential, "secretData") ?? "{}");
            return Hash(data, Text(secret, "salt") ?? "", Text(secret, "value") ?? "");
        }
        catch (JsonException)
        {
            return (null, "its credentialData or secretData is not JSON");
        }
    }

    private static (string? Hash, string? Refused) Hash(JsonElement data, string salt, string value)
    {
        string algorithm = Text(data, "algorithm") ?? "";
        string rounds = Text(data, "hashIterations") ?? "";
        switch (algorithm)
        {
            case "pbkdf2" or "pbkdf2-sha256" or "pbkdf2-sha512":
                return ($"${algorithm}$i={rounds}${salt}${value}", null);
            case "argon2":
                string type = Parameter(data, "type");
                return type is "id" or "i" && Parameter(data, "version") is "1.3"
                    ? ($"$argon2{type}$v=19$m={Parameter(data, "memory")},t={rounds},p={Parameter(data, "parallelism")}${salt.TrimEnd('=')}${value.TrimEnd('=')}", null)
                    : (null, $"Argon2 of the type {type} and version {Parameter(data, "version")} cannot be verified");
            default:
                return (null, $"hashes of {(algorithm.Length == 0 ? "no algorithm" : algorithm)} cannot be verified");
        }
    }

    private static string Parameter(JsonElement data, string name) =>
        data.TryGetProperty("additionalParameters", out JsonElement all) && all.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0
            ? list[0].ToString()
            : "";

    internal static string? Text(JsonElement item, string name) =>
        item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(name, out JsonElement value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : value.ValueKind == JsonValueKind.Number ? value.GetRawText()
        : null;

    private static bool Flag(JsonElement item, string name) => item.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;
}
