using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Cli.Import;

/// <summary>Authenticator apps among a Keycloak user's credentials, as six digits every thirty seconds by SHA-1: what every app can.</summary>
internal static class KeycloakFactors
{
    public static IEnumerable<ImportRow> Of(long line, JsonElement user)
    {
        // Whom the users' pass refused has nothing to hang a factor on.
        if (KeycloakUsers.Text(user, "email") is not { Length: > 0 } || !user.TryGetProperty("credentials", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            yield break;
        }
        foreach (JsonElement credential in list.EnumerateArray())
        {
            string? type = KeycloakUsers.Text(credential, "type");
            if (type == "otp")
            {
                yield return Otp(line, KeycloakUsers.Text(user, "id") ?? "", credential);
            }
            else if (type is "webauthn" or "webauthn-passwordless")
            {
                yield return ImportRow.No(line, "a security key belongs to the domain it was made for: its user enrols it again");
            }
        }
    }

    private static ImportRow Otp(long line, string user, JsonElement credential)
    {
        try
        {
            JsonElement data = JsonElement.Parse(KeycloakUsers.Text(credential, "credentialData") ?? "{}");
            string? value = KeycloakUsers.Text(JsonElement.Parse(KeycloakUsers.Text(credential, "secretData") ?? "{}"), "value");
            (string? kind, string? digits, string? period, string? algorithm) =
                (KeycloakUsers.Text(data, "subType"), KeycloakUsers.Text(data, "digits"), KeycloakUsers.Text(data, "period"), KeycloakUsers.Text(data, "algorithm"));
            if (kind != "totp" || digits is not ("6" or null) || period is not ("30" or null) || algorithm is not ("HmacSHA1" or null))
            {
                return ImportRow.No(line, $"an authenticator app of the kind {kind}, {digits} digits, {period} seconds, {algorithm} is not carried: only six digits every thirty seconds by SHA-1");
            }
            if (string.IsNullOrEmpty(value))
            {
                return ImportRow.No(line, "an authenticator app without its secret");
            }
            // Keycloak's secret is the text itself, unless it says otherwise.
            bool isBase32 = KeycloakUsers.Text(data, "secretEncoding") == "BASE32";
            return new ImportRow(
                line,
                new JsonObject
                {
                    ["id"] = Guid.TryParse(KeycloakUsers.Text(credential, "id"), out Guid id) ? id.ToString("D") : IdOf(user, value),
                    ["user_id"] = user,
                    ["factor_type"] = "totp",
                    ["friendly_name"] = KeycloakUsers.Text(credential, "userLabel"),
                    ["secret"] = isBase32 ? value : Base32(Encoding.UTF8.GetBytes(value)),
                    ["created_at"] = credential.TryGetProperty("createdDate", out JsonElement made) && made.TryGetInt64(out long ms) && ms is >= 0 and < 253402300800000
                        ? DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("O", CultureInfo.InvariantCulture)
                        : null,
                }
            );
        }
        catch (JsonException)
        {
            return ImportRow.No(line, "its credentialData or secretData is not JSON");
        }
    }

    // The same at every run, so that an import which broke off is run again.
    private static string IdOf(string user, string secret) => new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{user}\n{secret}")).AsSpan(0, 16)).ToString("D");

    private static string Base32(ReadOnlySpan<byte> bytes)
    {
        const string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        var text = new StringBuilder();
        (int buffer, int bits) = (0, 0);
        foreach (byte next in bytes)
        {
            (buffer, bits) = (((buffer << 8) | next) & 0xFFFF, bits + 8);
            while (bits >= 5)
            {
                text.Append(letters[(buffer >> (bits -= 5)) & 31]);
            }
        }
        return bits > 0 ? text.Append(letters[(buffer << (5 - bits)) & 31]).ToString() : text.ToString();
    }
}
