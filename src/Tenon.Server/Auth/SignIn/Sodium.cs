using System.Runtime.InteropServices;
using System.Text;

namespace Tenon.Server.Auth.SignIn;

/// <summary>The calls of libsodium that hashing needs. Strings are PHC strings: parameters, salt and hash in one.</summary>
internal static unsafe partial class Sodium
{
    private const string Library = "libsodium";
    private const int StringSize = 128;

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

    [LibraryImport(Library)]
    private static partial int sodium_init();

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
