using System.Numerics;
using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// Roots, powers and logarithms to the scale that numeric.c chooses. Values are computed in binary fixed point with more
// bits than the answer shows and rounded once.
internal sealed partial class Numeric
{
    private const int GuardBits = 96;
    private const double MaxExponent = 6000;

    private static readonly Numeric PointNine = new(9, 1);
    private static readonly Numeric OnePointOne = new(11, 1);
    private static readonly Numeric One = new(1, 0);

    public static Outcome<Numeric> SquareRoot(Numeric x)
    {
        if (x.IsNaN || x.Sign < 0)
        {
            return x.IsNaN ? NaN : new Error(ErrorCodes.InvalidPower, "cannot take square root of a negative number");
        }
        return SquareRoot(x, ClampScale(MinSignificantDigits - (x.Leading().Weight * 2 + 1), x.Scale));
    }

    /// <summary>The root of a number that is not negative, rounded at a scale.</summary>
    public static Numeric SquareRoot(Numeric x, int scale)
    {
        // sqrt(u / 10^s) at scale r+1 is the integer root of u * 10^(2r+2-s); the extra digit rounds.
        int shift = 2 * scale + 2 - x.Scale;
        BigInteger root = IntegerRoot(shift >= 0 ? x.Unscaled * PowerOfTen(shift) : x.Unscaled / PowerOfTen(-shift));
        return new Numeric(RoundShift(root, 1), scale);
    }

    public static Outcome<Numeric> Exponential(Numeric x)
    {
        if (x.IsNaN)
        {
            return NaN;
        }
        double estimate = x.ToDouble();
        if (Math.Abs(estimate) >= MaxExponent)
        {
            return estimate > 0 ? TypeErrors.NumericOverflow() : new Numeric(0, MaxDisplayScale);
        }
        int scale = ClampScale(MinSignificantDigits - (int)Math.Clamp(estimate * 0.434294481903252, -1000, 1000), x.Scale);
        int bits = Bits(scale) + (int)(Math.Max(0, estimate) * 1.4427) + GuardBits;
        return FromFixed(ExpFixed(x.ToFixed(bits), bits), bits, scale);
    }

    public static Outcome<Numeric> NaturalLog(Numeric x)
    {
        if (LogDomain(x) is { } error)
        {
            return error;
        }
        if (x.IsNaN)
        {
            return NaN;
        }
        int weight = LogWeight(x);
        int scale = ClampScale(MinSignificantDigits - weight, x.Scale);
        int bits = Bits(scale) + GuardBits;
        return FromFixed(LnFixed(x, bits), bits, scale);
    }

    public static Outcome<Numeric> Logarithm(Numeric @base, Numeric x)
    {
        if (x.IsNaN || @base.IsNaN)
        {
            return NaN;
        }
        if ((LogDomain(@base) ?? LogDomain(x)) is { } error)
        {
            return error;
        }
        int weight = LogWeight(x) - LogWeight(@base);
        int scale = ClampScale(MinSignificantDigits - weight, Math.Max(@base.Scale, x.Scale));
        int bits = Bits(scale) + GuardBits + 4 * Math.Abs(LogWeight(@base)) + 4 * Math.Abs(LogWeight(x));
        BigInteger divisor = LnFixed(@base, bits);
        if (divisor.IsZero)
        {
            return TypeErrors.DivisionByZero();
        }
        return FromFixed((LnFixed(x, bits) << bits) / divisor, bits, scale);
    }

    public static Outcome<Numeric> Power(Numeric x, Numeric y)
    {
        if (x.IsNaN || y.IsNaN)
        {
            return (y.IsZero || (!x.IsNaN && x.CompareTo(One) == 0)) ? One : NaN;
        }
        if (x.IsZero && y.Sign < 0)
        {
            return new Error(ErrorCodes.InvalidPower, "zero raised to a negative power is undefined");
        }
        bool whole = y.CompareTo(y.Truncate(0)) == 0;
        if (x.Sign < 0 && !whole)
        {
            return new Error(
                ErrorCodes.InvalidPower,
                "a negative number raised to a non-integer power yields a complex result"
            );
        }
        if (whole && y.ToInteger(int.MinValue, int.MaxValue) is { } exponent)
        {
            return IntegerPower(x, exponent, ClampScale(MinSignificantDigits, x.Scale));
        }
        if (x.IsZero)
        {
            return new Numeric(0, MinSignificantDigits);
        }
        return RealPower(x, y);
    }

    private static Outcome<Numeric> RealPower(Numeric x, Numeric y)
    {
        Numeric magnitude = x.Abs();
        double estimate = ApproximateLn(magnitude) * y.ToDouble();
        if (Math.Abs(estimate) > MaxExponent)
        {
            return estimate > 0 ? TypeErrors.NumericOverflow() : new Numeric(0, MaxDisplayScale);
        }
        int scale = ClampScale(MinSignificantDigits - (int)(estimate * 0.434294481903252), Math.Max(x.Scale, y.Scale));
        int bits = Bits(scale) + GuardBits + (int)(Math.Abs(estimate) * 1.4427) + (int)y.Unscaled.GetBitLength();
        BigInteger product = LnFixed(magnitude, bits) * y.Unscaled / PowerOfTen(y.Scale);
        bool odd = x.Sign < 0 && !y.Truncate(0).Unscaled.IsEven;
        return FromFixed(odd ? -ExpFixed(product, bits) : ExpFixed(product, bits), bits, scale);
    }

    // Square and multiply with as many significant bits as the answer needs, so that a large exponent stays cheap.
    private static Outcome<Numeric> IntegerPower(Numeric x, long exponent, int scale)
    {
        if (exponent == 0 || x.IsZero)
        {
            return (exponent == 0 ? One : Zero).Round(scale);
        }
        double digits = ApproximateLn(x.Abs()) * 0.434294481903252 * exponent;
        if (digits > MaxIntegerDigits)
        {
            return TypeErrors.NumericOverflow();
        }
        if (digits < -scale - 1)
        {
            return new Numeric(0, scale);
        }
        int significant = Bits(scale + (int)Math.Max(0, digits)) + GuardBits;
        var result = Floating.One;
        var power = new Floating(x.Unscaled, 0).Divide(PowerOfTen(x.Scale), significant);
        for (long rest = Math.Abs(exponent); rest > 0; rest >>= 1)
        {
            if ((rest & 1) == 1)
            {
                result = result.Multiply(power, significant);
            }
            power = rest > 1 ? power.Multiply(power, significant) : power;
        }
        result = exponent < 0 ? Floating.One.Divide(result, significant) : result;
        return result.ToNumeric(scale);
    }

    private readonly record struct Floating(BigInteger Mantissa, long Exponent)
    {
        public static readonly Floating One = new(BigInteger.One, 0);

        public Floating Multiply(Floating other, int bits) =>
            new Floating(Mantissa * other.Mantissa, Exponent + other.Exponent).Cut(bits);

        public Floating Divide(BigInteger divisor, int bits) => Divide(new Floating(divisor, 0), bits);

        public Floating Divide(Floating divisor, int bits)
        {
            int shift = bits + (int)divisor.Mantissa.GetBitLength();
            return new Floating((Mantissa << shift) / divisor.Mantissa, Exponent - shift - divisor.Exponent).Cut(bits);
        }

        private Floating Cut(int bits)
        {
            int excess = (int)Mantissa.GetBitLength() - bits;
            return excess > 0 ? new Floating(Mantissa >> excess, Exponent + excess) : this;
        }

        public Numeric ToNumeric(int scale)
        {
            BigInteger scaled = Mantissa * PowerOfTen(scale);
            return Exponent >= 0
                ? new Numeric(scaled << (int)Exponent, scale)
                : new Numeric(RoundDivide(scaled, BigInteger.One << (int)-Exponent), scale);
        }
    }

    private static int Bits(int digits) => (int)(digits * 3.3220) + 8;

    private BigInteger ToFixed(int bits) => (Unscaled << bits) / PowerOfTen(Scale);

    private static Outcome<Numeric> FromFixed(BigInteger value, int bits, int scale) =>
        Checked(RoundDivide(value * PowerOfTen(scale), BigInteger.One << bits), scale);

    // e^x: halve the argument until it is small, sum the series, square back.
    private static BigInteger ExpFixed(BigInteger x, int bits)
    {
        int halvings = Math.Max(0, (int)BigInteger.Abs(x).GetBitLength() - bits + 8);
        int work = bits + 2 * halvings + 16;
        BigInteger reduced = x << (work - bits) >> halvings;
        BigInteger one = BigInteger.One << work;
        BigInteger sum = one, term = one;
        for (int n = 1; !term.IsZero && term != -1; n++)
        {
            term = (term * reduced >> work) / n;
            sum += term;
        }
        for (int i = 0; i < halvings; i++)
        {
            sum = sum * sum >> work;
        }
        return sum >> (work - bits);
    }

    // ln(x) with x = m * 2^k: k ln 2 + 2 atanh((m - 1) / (m + 1)).
    private static BigInteger LnFixed(Numeric x, int bits)
    {
        int work = bits + 32;
        BigInteger divisor = PowerOfTen(x.Scale);
        int k = (int)(x.Unscaled.GetBitLength() - divisor.GetBitLength());
        BigInteger m = k >= 0 ? (x.Unscaled << work) / (divisor << k) : (x.Unscaled << (work - k)) / divisor;
        BigInteger one = BigInteger.One << work;
        BigInteger ln = Atanh2(m - one, m + one, work) + k * Atanh2(BigInteger.One, 3, work);
        return ln >> 32;
    }

    private static BigInteger Atanh2(BigInteger numerator, BigInteger denominator, int work)
    {
        BigInteger z = (numerator << work) / denominator;
        BigInteger square = z * z >> work;
        BigInteger sum = z, power = z;
        for (int n = 3; !power.IsZero && power != -1; n += 2)
        {
            power = power * square >> work;
            sum += power / n;
        }
        return sum * 2;
    }

    private static BigInteger IntegerRoot(BigInteger value)
    {
        if (value.IsZero)
        {
            return value;
        }
        BigInteger root = BigInteger.One << (int)((value.GetBitLength() + 1) / 2);
        while (true)
        {
            BigInteger next = (root + value / root) >> 1;
            if (next >= root)
            {
                return root;
            }
            root = next;
        }
    }

    private static Error? LogDomain(Numeric x) =>
        x.IsNaN || x.Sign > 0 ? null
        : x.Sign == 0 ? new Error(ErrorCodes.InvalidLogarithm, "cannot take logarithm of zero")
        : new Error(ErrorCodes.InvalidLogarithm, "cannot take logarithm of a negative number");

    private static double ApproximateLn(Numeric x)
    {
        if (x.CompareTo(PointNine) >= 0 && x.CompareTo(OnePointOne) <= 0)
        {
            return (double)LnFixed(x, 200) / Math.Pow(2, 200);
        }
        return BigInteger.Log(x.Unscaled) - x.Scale * 2.302585092994046;
    }

    /// <summary>Decimal weight of ln(x), as numeric.c estimates it.</summary>
    private static int LogWeight(Numeric x)
    {
        if (x.CompareTo(PointNine) >= 0 && x.CompareTo(OnePointOne) <= 0)
        {
            Numeric distance = Add(x, new Numeric(-1, 0)).Value;
            (int weight, int first) = distance.Leading();
            return distance.IsZero ? 0 : weight * 4 + (int)Math.Log10(first);
        }
        return (int)Math.Log10(Math.Abs(ApproximateLn(x)));
    }
}
