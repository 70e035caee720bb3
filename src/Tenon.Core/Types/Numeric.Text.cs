using System.Globalization;
using System.Numerics;
using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// Text in, modifiers, and conversions from and to the machine's numbers.
internal sealed partial class Numeric
{
    /// <summary>PostgreSQL's limits: digits before the point, and digits after it.</summary>
    public const int MaxIntegerDigits = 131_072;
    public const int MaxScale = 16_383;

    private static readonly BigInteger[] Powers = [.. Enumerable.Range(0, 64).Select(n => BigInteger.Pow(10, n))];

    public static BigInteger PowerOfTen(int exponent) =>
        exponent < Powers.Length ? Powers[exponent] : BigInteger.Pow(10, exponent);

    public bool IsZero => !IsNaN && Unscaled.IsZero;

    public int Sign => Unscaled.Sign;

    /// <summary>PostgreSQL's text input without modifiers.</summary>
    public static Outcome<Numeric> Parse(ReadOnlySpan<char> text)
    {
        ReadOnlySpan<char> body = text.Trim(TypeInput.Whitespace);
        if (body.Equals("NaN", StringComparison.OrdinalIgnoreCase))
        {
            return NaN;
        }
        bool negative = body.StartsWith('-');
        if (negative || body.StartsWith('+'))
        {
            body = body[1..];
        }
        if (body.Equals("inf", StringComparison.OrdinalIgnoreCase) || body.Equals("infinity", StringComparison.OrdinalIgnoreCase))
        {
            return TypeErrors.InfiniteNumeric();
        }
        if (!Scan(body, out int point, out int digitsEnd, out int exponent))
        {
            return TypeErrors.InvalidSyntax("numeric", text);
        }
        int scale = (point < 0 ? 0 : digitsEnd - point - 1) - exponent;
        if (scale > MaxScale || -scale > MaxIntegerDigits || digitsEnd - Math.Max(0, scale) > MaxIntegerDigits + 1)
        {
            return TypeErrors.NumericOverflow();
        }
        BigInteger unscaled = Digits(body[..digitsEnd], point);
        if (scale < 0)
        {
            unscaled *= PowerOfTen(-scale);
            scale = 0;
        }
        return Checked(negative ? -unscaled : unscaled, scale);
    }

    // Digits, at most one point, an optional exponent; nothing else.
    private static bool Scan(ReadOnlySpan<char> body, out int point, out int digitsEnd, out int exponent)
    {
        point = -1;
        exponent = 0;
        int i = 0, digits = 0;
        for (; i < body.Length; i++)
        {
            if (char.IsAsciiDigit(body[i]))
            {
                digits++;
            }
            else if (body[i] == '.' && point < 0)
            {
                point = i;
            }
            else
            {
                break;
            }
        }
        digitsEnd = i;
        if (digits == 0 || i == body.Length)
        {
            return digits > 0;
        }
        ReadOnlySpan<char> rest = body[(i + 1)..];
        return body[i] is 'e' or 'E'
            && rest.Length is > 0 and < 11
            && !rest.ContainsAnyExcept("+-0123456789")
            && int.TryParse(rest, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)
            && exponent is > -1_000_000_000 and < 1_000_000_000;
    }

    private static BigInteger Digits(ReadOnlySpan<char> digits, int point)
    {
        if (digits.Length <= 18)
        {
            long value = 0;
            foreach (char c in digits)
            {
                value = c == '.' ? value : value * 10 + (c - '0');
            }
            return value;
        }
        if (point < 0)
        {
            return BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        }
        string joined = string.Concat(digits[..point], digits[(point + 1)..]);
        return BigInteger.Parse(joined, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    /// <summary>The value if it fits PostgreSQL's format, else 22003.</summary>
    public static Outcome<Numeric> Checked(BigInteger unscaled, int scale)
    {
        // Only a number of many bits can have too many digits; the cheap test comes first.
        if (unscaled.GetBitLength() > 400_000 && DigitCount(unscaled) - scale > MaxIntegerDigits)
        {
            return TypeErrors.NumericOverflow();
        }
        return new Numeric(unscaled, scale);
    }

    /// <summary>Decimal digits of |value|; 1 for zero.</summary>
    public static int DigitCount(BigInteger value)
    {
        BigInteger magnitude = BigInteger.Abs(value);
        if (magnitude.IsZero)
        {
            return 1;
        }
        int estimate = (int)((magnitude.GetBitLength() - 1) * 0.30102999566398120);
        return magnitude >= PowerOfTen(estimate) ? (magnitude >= PowerOfTen(estimate + 1) ? estimate + 2 : estimate + 1) : estimate;
    }

    /// <summary>Applies numeric(precision, scale): rounds half away from zero, then refuses what is too large.</summary>
    public Outcome<Numeric> Fit(int precision, int scale)
    {
        if (IsNaN)
        {
            return this;
        }
        Numeric rounded = Round(scale);
        return !rounded.IsZero && DigitCount(rounded.Unscaled) - rounded.Scale > precision - scale
            ? TypeErrors.NumericField(precision, scale)
            : rounded;
    }

    /// <summary>Applies the modifiers of a numeric type, if it has any.</summary>
    public Outcome<Numeric> Fit(LogicalType type) => type.Precision is { } p ? Fit(p, type.Scale ?? 0) : this;

    /// <summary>Rounded to an integer within [min, max], or null.</summary>
    public long? ToInteger(long min, long max)
    {
        if (IsNaN)
        {
            return null;
        }
        BigInteger rounded = Round(0).Unscaled;
        return rounded < min || rounded > max ? null : (long)rounded;
    }

    public double ToDouble() =>
        IsNaN ? double.NaN : double.Parse(ToString(), NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>PostgreSQL keeps 15 significant digits of a float8 and 6 of a float4 on the way to numeric.</summary>
    public static Outcome<Numeric> FromDouble(double value, int significant)
    {
        if (double.IsNaN(value))
        {
            return NaN;
        }
        if (double.IsInfinity(value))
        {
            return TypeErrors.InfiniteNumeric();
        }
        string text = value.ToString("E" + (significant - 1).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        Outcome<Numeric> parsed = Parse(text);
        return parsed.TryGet(out Numeric number, out Error error) ? number.Trimmed() : error;
    }

    /// <summary>Without trailing zeros after the point.</summary>
    public Numeric Trimmed()
    {
        BigInteger unscaled = Unscaled;
        int scale = Scale;
        while (scale > 0)
        {
            BigInteger quotient = BigInteger.DivRem(unscaled, 10, out BigInteger digit);
            if (!digit.IsZero)
            {
                break;
            }
            unscaled = quotient;
            scale--;
        }
        return scale == Scale ? this : new Numeric(unscaled, scale);
    }
}
