using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// Passwords to hashes and back to yes or no, one at a time (the queue is <see cref="PasswordHasher"/>). New hashes are
/// Argon2id with OWASP's parameters; Argon2 of other parameters, bcrypt and <see cref="ForeignHash"/> are verified because
/// imported users have them.
/// </summary>
internal static partial class PasswordHash
{
    public const int MemoryKiB = 19456;
    public const int Passes = 2;
    private const string Ours = "$argon2id$v=19$m=19456,t=2,p=1$";

    // A hash decides how much work verifying it is; beyond these it would be a weapon.
    private const int LargestMemoryKiB = 262_144;
    private const int LargestPasses = 10;
    private const int LargestBcryptCost = 14;

    // What auth.users.encrypted_password holds.
    private const int LongestHash = 255;

    /// <summary>A hash that no password has, of the same cost as every other: for users that do not exist.</summary>
    public static readonly string OfNobody = Create(Guid.NewGuid().ToString());

    public static string Create(string password) => Sodium.Argon2Id(Encoding.UTF8.GetBytes(password), Passes, MemoryKiB * 1024);

    public static bool Verify(string hash, string password) =>
        IsArgon2(hash) ? Sodium.Verify(hash, Encoding.UTF8.GetBytes(password))
        : IsBcrypt(hash) ? BCrypt.Net.BCrypt.Verify(password, hash)
        : ForeignHash.TryRead(hash, out ForeignHash? foreign, out _) && foreign.Verify(password);

    /// <summary>Of another kind or cost than new ones: to be replaced when the password is at hand.</summary>
    public static bool IsOutdated(string hash) => !hash.StartsWith(Ours, StringComparison.Ordinal);

    /// <summary>Why a hash cannot be imported; null when it can.</summary>
    public static string? WhyRefused(string hash)
    {
        if (Argon2().Match(hash) is { Success: true } argon)
        {
            return Number(argon, "m") > LargestMemoryKiB || Number(argon, "t") > LargestPasses || Number(argon, "p") > 16
                ? $"argon2 hashes may ask for at most m={LargestMemoryKiB}, t={LargestPasses}, p=16"
                : null;
        }
        if (Bcrypt().Match(hash) is { Success: true } bcrypt)
        {
            return Number(bcrypt, "cost") > LargestBcryptCost ? $"bcrypt hashes may have a cost of at most {LargestBcryptCost}" : null;
        }
        if (hash.Length > LongestHash)
        {
            return $"a password hash may be at most {LongestHash} characters";
        }
        return ForeignHash.TryRead(hash, out _, out string? reason)
            ? null
            : reason
                ?? "only argon2id, argon2i, bcrypt ($2a$, $2b$, $2y$), PBKDF2 ($pbkdf2-…$, pbkdf2_…$, ASP.NET Identity V3) and scrypt "
                    + "($scrypt$, $fbscrypt$) hashes can be verified";
    }

    private static bool IsArgon2(string hash) => hash.StartsWith("$argon2", StringComparison.Ordinal) && WhyRefused(hash) is null;

    private static bool IsBcrypt(string hash) => hash.StartsWith("$2", StringComparison.Ordinal) && WhyRefused(hash) is null;

    private static long Number(Match match, string group) =>
        long.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"\A\$argon2id?\$v=19\$m=(?<m>[0-9]{1,9}),t=(?<t>[0-9]{1,9}),p=(?<p>[0-9]{1,9})\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{22,86}\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Argon2();

    [GeneratedRegex(@"\A\$2[aby]\$(?<cost>[0-9]{2})\$[./A-Za-z0-9]{53}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Bcrypt();
}
