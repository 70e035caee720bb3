using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Tenon.Core.Types;

namespace Tenon.Server.Auth;

/// <summary>
/// Token text -> caller, by cryptography and claims alone (whether the session still stands is asked afterwards). The key
/// is chosen among our own by kid and fixes the algorithm; nothing in the token may name a key, an address or "none".
/// Tokens of an asymmetric algorithm are ours: issuer, audience, expiry, subject and session are required. HS256 tokens are made by whoever
/// holds the project's legacy secret, and carry what they like of these.
/// </summary>
internal sealed class TokenVerifier(Keys keys, SigningKeys signing, ApiRoles roles, AuthOptions options, TimeProvider clock)
{
    /// <summary>Clocks may differ by this much.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    public const string Audience = "authenticated";

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };
    private static readonly JsonWebTokenHandler Handler = new() { MaximumTokenSizeInBytes = TokenHash.LongestCredential };
    private readonly SymmetricSecurityKey? legacy =
        keys.JwtSecret is { } secret ? new SymmetricSecurityKey(Encoding.UTF8.GetBytes(secret)) : null;

    public async ValueTask<Resolution> VerifyAsync(string token)
    {
        if (!TryReadHeader(token, out string[] parts, out CredentialFailure? failure, out SecurityKey? key, out string? algorithm))
        {
            return failure!;
        }
        TokenValidationResult result = await Handler.ValidateTokenAsync(
            token,
            new TokenValidationParameters
            {
                IssuerSigningKey = key,
                ValidAlgorithms = [algorithm!],
                RequireSignedTokens = true,
                // Claims are checked below, on our clock and in PostgREST's words.
                ValidateIssuer = false,
                ValidateAudience = false,
                ValidateLifetime = false,
            }
        );
        return result.IsValid ? ReadClaims(parts[1], algorithm != SecurityAlgorithms.HmacSha256) : CredentialFailure.NotSigned;
    }

    /// <summary>The issuer that a token names, to choose who verifies it; nothing is believed yet. Null for what is no token.</summary>
    public static string? IssuerOf(string token)
    {
        string[] parts = token.Split('.');
        if (parts.Length != 3)
        {
            return null;
        }
        try
        {
            JsonElement claims = JsonElement.Parse(Base64Url.DecodeFromChars(parts[1]), Strict);
            return claims.ValueKind == JsonValueKind.Object && claims.TryGetProperty("iss", out JsonElement issuer) ? StringOf(issuer) : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }

    private bool TryReadHeader(
        string token,
        out string[] parts,
        out CredentialFailure? failure,
        out SecurityKey? key,
        out string? algorithm
    )
    {
        (failure, key, algorithm) = (null, null, null);
        parts = token.Split('.');
        if (parts.Length != 3)
        {
            failure = CredentialFailure.Undecodable($"Expected 3 parts in JWT; got {parts.Length}");
            return false;
        }
        try
        {
            using JsonDocument header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]), Strict);
            failure = ChooseKey(header.RootElement, out key, out algorithm);
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            failure = CredentialFailure.Undecodable("The JWT header is not base64url-encoded JSON");
        }
        return failure is null;
    }

    private CredentialFailure? ChooseKey(JsonElement header, out SecurityKey? key, out string? algorithm)
    {
        (key, algorithm) = (null, null);
        if (header.ValueKind != JsonValueKind.Object || header.TryGetProperty("crit", out _))
        {
            // RFC 7515 §4.1.11: an extension that must be understood and is not.
            return CredentialFailure.Undecodable("The JWT header asks for what this server does not know");
        }
        if (header.TryGetProperty("typ", out JsonElement type) && !IsJwt(type))
        {
            return CredentialFailure.Undecodable("The JWT is of another type");
        }
        string? id = header.TryGetProperty("kid", out JsonElement kid) ? StringOf(kid) ?? "" : null;
        algorithm = header.TryGetProperty("alg", out JsonElement alg) ? StringOf(alg) : null;
        if (algorithm == SecurityAlgorithms.HmacSha256)
        {
            key = id is null ? legacy : null;
        }
        else if (algorithm is not null && SigningAlgorithm.All.Contains(algorithm))
        {
            // The key fixes the algorithm: a token that names another one is none of that key's.
            key = id is not null && signing.Find(id) is { } found && found.Algorithm == algorithm ? found.Key : null;
        }
        else
        {
            return CredentialFailure.WrongAlgorithm;
        }
        return key is null ? CredentialFailure.WrongKey : null;
    }

    /// <summary>Of a user's own session, and (RFC 9068) of one that a client holds. Identity tokens are told apart by their audience.</summary>
    private static bool IsJwt(JsonElement type) =>
        StringOf(type) is { } text
        && (text.Equals("JWT", StringComparison.OrdinalIgnoreCase) || text.Equals(Tokens.ClientTokenType, StringComparison.OrdinalIgnoreCase));

    private static string? StringOf(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private Resolution ReadClaims(string payload, bool own)
    {
        byte[] utf8 = Base64Url.DecodeFromChars(payload);
        JsonElement claims;
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8);
            claims = JsonElement.Parse(utf8, Strict);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            return CredentialFailure.Unreadable;
        }
        if (claims.ValueKind != JsonValueKind.Object)
        {
            return CredentialFailure.Unreadable;
        }
        return CheckTimes(claims, own, out DateTimeOffset? expires) is { } late ? late
            : own && CheckOrigin(claims) is { } foreign ? foreign
            : MakeCaller(claims, text, utf8, own, expires);
    }

    private CredentialFailure? CheckTimes(JsonElement claims, bool own, out DateTimeOffset? expires)
    {
        expires = null;
        DateTimeOffset now = clock.GetUtcNow();
        if (
            !TryTime(claims, "exp", out expires)
            || !TryTime(claims, "nbf", out DateTimeOffset? notBefore)
            || !TryTime(claims, "iat", out DateTimeOffset? issued)
        )
        {
            return CredentialFailure.Unreadable;
        }
        return own && (expires is null || issued is null) ? CredentialFailure.Unreadable
            : expires + Skew <= now ? CredentialFailure.Expired
            : notBefore - Skew > now ? CredentialFailure.NotYetValid
            : issued - Skew > now ? CredentialFailure.IssuedInFuture
            : null;
    }

    /// <summary>A NumericDate (RFC 7519 §2), or absent; false for anything else.</summary>
    private static bool TryTime(JsonElement claims, string name, out DateTimeOffset? time)
    {
        time = null;
        if (!claims.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }
        // 253402300799 is the last second DateTimeOffset has; later means never.
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double seconds) || seconds < 0)
        {
            return false;
        }
        time = DateTimeOffset.FromUnixTimeSeconds((long)Math.Min(seconds, 253402200000d));
        return true;
    }

    private CredentialFailure? CheckOrigin(JsonElement claims)
    {
        if (!claims.TryGetProperty("iss", out JsonElement issuer) || StringOf(issuer) != options.Issuer)
        {
            return CredentialFailure.WrongIssuer;
        }
        return claims.TryGetProperty("aud", out JsonElement audience) && Names(audience) ? null : CredentialFailure.WrongAudience;
    }

    private static bool Names(JsonElement audience) =>
        audience.ValueKind == JsonValueKind.Array
            ? audience.EnumerateArray().Any(one => StringOf(one) == Audience)
            : StringOf(audience) == Audience;

    private Resolution MakeCaller(JsonElement claims, string text, byte[] utf8, bool own, DateTimeOffset? expires)
    {
        if (!TryRole(claims, out RoleName role) || !roles.Allows(role))
        {
            return CredentialFailure.RoleNotAllowed;
        }
        if (!TryUuid(claims, "sub", out Guid? user) || (own && user is null))
        {
            return CredentialFailure.SubjectNotUuid;
        }
        if (!TryUuid(claims, "session_id", out Guid? session) || (own && session is null))
        {
            return CredentialFailure.Unreadable;
        }
        return new Caller
        {
            Role = role,
            UserId = user,
            UserIdText = user?.ToString("D"),
            SessionId = session,
            Email = claims.TryGetProperty("email", out JsonElement email) ? StringOf(email) : null,
            Aal = claims.TryGetProperty("aal", out JsonElement aal) && StringOf(aal) == "aal2" ? "aal2" : "aal1",
            ClientId = own && claims.TryGetProperty("client_id", out JsonElement client) ? StringOf(client) ?? "" : null,
            IsAnonymousUser = claims.TryGetProperty("is_anonymous", out JsonElement a) && a.ValueKind == JsonValueKind.True,
            ClaimsJson = text,
            ClaimsUtf8 = utf8,
            Claims = claims,
            ExpiresAt = expires,
        };
    }

    private static bool TryRole(JsonElement claims, out RoleName role)
    {
        role = RoleName.Anon;
        if (!claims.TryGetProperty("role", out JsonElement value))
        {
            return true;
        }
        role = new RoleName(StringOf(value) ?? "");
        return role.Text.Length > 0;
    }

    private static bool TryUuid(JsonElement claims, string name, out Guid? id)
    {
        id = null;
        if (!claims.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }
        if (!Guid.TryParseExact(StringOf(value), "D", out Guid parsed))
        {
            return false;
        }
        id = parsed;
        return true;
    }
}
