using Tenon.Core.Errors;
using Tenon.Core.Types;
using static Tenon.Core.Expressions.Functions.Define;

namespace Tenon.Core.Expressions.Functions;

// real and double precision: IEEE arithmetic, except that overflow, underflow and division by zero are errors.

internal static class FloatFunctions
{
    private static readonly LogicalType D = LogicalType.Float8;

    public static IEnumerable<Function> Functions() =>
        Arithmetic("float4", LogicalType.Float4, single: true)
            .Concat(Arithmetic("float8", D, single: false))
            .Stored()
            .Concat(Named().Select(f => IsExact(f) ? f.AsStored(StoredResults.First) : f))
            .Concat(Angles());

    /// <summary>IEEE 754 fixes every digit of these; of the others the platform's library decides the last one.</summary>
    private static bool IsExact(Function function) =>
        function.Name is "sqrt" or "round" or "trunc" or "ceil" or "ceiling" or "floor" or "sign" or "pi" || function.Operator == "|/";

    private static IEnumerable<Function> Arithmetic(string p, LogicalType t, bool single)
    {
        yield return Infix(
            p + "_add",
            "+",
            t,
            t,
            t,
            a => Checked(a[0].Double + a[1].Double, a[0], a[1], single, canUnderflow: false)
        );
        yield return Infix(
            p + "_sub",
            "-",
            t,
            t,
            t,
            a => Checked(a[0].Double - a[1].Double, a[0], a[1], single, canUnderflow: false)
        );
        yield return Infix(p + "_mul", "*", t, t, t, a => Multiply(a[0], a[1], single));
        yield return Infix(p + "_div", "/", t, t, t, a => Divide(a[0], a[1], single));
        yield return Prefix(p + "_neg", "-", t, t, a => Datum.Of(-a[0].Double)).AsTotal();
        yield return Prefix(p + "_plus", "+", t, t, a => a[0]).AsTotal();
        yield return Prefix(p + "_abs_op", "@", t, t, a => Datum.Of(Math.Abs(a[0].Double))).AsTotal();
        yield return Total(p + "_abs", "abs", [t], t, a => Datum.Of(Math.Abs(a[0].Double)));
    }

    private static IEnumerable<Function> Named()
    {
        yield return Infix("float8_pow", "^", D, D, D, a => Power(a[0].Double, a[1].Double));
        yield return Prefix("float8_sqrt_op", "|/", D, D, a => SquareRoot(a[0].Double));
        yield return Prefix("float8_cbrt_op", "||/", D, D, a => Datum.Of(Math.Cbrt(a[0].Double))).AsTotal();
        Function power = Scalar("float8_power", "power", [D, D], D, a => Power(a[0].Double, a[1].Double));
        yield return power;
        yield return power.Alias("float8_pow_fn", "pow");
        yield return Scalar("float8_sqrt", "sqrt", [D], D, a => SquareRoot(a[0].Double));
        yield return Total("float8_cbrt", "cbrt", [D], D, a => Datum.Of(Math.Cbrt(a[0].Double)));
        yield return Scalar("float8_exp", "exp", [D], D, a => Exp(a[0].Double));
        yield return Scalar("float8_ln", "ln", [D], D, a => Log(a[0].Double, Math.Log));
        Function log = Scalar("float8_log10", "log", [D], D, a => Log(a[0].Double, Math.Log10));
        yield return log;
        yield return log.Alias("float8_log10_fn", "log10");
        yield return Total(
            "float8_round",
            "round",
            [D],
            D,
            a => Datum.Of(Math.Round(a[0].Double, MidpointRounding.ToEven))
        );
        yield return Total("float8_trunc", "trunc", [D], D, a => Datum.Of(Math.Truncate(a[0].Double)));
        Function ceil = Total("float8_ceil", "ceil", [D], D, a => Datum.Of(Math.Ceiling(a[0].Double)));
        yield return ceil;
        yield return ceil.Alias("float8_ceiling", "ceiling");
        yield return Total("float8_floor", "floor", [D], D, a => Datum.Of(Math.Floor(a[0].Double)));
        yield return Total(
            "float8_sign",
            "sign",
            [D],
            D,
            a =>
                Datum.Of(
                    a[0].Double > 0 ? 1.0
                    : a[0].Double < 0 ? -1.0
                    : 0.0
                )
        );
        yield return Total("pi", "pi", [], D, _ => Datum.Of(Math.PI));
        yield return Total("random", "random", [], D, _ => Datum.Of(Random.Shared.NextDouble())).AsVolatile();
    }

    private static IEnumerable<Function> Angles()
    {
        yield return Scalar(
            "degrees",
            "degrees",
            [D],
            D,
            a => Checked(a[0].Double / (Math.PI / 180), a[0], a[0], false, true)
        );
        yield return Scalar(
            "radians",
            "radians",
            [D],
            D,
            a => Checked(a[0].Double * (Math.PI / 180), a[0], a[0], false, true)
        );
        yield return Scalar("sin", "sin", [D], D, a => Finite(a[0].Double, Math.Sin));
        yield return Scalar("cos", "cos", [D], D, a => Finite(a[0].Double, Math.Cos));
        yield return Scalar("tan", "tan", [D], D, a => Finite(a[0].Double, Math.Tan));
        yield return Scalar("cot", "cot", [D], D, a => Finite(a[0].Double, x => 1 / Math.Tan(x)));
        yield return Scalar("asin", "asin", [D], D, a => Unit(a[0].Double, Math.Asin));
        yield return Scalar("acos", "acos", [D], D, a => Unit(a[0].Double, Math.Acos));
        yield return Total("atan", "atan", [D], D, a => Datum.Of(Math.Atan(a[0].Double)));
        yield return Total("atan2", "atan2", [D, D], D, a => Datum.Of(Math.Atan2(a[0].Double, a[1].Double)));
    }

    private static Outcome<Datum> Checked(double result, Datum a, Datum b, bool single, bool canUnderflow)
    {
        double rounded = single ? (float)result : result;
        if (double.IsInfinity(rounded) && !double.IsInfinity(a.Double) && !double.IsInfinity(b.Double))
        {
            return TypeErrors.FloatOverflow();
        }
        return canUnderflow && rounded == 0 && a.Double != 0 && b.Double != 0
            ? TypeErrors.FloatUnderflow()
            : Datum.Of(rounded);
    }

    private static Outcome<Datum> Multiply(Datum a, Datum b, bool single) =>
        Checked(single ? (float)a.Double * (float)b.Double : a.Double * b.Double, a, b, single, canUnderflow: true);

    private static Outcome<Datum> Divide(Datum a, Datum b, bool single)
    {
        if (b.Double == 0 && !double.IsNaN(a.Double))
        {
            return TypeErrors.DivisionByZero();
        }
        double result = single ? (float)a.Double / (float)b.Double : a.Double / b.Double;
        bool vanished = result == 0 && a.Double != 0 && !double.IsInfinity(b.Double);
        bool exploded = double.IsInfinity(result) && !double.IsInfinity(a.Double);
        return exploded ? TypeErrors.FloatOverflow()
            : vanished ? TypeErrors.FloatUnderflow()
            : Datum.Of(result);
    }

    private static Outcome<Datum> SquareRoot(double x) =>
        x < 0
            ? new Error(ErrorCodes.InvalidPower, "cannot take square root of a negative number")
            : Datum.Of(Math.Sqrt(x));

    private static Outcome<Datum> Exp(double x)
    {
        double result = Math.Exp(x);
        return double.IsInfinity(result) && !double.IsInfinity(x) ? TypeErrors.FloatOverflow()
            : result == 0 && !double.IsInfinity(x) ? TypeErrors.FloatUnderflow()
            : Datum.Of(result);
    }

    private static Outcome<Datum> Log(double x, Func<double, double> log) =>
        x == 0 ? new Error(ErrorCodes.InvalidLogarithm, "cannot take logarithm of zero")
        : x < 0 ? new Error(ErrorCodes.InvalidLogarithm, "cannot take logarithm of a negative number")
        : Datum.Of(log(x));

    private static Outcome<Datum> Power(double x, double y)
    {
        if (double.IsNaN(x) || double.IsNaN(y))
        {
            return Datum.Of(y == 0 || x == 1 ? 1.0 : double.NaN);
        }
        if (x == 0 && y < 0)
        {
            return new Error(ErrorCodes.InvalidPower, "zero raised to a negative power is undefined");
        }
        if (x < 0 && double.IsFinite(y) && Math.Floor(y) != y)
        {
            return new Error(
                ErrorCodes.InvalidPower,
                "a negative number raised to a non-integer power yields a complex result"
            );
        }
        double result = Math.Pow(x, y);
        bool finite = double.IsFinite(x) && double.IsFinite(y);
        return finite && double.IsInfinity(result) ? TypeErrors.FloatOverflow()
            : finite && result == 0 && x != 0 ? TypeErrors.FloatUnderflow()
            : Datum.Of(result);
    }

    private static Outcome<Datum> Finite(double x, Func<double, double> function) =>
        double.IsInfinity(x) ? new Error(ErrorCodes.NumericOutOfRange, "input is out of range") : Datum.Of(function(x));

    private static Outcome<Datum> Unit(double x, Func<double, double> function) =>
        x is < -1 or > 1 ? new Error(ErrorCodes.NumericOutOfRange, "input is out of range") : Datum.Of(function(x));
}
