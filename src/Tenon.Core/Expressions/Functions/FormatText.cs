using System.Globalization;
using System.Text;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Functions;

/// <summary>format() and the quoting functions.</summary>
internal static class FormatText
{
    public static string QuoteLiteral(string text)
    {
        bool escape = text.Contains('\\', StringComparison.Ordinal);
        string body = text.Replace("'", "''", StringComparison.Ordinal);
        return escape ? $"E'{body.Replace("\\", "\\\\", StringComparison.Ordinal)}'" : $"'{body}'";
    }

    /// <summary>Quoted unless it is a plain lower-case name that is no keyword.</summary>
    public static string QuoteIdentifier(string name)
    {
        bool plain =
            name.Length > 0
            && (char.IsAsciiLetterLower(name[0]) || name[0] == '_')
            && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_')
            && Parsing.Keywords.KindOf(name) == Parsing.KeywordKind.Free;
        return plain ? name : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>%s, %I, %L with an optional position (n$), minus flag and width; %% is a percent sign.</summary>
    public static Outcome<Datum> Format(IReadOnlyList<LogicalType> types, ReadOnlySpan<Datum> a)
    {
        if (a[0].IsNull)
        {
            return Datum.Null;
        }
        string pattern = a[0].Text;
        var result = new StringBuilder();
        int next = 1;
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != '%')
            {
                result.Append(pattern[i]);
                continue;
            }
            (bool left, int width) = Placeholder(pattern, ref i, ref next);
            if (++i >= pattern.Length)
            {
                return Invalid("unterminated format() type specifier");
            }
            if (pattern[i] == '%')
            {
                result.Append('%');
                continue;
            }
            if (pattern[i] is not ('s' or 'I' or 'L'))
            {
                return Invalid($"unrecognized format() type specifier \"{pattern[i]}\"");
            }
            if (next >= a.Length)
            {
                return Invalid("too few arguments for format()");
            }
            string? text = a[next].IsNull ? null : TypeOutput.ToText(types[next], a[next]);
            if (pattern[i] == 'I' && text is null)
            {
                return new Error(ErrorCodes.NullNotAllowed, "null values cannot be formatted as an SQL identifier");
            }
            text = Written(pattern[i], text);
            string fill = new(' ', Math.Clamp(width - CodePoints.Count(text), 0, 1 << 20));
            result.Append(left ? text + fill : fill + text);
            next++;
        }
        return Datum.Of(result.ToString());
    }

    private static string Written(char letter, string? text) =>
        letter switch
        {
            's' => text ?? "",
            'I' => QuoteIdentifier(text!),
            _ => text is null ? "NULL" : QuoteLiteral(text),
        };

    // What stands between % and the letter: n$ chooses the argument, - aligns left, digits are the width.
    private static (bool Left, int Width) Placeholder(string pattern, ref int i, ref int next)
    {
        int number = Digits(pattern, ref i);
        if (number > 0 && i + 1 < pattern.Length && pattern[i + 1] == '$')
        {
            next = number;
            i++;
            number = 0;
        }
        bool left = i + 1 < pattern.Length && pattern[i + 1] == '-';
        i += left ? 1 : 0;
        return (left, number > 0 ? number : Digits(pattern, ref i));
    }

    private static int Digits(string pattern, ref int i)
    {
        int start = i + 1;
        while (i + 1 < pattern.Length && char.IsAsciiDigit(pattern[i + 1]))
        {
            i++;
        }
        return int.TryParse(pattern.AsSpan(start, i + 1 - start), CultureInfo.InvariantCulture, out int value)
            ? value
            : 0;
    }

    private static Error Invalid(string message) => new(ErrorCodes.InvalidParameterValue, message);
}

/// <summary>encode and decode: hex, base64 (lines of 76) and escape.</summary>
internal static class BinaryText
{
    public static Outcome<Datum> Encode(byte[] bytes, string form) =>
        form.ToLowerInvariant() switch
        {
            "hex" => Datum.Of(Convert.ToHexStringLower(bytes)),
            "base64" => Datum.Of(
                Convert
                    .ToBase64String(bytes, Base64FormattingOptions.InsertLineBreaks)
                    .Replace("\r", "", StringComparison.Ordinal)
            ),
            "escape" => Datum.Of(
                string.Concat(
                    bytes.Select(b =>
                        b == '\\' ? "\\\\"
                        : b is 0 or > 127 ? "\\" + Convert.ToString(b, 8).PadLeft(3, '0')
                        : ((char)b).ToString()
                    )
                )
            ),
            _ => Unknown(form),
        };

    public static Outcome<Datum> Decode(string text, string form)
    {
        switch (form.ToLowerInvariant())
        {
            case "hex":
                return TypeInput.Parse(LogicalType.Bytea, "\\x" + text);
            case "escape":
                return TypeInput.Parse(LogicalType.Bytea, text);
            case "base64":
                byte[] bytes = new byte[text.Length];
                return Convert.TryFromBase64String(text, bytes, out int length)
                    ? Datum.Of(bytes[..length])
                    : new Error(ErrorCodes.InvalidParameterValue, "invalid base64 end sequence");
            default:
                return Unknown(form);
        }
    }

    private static Error Unknown(string form) =>
        new(ErrorCodes.InvalidParameterValue, $"unrecognized encoding: \"{form}\"");
}
