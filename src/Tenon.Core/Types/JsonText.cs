using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Tenon.Core.Types;

// The hot path's JSON: each method formats one value into bytes that are already there and says how many it wrote.
// Callers reserve the Max… length first; nothing here allocates.

internal static class JsonText
{
    public const int MaxInteger = 20;
    public const int MaxScaled = 24;
    public const int MaxFloat = FloatText.MaxLength + 2;
    public const int MaxDateTime = 48;
    public const int UuidLength = 38;

    private static readonly SearchValues<byte> MustEscape = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(i => (byte)i), (byte)'"', (byte)'\\']
    );

    /// <summary>The longest a string of so many UTF-8 bytes can become, quotes included.</summary>
    public static int MaxString(int utf8Length) => 6 * utf8Length + 2;

    /// <summary>A quoted string of UTF-8 text; escapes quote, backslash and control characters, as to_json does.</summary>
    public static void WriteString(ReadOnlySpan<byte> utf8, IBufferWriter<byte> output)
    {
        if (utf8.IndexOfAny(MustEscape) < 0)
        {
            Span<byte> plain = output.GetSpan(utf8.Length + 2);
            plain[0] = (byte)'"';
            utf8.CopyTo(plain[1..]);
            plain[utf8.Length + 1] = (byte)'"';
            output.Advance(utf8.Length + 2);
            return;
        }
        output.Write("\""u8);
        while (!utf8.IsEmpty)
        {
            int stop = utf8.IndexOfAny(MustEscape);
            if (stop != 0)
            {
                output.Write(stop < 0 ? utf8 : utf8[..stop]);
                utf8 = stop < 0 ? default : utf8[stop..];
                continue;
            }
            output.Advance(WriteEscape(utf8[0], output.GetSpan(6)));
            utf8 = utf8[1..];
        }
        output.Write("\""u8);
    }

    /// <summary>The same into a span of at least <see cref="MaxString"/> bytes.</summary>
    public static int WriteString(ReadOnlySpan<byte> utf8, Span<byte> into)
    {
        int at = 0;
        into[at++] = (byte)'"';
        while (!utf8.IsEmpty)
        {
            int stop = utf8.IndexOfAny(MustEscape);
            ReadOnlySpan<byte> plain = stop < 0 ? utf8 : utf8[..stop];
            plain.CopyTo(into[at..]);
            at += plain.Length;
            if (stop < 0)
            {
                break;
            }
            at += WriteEscape(utf8[stop], into[at..]);
            utf8 = utf8[(stop + 1)..];
        }
        into[at++] = (byte)'"';
        return at;
    }

    public static void WriteString(ReadOnlySpan<char> text, IBufferWriter<byte> output)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        WriteString(rented.AsSpan(0, Encoding.UTF8.GetBytes(text, rented)), output);
        ArrayPool<byte>.Shared.Return(rented);
    }

    private static int WriteEscape(byte b, Span<byte> into)
    {
        into[0] = (byte)'\\';
        byte letter = b switch
        {
            (byte)'"' or (byte)'\\' => b,
            8 => (byte)'b',
            9 => (byte)'t',
            10 => (byte)'n',
            12 => (byte)'f',
            13 => (byte)'r',
            _ => 0,
        };
        if (letter != 0)
        {
            into[1] = letter;
            return 2;
        }
        "u00"u8.CopyTo(into[1..]);
        into[4] = (byte)('0' + (b >> 4));
        into[5] = (byte)((b & 15) < 10 ? '0' + (b & 15) : 'a' + (b & 15) - 10);
        return 6;
    }

    public static int WriteInteger(long value, Span<byte> into)
    {
        Utf8Formatter.TryFormat(value, into, out int written);
        return written;
    }

    public static int WriteBoolean(bool value, Span<byte> into)
    {
        ReadOnlySpan<byte> word = value ? "true"u8 : "false"u8;
        word.CopyTo(into);
        return word.Length;
    }

    /// <summary>unscaled / 10^scale with exactly scale digits after the point: numeric(p,s) as SQLite stores it.</summary>
    public static int WriteScaled(long unscaled, int scale, Span<byte> into)
    {
        if (scale == 0)
        {
            return WriteInteger(unscaled, into);
        }
        int at = 0;
        ulong magnitude = unscaled < 0 ? (ulong)-(Int128)unscaled : (ulong)unscaled;
        if (unscaled < 0)
        {
            into[at++] = (byte)'-';
        }
        Span<byte> digits = stackalloc byte[MaxInteger];
        Utf8Formatter.TryFormat(magnitude, digits, out int count);
        int whole = count - scale;
        if (whole <= 0)
        {
            into[at++] = (byte)'0';
        }
        else
        {
            digits[..whole].CopyTo(into[at..]);
            at += whole;
        }
        into[at++] = (byte)'.';
        for (; whole < 0; whole++)
        {
            into[at++] = (byte)'0';
            scale--;
        }
        digits.Slice(count - scale, scale).CopyTo(into[at..]);
        return at + scale;
    }

    /// <summary>A finite float as a number, NaN and the infinities as strings.</summary>
    public static int WriteFloat(double value, bool single, Span<byte> into) =>
        double.IsFinite(value) ? FloatText.Write(value, single, into) : Quote(into, FloatText.Write(value, single, into[1..]));

    public static int WriteDate(long days, Span<byte> into) => Quote(into, DateTimeFormat.Date(days, into[1..]));

    public static int WriteTime(long micros, Span<byte> into) => Quote(into, DateTimeFormat.Time(micros, into[1..]));

    public static int WriteTimestamp(long micros, Span<byte> into) =>
        Quote(into, DateTimeFormat.Timestamp(micros, (byte)'T', "", into[1..]));

    public static int WriteTimestampTz(long micros, Span<byte> into) =>
        Quote(into, DateTimeFormat.Timestamp(micros, (byte)'T', "+00:00", into[1..]));

    /// <summary>An instant as the zone's clocks show it; null is UTC. Allocates nothing.</summary>
    public static int WriteTimestampTz(long micros, Zone? zone, Span<byte> into)
    {
        if (zone is null || Calendar.IsInfinite(micros))
        {
            return WriteTimestampTz(micros, into);
        }
        Span<char> offset = stackalloc char[DateTimeFormat.MaxOffset];
        long east = zone.OffsetAt(micros);
        int length = DateTimeFormat.Offset(east, shortest: false, offset);
        return Quote(into, DateTimeFormat.Timestamp(micros + east, (byte)'T', offset[..length], into[1..]));
    }

    private static int Quote(Span<byte> into, int length)
    {
        into[0] = (byte)'"';
        into[length + 1] = (byte)'"';
        return length + 2;
    }

    /// <summary>"\\x…": needs 2 * length + 5 bytes.</summary>
    public static int WriteBytea(ReadOnlySpan<byte> bytes, Span<byte> into)
    {
        "\"\\\\x"u8.CopyTo(into);
        int at = 4;
        foreach (byte b in bytes)
        {
            into[at++] = Hex(b >> 4);
            into[at++] = Hex(b & 15);
        }
        into[at++] = (byte)'"';
        return at;
    }

    private static byte Hex(int nibble) => (byte)(nibble < 10 ? '0' + nibble : 'a' + nibble - 10);
}
