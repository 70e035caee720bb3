using Tenon.Core.Errors;
using Tenon.Core.Types;
using static Tenon.Core.Expressions.Functions.Define;

namespace Tenon.Core.Expressions.Functions;

// numeric: exact arithmetic with PostgreSQL's scales (the rules are in Types/Numeric.*).

internal static class NumericFunctions
{
    private static readonly LogicalType N = LogicalType.Numeric;
    private static readonly LogicalType I = LogicalType.Int4;

    public static IEnumerable<Function> Functions() => Arithmetic().Concat(Rounding()).Concat(Transcendental());

    private static IEnumerable<Function> Arithmetic()
    {
        yield return Infix("numeric_add", "+", N, N, N, a => Wrap(Numeric.Add(a[0].Numeric, a[1].Numeric)));
        yield return Infix("numeric_sub", "-", N, N, N, a => Wrap(Numeric.Subtract(a[0].Numeric, a[1].Numeric)));
        yield return Infix("numeric_mul", "*", N, N, N, a => Wrap(Numeric.Multiply(a[0].Numeric, a[1].Numeric)));
        yield return Infix("numeric_div", "/", N, N, N, a => Wrap(Numeric.Divide(a[0].Numeric, a[1].Numeric)));
        yield return Infix("numeric_mod", "%", N, N, N, a => Wrap(Numeric.Remainder(a[0].Numeric, a[1].Numeric)));
        yield return Infix("numeric_pow", "^", N, N, N, a => Wrap(Numeric.Power(a[0].Numeric, a[1].Numeric)));
        yield return Prefix("numeric_neg", "-", N, N, a => Datum.Of(a[0].Numeric.Negate())).AsTotal();
        yield return Prefix("numeric_plus", "+", N, N, a => a[0]).AsTotal();
        yield return Prefix("numeric_abs_op", "@", N, N, a => Datum.Of(a[0].Numeric.Abs())).AsTotal();
        yield return Scalar(
            "numeric_mod_fn",
            "mod",
            [N, N],
            N,
            a => Wrap(Numeric.Remainder(a[0].Numeric, a[1].Numeric))
        );
        yield return Scalar(
            "numeric_div_fn",
            "div",
            [N, N],
            N,
            a => Wrap(Numeric.IntegerQuotient(a[0].Numeric, a[1].Numeric))
        );
        yield return Total("numeric_abs", "abs", [N], N, a => Datum.Of(a[0].Numeric.Abs()));
        yield return Total(
            "numeric_sign",
            "sign",
            [N],
            N,
            a => Datum.Of(a[0].Numeric.IsNaN ? Numeric.NaN : Numeric.Of(a[0].Numeric.Sign))
        );
    }

    private static IEnumerable<Function> Rounding()
    {
        yield return Total("numeric_round", "round", [N], N, a => Datum.Of(a[0].Numeric.Round(0)));
        yield return Total("numeric_round_to", "round", [N, I], N, a => Datum.Of(a[0].Numeric.Round(Digits(a[1]))));
        yield return Total("numeric_trunc", "trunc", [N], N, a => Datum.Of(a[0].Numeric.Truncate(0)));
        yield return Total("numeric_trunc_to", "trunc", [N, I], N, a => Datum.Of(a[0].Numeric.Truncate(Digits(a[1]))));
        Function ceil = Total("numeric_ceil", "ceil", [N], N, a => Datum.Of(a[0].Numeric.Ceiling()));
        yield return ceil;
        yield return ceil.Alias("numeric_ceiling", "ceiling");
        yield return Total("numeric_floor", "floor", [N], N, a => Datum.Of(a[0].Numeric.Floor()));
        yield return Total(
            "numeric_scale",
            "scale",
            [N],
            I,
            a => a[0].Numeric.IsNaN ? Datum.Null : Datum.Of(a[0].Numeric.Scale)
        );
        yield return Total(
            "numeric_min_scale",
            "min_scale",
            [N],
            I,
            a => a[0].Numeric.IsNaN ? Datum.Null : Datum.Of(a[0].Numeric.Trimmed().Scale)
        );
        yield return Total("numeric_trim_scale", "trim_scale", [N], N, a => Datum.Of(a[0].Numeric.Trimmed()));
        yield return Scalar(
            "numeric_width_bucket",
            "width_bucket",
            [N, N, N, I],
            I,
            a => WidthBucket(a[0].Numeric, a[1].Numeric, a[2].Numeric, a[3].Integer)
        );
    }

    private static IEnumerable<Function> Transcendental()
    {
        Function power = Scalar(
            "numeric_power",
            "power",
            [N, N],
            N,
            a => Wrap(Numeric.Power(a[0].Numeric, a[1].Numeric))
        );
        yield return power;
        yield return power.Alias("numeric_pow_fn", "pow");
        yield return Scalar("numeric_sqrt", "sqrt", [N], N, a => Wrap(Numeric.SquareRoot(a[0].Numeric)));
        yield return Scalar("numeric_exp", "exp", [N], N, a => Wrap(Numeric.Exponential(a[0].Numeric)));
        yield return Scalar("numeric_ln", "ln", [N], N, a => Wrap(Numeric.NaturalLog(a[0].Numeric)));
        Function log = Scalar(
            "numeric_log10",
            "log",
            [N],
            N,
            a => Wrap(Numeric.Logarithm(Numeric.Of(10), a[0].Numeric))
        );
        yield return log;
        yield return log.Alias("numeric_log10_fn", "log10");
        yield return Scalar("numeric_log", "log", [N, N], N, a => Wrap(Numeric.Logarithm(a[0].Numeric, a[1].Numeric)));
    }

    public static Outcome<Datum> Wrap(Outcome<Numeric> number) =>
        number.TryGet(out Numeric value, out Error error) ? Datum.Of(value) : error;

    // PostgreSQL clamps the wanted scale to ±2000.
    private static int Digits(Datum scale) => (int)Math.Clamp(scale.Integer, -2000, 2000);

    private static Outcome<Datum> WidthBucket(Numeric operand, Numeric low, Numeric high, long count)
    {
        if (count <= 0)
        {
            return new Error(ErrorCodes.InvalidWidthBucket, "count must be greater than zero");
        }
        if (operand.IsNaN || low.IsNaN || high.IsNaN)
        {
            return new Error(ErrorCodes.InvalidWidthBucket, "operand, lower bound, and upper bound cannot be NaN");
        }
        int direction = low.CompareTo(high);
        if (direction == 0)
        {
            return new Error(ErrorCodes.InvalidWidthBucket, "lower bound cannot equal upper bound");
        }
        bool before = direction < 0 ? operand.CompareTo(low) < 0 : operand.CompareTo(low) > 0;
        bool after = direction < 0 ? operand.CompareTo(high) >= 0 : operand.CompareTo(high) <= 0;
        if (before || after)
        {
            return before ? Datum.Of(0)
                : count == int.MaxValue ? TypeErrors.OutOfRange("integer")
                : Datum.Of(count + 1);
        }
        Numeric distance = Numeric.Subtract(operand, low).Value.Abs();
        Numeric span = Numeric.Subtract(high, low).Value.Abs();
        Numeric scaled = Numeric.Multiply(distance, Numeric.Of(count)).Value;
        return Datum.Of((long)Numeric.IntegerQuotient(scaled, span).Value.Unscaled + 1);
    }
}
