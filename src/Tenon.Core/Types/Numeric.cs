using System.Globalization;
using System.Numerics;

namespace Tenon.Core.Types;

/// <summary>
/// An exact decimal: <see cref="Unscaled"/> / 10^<see cref="Scale"/>, or NaN, as PostgreSQL's numeric. The scale is the
/// number of digits shown ("12.50" has scale 2) and survives; comparison ignores it.
/// </summary>
internal sealed partial class Numeric : IEquatable<Numeric>, IComparable<Numeric>
{
    public Numeric(BigInteger unscaled, int scale)
    {
        Unscaled = unscaled;
        Scale = scale;
    }

    public BigInteger Unscaled { get; }
    public int Scale { get; }
    public bool IsNaN { get; private init; }

    public static readonly Numeric Zero = new(BigInteger.Zero, 0);
    public static readonly Numeric NaN = new(BigInteger.Zero, 0) { IsNaN = true };

    public static Numeric Of(long value) => new(value, 0);

    /// <summary>NaN sorts above every number and equals itself (PostgreSQL).</summary>
    public int CompareTo(Numeric? other)
    {
        if (other is null || IsNaN || other.IsNaN)
        {
            return other is null ? 1 : IsNaN.CompareTo(other.IsNaN);
        }
        int shift = Scale - other.Scale;
        return shift switch
        {
            0 => Unscaled.CompareTo(other.Unscaled),
            > 0 => Unscaled.CompareTo(other.Unscaled * BigInteger.Pow(10, shift)),
            _ => (Unscaled * BigInteger.Pow(10, -shift)).CompareTo(other.Unscaled),
        };
    }

    public bool Equals(Numeric? other) => other is not null && CompareTo(other) == 0;

    public override bool Equals(object? obj) => Equals(obj as Numeric);

    public override int GetHashCode()
    {
        BigInteger value = Unscaled;
        while (!value.IsZero && (value % 10).IsZero)
        {
            value /= 10;
        }
        return HashCode.Combine(value, IsNaN);
    }

    /// <summary>PostgreSQL's text form: plain digits, the scale kept, never an exponent.</summary>
    public override string ToString()
    {
        if (IsNaN)
        {
            return "NaN";
        }
        string digits = BigInteger.Abs(Unscaled).ToString(CultureInfo.InvariantCulture);
        if (Scale > 0)
        {
            digits = digits.PadLeft(Scale + 1, '0');
            digits = string.Concat(digits.AsSpan(0, digits.Length - Scale), ".", digits.AsSpan(digits.Length - Scale));
        }
        return Unscaled.Sign < 0 ? "-" + digits : digits;
    }
}
