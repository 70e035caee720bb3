using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// Sums and differences of dates, timestamps and intervals. Months are added on the calendar (31 January plus a month is
// the last of February), days and microseconds on the clock; zones do not matter here since sessions are in UTC.

internal static class DateTimeMath
{
    public static Outcome<long> AddToTimestamp(long timestamp, Interval span)
    {
        if (Calendar.IsInfinite(timestamp))
        {
            return timestamp;
        }
        (long days, long micros) = Calendar.Split(timestamp);
        if (span.Months != 0)
        {
            CivilDate date = Calendar.FromDays(days);
            long month = date.Year * 12L + date.Month - 1 + span.Months;
            long year = Math.DivRem(month, 12, out long rest);
            if (rest < 0)
            {
                rest += 12;
                year--;
            }
            if (year is < -5000 or > 300_000)
            {
                return TypeErrors.DatetimeRange("timestamp");
            }
            int day = Math.Min(date.Day, Calendar.DaysInMonth((int)year, (int)rest + 1));
            days = Calendar.ToDays((int)year, (int)rest + 1, day);
        }
        Int128 sum = ((Int128)days + span.Days) * Calendar.MicrosPerDay + micros + span.Microseconds;
        return Calendar.IsTimestamp(sum) ? (long)sum : TypeErrors.DatetimeRange("timestamp");
    }

    public static Outcome<long> SubtractFromTimestamp(long timestamp, Interval span) =>
        Negate(span).TryGet(out Interval negative, out Error error) ? AddToTimestamp(timestamp, negative) : error;

    /// <summary>a - b as days and time.</summary>
    public static Outcome<Interval> Difference(long a, long b)
    {
        if (Calendar.IsInfinite(a) || Calendar.IsInfinite(b))
        {
            return new Error(ErrorCodes.DatetimeOverflow, "cannot subtract infinite timestamps");
        }
        Int128 span = (Int128)a - b;
        return span < long.MinValue || span > long.MaxValue
            ? TypeErrors.DatetimeRange("interval")
            : new Interval(0, (int)(span / Calendar.MicrosPerDay), (long)(span % Calendar.MicrosPerDay));
    }

    public static Outcome<long> DateToTimestamp(long days)
    {
        if (Calendar.IsInfinite(days))
        {
            return days;
        }
        Int128 micros = (Int128)days * Calendar.MicrosPerDay;
        return Calendar.IsTimestamp(micros)
            ? (long)micros
            : new Error(ErrorCodes.DatetimeOverflow, "date out of range for timestamp");
    }

    public static Outcome<long> AddToDate(long days, long more)
    {
        if (Calendar.IsInfinite(days))
        {
            return days;
        }
        Int128 sum = (Int128)days + more;
        return Calendar.IsDate(sum) ? (long)sum : TypeErrors.DatetimeRange("date");
    }

    /// <summary>A time of day moved on the clock, days thrown away.</summary>
    public static long AddToTime(long time, long micros)
    {
        long sum = (time + micros % Calendar.MicrosPerDay) % Calendar.MicrosPerDay;
        return sum < 0 ? sum + Calendar.MicrosPerDay : sum;
    }

    public static Outcome<Interval> Negate(Interval span) =>
        span.Months == int.MinValue || span.Days == int.MinValue || span.Microseconds == long.MinValue
            ? TypeErrors.DatetimeRange("interval")
            : new Interval(-span.Months, -span.Days, -span.Microseconds);

    public static Outcome<Interval> Add(Interval a, Interval b) =>
        Make((Int128)a.Months + b.Months, (Int128)a.Days + b.Days, (Int128)a.Microseconds + b.Microseconds);

    public static Outcome<Interval> Subtract(Interval a, Interval b) =>
        Make((Int128)a.Months - b.Months, (Int128)a.Days - b.Days, (Int128)a.Microseconds - b.Microseconds);

    public static Outcome<Interval> Make(Int128 months, Int128 days, Int128 micros) =>
        months < int.MinValue || months > int.MaxValue || days < int.MinValue || days > int.MaxValue
        || micros < long.MinValue || micros > long.MaxValue
            ? TypeErrors.DatetimeRange("interval")
            : new Interval((int)months, (int)days, (long)micros);

    /// <summary>Fractions of months become days of a 30-day month, fractions of days become time.</summary>
    public static Outcome<Interval> Multiply(Interval span, double factor) =>
        Scale(span, span.Months * factor, span.Days * factor, span.Microseconds * factor);

    public static Outcome<Interval> Divide(Interval span, double divisor) =>
        divisor == 0
            ? TypeErrors.DivisionByZero()
            : Scale(span, span.Months / divisor, span.Days / divisor, span.Microseconds / divisor);

    private static Outcome<Interval> Scale(Interval span, double months, double days, double micros)
    {
        if (!double.IsFinite(months) || !double.IsFinite(days) || Math.Abs(months) > int.MaxValue || Math.Abs(days) > int.MaxValue)
        {
            return TypeErrors.DatetimeRange("interval");
        }
        int wholeMonths = (int)months, wholeDays = (int)days;
        double monthDays = RoundMicro((months - wholeMonths) * 30);
        double seconds = RoundMicro((days - wholeDays + monthDays - (int)monthDays) * 86_400);
        if (Math.Abs(seconds) >= 86_400)
        {
            wholeDays += (int)(seconds / 86_400);
            seconds -= (int)(seconds / 86_400) * 86_400;
        }
        double total = Math.Round(micros + seconds * 1e6);
        return !double.IsFinite(total) || Math.Abs(total) >= 9.2233720368547758e18
            ? TypeErrors.DatetimeRange("interval")
            : Make(wholeMonths, (Int128)wholeDays + (int)monthDays, (long)total);
    }

    private static double RoundMicro(double value) => Math.Round(value * 1e6) / 1e6;

    /// <summary>30 days become a month.</summary>
    public static Outcome<Interval> JustifyDays(Interval span)
    {
        (Int128 months, Int128 days) = (span.Months, span.Days);
        Carry(ref months, ref days, 30);
        return Make(months, days, span.Microseconds);
    }

    /// <summary>24 hours become a day.</summary>
    public static Outcome<Interval> JustifyHours(Interval span)
    {
        (Int128 days, Int128 micros) = (span.Days, span.Microseconds);
        Carry(ref days, ref micros, Calendar.MicrosPerDay);
        return Make(span.Months, days, micros);
    }

    /// <summary>Both, with one sign throughout.</summary>
    public static Outcome<Interval> Justify(Interval span)
    {
        Int128 months = span.Months, days = span.Days, micros = span.Microseconds;
        days += micros / Calendar.MicrosPerDay;
        micros %= Calendar.MicrosPerDay;
        months += days / 30;
        days %= 30;
        if (months > 0 && (days < 0 || (days == 0 && micros < 0)))
        {
            days += 30;
            months--;
        }
        else if (months < 0 && (days > 0 || (days == 0 && micros > 0)))
        {
            days -= 30;
            months++;
        }
        if (days > 0 && micros < 0)
        {
            micros += Calendar.MicrosPerDay;
            days--;
        }
        else if (days < 0 && micros > 0)
        {
            micros -= Calendar.MicrosPerDay;
            days++;
        }
        return Make(months, days, micros);
    }

    private static void Carry(ref Int128 large, ref Int128 small, long size)
    {
        large += small / size;
        small %= size;
        if (large > 0 && small < 0)
        {
            small += size;
            large--;
        }
        else if (large < 0 && small > 0)
        {
            small -= size;
            large++;
        }
    }

    /// <summary>age(a, b): the difference in years, months, days and time, counted on the calendar.</summary>
    public static Outcome<Interval> Age(long a, long b)
    {
        if (Calendar.IsInfinite(a) || Calendar.IsInfinite(b))
        {
            return TypeErrors.DatetimeRange("timestamp");
        }
        bool negative = a < b;
        (long late, long early) = negative ? (b, a) : (a, b);
        (long lateDays, long lateMicros) = Calendar.Split(late);
        (long earlyDays, long earlyMicros) = Calendar.Split(early);
        CivilDate end = Calendar.FromDays(lateDays), start = Calendar.FromDays(earlyDays);
        long micros = lateMicros - earlyMicros;
        int days = end.Day - start.Day;
        int months = (end.Year - start.Year) * 12 + end.Month - start.Month;
        if (micros < 0)
        {
            micros += Calendar.MicrosPerDay;
            days--;
        }
        // Borrowed days are those of the earlier moment's month.
        while (days < 0)
        {
            days += Calendar.DaysInMonth(start.Year, start.Month);
            months--;
        }
        return negative ? new Interval(-months, -days, -micros) : new Interval(months, days, micros);
    }
}
