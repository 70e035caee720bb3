using System.Runtime.InteropServices;
using System.Text;

namespace Tenon.Server.Auth.SignIn;

/// <summary>The calls of libsodium that hashing and Ed25519 need. Strings are PHC strings: parameters, salt and hash in one.</summary>
internal static unsafe partial class Sodium
{
    private const string Library = "libsodium";
    private const int StringSize = 128;
    private const int SignatureSize = 64;

    static Sodium()
    {
        if (sodium_init() < 0)
        {
            throw new InvalidOperationException("libsodium could not be initialised");
        }
    }

    /// <summary>$argon2id$v=19$m=…,t=…,p=1$salt$hash, with a random salt. Memory is in bytes.</summary>
    public static string Argon2Id(ReadOnlySpan<byte> password, ulong passes, nuint memory)
    {
        byte* text = stackalloc byte[StringSize];
        fixed (byte* bytes = password)
        {
            if (crypto_pwhash_str(text, bytes, (ulong)password.Length, passes, memory) != 0)
            {
                throw new InsufficientMemoryException("no memory to hash a password");
            }
        }
        return Marshal.PtrToStringUTF8((nint)text)!;
    }

    public static bool Verify(string hash, ReadOnlySpan<byte> password)
    {
        // At least one byte past the text stays zero: the library reads to the terminator.
        Span<byte> text = stackalloc byte[StringSize * 2];
        if (hash.Length >= text.Length || !Encoding.ASCII.TryGetBytes(hash, text[..^1], out int _))
        {
            return false;
        }
        fixed (byte* first = text)
        fixed (byte* bytes = password)
        {
            return crypto_pwhash_str_verify(first, bytes, (ulong)password.Length) == 0;
        }
    }

    /// <summary>Plain scrypt (RFC 7914). The cost is bounded by whoever calls.</summary>
    public static byte[] Scrypt(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, ScryptCost cost, int length)
    {
        byte[] derived = new byte[length];
        fixed (byte* bytes = password)
        fixed (byte* salts = salt)
        fixed (byte* output = derived)
        {
            int failed = crypto_pwhash_scryptsalsa208sha256_ll(
                bytes,
                (nuint)password.Length,
                salts,
                (nuint)salt.Length,
                cost.N,
                cost.R,
                cost.P,
                output,
                (nuint)length
            );
            return failed == 0 ? derived : throw new InsufficientMemoryException("no memory to hash a password");
        }
    }

    /// <summary>The public key and the library's form of the secret one (seed and public key) of a 32-byte seed.</summary>
    public static (byte[] Public, byte[] Secret) Ed25519(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != 32)
        {
            throw new System.Security.Cryptography.CryptographicException("an Ed25519 key has 32 bytes");
        }
        byte[] publicKey = new byte[32];
        byte[] secretKey = new byte[64];
        fixed (byte* seeds = seed)
        fixed (byte* publics = publicKey)
        fixed (byte* secrets = secretKey)
        {
            return crypto_sign_seed_keypair(publics, secrets, seeds) == 0
                ? (publicKey, secretKey)
                : throw new System.Security.Cryptography.CryptographicException("the Ed25519 key could not be made");
        }
    }

    /// <summary>The 64-byte signature of a message.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> message, ReadOnlySpan<byte> secretKey)
    {
        byte[] signature = new byte[SignatureSize];
        fixed (byte* bytes = message)
        fixed (byte* secrets = secretKey)
        fixed (byte* output = signature)
        {
            return crypto_sign_detached(output, null, bytes, (ulong)message.Length, secrets) == 0
                ? signature
                : throw new System.Security.Cryptography.CryptographicException("a message could not be signed");
        }
    }

    public static bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> publicKey)
    {
        if (signature.Length != SignatureSize || publicKey.Length != 32)
        {
            return false;
        }
        fixed (byte* signatures = signature)
        fixed (byte* bytes = message)
        fixed (byte* publics = publicKey)
        {
            return crypto_sign_verify_detached(signatures, bytes, (ulong)message.Length, publics) == 0;
        }
    }

    [LibraryImport(Library)]
    private static partial int sodium_init();

    [LibraryImport(Library)]
    private static partial int crypto_sign_seed_keypair(byte* publicKey, byte* secretKey, byte* seed);

    [LibraryImport(Library)]
    private static partial int crypto_sign_detached(byte* signature, ulong* length, byte* message, ulong messageLength, byte* secretKey);

    [LibraryImport(Library)]
    private static partial int crypto_sign_verify_detached(byte* signature, byte* message, ulong messageLength, byte* publicKey);

    [LibraryImport(Library)]
    private static partial int crypto_pwhash_scryptsalsa208sha256_ll(
        byte* password,
        nuint passwordLength,
        byte* salt,
        nuint saltLength,
        ulong n,
        uint r,
        uint p,
        byte* output,
        nuint outputLength
    );

    [LibraryImport(Library)]
    private static partial int crypto_pwhash_str(byte* text, byte* password, ulong length, ulong passes, nuint memory);

    [LibraryImport(Library)]
    private static partial int crypto_pwhash_str_verify(byte* text, byte* password, ulong length);
}
