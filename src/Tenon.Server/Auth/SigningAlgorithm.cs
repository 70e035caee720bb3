using System.Buffers.Text;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;
using Tenon.Server.Auth.SignIn;

namespace Tenon.Server.Auth;

/// <summary>A key of its own making or reading: the halves that sign and verify, the secret as it is sealed, the public JWK.</summary>
internal sealed record KeyMaterial(string Algorithm, SecurityKey Key, byte[] Secret, string PublicJwk);

/// <summary>
/// The algorithms that access tokens may be signed with (RFC 7518 §3, RFC 8037). A key is of one of them for its whole life,
/// and a token that names another is refused, whatever its signature.
/// </summary>
internal static class SigningAlgorithm
{
    public const string Es256 = SecurityAlgorithms.EcdsaSha256;
    public const string Rs256 = SecurityAlgorithms.RsaSha256;
    public const string EdDsa = "EdDSA";

    public const int ShortestRsaKey = 2048;

    public static readonly ImmutableArray<string> All = [Es256, Rs256, EdDsa];

    /// <summary>The name as the header of a token has it; capital letters do not matter to who asks for one.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out string? algorithm) =>
        (algorithm = All.FirstOrDefault(known => known.Equals(text, StringComparison.OrdinalIgnoreCase))) is not null;

    public static KeyMaterial Create(string algorithm, string id)
    {
        switch (algorithm)
        {
            case Es256:
                return Of(ECDsa.Create(ECCurve.NamedCurves.nistP256), id);
            case Rs256:
                return Of(RSA.Create(ShortestRsaKey), id);
            case EdDsa:
                return Of(RandomNumberGenerator.GetBytes(Ed25519Key.SeedSize), id);
            default:
                throw new ArgumentException($"no key of algorithm {algorithm} is made", nameof(algorithm));
        }
    }

    /// <summary>From the secret as <see cref="KeyMaterial"/> has it.</summary>
    public static KeyMaterial Open(string algorithm, byte[] secret, string id)
    {
        switch (algorithm)
        {
            case Es256:
                var ec = ECDsa.Create();
                ec.ImportPkcs8PrivateKey(secret, out _);
                return Of(ec, id);
            case Rs256:
                var rsa = RSA.Create();
                rsa.ImportPkcs8PrivateKey(secret, out _);
                return Of(rsa, id);
            case EdDsa:
                return Of(secret, id);
            default:
                throw new InvalidOperationException($"auth.signing_keys holds a key of the unknown algorithm {algorithm}");
        }
    }

    public static KeyMaterial Of(ECDsa ec, string id)
    {
        ECParameters point = ec.ExportParameters(false);
        string jwk =
            $$"""{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","key_ops":["verify"],"kid":{{Quoted(id)}},"x":"{{Base64Url.EncodeToString(point.Q.X)}}","y":"{{Base64Url.EncodeToString(point.Q.Y)}}"}""";
        return new KeyMaterial(Es256, new ECDsaSecurityKey(ec) { KeyId = id }, ec.ExportPkcs8PrivateKey(), jwk);
    }

    public static KeyMaterial Of(RSA rsa, string id)
    {
        RSAParameters numbers = rsa.ExportParameters(false);
        string jwk =
            $$"""{"kty":"RSA","alg":"RS256","use":"sig","key_ops":["verify"],"kid":{{Quoted(id)}},"n":"{{Base64Url.EncodeToString(numbers.Modulus)}}","e":"{{Base64Url.EncodeToString(numbers.Exponent)}}"}""";
        return new KeyMaterial(Rs256, new RsaSecurityKey(rsa) { KeyId = id }, rsa.ExportPkcs8PrivateKey(), jwk);
    }

    /// <summary>An Ed25519 key of its 32-byte seed, which is what RFC 8037 calls the private key.</summary>
    public static KeyMaterial Of(byte[] seed, string id)
    {
        var key = new Ed25519Key(seed, id);
        string jwk =
            $$"""{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","key_ops":["verify"],"kid":{{Quoted(id)}},"x":"{{Base64Url.EncodeToString(key.PublicKey)}}"}""";
        return new KeyMaterial(EdDsa, key, seed, jwk);
    }

    private static string Quoted(string id) => $"\"{System.Text.Json.JsonEncodedText.Encode(id)}\"";
}
