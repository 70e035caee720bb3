using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tenon.Cli.Import;

/// <summary>The project's parameters of Firebase's scrypt, as the console shows them under "Password hash parameters".</summary>
internal sealed partial record FirebaseHashConfig(string SignerKey, string Separator, int Rounds, int Memory)
{
    public static FirebaseHashConfig Read(string path)
    {
        var values = Member().Matches(File.ReadAllText(path)).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["value"].Value, StringComparer.Ordinal);
        string Value(string name) =>
            values.GetValueOrDefault(name) ?? throw new CommandFileFailure($"{path} has no {name}: copy the whole block hash_config {{ … }} from Firebase's console");
        if (values.GetValueOrDefault("algorithm", "SCRYPT") != "SCRYPT")
        {
            throw new CommandFileFailure($"{path}: only the algorithm SCRYPT, Firebase's own, is read");
        }
        return new FirebaseHashConfig(
            Value("base64_signer_key"),
            Value("base64_salt_separator"),
            int.Parse(Value("rounds"), CultureInfo.InvariantCulture),
            int.Parse(Value("mem_cost"), CultureInfo.InvariantCulture)
        );
    }

    public string HashOf(string salt, string hash) =>
        string.Create(CultureInfo.InvariantCulture, $"$fbscrypt$v=1,n={Memory},r={Rounds},p=1,ss={Normal(Separator)},sk={Normal(SignerKey)}${Normal(salt)}${Normal(hash)}");

    private static string Normal(string base64) => base64.Replace('-', '+').Replace('_', '/');

    [GeneratedRegex("""(?<name>[a-z0-9_]+)\s*[:=]\s*"?(?<value>[A-Za-z0-9+/=_-]+)"?""", RegexOptions.CultureInvariant)]
    private static partial Regex Member();
}

/// <summary>Users of firebase auth:export FILE --format=json. Their ids are no UUIDs: each gets one that is always the same.</summary>
internal static class FirebaseUsers
{
    public static ImportSource Open(string path, string? hashConfig)
    {
        FirebaseHashConfig? config = hashConfig is null ? null : FirebaseHashConfig.Read(hashConfig);
        return new ImportSource(() => JsonItems.Read(path, "users").Select(item => Row(item.Line, item.Item, config)));
    }

    /// <summary>A UUID made of a Firebase id (RFC 9562, version 8), so that the same user has the same one in every run.</summary>
    public static Guid IdOf(string localId)
    {
        byte[] bytes = SHA256.HashData(Encoding.UTF8.GetBytes("firebase " + localId))[..16];
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    private static ImportRow Row(long line, JsonElement user, FirebaseHashConfig? config)
    {
        if (Text(user, "localId") is not { Length: > 0 } localId)
        {
            return ImportRow.No(line, "the user has no localId");
        }
        string? hash = null;
        if (Text(user, "passwordHash") is { Length: > 0 } password)
        {
            if (config is null)
            {
                return ImportRow.No(line, "the user has a password: give the project's parameters with --hash-config");
            }
            hash = config.HashOf(Text(user, "salt") ?? "", password);
        }
        string? created = Milliseconds(Text(user, "createdAt"));
        var identities = new JsonArray();
        foreach (JsonElement info in List(user, "providerUserInfo"))
        {
            AddIdentity(identities, info, created);
        }
        JsonObject? app = Claims(user);
        if (app is null)
        {
            return ImportRow.No(line, "its customAttributes are not a JSON object");
        }
        app["firebase_uid"] = localId;
        Providers(app, identities, Text(user, "email") is { Length: > 0 } && hash is not null, Text(user, "phoneNumber") is { Length: > 0 });
        return new ImportRow(
            line,
            new JsonObject
            {
                ["id"] = IdOf(localId).ToString("D"),
                ["email"] = Text(user, "email"),
                ["email_confirmed_at"] = Flag(user, "emailVerified") ? created : null,
                ["phone"] = Text(user, "phoneNumber"),
                ["phone_confirmed_at"] = Text(user, "phoneNumber") is { Length: > 0 } ? created : null,
                ["password_hash"] = hash,
                ["created_at"] = created,
                ["last_sign_in_at"] = Milliseconds(Text(user, "lastSignedInAt") ?? Text(user, "lastLoginAt")),
                ["banned_until"] = Flag(user, "disabled") ? "infinity" : null,
                ["is_anonymous"] = Text(user, "email") is null && Text(user, "phoneNumber") is null && identities.Count == 0,
                ["user_metadata"] = new JsonObject { ["full_name"] = Text(user, "displayName"), ["avatar_url"] = Text(user, "photoUrl") },
                ["app_metadata"] = app,
                ["identities"] = identities,
                ["make_identity"] = true,
            }
        );
    }

    private static void AddIdentity(JsonArray identities, JsonElement info, string? created)
    {
        string provider = Text(info, "providerId") ?? "";
        // The address and the number are the user's own; the others are accounts elsewhere.
        if (provider is "password" or "phone" or "" || Text(info, "rawId") is not { Length: > 0 } id)
        {
            return;
        }
        identities.Add(
            (JsonNode)new JsonObject
            {
                ["provider"] = provider switch { "microsoft.com" => "azure", _ => provider.EndsWith(".com", StringComparison.Ordinal) ? provider[..^4] : provider },
                ["provider_id"] = id,
                ["email"] = Text(info, "email"),
                ["created_at"] = created,
                ["identity_data"] = new JsonObject
                {
                    ["sub"] = id,
                    ["email"] = Text(info, "email"),
                    ["full_name"] = Text(info, "displayName"),
                    ["avatar_url"] = Text(info, "photoUrl"),
                },
            }
        );
    }

    private static void Providers(JsonObject app, JsonArray identities, bool byPassword, bool byPhone)
    {
        List<string> names = [.. identities.Select(one => (string)one!["provider"]!).Distinct()];
        if (byPassword || (names.Count == 0 && !byPhone))
        {
            names.Insert(0, "email");
        }
        if (byPhone)
        {
            names.Add("phone");
        }
        app["provider"] = names[0];
        app["providers"] = new JsonArray([.. names.Select(name => (JsonNode)name)]);
    }

    private static JsonObject? Claims(JsonElement user)
    {
        if (Text(user, "customAttributes") is not { Length: > 0 } text)
        {
            return [];
        }
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Milliseconds(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value < 253402300800000
            ? DateTimeOffset.FromUnixTimeMilliseconds(value).ToString("O", CultureInfo.InvariantCulture)
            : null;

    private static IEnumerable<JsonElement> List(JsonElement user, string name) =>
        user.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private static string? Text(JsonElement item, string name) =>
        item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(name, out JsonElement value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : value.ValueKind == JsonValueKind.Number ? value.GetRawText()
        : null;

    private static bool Flag(JsonElement item, string name) => item.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;
}
