namespace Tenon.Core.Types;

// The proleptic Gregorian calendar on PostgreSQL's scale: days and microseconds since 2000-01-01 UTC. .NET's DateTime
// ends at years 1 and 9999; PostgreSQL's dates run from 4713 BC to 5874897 AD, so the arithmetic is our own.

/// <summary>A moment taken apart. Year 0 is 1 BC, as in astronomers' counting.</summary>
internal readonly record struct CivilDate(int Year, int Month, int Day);

internal static class Calendar
{
    public const long MicrosPerSecond = 1_000_000;
    public const long MicrosPerMinute = 60 * MicrosPerSecond;
    public const long MicrosPerHour = 60 * MicrosPerMinute;
    public const long MicrosPerDay = 24 * MicrosPerHour;

    public const long Infinity = long.MaxValue;
    public const long MinusInfinity = long.MinValue;

    /// <summary>Days from 0000-03-01 to 2000-01-01.</summary>
    private const int EpochShift = 730_425;

    /// <summary>Julian day number of 2000-01-01.</summary>
    public const int EpochJulian = 2_451_545;

    /// <summary>Days from 1970-01-01 to 2000-01-01.</summary>
    public const int UnixEpochDays = 10_957;

    public const long MinDate = -EpochJulian;
    public const long EndDate = 2_145_031_949;

    /// <summary>4714-11-24 BC, the first microsecond of a timestamp.</summary>
    public const long MinTimestamp = -211_813_488_000_000_000;

    /// <summary>294277-01-01, one past the last.</summary>
    public const long EndTimestamp = 9_223_371_331_200_000_000;

    public static bool IsInfinite(long value) => value is Infinity or MinusInfinity;

    public static bool IsLeap(int year) => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    public static int DaysInMonth(int year, int month) =>
        month switch
        {
            2 => IsLeap(year) ? 29 : 28,
            4 or 6 or 9 or 11 => 30,
            _ => 31,
        };

    /// <summary>Days since 2000-01-01. Months outside 1..12 are not accepted.</summary>
    public static long ToDays(int year, int month, int day)
    {
        long y = month <= 2 ? year - 1L : year;
        long era = Math.DivRem(y >= 0 ? y : y - 399, 400, out _);
        long yearOfEra = y - era * 400;
        long dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
        long dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
        return era * 146_097 + dayOfEra - EpochShift;
    }

    public static CivilDate FromDays(long days)
    {
        long z = days + EpochShift;
        long era = (z >= 0 ? z : z - 146_096) / 146_097;
        long dayOfEra = z - era * 146_097;
        long yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        long dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        long shifted = (5 * dayOfYear + 2) / 153;
        int day = (int)(dayOfYear - (153 * shifted + 2) / 5) + 1;
        int month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
        return new CivilDate((int)(yearOfEra + era * 400 + (month <= 2 ? 1 : 0)), month, day);
    }

    /// <summary>Splits a timestamp into whole days and the microseconds of the day (never negative).</summary>
    public static (long Days, long Micros) Split(long timestamp)
    {
        long days = Math.DivRem(timestamp, MicrosPerDay, out long micros);
        return micros < 0 ? (days - 1, micros + MicrosPerDay) : (days, micros);
    }

    public static bool IsDate(Int128 days) => days >= MinDate && days < EndDate;

    public static bool IsTimestamp(Int128 micros) => micros >= MinTimestamp && micros < EndTimestamp;

    /// <summary>0 = Sunday.</summary>
    public static int DayOfWeek(long days)
    {
        int day = (int)((days + 6) % 7);
        return day < 0 ? day + 7 : day;
    }

    public static int DayOfYear(CivilDate date) =>
        (int)(ToDays(date.Year, date.Month, date.Day) - ToDays(date.Year, 1, 1)) + 1;

    /// <summary>First day (Monday) of ISO week 1 of a year.</summary>
    public static long IsoYearStart(int year)
    {
        long fourth = ToDays(year, 1, 4);
        return fourth - (DayOfWeek(fourth) + 6) % 7;
    }

    public static (int Year, int Week) IsoWeek(long days)
    {
        int year = FromDays(days).Year;
        if (days < IsoYearStart(year))
        {
            year--;
        }
        else if (days >= IsoYearStart(year + 1))
        {
            year++;
        }
        return (year, (int)((days - IsoYearStart(year)) / 7) + 1);
    }

    /// <summary>Microseconds since 2000-01-01 of a point on the system's scale.</summary>
    public static long FromInstant(DateTimeOffset instant) =>
        (instant.UtcTicks - Epoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);
}
