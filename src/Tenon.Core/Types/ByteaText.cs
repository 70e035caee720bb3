using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// bytea's two text forms: hex (\x…, also what we print) and the older escape form.
internal static class ByteaText
{
    public static Outcome<Datum> Parse(ReadOnlySpan<char> text) => text.StartsWith("\\x") ? Hex(text[2..]) : Escape(text);

    private static Outcome<Datum> Hex(ReadOnlySpan<char> text)
    {
        var bytes = new List<byte>(text.Length / 2);
        for (int i = 0; i < text.Length; i++)
        {
            if (TypeInput.Whitespace.Contains(text[i], StringComparison.Ordinal))
            {
                continue;
            }
            if (!char.IsAsciiHexDigit(text[i]))
            {
                return new Error(ErrorCodes.InvalidParameterValue, $"invalid hexadecimal digit: \"{text[i]}\"");
            }
            if (i + 1 == text.Length)
            {
                return new Error(ErrorCodes.InvalidParameterValue, "invalid hexadecimal data: odd number of digits");
            }
            if (!char.IsAsciiHexDigit(text[i + 1]))
            {
                return new Error(ErrorCodes.InvalidParameterValue, $"invalid hexadecimal digit: \"{text[i + 1]}\"");
            }
            bytes.Add((byte)(Nibble(text[i]) * 16 + Nibble(text[++i])));
        }
        return Datum.Of(bytes.ToArray());
    }

    private static int Nibble(char c) => char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;

    private static Outcome<Datum> Escape(ReadOnlySpan<char> text)
    {
        byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(text.ToString());
        var bytes = new List<byte>(utf8.Length);
        for (int i = 0; i < utf8.Length; i++)
        {
            if (utf8[i] != '\\')
            {
                bytes.Add(utf8[i]);
            }
            else if (i + 1 < utf8.Length && utf8[i + 1] == '\\')
            {
                bytes.Add((byte)'\\');
                i++;
            }
            else if (i + 3 < utf8.Length && utf8[i + 1] is >= (byte)'0' and <= (byte)'3' && Octal(utf8[i + 2]) && Octal(utf8[i + 3]))
            {
                bytes.Add((byte)((utf8[i + 1] - '0') * 64 + (utf8[i + 2] - '0') * 8 + utf8[i + 3] - '0'));
                i += 3;
            }
            else
            {
                return new Error(ErrorCodes.InvalidText, "invalid input syntax for type bytea");
            }
        }
        return Datum.Of(bytes.ToArray());
    }

    private static bool Octal(byte b) => b is >= (byte)'0' and <= (byte)'7';
}
