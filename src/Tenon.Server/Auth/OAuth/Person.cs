using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Tenon.Server.Auth.SignIn;

namespace Tenon.Server.Auth.OAuth;

/// <summary>
/// Who an issuer says has come: the subject that names them there for good, an address if it gave one, whether it has
/// verified it, and what is kept as identity_data.
/// </summary>
internal sealed record Person(string Provider, string Subject, string? Email, bool EmailVerified, string Data)
{
    private const int LongestText = 512;

    /// <summary>From claims of an ID token or members of a userinfo answer. Null: there is no subject.</summary>
    public static Person? Read(Provider provider, JsonElement claims, string? issuer)
    {
        string? subject = TextOf(provider, claims, "sub");
        if (string.IsNullOrEmpty(subject) || subject.Length > 255)
        {
            return null;
        }
        string? email = EmailAddress.Normalise(TextOf(provider, claims, "email") ?? "");
        bool verified = email is not null && IsVerified(provider, claims);
        return new Person(provider.Name, subject, email, verified, DataOf(provider, claims, issuer, subject, email, verified));
    }

    /// <summary>The same person with the address that was found elsewhere.</summary>
    public Person WithEmail(string? email, bool verified)
    {
        string? known = EmailAddress.Normalise(email ?? "");
        JsonElement patch = JsonElement.Parse(
            known is null ? """{"email_verified":false}""" : $$"""{"email":{{JsonSerializer.Serialize(known)}},"email_verified":{{(verified ? "true" : "false")}}}"""
        );
        return this with { Email = known, EmailVerified = known is not null && verified, Data = Metadata.Merge(Data, patch, "identity_data") };
    }

    // Microsoft's email claim is whatever the tenant's administrator typed, unless xms_edov says that the domain is theirs.
    private static bool IsVerified(Provider provider, JsonElement claims)
    {
        string name = provider.IssuerRule == IssuerRule.Microsoft ? "xms_edov" : NameOf(provider, "email_verified");
        return claims.TryGetProperty(name, out JsonElement value)
            && value.ValueKind switch
            {
                JsonValueKind.True => true,
                // Apple and Microsoft write it as text or number.
                JsonValueKind.String => value.GetString() is "true" or "1",
                JsonValueKind.Number => provider.IssuerRule == IssuerRule.Microsoft && value.TryGetInt32(out int one) && one == 1,
                _ => false,
            };
    }

    private static string NameOf(Provider provider, string ours) => provider.Claims.GetValueOrDefault(ours, ours);

    private static string? TextOf(Provider provider, JsonElement claims, string ours)
    {
        if (!claims.TryGetProperty(NameOf(provider, ours), out JsonElement value))
        {
            return null;
        }
        string? text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            // GitHub's ids are numbers.
            JsonValueKind.Number when value.TryGetInt64(out long number) => number.ToString(CultureInfo.InvariantCulture),
            _ => null,
        };
        return text is null || text.Length > LongestText || text.Contains('\0') ? null : text;
    }

    private static string DataOf(Provider provider, JsonElement claims, string? issuer, string subject, string? email, bool verified)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            WriteText(writer, "iss", issuer);
            writer.WriteString("sub", subject);
            writer.WriteString("provider_id", subject);
            WriteText(writer, "email", email);
            writer.WriteBoolean("email_verified", verified);
            writer.WriteBoolean("phone_verified", false);
            string? name = TextOf(provider, claims, "name");
            WriteText(writer, "name", name);
            WriteText(writer, "full_name", name);
            string? picture = TextOf(provider, claims, "picture");
            WriteText(writer, "picture", picture);
            WriteText(writer, "avatar_url", picture);
            string? user = TextOf(provider, claims, "preferred_username");
            WriteText(writer, "preferred_username", user);
            WriteText(writer, "user_name", user);
            WriteKept(writer, provider, claims);
            writer.WriteEndObject();
        }
        // The bound of metadata, which this becomes part of.
        return Metadata.Merge("{}", JsonElement.Parse(Encoding.UTF8.GetString(buffer.WrittenSpan)), "identity_data");
    }

    private static void WriteKept(Utf8JsonWriter writer, Provider provider, JsonElement claims)
    {
        if (provider.KeptClaims.IsEmpty)
        {
            return;
        }
        writer.WriteStartObject("custom_claims");
        foreach (string name in provider.KeptClaims)
        {
            if (claims.TryGetProperty(name, out JsonElement value))
            {
                writer.WritePropertyName(name);
                value.WriteTo(writer);
            }
        }
        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(name, text);
        }
    }
}
