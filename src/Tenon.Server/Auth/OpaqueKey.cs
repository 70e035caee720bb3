using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Tenon.Server.Auth;

/// <summary>API keys that carry nothing: a prefix that says what they are for, random characters, and a check sum for scanners.</summary>
internal static class OpaqueKey
{
    public const string PublishablePrefix = "sb_publishable_";
    public const string SecretPrefix = "sb_secret_";
    public const string UserPrefix = "sb_user_";

    public static string Create(string prefix)
    {
        string random = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
        return $"{prefix}{random}_{Sum(prefix + random)}";
    }

    /// <summary>A user's key whose check sum is right: only then is it worth a look into the store.</summary>
    public static bool IsUserKey(ReadOnlySpan<char> text) =>
        text.StartsWith(UserPrefix, StringComparison.Ordinal)
        && text.Length > UserPrefix.Length + SumLength
        && text[^SumLength..].SequenceEqual("_" + Sum(text[..^SumLength].ToString()));

    private const int SumLength = 9;

    private static string Sum(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 4));

    /// <summary>Looks like an opaque key, so it is never parsed as a token.</summary>
    public static bool Is(ReadOnlySpan<char> text) => text.StartsWith("sb_", StringComparison.Ordinal);
}

/// <summary>The older form of an API key: an HS256 token that names a role.</summary>
internal static class LegacyKey
{
    public const string Issuer = "tenon";

    private static readonly TimeSpan Life = TimeSpan.FromDays(3650);

    public static string Create(string role, string secret, TimeProvider clock)
    {
        long now = clock.GetUtcNow().ToUnixTimeSeconds();
        var key = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(secret));
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            $$"""{"iss":"{{Issuer}}","role":"{{role}}","iat":{{now}},"exp":{{now + (long)Life.TotalSeconds}}}""",
            new SigningCredentials(key, SecurityAlgorithms.HmacSha256)
        );
    }
}
