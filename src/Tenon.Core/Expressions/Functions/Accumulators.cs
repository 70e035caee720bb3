using System.Numerics;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Functions;

// The states of the aggregates: small objects, one per group.

/// <summary>An aggregate told by two functions over a state.</summary>
internal sealed class Fold<TState>(
    TState state,
    Func<TState, Datum[], Outcome<TState>> add,
    Func<TState, Outcome<Datum>> finish
) : Accumulator
{
    private TState state = state;

    public override Error? Add(ReadOnlySpan<Datum> arguments)
    {
        if (!add(state, arguments.ToArray()).TryGet(out TState next, out Error error))
        {
            return error;
        }
        state = next;
        return null;
    }

    public override Outcome<Datum> Finish() => finish(state);
}

internal sealed class CountAccumulator : Accumulator
{
    private long count;

    public override Error? Add(ReadOnlySpan<Datum> arguments)
    {
        count++;
        return null;
    }

    public override Outcome<Datum> Finish() => Datum.Of(count);
}

/// <summary>Sum and average of integers: exact in 128 bits, given out as bigint or numeric.</summary>
internal sealed class IntegerSum(bool average, bool asNumeric) : Accumulator
{
    private Int128 sum;
    private long count;

    public override Error? Add(ReadOnlySpan<Datum> arguments)
    {
        sum += arguments[0].Integer;
        count++;
        return null;
    }

    public override Outcome<Datum> Finish()
    {
        if (count == 0)
        {
            return Datum.Null;
        }
        var total = new Numeric((BigInteger)sum, 0);
        return average ? NumericFunctions.Wrap(Numeric.Divide(total, Numeric.Of(count)))
            : asNumeric ? Datum.Of(total)
            : sum > long.MaxValue || sum < long.MinValue ? TypeErrors.OutOfRange("bigint")
            : Datum.Of((long)sum);
    }
}

internal sealed class NumericSum(bool average) : Accumulator
{
    private Numeric sum = Numeric.Zero;
    private long count;

    public override Error? Add(ReadOnlySpan<Datum> arguments)
    {
        count++;
        return Numeric.Add(sum, arguments[0].Numeric).TryGet(out sum, out Error error) ? null : error;
    }

    public override Outcome<Datum> Finish() =>
        count == 0 ? Datum.Null
        : average ? NumericFunctions.Wrap(Numeric.Divide(sum, Numeric.Of(count)))
        : Datum.Of(sum);
}

internal sealed class FloatSum(bool average, bool single) : Accumulator
{
    private double sum;
    private bool infinite;
    private long count;

    public override Error? Add(ReadOnlySpan<Datum> arguments)
    {
        double value = arguments[0].Double;
        infinite |= double.IsInfinity(value);
        sum += value;
        if (single && !average)
        {
            sum = (float)sum;
        }
        count++;
        return double.IsInfinity(sum) && !infinite ? TypeErrors.FloatOverflow() : null;
    }

    public override Outcome<Datum> Finish() => count == 0 ? Datum.Null : Datum.Of(average ? sum / count : sum);
}

internal sealed class IntervalSum(bool average) : Accumulator
{
    private Interval sum = Interval.Zero;
    private long count;

    public override Error? Add(ReadOnlySpan<Datum> arguments)
    {
        count++;
        return DateTimeMath.Add(sum, arguments[0].Interval).TryGet(out sum, out Error error) ? null : error;
    }

    public override Outcome<Datum> Finish()
    {
        if (count == 0)
        {
            return Datum.Null;
        }
        Outcome<Interval> result = average ? DateTimeMath.Divide(sum, count) : sum;
        return result.TryGet(out Interval value, out Error error) ? Datum.Of(value) : error;
    }
}

internal sealed class Extreme(LogicalType type, bool largest) : Accumulator
{
    private Datum best;

    public override Error? Add(ReadOnlySpan<Datum> arguments)
    {
        Datum value = arguments[0];
        if (
            best.IsNull || (largest ? Ordering.Compare(type, value, best) > 0 : Ordering.Compare(type, value, best) < 0)
        )
        {
            best = value;
        }
        return null;
    }

    public override Outcome<Datum> Finish() => best;
}

internal enum Spread
{
    Variance,
    Deviation,
}

/// <summary>Variance and standard deviation of exact numbers, from sums of values and of squares.</summary>
internal sealed class NumericSpread(Spread spread, bool sample) : Accumulator
{
    private Numeric sum = Numeric.Zero;
    private Numeric squares = Numeric.Zero;
    private long count;

    public override Error? Add(ReadOnlySpan<Datum> arguments)
    {
        Numeric value =
            arguments[0].Kind == DatumKind.Integer ? Numeric.Of(arguments[0].Integer) : arguments[0].Numeric;
        count++;
        if (
            !Numeric.Add(sum, value).TryGet(out sum, out Error error)
            || !Numeric.Multiply(value, value).TryGet(out Numeric square, out error)
        )
        {
            return error;
        }
        return Numeric.Add(squares, square).TryGet(out squares, out error) ? null : error;
    }

    public override Outcome<Datum> Finish()
    {
        if (count == 0 || (sample && count == 1))
        {
            return Datum.Null;
        }
        if (sum.IsNaN)
        {
            return Datum.Of(Numeric.NaN);
        }
        Numeric n = Numeric.Of(count);
        Numeric spreadTimes = Numeric
            .Subtract(Numeric.Multiply(n, squares).Value, Numeric.Multiply(sum, sum).Value)
            .Value;
        if (spreadTimes.Sign <= 0)
        {
            return Datum.Of(Numeric.Zero);
        }
        Numeric divisor = new((BigInteger)count * (sample ? count - 1 : count), 0);
        int scale = Numeric.DivisionScale(spreadTimes, divisor);
        Numeric variance = Numeric.Quotient(spreadTimes, divisor, scale).Value;
        return Datum.Of(spread == Spread.Variance ? variance : Numeric.SquareRoot(variance, scale));
    }
}

/// <summary>The same for floats, by the recurrence of Youngs and Cramer.</summary>
internal sealed class FloatSpread(Spread spread, bool sample) : Accumulator
{
    private double count;
    private double sum;
    private double squares;

    public override Error? Add(ReadOnlySpan<Datum> arguments)
    {
        double value = arguments[0].Double,
            before = count++;
        sum += value;
        if (before > 0)
        {
            double distance = value * count - sum;
            squares += distance * distance / (count * before);
        }
        else if (!double.IsFinite(value))
        {
            squares = double.NaN;
        }
        return null;
    }

    public override Outcome<Datum> Finish()
    {
        if (count == 0 || (sample && count == 1))
        {
            return Datum.Null;
        }
        double variance = squares / (sample ? count - 1 : count);
        return Datum.Of(spread == Spread.Variance ? variance : Math.Sqrt(variance));
    }
}
