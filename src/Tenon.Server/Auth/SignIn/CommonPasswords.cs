using System.Buffers.Binary;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// Passwords that are tried first, asked offline: a Bloom filter in the assembly, made of lists under the MIT licence by eng/passwords. What
/// is in it is always found; about one other password in a hundred thousand is taken for one of them, and only refused.
/// </summary>
internal static class CommonPasswords
{
    private const string Resource = "common-passwords.bloom";
    private const int Head = 24;

    private static readonly Lazy<byte[]> Filter = new(Read);

    /// <summary>How many entries the lists have.</summary>
    public static int Count => BinaryPrimitives.ReadInt32LittleEndian(Filter.Value.AsSpan(8));

    /// <summary>Bytes that it keeps in memory, from the first question on.</summary>
    public static int Size => Filter.Value.Length;

    /// <summary>Whether a password in lower case is on the lists.</summary>
    public static bool Contains(string plain)
    {
        byte[] filter = Filter.Value;
        int hashes = BinaryPrimitives.ReadInt32LittleEndian(filter.AsSpan(4));
        ulong bits = BinaryPrimitives.ReadUInt64LittleEndian(filter.AsSpan(16));
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(plain), digest);
        ulong at = BinaryPrimitives.ReadUInt64LittleEndian(digest);
        ulong step = BinaryPrimitives.ReadUInt64LittleEndian(digest[8..]) | 1;
        for (int i = 0; i < hashes; i++, at += step)
        {
            ulong bit = at % bits;
            if ((filter[Head + (int)(bit >> 3)] & (1 << (int)(bit & 7))) == 0)
            {
                return false;
            }
        }
        return true;
    }

    private static byte[] Read()
    {
        using Stream stream =
            Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource) ?? throw new InvalidOperationException($"the assembly holds no {Resource}");
        byte[] filter = new byte[stream.Length];
        stream.ReadExactly(filter);
        bool whole =
            filter.AsSpan().StartsWith("TPW1"u8)
            && (ulong)(filter.Length - Head) * 8 == BinaryPrimitives.ReadUInt64LittleEndian(filter.AsSpan(16));
        return whole ? filter : throw new InvalidOperationException($"{Resource} is not a filter of eng/passwords");
    }
}
