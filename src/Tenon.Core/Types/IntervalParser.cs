using System.Collections.Frozen;
using System.Globalization;
using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// Text to interval: PostgreSQL's own style ("1 year 2 mons -3 days 04:05:06 ago"), ISO 8601 ("P1Y2DT3H") and SQL's
// ("1-2 3 4:05:06"). Fractions of a unit flow into the next smaller one, as there.

internal sealed class IntervalParser
{
    private enum Unit
    {
        Microsecond,
        Millisecond,
        Second,
        Minute,
        Hour,
        Day,
        Week,
        Month,
        Year,
        Decade,
        Century,
        Millennium,
    }

    private static readonly FrozenDictionary<string, Unit> Units = BuildUnits();

    private readonly string text;
    private Int128 months;
    private Int128 days;
    private Int128 micros;
    private int at;

    private IntervalParser(string text) => this.text = text;

    public static Outcome<Interval> Parse(ReadOnlySpan<char> source)
    {
        string text = source.ToString();
        var parser = new IntervalParser(text);
        string trimmed = text.Trim();
        bool iso = trimmed.StartsWith('P');
        return (iso ? parser.Iso(trimmed) : parser.Traditional()) is { } error ? error : parser.Result();
    }

    private static FrozenDictionary<string, Unit> BuildUnits()
    {
        var units = new Dictionary<string, Unit>();
        void Add(Unit unit, string names)
        {
            foreach (string name in names.Split(' '))
            {
                units.Add(name, unit);
            }
        }
        Add(Unit.Microsecond, "us usec usecond useconds usecs microsecon microsecond microseconds");
        Add(Unit.Millisecond, "ms msec msecond mseconds msecs millisecon millisecond milliseconds");
        Add(Unit.Second, "s sec second seconds secs");
        Add(Unit.Minute, "m min mins minute minutes");
        Add(Unit.Hour, "h hour hours hr hrs");
        Add(Unit.Day, "d day days");
        Add(Unit.Week, "w week weeks");
        Add(Unit.Month, "mon mons month months");
        Add(Unit.Year, "y year years yr yrs");
        Add(Unit.Decade, "dec decade decades decs");
        Add(Unit.Century, "c cent centuries century");
        Add(Unit.Millennium, "mil millennia millennium mils");
        return units.ToFrozenDictionary();
    }

    private Error Bad() => TypeErrors.InvalidDatetime("interval", text);

    private Outcome<Interval> Result() =>
        months < int.MinValue || months > int.MaxValue || days < int.MinValue || days > int.MaxValue
        || micros < long.MinValue || micros > long.MaxValue
            ? TypeErrors.IntervalField(text)
            : new Interval((int)months, (int)days, (long)micros);

    private Error? Traditional()
    {
        bool any = false, ago = false;
        while (SkipBlank())
        {
            if (text[at] == '@' && !any)
            {
                at++;
                continue;
            }
            if (char.IsAsciiLetter(text[at]))
            {
                string word = Letters();
                if (word != "ago" || !any || ago)
                {
                    return Bad();
                }
                ago = true;
                continue;
            }
            if (Field() is { } error || ago && (error = Bad()) is not null)
            {
                return error;
            }
            any = true;
        }
        if (ago)
        {
            (months, days, micros) = (-months, -days, -micros);
        }
        return any ? null : Bad();
    }

    private bool SkipBlank()
    {
        while (at < text.Length && (char.IsWhiteSpace(text[at]) || text[at] == ','))
        {
            at++;
        }
        return at < text.Length;
    }

    private string Letters()
    {
        int start = at;
        while (at < text.Length && char.IsAsciiLetter(text[at]))
        {
            at++;
        }
        return text[start..at].ToLowerInvariant();
    }

    // One signed number with what follows it: a unit, ":mm…" (a time), "-m" (years-months), or nothing.
    private Error? Field()
    {
        bool negative = text[at] == '-';
        if (text[at] is '+' or '-')
        {
            at++;
        }
        int start = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] is '.' or ':'))
        {
            at++;
        }
        string number = text[start..at];
        if (number.Contains(':', StringComparison.Ordinal))
        {
            return Time(number, negative);
        }
        if (at < text.Length - 1 && text[at] == '-' && char.IsAsciiDigit(text[at + 1]))
        {
            return YearsMonths(number, negative);
        }
        if (!Number(number, negative, out long whole, out double fraction))
        {
            return number.Length > 18 ? TypeErrors.IntervalField(text) : Bad();
        }
        int mark = at;
        if (!SkipBlank() || !char.IsAsciiLetter(text[at]))
        {
            bool daysAhead = at > mark && at < text.Length;
            return Apply(daysAhead ? Unit.Day : Unit.Second, whole, fraction);
        }
        mark = at;
        string word = Letters();
        if (word == "ago")
        {
            at = mark;
            return Apply(Unit.Second, whole, fraction);
        }
        return Units.TryGetValue(word, out Unit unit) ? Apply(unit, whole, fraction) : Bad();
    }

    private Error? YearsMonths(string number, bool negative)
    {
        int start = ++at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }
        if (!Number(number, negative, out long years, out _) || !Number(text[start..at], negative, out long more, out _))
        {
            return Bad();
        }
        months += (Int128)years * 12 + more;
        return Math.Abs(more) > 11 ? TypeErrors.DatetimeField(text) : null;
    }

    private Error? Time(string number, bool negative)
    {
        string[] fields = number.Split(':');
        if (fields.Length > 3)
        {
            return Bad();
        }
        long[] values = new long[3];
        double fraction = 0;
        for (int i = 0; i < fields.Length; i++)
        {
            if (!Number(fields[i], false, out values[i], out double part) || (part != 0 && i < fields.Length - 1))
            {
                return Bad();
            }
            fraction = part;
        }
        // With two fields and a fraction the fields are minutes and seconds.
        if (fields.Length == 2 && fields[1].Contains('.', StringComparison.Ordinal))
        {
            values = [0, values[0], values[1]];
        }
        if (values[1] > 59 || values[2] > 60)
        {
            return TypeErrors.IntervalField(text);
        }
        Int128 total =
            (Int128)values[0] * Calendar.MicrosPerHour + values[1] * Calendar.MicrosPerMinute
            + values[2] * Calendar.MicrosPerSecond + (long)Math.Round(fraction * 1e6);
        micros += negative ? -total : total;
        return null;
    }

    private static bool Number(string number, bool negative, out long whole, out double fraction)
    {
        fraction = 0;
        int point = number.IndexOf('.');
        ReadOnlySpan<char> head = point < 0 ? number : number.AsSpan(0, point);
        whole = 0;
        if (head.Length > 0 && !long.TryParse(head, NumberStyles.None, CultureInfo.InvariantCulture, out whole))
        {
            return false;
        }
        if (point >= 0 && number.Length > point + 1)
        {
            if (!double.TryParse(string.Concat("0", number.AsSpan(point)), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out fraction))
            {
                return false;
            }
        }
        if (negative)
        {
            (whole, fraction) = (-whole, -fraction);
        }
        return number.Length > 0 && number != ".";
    }

    private Error? Apply(Unit unit, long whole, double fraction)
    {
        switch (unit)
        {
            case >= Unit.Month:
                int scale = unit switch
                {
                    Unit.Month => 1,
                    Unit.Year => 12,
                    Unit.Decade => 120,
                    Unit.Century => 1200,
                    _ => 12_000,
                };
                months += (Int128)whole * scale;
                if (unit == Unit.Month)
                {
                    AddDays(fraction * 30);
                }
                else
                {
                    months += (long)Math.Round(fraction * scale);
                }
                break;
            case Unit.Week or Unit.Day:
                days += (Int128)whole * (unit == Unit.Week ? 7 : 1);
                AddDays(fraction * (unit == Unit.Week ? 7 : 1));
                break;
            default:
                long size = unit switch
                {
                    Unit.Hour => Calendar.MicrosPerHour,
                    Unit.Minute => Calendar.MicrosPerMinute,
                    Unit.Second => Calendar.MicrosPerSecond,
                    Unit.Millisecond => 1000,
                    _ => 1,
                };
                micros += (Int128)whole * size;
                AddMicros(fraction * size);
                break;
        }
        return null;
    }

    private void AddDays(double value)
    {
        long whole = (long)value;
        days += whole;
        AddMicros((value - whole) * Calendar.MicrosPerDay);
    }

    private void AddMicros(double value)
    {
        long whole = (long)value;
        double rest = value - whole;
        micros += whole + (rest > 0.5 ? 1 : rest < -0.5 ? -1 : 0);
    }

    // P[nY][nM][nW][nD][T[nH][nM][nS]]
    private Error? Iso(string iso)
    {
        bool time = false, any = false;
        for (int i = 1; i < iso.Length; )
        {
            if (iso[i] == 'T' && !time)
            {
                time = true;
                i++;
                continue;
            }
            bool negative = iso[i] == '-';
            int start = iso[i] is '+' or '-' ? i + 1 : i;
            int end = start;
            while (end < iso.Length && (char.IsAsciiDigit(iso[end]) || iso[end] == '.'))
            {
                end++;
            }
            if (end == iso.Length || !Number(iso[start..end], negative, out long whole, out double fraction))
            {
                return Bad();
            }
            Unit? unit = (iso[end], time) switch
            {
                ('Y', false) => Unit.Year,
                ('M', false) => Unit.Month,
                ('W', false) => Unit.Week,
                ('D', false) => Unit.Day,
                ('H', true) => Unit.Hour,
                ('M', true) => Unit.Minute,
                ('S', true) => Unit.Second,
                _ => null,
            };
            if (unit is null || Apply(unit.Value, whole, fraction) is not null)
            {
                return Bad();
            }
            any = true;
            i = end + 1;
        }
        return any ? null : Bad();
    }
}
