using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// A password hash as another system keeps it, read and bounded: PBKDF2 (PHC, passlib, Django, ASP.NET Identity V3) and
/// scrypt (PHC, Firebase's own form). They come with imported users and are verified until the first sign-in, which
/// replaces them. A text decides how much work verifying it is, so what asks for more than the bounds is not read at all.
/// </summary>
internal abstract partial record ForeignHash(byte[] Salt, byte[] Hash)
{
    private const int MostIterations = 2_000_000;
    private const long MostScryptMemory = 256L * 1024 * 1024;
    private const int LongestSalt = 64;
    private const int ShortestHash = 16;
    private const int LongestHash = 64;

    public abstract bool Verify(string password);

    /// <summary>False with a reason when the text is of one of these forms and unusable, without one when it is of none.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out ForeignHash? hash, out string? reason)
    {
        (hash, reason) = (null, null);
        if (Modular().Match(text) is { Success: true } modular)
        {
            return ReadPbkdf2(modular, passlib: modular.Groups["passlib"].Success, out hash, out reason);
        }
        if (Django().Match(text) is { Success: true } django)
        {
            byte[] salt = Encoding.UTF8.GetBytes(django.Groups["salt"].Value);
            return MakePbkdf2(Digest(django), django, salt, Decode(django, "hash"), out hash, out reason);
        }
        if (Scrypt().Match(text) is { Success: true } scrypt)
        {
            return ReadScrypt(scrypt, out hash, out reason);
        }
        if (Firebase().Match(text) is { Success: true } firebase)
        {
            return ReadFirebase(firebase, out hash, out reason);
        }
        return text.StartsWith("AQAAAA", StringComparison.Ordinal) && ReadIdentity(text, out hash, out reason);
    }

    private static bool ReadPbkdf2(Match match, bool passlib, out ForeignHash? hash, out string? reason)
    {
        byte[]? derived = Decode(match, "hash", passlib);
        if (match.Groups["length"].Success && derived is not null && Number(match, "length") != derived.Length)
        {
            derived = null;
        }
        return MakePbkdf2(Digest(match), match, Decode(match, "salt", passlib), derived, out hash, out reason);
    }

    private static bool MakePbkdf2(
        HashAlgorithmName digest,
        Match match,
        byte[]? salt,
        byte[]? derived,
        out ForeignHash? hash,
        out string? reason
    ) => Make(salt, derived, Number(match, "rounds"), (s, h, n) => new Pbkdf2Hash(digest, n, s, h), out hash, out reason);

    private static bool Make(
        byte[]? salt,
        byte[]? derived,
        long iterations,
        Func<byte[], byte[], int, ForeignHash> make,
        out ForeignHash? hash,
        out string? reason
    )
    {
        hash = null;
        reason =
            iterations is < 1 or > MostIterations ? $"PBKDF2 hashes may have from 1 to {MostIterations} iterations" : WhyUnreadable(salt, derived);
        if (reason is null)
        {
            hash = make(salt!, derived!, (int)iterations);
        }
        return hash is not null;
    }

    private static string? WhyUnreadable(byte[]? salt, byte[]? derived) =>
        salt is null || derived is null ? "the salt or the hash is not the base64 that its form asks for"
        : salt.Length is 0 or > LongestSalt ? $"the salt must be 1 to {LongestSalt} bytes"
        : derived.Length is < ShortestHash or > LongestHash ? $"the hash must be {ShortestHash} to {LongestHash} bytes"
        : null;

    private static bool ReadScrypt(Match match, out ForeignHash? hash, out string? reason)
    {
        hash = null;
        byte[]? salt = Decode(match, "salt");
        byte[]? derived = Decode(match, "hash");
        reason = ReadCost(match, "ln", out ScryptCost cost) ?? WhyUnreadable(salt, derived);
        if (reason is null)
        {
            hash = new ScryptHash(cost, salt!, derived!);
        }
        return hash is not null;
    }

    private static bool ReadFirebase(Match match, out ForeignHash? hash, out string? reason)
    {
        hash = null;
        byte[]? salt = Decode(match, "salt");
        byte[]? encrypted = Decode(match, "hash");
        byte[]? separator = Decode(match, "ss");
        byte[]? signer = Decode(match, "sk");
        reason =
            ReadCost(match, "n", out ScryptCost cost)
            ?? WhyUnreadable(salt, encrypted)
            ?? (separator is null || separator.Length > LongestSalt || signer is null || signer.Length != encrypted!.Length
                ? "ss (salt separator) and sk (signer key) must be base64, and the signer key as long as the hash"
                : null);
        if (reason is null)
        {
            hash = new FirebaseHash(cost, [.. salt!, .. separator!], signer!, encrypted!);
        }
        return hash is not null;
    }

    // 0x01, then as big-endian numbers the digest (0 SHA-1, 1 SHA-256, 2 SHA-512), the iterations and the salt's length.
    private static bool ReadIdentity(string text, out ForeignHash? hash, out string? reason)
    {
        const int head = 13;
        byte[]? bytes = Decode(text, passlib: false);
        uint saltLength = bytes is { Length: > head } ? BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(9)) : 0;
        if (bytes is null || bytes.Length <= head || saltLength >= bytes.Length - head)
        {
            (hash, reason) = (null, "the ASP.NET Identity hash is cut off");
            return false;
        }
        HashAlgorithmName? digest = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(1)) switch
        {
            0 => HashAlgorithmName.SHA1,
            1 => HashAlgorithmName.SHA256,
            2 => HashAlgorithmName.SHA512,
            _ => null,
        };
        if (digest is not { } known)
        {
            (hash, reason) = (null, "the ASP.NET Identity hash names no digest that Identity has");
            return false;
        }
        int split = head + (int)saltLength;
        uint iterations = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(5));
        return Make(bytes[head..split], bytes[split..], iterations, (s, h, n) => new Pbkdf2Hash(known, n, s, h), out hash, out reason);
    }

    /// <summary>The cost of scrypt, or why it is refused; memory is 128·N·r bytes, done p times.</summary>
    private static string? ReadCost(Match match, string power, out ScryptCost cost)
    {
        (long ln, long r, long p) = (Number(match, power), Number(match, "r"), Number(match, "p"));
        bool bounded = ln is >= 1 and <= 20 && r is >= 1 and <= 64 && p is >= 1 and <= 16 && (128L << (int)ln) * r * p <= MostScryptMemory;
        cost = bounded ? new ScryptCost(1UL << (int)ln, (uint)r, (uint)p) : default;
        return bounded ? null : "scrypt hashes may have at most ln=20, r=64, p=16, and 128·N·r·p of at most 256 MiB";
    }

    private static HashAlgorithmName Digest(Match match) =>
        match.Groups["digest"].Value switch
        {
            "sha256" => HashAlgorithmName.SHA256,
            "sha512" => HashAlgorithmName.SHA512,
            _ => HashAlgorithmName.SHA1,
        };

    private static long Number(Match match, string group) =>
        long.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    private static byte[]? Decode(Match match, string group, bool passlib = false) => Decode(match.Groups[group].Value, passlib);

    /// <summary>Base64 with or without its padding; passlib writes "." for "+".</summary>
    private static byte[]? Decode(string text, bool passlib)
    {
        string bare = (passlib ? text.Replace('.', '+') : text).TrimEnd('=');
        byte[] bytes = new byte[bare.Length];
        return Convert.TryFromBase64String(bare.PadRight((bare.Length + 3) / 4 * 4, '='), bytes, out int written) ? bytes[..written] : null;
    }

    // i=… is the PHC form, a bare number passlib's.
    [GeneratedRegex(
        @"\A\$pbkdf2(-(?<digest>sha1|sha256|sha512))?\$((i=(?<rounds>[0-9]{1,9})(,l=(?<length>[0-9]{1,3}))?)|(?<passlib>(?<rounds>[0-9]{1,9})))\$(?<salt>[A-Za-z0-9+/.=]{1,90})\$(?<hash>[A-Za-z0-9+/.=]{1,90})\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Modular();

    [GeneratedRegex(
        @"\Apbkdf2_(?<digest>sha1|sha256)\$(?<rounds>[0-9]{1,9})\$(?<salt>[^$]{1,64})\$(?<hash>[A-Za-z0-9+/=]{1,90})\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Django();

    [GeneratedRegex(
        @"\A\$scrypt\$ln=(?<ln>[0-9]{1,2}),r=(?<r>[0-9]{1,3}),p=(?<p>[0-9]{1,3})\$(?<salt>[A-Za-z0-9+/=]{1,90})\$(?<hash>[A-Za-z0-9+/=]{1,90})\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Scrypt();

    // GoTrue's way to write Firebase's parameters: n is mem_cost, r is rounds.
    [GeneratedRegex(
        @"\A\$fbscrypt\$v=1,n=(?<n>[0-9]{1,2}),r=(?<r>[0-9]{1,3}),p=(?<p>[0-9]{1,3})(,ss=(?<ss>[A-Za-z0-9+/=]{0,90}))?,sk=(?<sk>[A-Za-z0-9+/=]{1,90})\$(?<salt>[A-Za-z0-9+/=]{1,90})\$(?<hash>[A-Za-z0-9+/=]{1,90})\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Firebase();
}

/// <summary>N, r and p of RFC 7914.</summary>
internal readonly record struct ScryptCost(ulong N, uint R, uint P);

internal sealed record Pbkdf2Hash(HashAlgorithmName Digest, int Iterations, byte[] Salt, byte[] Hash) : ForeignHash(Salt, Hash)
{
    public override bool Verify(string password) =>
        CryptographicOperations.FixedTimeEquals(
            Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), Salt, Iterations, Digest, Hash.Length),
            Hash
        );
}

internal sealed record ScryptHash(ScryptCost Cost, byte[] Salt, byte[] Hash) : ForeignHash(Salt, Hash)
{
    public override bool Verify(string password) =>
        CryptographicOperations.FixedTimeEquals(Sodium.Scrypt(Encoding.UTF8.GetBytes(password), Salt, Cost, Hash.Length), Hash);
}

/// <summary>Firebase's: scrypt makes a key, and the hash is the project's signer key encrypted with it (AES-256-CTR from zero).</summary>
internal sealed record FirebaseHash(ScryptCost Cost, byte[] Salt, byte[] SignerKey, byte[] Hash) : ForeignHash(Salt, Hash)
{
    private const int Block = 16;

    public override bool Verify(string password)
    {
        using var aes = Aes.Create();
        aes.Key = Sodium.Scrypt(Encoding.UTF8.GetBytes(password), Salt, Cost, 32);
        // The counter blocks encrypted one by one are the key stream of counter mode.
        byte[] stream = new byte[(SignerKey.Length + Block - 1) / Block * Block];
        for (int i = 0; i * Block < stream.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(stream.AsSpan((i * Block) + Block - sizeof(int)), i);
        }
        stream = aes.EncryptEcb(stream, PaddingMode.None);
        byte[] encrypted = new byte[SignerKey.Length];
        for (int i = 0; i < encrypted.Length; i++)
        {
            encrypted[i] = (byte)(SignerKey[i] ^ stream[i]);
        }
        return CryptographicOperations.FixedTimeEquals(encrypted, Hash);
    }
}
