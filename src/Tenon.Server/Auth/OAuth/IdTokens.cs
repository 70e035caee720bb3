using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Tenon.Server.Auth.OAuth;

/// <summary>Claims of a token that was verified.</summary>
internal sealed record VerifiedToken(JsonElement Claims, string Payload, string Algorithm);

/// <summary>A token is refused; the message says which condition it failed.</summary>
internal sealed class TokenRefused(string message) : Exception(message);

/// <summary>
/// Tokens of external issuers: signature by a key of the issuer's own key set, with an algorithm of ours; then issuer,
/// audience, time. A header may choose among those keys by kid and name nothing else.
/// </summary>
internal sealed class IdTokens(Issuers issuers, TimeProvider clock)
{
    /// <summary>Where Microsoft's common discovery document has the tenant.</summary>
    public const string TenantMark = "{tenantid}";

    // Personal accounts have a tenant of their own; "organizations" means everything but this one.
    private const string MicrosoftConsumers = "9188040d-6c67-4c5b-b112-36a304b66dad";

    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };
    private static readonly JsonWebTokenHandler Handler = new() { MaximumTokenSizeInBytes = TokenHash.LongestCredential };

    /// <summary>Throws <see cref="TokenRefused"/>, or <see cref="IssuerException"/> when the issuer cannot be asked.</summary>
    public async Task<VerifiedToken> VerifyAsync(Provider provider, string token, CancellationToken cancellation)
    {
        string[] parts = token.Split('.');
        if (parts.Length != 3 || token.Length > TokenHash.LongestCredential)
        {
            throw new TokenRefused("not a signed token");
        }
        JsonElement header = Decode(parts[0], "header");
        string algorithm = Text(header, "alg") ?? "";
        if (!Algorithms.Contains(algorithm))
        {
            throw new TokenRefused("its algorithm is not allowed");
        }
        if (header.TryGetProperty("crit", out _) || !IsPlainToken(header))
        {
            throw new TokenRefused("its header asks for what this server does not know");
        }
        IssuerMetadata metadata = await issuers.MetadataAsync(provider, cancellation);
        await RequireSignatureAsync(metadata, token, Text(header, "kid"), algorithm, cancellation);
        JsonElement claims = Decode(parts[1], "payload");
        RequireIssuer(provider, metadata, claims);
        RequireAudience(provider.ClientIds, claims);
        RequireTime(claims);
        return new VerifiedToken(claims, Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])), algorithm);
    }

    // Logout tokens and their like are signed by the same keys and mean something else.
    private static bool IsPlainToken(JsonElement header) =>
        !header.TryGetProperty("typ", out _) || (Text(header, "typ") ?? "").ToLowerInvariant() is "jwt" or "at+jwt" or "application/at+jwt";

    /// <summary>The access token is the one the ID token was issued with (OpenID Connect Core §3.1.3.8).</summary>
    public static bool HashMatches(VerifiedToken idToken, string accessToken)
    {
        byte[] text = Encoding.ASCII.GetBytes(accessToken);
        byte[] hash =
            idToken.Algorithm.EndsWith("384", StringComparison.Ordinal) ? SHA384.HashData(text)
            : idToken.Algorithm.EndsWith("512", StringComparison.Ordinal) ? SHA512.HashData(text)
            : SHA256.HashData(text);
        return Text(idToken.Claims, "at_hash") == Base64Url.EncodeToString(hash.AsSpan(0, hash.Length / 2));
    }

    public static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private async Task RequireSignatureAsync(IssuerMetadata metadata, string token, string? kid, string algorithm, CancellationToken cancellation)
    {
        if (await IsSignedByAsync(await issuers.KeysAsync(metadata, anew: false, cancellation), token, kid, algorithm))
        {
            return;
        }
        // The issuer may have a key since that was not there when its keys were read.
        if (!await IsSignedByAsync(await issuers.KeysAsync(metadata, anew: true, cancellation), token, kid, algorithm))
        {
            throw new TokenRefused("it is not signed by a key of the issuer");
        }
    }

    private static async Task<bool> IsSignedByAsync(ImmutableArray<JsonWebKey> keys, string token, string? kid, string algorithm)
    {
        string type = algorithm.StartsWith("ES", StringComparison.Ordinal) ? JsonWebAlgorithmsKeyTypes.EllipticCurve : JsonWebAlgorithmsKeyTypes.RSA;
        SecurityKey[] fitting =
        [
            .. keys.Where(key => key.Kty == type && (string.IsNullOrEmpty(key.Alg) || key.Alg == algorithm) && (kid is null || key.Kid == kid)),
        ];
        if (fitting.Length == 0)
        {
            return false;
        }
        TokenValidationResult result = await Handler.ValidateTokenAsync(
            token,
            new TokenValidationParameters
            {
                IssuerSigningKeys = fitting,
                TryAllIssuerSigningKeys = kid is null,
                ValidAlgorithms = [algorithm],
                RequireSignedTokens = true,
                // Claims are checked here, on our clock.
                ValidateIssuer = false,
                ValidateAudience = false,
                ValidateLifetime = false,
            }
        );
        return result.IsValid;
    }

    private static void RequireIssuer(Provider provider, IssuerMetadata metadata, JsonElement claims)
    {
        string issuer = Text(claims, "iss") ?? "";
        bool right = provider.IssuerRule switch
        {
            IssuerRule.Google => issuer == metadata.Issuer || "https://" + issuer == metadata.Issuer,
            IssuerRule.Microsoft => issuer == WithTenant(provider, metadata.Issuer, Text(claims, "tid")),
            _ => issuer == metadata.Issuer,
        };
        if (!right)
        {
            throw new TokenRefused("it is of another issuer");
        }
    }

    private static string? WithTenant(Provider provider, string issuer, string? tenant) =>
        !issuer.Contains(TenantMark, StringComparison.Ordinal) ? issuer
        : !Guid.TryParseExact(tenant, "D", out _) ? null
        : tenant == MicrosoftConsumers && provider.Issuer.EndsWith("/organizations/v2.0", StringComparison.Ordinal) ? null
        : issuer.Replace(TenantMark, tenant, StringComparison.Ordinal);

    private static void RequireAudience(ImmutableArray<string> clients, JsonElement claims)
    {
        string[] audiences =
            !claims.TryGetProperty("aud", out JsonElement aud) ? []
            : aud.ValueKind == JsonValueKind.Array ? [.. aud.EnumerateArray().Select(one => one.ValueKind == JsonValueKind.String ? one.GetString()! : "")]
            : aud.ValueKind == JsonValueKind.String ? [aud.GetString()!]
            : [];
        if (!audiences.Any(clients.Contains))
        {
            throw new TokenRefused("it is meant for another audience");
        }
        // With several audiences the token was issued to one: azp (Core §3.1.3.7).
        if (claims.TryGetProperty("azp", out _) && audiences.Length > 1 && !clients.Contains(Text(claims, "azp") ?? ""))
        {
            throw new TokenRefused("it was issued to another client");
        }
    }

    private void RequireTime(JsonElement claims)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (Time(claims, "exp") is not { } expires || expires + TokenVerifier.Skew <= now)
        {
            throw new TokenRefused("it has expired");
        }
        if ((Time(claims, "iat") ?? now) - TokenVerifier.Skew > now || (Time(claims, "nbf") ?? now) - TokenVerifier.Skew > now)
        {
            throw new TokenRefused("it is not valid yet");
        }
    }

    public static DateTimeOffset? Time(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double seconds) && seconds >= 0
            ? DateTimeOffset.FromUnixTimeSeconds((long)Math.Min(seconds, 253402200000d))
            : null;

    private static JsonElement Decode(string part, string what)
    {
        try
        {
            JsonElement root = JsonElement.Parse(Base64Url.DecodeFromChars(part), Strict);
            return root.ValueKind == JsonValueKind.Object ? root : throw new TokenRefused($"its {what} is not an object");
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw new TokenRefused($"its {what} cannot be read");
        }
    }
}
