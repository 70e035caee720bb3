using Tenon.Core.Errors;
using Tenon.Core.Types;
using static Tenon.Core.Expressions.Functions.Define;

namespace Tenon.Core.Expressions.Functions;

// smallint, integer and bigint: arithmetic with range errors, division towards zero, bits.

internal static class IntegerFunctions
{
    private sealed record Width(string Prefix, LogicalType Type, long Min, long Max, int Bits);

    private static readonly Width[] Widths =
    [
        new("int2", LogicalType.Int2, short.MinValue, short.MaxValue, 16),
        new("int4", LogicalType.Int4, int.MinValue, int.MaxValue, 32),
        new("int8", LogicalType.Int8, long.MinValue, long.MaxValue, 64),
    ];

    public static IEnumerable<Function> Functions() =>
        Widths.SelectMany(w => Arithmetic(w).Concat(Bits(w)).Concat(Named(w)));

    private static IEnumerable<Function> Arithmetic(Width w)
    {
        string p = w.Prefix;
        LogicalType t = w.Type;
        yield return Infix(p + "_add", "+", t, t, t, a => Ranged((Int128)a[0].Integer + a[1].Integer, w));
        yield return Infix(p + "_sub", "-", t, t, t, a => Ranged((Int128)a[0].Integer - a[1].Integer, w));
        yield return Infix(p + "_mul", "*", t, t, t, a => Ranged((Int128)a[0].Integer * a[1].Integer, w));
        yield return Infix(p + "_div", "/", t, t, t, a => Divide(a[0].Integer, a[1].Integer, w));
        yield return Infix(p + "_mod", "%", t, t, t, a => Remainder(a[0].Integer, a[1].Integer));
        yield return Prefix(p + "_neg", "-", t, t, a => Ranged(-(Int128)a[0].Integer, w));
        yield return Prefix(p + "_plus", "+", t, t, a => a[0]).AsTotal();
        yield return Prefix(p + "_abs_op", "@", t, t, a => Ranged(Int128.Abs(a[0].Integer), w));
    }

    private static IEnumerable<Function> Bits(Width w)
    {
        string p = w.Prefix;
        LogicalType t = w.Type;
        yield return Infix(p + "_and", "&", t, t, t, a => Datum.Of(a[0].Integer & a[1].Integer)).AsTotal();
        yield return Infix(p + "_or", "|", t, t, t, a => Datum.Of(a[0].Integer | a[1].Integer)).AsTotal();
        yield return Infix(p + "_xor", "#", t, t, t, a => Datum.Of(a[0].Integer ^ a[1].Integer)).AsTotal();
        yield return Prefix(p + "_not", "~", t, t, a => Datum.Of(~a[0].Integer)).AsTotal();
        // The machine's shifts: the distance is taken modulo the width of the type (32 bits for smallint too).
        yield return Infix(
                p + "_shl",
                "<<",
                t,
                LogicalType.Int4,
                t,
                a => Datum.Of(Shift(a[0].Integer, (int)a[1].Integer, w, left: true))
            )
            .AsTotal();
        yield return Infix(
                p + "_shr",
                ">>",
                t,
                LogicalType.Int4,
                t,
                a => Datum.Of(Shift(a[0].Integer, (int)a[1].Integer, w, left: false))
            )
            .AsTotal();
    }

    private static IEnumerable<Function> Named(Width w)
    {
        string p = w.Prefix;
        LogicalType t = w.Type;
        yield return Scalar(p + "_abs", "abs", [t], t, a => Ranged(Int128.Abs(a[0].Integer), w));
        yield return Scalar(p + "_mod_fn", "mod", [t, t], t, a => Remainder(a[0].Integer, a[1].Integer));
        if (w.Bits == 16)
        {
            yield break;
        }
        yield return Scalar(p + "_gcd", "gcd", [t, t], t, a => Ranged(Gcd(a[0].Integer, a[1].Integer), w));
        yield return Scalar(p + "_lcm", "lcm", [t, t], t, a => Lcm(a[0].Integer, a[1].Integer, w));
        yield return Total(p + "_to_hex", "to_hex", [t], LogicalType.Text, a => Datum.Of(Hex(a[0].Integer, w)));
    }

    private static Outcome<Datum> Ranged(Int128 value, Width w) =>
        value < w.Min || value > w.Max ? TypeErrors.OutOfRange(w.Type.SqlName) : Datum.Of((long)value);

    private static Outcome<Datum> Divide(long a, long b, Width w) =>
        b == 0 ? TypeErrors.DivisionByZero() : Ranged((Int128)a / b, w);

    private static Outcome<Datum> Remainder(long a, long b) =>
        b switch
        {
            0 => TypeErrors.DivisionByZero(),
            -1 => Datum.Of(0),
            _ => Datum.Of(a % b),
        };

    private static long Shift(long value, int distance, Width w, bool left) =>
        w.Bits switch
        {
            16 => left ? (short)((int)value << distance) : (short)((int)value >> distance),
            32 => left ? (int)value << distance : (int)value >> distance,
            _ => left ? value << distance : value >> distance,
        };

    private static Int128 Gcd(Int128 a, Int128 b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }
        return Int128.Abs(a);
    }

    private static Outcome<Datum> Lcm(long a, long b, Width w) =>
        a == 0 || b == 0 ? Datum.Of(0) : Ranged(Int128.Abs((Int128)a / Gcd(a, b) * b), w);

    private static string Hex(long value, Width w) =>
        w.Bits == 64
            ? value.ToString("x", System.Globalization.CultureInfo.InvariantCulture)
            : ((int)value).ToString("x", System.Globalization.CultureInfo.InvariantCulture);
}
