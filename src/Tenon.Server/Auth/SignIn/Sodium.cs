using System.Runtime.InteropServices;
using System.Text;

namespace Tenon.Server.Auth.SignIn;

/// <summary>The three calls of libsodium that hashing needs. Strings are PHC strings: parameters, salt and hash in one.</summary>
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

    [LibraryImport(Library)]
    private static partial int sodium_init();

    [LibraryImport(Library)]
    private static partial int crypto_pwhash_str(byte* text, byte* password, ulong length, ulong passes, nuint memory);

    [LibraryImport(Library)]
    private static partial int crypto_pwhash_str_verify(byte* text, byte* password, ulong length);
}
