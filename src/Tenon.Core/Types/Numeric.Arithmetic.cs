using System.Numerics;
using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// The four operations, remainder and rounding by PostgreSQL's rules of scale (numeric.c): sums keep the larger scale,
// products add them, quotients get at least 16 significant digits.
internal sealed partial class Numeric
{
    private const int MinSignificantDigits = 16;
    private const int MaxDisplayScale = 1000;

    public static Outcome<Numeric> Add(Numeric a, Numeric b)
    {
        if (a.IsNaN || b.IsNaN)
        {
            return NaN;
        }
        int scale = Math.Max(a.Scale, b.Scale);
        return Checked(a.At(scale) + b.At(scale), scale);
    }

    public static Outcome<Numeric> Subtract(Numeric a, Numeric b) => Add(a, b.Negate());

    public static Outcome<Numeric> Multiply(Numeric a, Numeric b)
    {
        if (a.IsNaN || b.IsNaN)
        {
            return NaN;
        }
        int scale = a.Scale + b.Scale;
        BigInteger product = a.Unscaled * b.Unscaled;
        return scale > MaxScale ? Checked(RoundShift(product, scale - MaxScale), MaxScale) : Checked(product, scale);
    }

    public static Outcome<Numeric> Divide(Numeric a, Numeric b)
    {
        if (a.IsNaN || b.IsNaN)
        {
            return NaN;
        }
        if (b.IsZero)
        {
            return TypeErrors.DivisionByZero();
        }
        int scale = DivisionScale(a, b);
        return Quotient(a, b, scale);
    }

    /// <summary>a / b rounded half away from zero at a scale.</summary>
    public static Outcome<Numeric> Quotient(Numeric a, Numeric b, int scale)
    {
        int shift = scale + b.Scale - a.Scale;
        BigInteger numerator = shift > 0 ? a.Unscaled * PowerOfTen(shift) : a.Unscaled;
        BigInteger denominator = shift < 0 ? b.Unscaled * PowerOfTen(-shift) : b.Unscaled;
        return Checked(RoundDivide(numerator, denominator), scale);
    }

    public static Outcome<Numeric> Remainder(Numeric a, Numeric b)
    {
        if (a.IsNaN || b.IsNaN)
        {
            return NaN;
        }
        if (b.IsZero)
        {
            return TypeErrors.DivisionByZero();
        }
        int scale = Math.Max(a.Scale, b.Scale);
        return new Numeric(BigInteger.Remainder(a.At(scale), b.At(scale)), scale);
    }

    /// <summary>div(): the quotient truncated towards zero.</summary>
    public static Outcome<Numeric> IntegerQuotient(Numeric a, Numeric b)
    {
        if (a.IsNaN || b.IsNaN)
        {
            return NaN;
        }
        int scale = Math.Max(a.Scale, b.Scale);
        return b.IsZero ? TypeErrors.DivisionByZero() : Checked(BigInteger.Divide(a.At(scale), b.At(scale)), 0);
    }

    public Numeric Negate() => IsNaN ? this : new Numeric(-Unscaled, Scale);

    public Numeric Abs() => Sign < 0 ? Negate() : this;

    public Numeric Round(int scale)
    {
        if (IsNaN || scale == Scale)
        {
            return this;
        }
        scale = Math.Min(scale, MaxScale);
        if (scale > Scale)
        {
            return new Numeric(Unscaled * PowerOfTen(scale - Scale), scale);
        }
        return FromShifted(RoundShift(Unscaled, Scale - scale), scale);
    }

    public Numeric Truncate(int scale)
    {
        if (IsNaN || scale >= Scale)
        {
            return IsNaN ? this : Round(scale);
        }
        int drop = Scale - scale;
        BigInteger kept = drop > DigitCount(Unscaled) ? BigInteger.Zero : BigInteger.Divide(Unscaled, PowerOfTen(drop));
        return FromShifted(kept, scale);
    }

    public Numeric Ceiling()
    {
        Numeric whole = Truncate(0);
        return Sign > 0 && whole.CompareTo(this) != 0 ? new Numeric(whole.Unscaled + 1, 0) : whole;
    }

    public Numeric Floor()
    {
        Numeric whole = Truncate(0);
        return Sign < 0 && whole.CompareTo(this) != 0 ? new Numeric(whole.Unscaled - 1, 0) : whole;
    }

    /// <summary>The unscaled value at a scale that is at least the own.</summary>
    private BigInteger At(int scale) => scale == Scale ? Unscaled : Unscaled * PowerOfTen(scale - Scale);

    // A negative scale (round(x, -2)) shows no digits after the point.
    private static Numeric FromShifted(BigInteger unscaled, int scale) =>
        scale >= 0 ? new Numeric(unscaled, scale) : new Numeric(unscaled * PowerOfTen(-scale), 0);

    private static BigInteger RoundShift(BigInteger value, int digits) =>
        digits > DigitCount(value) + 1 ? BigInteger.Zero : RoundDivide(value, PowerOfTen(digits));

    private static BigInteger RoundDivide(BigInteger numerator, BigInteger denominator)
    {
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger remainder);
        return BigInteger.Abs(remainder) * 2 >= BigInteger.Abs(denominator)
            ? quotient + numerator.Sign * denominator.Sign
            : quotient;
    }

    /// <summary>Position of the first digit in groups of four (PostgreSQL's NBASE), and that group.</summary>
    private (int Weight, int FirstGroup) Leading()
    {
        if (Unscaled.IsZero)
        {
            return (0, 0);
        }
        int exponent = DigitCount(Unscaled) - 1 - Scale;
        int weight = exponent >= 0 ? exponent / 4 : (exponent - 3) / 4;
        int drop = weight * 4 + Scale;
        BigInteger magnitude = BigInteger.Abs(Unscaled);
        BigInteger group = drop >= 0 ? magnitude / PowerOfTen(drop) : magnitude * PowerOfTen(-drop);
        return (weight, (int)group);
    }

    public static int DivisionScale(Numeric a, Numeric b)
    {
        (int weightA, int firstA) = a.Leading();
        (int weightB, int firstB) = b.Leading();
        int weight = weightA - weightB - (firstA <= firstB ? 1 : 0);
        return ClampScale(MinSignificantDigits - weight * 4, Math.Max(a.Scale, b.Scale));
    }

    private static int ClampScale(int wanted, int atLeast) =>
        Math.Min(Math.Max(Math.Max(wanted, atLeast), 0), MaxDisplayScale);
}
