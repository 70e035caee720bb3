using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Tenon.Server.Auth.OAuth;

/// <summary>Apple's client secret: a token of ours, signed with the team's key, short-lived and made at each use.</summary>
internal static class AppleSecret
{
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    public static string Make(Provider provider, AppleKey key, DateTimeOffset now)
    {
        using ECDsa ecdsa = Read(key);
        // Not cached by IdentityModel: the key is disposed of with this call.
        var signing = new ECDsaSecurityKey(ecdsa) { KeyId = key.KeyId, CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false } };
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            new SecurityTokenDescriptor
            {
                Issuer = key.TeamId,
                Audience = provider.Issuer,
                IssuedAt = now.UtcDateTime,
                Expires = (now + Life).UtcDateTime,
                Claims = new Dictionary<string, object> { ["sub"] = provider.ClientId },
                SigningCredentials = new SigningCredentials(signing, SecurityAlgorithms.EcdsaSha256),
            }
        );
    }

    /// <summary>Refuses a key that cannot sign, before anybody needs it.</summary>
    public static void Check(AppleKey key, string setting)
    {
        try
        {
            using ECDsa ecdsa = Read(key);
            ecdsa.SignData([0], HashAlgorithmName.SHA256);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new InvalidOperationException($"{setting} private_key is not a private key in PEM", e);
        }
    }

    private static ECDsa Read(AppleKey key)
    {
        var ecdsa = ECDsa.Create();
        ecdsa.ImportFromPem(key.Pem.Replace("\\n", "\n", StringComparison.Ordinal));
        return ecdsa;
    }
}
