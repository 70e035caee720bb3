using System.Buffers;
using System.Text;

namespace Tenon.Core.Query;

/// <summary>
/// Splits a raw query string at &amp; and =, and decodes percent-encoded UTF-8 and plus signs. A malformed escape stands
/// for itself, as it does for PostgREST; bytes that are no UTF-8 are refused.
/// </summary>
internal static class QueryText
{
    private static readonly SearchValues<char> Encoded = SearchValues.Create("%+");

    /// <summary>Takes the next key and value off the front of a raw query; false at its end. No '=' gives hasValue false.</summary>
    public static bool Next(ref ReadOnlySpan<char> raw, out ReadOnlySpan<char> key, out ReadOnlySpan<char> value, out bool hasValue)
    {
        while (raw.Length > 0 && (raw[0] == '&' || raw[0] == '?'))
        {
            raw = raw[1..];
        }
        key = value = default;
        hasValue = false;
        if (raw.IsEmpty)
        {
            return false;
        }
        int end = raw.IndexOf('&');
        ReadOnlySpan<char> part = end < 0 ? raw : raw[..end];
        raw = end < 0 ? default : raw[(end + 1)..];
        int equals = part.IndexOf('=');
        hasValue = equals >= 0;
        key = hasValue ? part[..equals] : part;
        value = hasValue ? part[(equals + 1)..] : default;
        return true;
    }

    /// <summary>
    /// Decodes into <paramref name="target"/> (never longer than the source). Gives the number of characters, -1 for bytes
    /// that are not UTF-8.
    /// </summary>
    public static int Decode(ReadOnlySpan<char> source, Span<char> target)
    {
        int plain = source.IndexOfAny(Encoded);
        if (plain < 0)
        {
            source.CopyTo(target);
            return source.Length;
        }
        source[..plain].CopyTo(target);
        int written = plain;
        for (int i = plain; i < source.Length; )
        {
            char c = source[i];
            if (c == '%' && Byte(source, i) is >= 0 and int first)
            {
                if (first < 0x80)
                {
                    target[written++] = (char)first;
                    i += 3;
                    continue;
                }
                int taken = DecodeRune(source[i..], out Rune rune);
                if (taken < 0)
                {
                    return -1;
                }
                written += rune.EncodeToUtf16(target[written..]);
                i += taken;
                continue;
            }
            target[written++] = c == '+' ? ' ' : c;
            i++;
        }
        return written;
    }

    public static string? Decode(ReadOnlySpan<char> source)
    {
        char[] buffer = ArrayPool<char>.Shared.Rent(source.Length);
        try
        {
            int length = Decode(source, buffer);
            return length < 0 ? null : new string(buffer, 0, length);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    private static int DecodeRune(ReadOnlySpan<char> source, out Rune rune)
    {
        Span<byte> bytes = stackalloc byte[4];
        int count = 0;
        for (int i = 0; count < 4 && Byte(source, i) is >= 0 and int b; i += 3)
        {
            bytes[count++] = (byte)b;
        }
        return Rune.DecodeFromUtf8(bytes[..count], out rune, out int used) == OperationStatus.Done ? used * 3 : -1;
    }

    private static int Byte(ReadOnlySpan<char> source, int at) =>
        at + 2 < source.Length
        && source[at] == '%'
        && char.IsAsciiHexDigit(source[at + 1])
        && char.IsAsciiHexDigit(source[at + 2])
            ? (Hex(source[at + 1]) << 4) | Hex(source[at + 2])
            : -1;

    private static int Hex(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}
