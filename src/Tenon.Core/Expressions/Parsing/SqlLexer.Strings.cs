using System.Globalization;
using System.Text;

namespace Tenon.Core.Expressions.Parsing;

// Strings in single quotes: '' doubles a quote, E'…' has escapes, and pieces separated by a line break are one string.
internal sealed partial class SqlLexer
{
    private void ReadString(int start, bool escapes)
    {
        var value = new StringBuilder();
        do
        {
            at++;
            if (!ReadQuoted(start, value, escapes))
            {
                return;
            }
        } while (SkipToContinuation());
        tokens.Add(new(TokenKind.String, start, at, value.ToString()));
    }

    private bool ReadQuoted(int start, StringBuilder value, bool escapes)
    {
        while (at < end)
        {
            char c = text[at];
            if (c == '\'')
            {
                if (Next != '\'')
                {
                    at++;
                    return true;
                }
                value.Append('\'');
                at += 2;
            }
            else if (c == '\\' && escapes && at + 1 < end)
            {
                at++;
                if (!ReadEscape(value))
                {
                    return false;
                }
            }
            else
            {
                value.Append(c);
                at++;
            }
        }
        Fail(start, "unterminated quoted string");
        return false;
    }

    private bool ReadEscape(StringBuilder value)
    {
        int start = at - 1;
        char c = text[at++];
        switch (c)
        {
            case 'b':
                value.Append('\b');
                return true;
            case 'f':
                value.Append('\f');
                return true;
            case 'n':
                value.Append('\n');
                return true;
            case 'r':
                value.Append('\r');
                return true;
            case 't':
                value.Append('\t');
                return true;
            case 'u' or 'U':
                return ReadUnicodeEscape(start, c == 'u' ? 4 : 8, value);
            case 'x' when char.IsAsciiHexDigit(Here):
                Refuse(start, "the byte escape \\x in a string", "Write \\u followed by four hexadecimal digits.");
                return false;
            case >= '0' and <= '7':
                Refuse(start, "the octal escape in a string", "Write \\u followed by four hexadecimal digits.");
                return false;
            default:
                value.Append(c);
                return true;
        }
    }

    private bool ReadUnicodeEscape(int start, int digits, StringBuilder value)
    {
        if (
            at + digits > end
            || !int.TryParse(text.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
        )
        {
            Fail(start, "invalid Unicode escape", text[start..Math.Min(end, start + 2)]);
            return false;
        }
        at += digits;
        if (code is <= 0 or > 0x10FFFF)
        {
            Fail(start, "invalid Unicode escape value", text[start..at]);
            return false;
        }
        // Surrogates come in pairs of escapes and are characters of the text only together.
        if (code <= 0xFFFF)
        {
            value.Append((char)code);
        }
        else
        {
            value.Append(char.ConvertFromUtf32(code));
        }
        return true;
    }

    /// <summary>'a' newline 'b' is one string; the cursor stands on the second quote when true.</summary>
    private bool SkipToContinuation()
    {
        int i = at;
        bool newline = false;
        while (i < end && text[i] is ' ' or '\t' or '\n' or '\r' or '\f' && i < end)
        {
            newline |= text[i] is '\n' or '\r';
            i++;
        }
        if (!newline || i >= end || text[i] != '\'')
        {
            return false;
        }
        at = i;
        return true;
    }
}
