using System.Globalization;
using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// PostgreSQL's text of float4 and float8: the shortest digits that read back as the same number, plain between 1e-4 and
// 1e15 (1e6 for float4), else with an exponent of at least two digits.

internal static class FloatText
{
    /// <summary>The longest text either type can have.</summary>
    public const int MaxLength = 32;

    public static int Write(double value, bool single, Span<byte> into)
    {
        Span<char> chars = stackalloc char[MaxLength];
        int length = Write(value, single, chars);
        for (int i = 0; i < length; i++)
        {
            into[i] = (byte)chars[i];
        }
        return length;
    }

    public static string ToText(double value, bool single)
    {
        Span<char> chars = stackalloc char[MaxLength];
        return new string(chars[..Write(value, single, chars)]);
    }

    private static int Write(double value, bool single, Span<char> into)
    {
        if (!double.IsFinite(value))
        {
            string name = double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
            name.CopyTo(into);
            return name.Length;
        }
        Span<char> raw = stackalloc char[MaxLength];
        int length;
        _ = single
            ? ((float)value).TryFormat(raw, out length, "R", CultureInfo.InvariantCulture)
            : value.TryFormat(raw, out length, "R", CultureInfo.InvariantCulture);
        return Layout(raw[..length], single ? 6 : 15, into);
    }

    // Takes [-]d.ddd[E±x] apart and lays the digits out PostgreSQL's way.
    private static int Layout(ReadOnlySpan<char> raw, int plainLimit, Span<char> into)
    {
        int at = 0;
        if (raw[0] == '-')
        {
            into[at++] = '-';
            raw = raw[1..];
        }
        Span<char> digits = stackalloc char[MaxLength];
        int count = 0, point = -1, exponent = 0;
        for (int i = 0; i < raw.Length; i++)
        {
            if (raw[i] == 'E')
            {
                exponent = int.Parse(raw[(i + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
                break;
            }
            if (raw[i] == '.')
            {
                point = count;
            }
            else
            {
                digits[count++] = raw[i];
            }
        }
        exponent += point < 0 ? count : point;
        int skip = 0;
        while (skip < count - 1 && digits[skip] == '0')
        {
            skip++;
            exponent--;
        }
        while (count > skip + 1 && digits[count - 1] == '0')
        {
            count--;
        }
        ReadOnlySpan<char> significant = digits[skip..count];
        if (significant is "0")
        {
            into[at++] = '0';
            return at;
        }
        return at + (exponent - 1 < -4 || exponent - 1 >= plainLimit
            ? Scientific(significant, exponent - 1, into[at..])
            : Plain(significant, exponent, into[at..]));
    }

    private static int Scientific(ReadOnlySpan<char> digits, int exponent, Span<char> into)
    {
        int at = 0;
        into[at++] = digits[0];
        if (digits.Length > 1)
        {
            into[at++] = '.';
            digits[1..].CopyTo(into[at..]);
            at += digits.Length - 1;
        }
        into[at++] = 'e';
        into[at++] = exponent < 0 ? '-' : '+';
        Math.Abs(exponent).TryFormat(into[at..], out int written, "00", CultureInfo.InvariantCulture);
        return at + written;
    }

    private static int Plain(ReadOnlySpan<char> digits, int exponent, Span<char> into)
    {
        int at = 0;
        if (exponent <= 0)
        {
            into[at++] = '0';
            into[at++] = '.';
            into.Slice(at, -exponent).Fill('0');
            at += -exponent;
            digits.CopyTo(into[at..]);
            return at + digits.Length;
        }
        for (int i = 0; i < Math.Max(exponent, digits.Length); i++)
        {
            if (i == exponent)
            {
                into[at++] = '.';
            }
            into[at++] = i < digits.Length ? digits[i] : '0';
        }
        return at;
    }

    public static Outcome<double> Parse(ReadOnlySpan<char> text, bool single)
    {
        string type = single ? "real" : "double precision";
        ReadOnlySpan<char> body = text.Trim(TypeInput.Whitespace);
        if (Special(body) is { } special)
        {
            return special;
        }
        if (
            body.Length == 0
            || body.ContainsAnyExcept("+-.0123456789eE")
            || !double.TryParse(body, NumberStyles.Float & ~NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out double value)
        )
        {
            return TypeErrors.InvalidSyntax(type, text);
        }
        double result = single ? (float)value : value;
        bool zero = result == 0 && Significant(body);
        return double.IsInfinity(result) || zero ? TypeErrors.FloatTextOutOfRange(type, body) : result;
    }

    private static bool Significant(ReadOnlySpan<char> body)
    {
        int e = body.IndexOfAny('e', 'E');
        return (e < 0 ? body : body[..e]).ContainsAny("123456789");
    }

    private static double? Special(ReadOnlySpan<char> body)
    {
        if (body.Equals("NaN", StringComparison.OrdinalIgnoreCase))
        {
            return double.NaN;
        }
        bool negative = body.StartsWith('-');
        ReadOnlySpan<char> word = negative || body.StartsWith('+') ? body[1..] : body;
        if (word.Equals("inf", StringComparison.OrdinalIgnoreCase) || word.Equals("infinity", StringComparison.OrdinalIgnoreCase))
        {
            return negative ? double.NegativeInfinity : double.PositiveInfinity;
        }
        return null;
    }
}
