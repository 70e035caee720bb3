using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;

namespace Tenon.Server.Auth;

/// <summary>
/// The file of [auth] signing_keys_path: a JSON array of private JWKs, as `supabase gen signing-key` writes it. The first
/// signs, all are published and verify: a rotation puts the next key first and leaves the former one in the file until its
/// tokens have expired. The file is read at start; what is wrong with it stops the start.
/// </summary>
internal static class SigningKeyFile
{
    private const string Setting = "[auth] signing_keys_path";

    public static ImmutableArray<SigningKey> Read(AuthOptions options, DateTimeOffset now)
    {
        string path = Path.Combine(options.AppFolder, options.SigningKeysPath);
        if (!File.Exists(path))
        {
            throw new InvalidOperationException($"{Setting}: there is no file {options.SigningKeysPath}");
        }
        using JsonDocument document = Parse(File.ReadAllBytes(path));
        if (document.RootElement.ValueKind != JsonValueKind.Array || document.RootElement.GetArrayLength() == 0)
        {
            throw new InvalidOperationException($"{Setting}: the file must hold a JSON array of private JWKs");
        }
        ImmutableArray<SigningKey> keys =
        [
            .. document.RootElement.EnumerateArray().Select((jwk, i) => Read(jwk, i, now)),
        ];
        return keys.Select(key => key.Id).Distinct(StringComparer.Ordinal).Count() == keys.Length
            ? keys
            : throw new InvalidOperationException($"{Setting}: two keys have the same kid");
    }

    private static JsonDocument Parse(byte[] bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes);
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException($"{Setting}: the file is not JSON", e);
        }
    }

    private static SigningKey Read(JsonElement jwk, int index, DateTimeOffset now)
    {
        try
        {
            string id = Text(jwk, "kid") ?? throw new FormatException("it has no kid");
            KeyMaterial read = (Text(jwk, "kty"), Text(jwk, "crv")) switch
            {
                ("EC", "P-256") => Ec(jwk, id),
                ("RSA", _) => Rsa(jwk, id),
                ("OKP", "Ed25519") => SigningAlgorithm.Of(Part(jwk, "d"), id),
                _ => throw new FormatException("it is none of EC P-256, RSA and OKP Ed25519"),
            };
            return Text(jwk, "alg") is { } named && named != read.Algorithm
                ? throw new FormatException($"its alg must be {read.Algorithm}")
                : new SigningKey(id, read.Algorithm, index == 0 ? "current" : "previous", read.Key, read.PublicJwk, now, index == 0 ? now : null, null);
        }
        catch (Exception e) when (e is FormatException or CryptographicException or InvalidOperationException)
        {
            // The text of a key is not told: what is wrong with it is.
            throw new InvalidOperationException($"{Setting}: key {index + 1} cannot be used: {(e is FormatException ? e.Message : "its numbers are not a private key")}");
        }
    }

    private static KeyMaterial Ec(JsonElement jwk, string id)
    {
        var point = new ECPoint { X = Part(jwk, "x"), Y = Part(jwk, "y") };
        return SigningAlgorithm.Of(ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point, D = Part(jwk, "d") }), id);
    }

    private static KeyMaterial Rsa(JsonElement jwk, string id)
    {
        byte[] modulus = Part(jwk, "n");
        int half = (modulus.Length + 1) / 2;
        var rsa = RSA.Create(
            new RSAParameters
            {
                Modulus = modulus,
                Exponent = Part(jwk, "e"),
                D = Padded(Part(jwk, "d"), modulus.Length),
                P = Padded(Part(jwk, "p"), half),
                Q = Padded(Part(jwk, "q"), half),
                DP = Padded(Part(jwk, "dp"), half),
                DQ = Padded(Part(jwk, "dq"), half),
                InverseQ = Padded(Part(jwk, "qi"), half),
            }
        );
        return rsa.KeySize >= SigningAlgorithm.ShortestRsaKey
            ? SigningAlgorithm.Of(rsa, id)
            : throw new FormatException($"an RSA key has at least {SigningAlgorithm.ShortestRsaKey} bits");
    }

    // A JWK leaves the zeros in front of a number away (RFC 7518 §2); .NET wants them.
    private static byte[] Padded(byte[] number, int length) => number.Length >= length ? number : [.. new byte[length - number.Length], .. number];

    private static byte[] Part(JsonElement jwk, string name)
    {
        try
        {
            return Base64Url.DecodeFromChars(Text(jwk, name) ?? throw new FormatException($"it has no {name}"));
        }
        catch (FormatException e) when (Text(jwk, name) is not null)
        {
            throw new FormatException($"its {name} is not base64url", e);
        }
    }

    private static string? Text(JsonElement jwk, string name) =>
        jwk.ValueKind == JsonValueKind.Object && jwk.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
