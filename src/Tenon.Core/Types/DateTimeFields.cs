using System.Numerics;
using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// extract, date_part and date_trunc: the named parts of a moment or a span.

internal static class DateTimeFields
{
    private static readonly Dictionary<string, string> Synonyms = BuildSynonyms();

    private static Dictionary<string, string> BuildSynonyms()
    {
        var names = new Dictionary<string, string>();
        void Add(string canonical, string others)
        {
            foreach (string name in $"{canonical} {others}".Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                names[name] = canonical;
            }
        }
        Add("microseconds", "us usec usecs useconds microsecond");
        Add("milliseconds", "ms msec msecs mseconds millisecond");
        Add("second", "s sec secs seconds");
        Add("minute", "m min mins minutes");
        Add("hour", "h hr hrs hours");
        Add("day", "d days");
        Add("week", "w weeks");
        Add("month", "mon mons months");
        Add("quarter", "qtr");
        Add("year", "y yr yrs years");
        Add("decade", "dec decades decs");
        Add("century", "c cent centuries");
        Add("millennium", "mil mils millennia");
        foreach (string single in new[] { "julian", "isoyear", "dow", "isodow", "doy", "epoch", "timezone", "timezone_hour", "timezone_minute" })
        {
            Add(single, "");
        }
        return names;
    }

    public static Error Unknown(string field, LogicalType type) =>
        new(ErrorCodes.InvalidParameterValue, $"unit \"{field.ToLowerInvariant()}\" not recognized for type {type.SqlName}");

    private static Error Unsupported(string field, LogicalType type) =>
        new(ErrorCodes.FeatureNotSupported, $"unit \"{field.ToLowerInvariant()}\" not supported for type {type.SqlName}");

    /// <summary>A part as an exact number; NULL for a part that an infinity does not have.</summary>
    public static Outcome<Datum> Extract(string field, LogicalType type, Datum value)
    {
        if (!Synonyms.TryGetValue(field.ToLowerInvariant(), out string? part))
        {
            return Unknown(field, type);
        }
        Outcome<Numeric?> number = type.Kind switch
        {
            TypeKind.Interval => OfInterval(part, value.Interval),
            TypeKind.Time => OfTime(part, value.Integer),
            _ when Calendar.IsInfinite(value.Integer) => OfInfinity(part, type),
            TypeKind.Date => OfDate(part, value.Integer),
            _ => OfTimestamp(part, value.Integer, type.Kind == TypeKind.TimestampTz),
        };
        if (!number.TryGet(out Numeric? result, out Error error))
        {
            return ReferenceEquals(error, NotThere) ? Unsupported(field, type) : error;
        }
        return result is null ? Datum.Null : Datum.Of(result);
    }

    private static readonly Error NotThere = new(ErrorCodes.FeatureNotSupported, "unit not supported");

    /// <summary>Parts that grow with time, and so are infinite where the moment is.</summary>
    public static bool IsMonotonic(string field) =>
        Synonyms.TryGetValue(field.ToLowerInvariant(), out string? part)
        && part is "year" or "decade" or "century" or "millennium" or "julian" or "isoyear" or "epoch";

    // Names that only extract knows: date_trunc calls them unknown, not unsupported.
    private static bool IsPartOnly(string part) =>
        part is "dow" or "isodow" or "doy" or "isoyear" or "julian" or "epoch" || part.StartsWith("timezone", StringComparison.Ordinal);

    private static Outcome<Numeric?> OfInfinity(string part, LogicalType type) =>
        part is "year" or "decade" or "century" or "millennium" or "julian" or "isoyear" or "epoch" ? TypeErrors.InfiniteNumeric()
        : type.Kind == TypeKind.Date && !IsDatePart(part) ? NotThere
        : type.Kind == TypeKind.Timestamp && part.StartsWith("timezone", StringComparison.Ordinal) ? NotThere
        : (Numeric?)null;

    private static bool IsDatePart(string part) =>
        part is "day" or "month" or "quarter" or "week" or "dow" or "isodow" or "doy" or "year" or "decade" or "century"
            or "millennium" or "julian" or "isoyear" or "epoch";

    private static Outcome<Numeric?> OfDate(string part, long days) =>
        part == "epoch" ? Numeric.Of((days + Calendar.UnixEpochDays) * 86_400)
        : part == "julian" ? Numeric.Of(days + Calendar.EpochJulian)
        : DatePart(part, days) is { } number ? Numeric.Of(number)
        : NotThere;

    private static Outcome<Numeric?> OfTimestamp(string part, long micros, bool zoned)
    {
        (long days, long time) = Calendar.Split(micros);
        if (part == "epoch")
        {
            return new Numeric((BigInteger)micros + (BigInteger)Calendar.UnixEpochDays * Calendar.MicrosPerDay, 6);
        }
        if (part == "julian")
        {
            // As there: the day plus the time divided at the scale of a numeric quotient.
            Numeric fraction = Numeric.Divide(Numeric.Of(time), Numeric.Of(Calendar.MicrosPerDay)).Value;
            return Numeric.Add(Numeric.Of(days + Calendar.EpochJulian), fraction).Value;
        }
        if (zoned && part.StartsWith("timezone", StringComparison.Ordinal))
        {
            return Numeric.Zero;
        }
        return DatePart(part, days) is { } number ? Numeric.Of(number) : TimePart(part, time) is { } clock ? clock : NotThere;
    }

    private static Outcome<Numeric?> OfTime(string part, long micros) =>
        part == "epoch" ? new Numeric(micros, 6) : TimePart(part, micros) is { } clock ? clock : NotThere;

    private static Numeric? TimePart(string part, long micros) =>
        part switch
        {
            "microseconds" => Numeric.Of(micros % Calendar.MicrosPerMinute),
            "milliseconds" => new Numeric(micros % Calendar.MicrosPerMinute, 3),
            "second" => new Numeric(micros % Calendar.MicrosPerMinute, 6),
            "minute" => Numeric.Of(micros / Calendar.MicrosPerMinute % 60),
            "hour" => Numeric.Of(micros / Calendar.MicrosPerHour),
            _ => null,
        };

    private static long? DatePart(string part, long days)
    {
        CivilDate date = Calendar.FromDays(days);
        int year = date.Year;
        return part switch
        {
            "day" => date.Day,
            "month" => date.Month,
            "quarter" => (date.Month - 1) / 3 + 1,
            "week" => Calendar.IsoWeek(days).Week,
            "year" => year > 0 ? year : year - 1,
            "isoyear" => Calendar.IsoWeek(days).Year is var iso && iso > 0 ? iso : iso - 1,
            "decade" => year >= 0 ? year / 10 : -((8 - (year - 1)) / 10),
            "century" => year > 0 ? (year + 99) / 100 : -((99 - (year - 1)) / 100),
            "millennium" => year > 0 ? (year + 999) / 1000 : -((999 - (year - 1)) / 1000),
            "dow" => Calendar.DayOfWeek(days),
            "isodow" => (Calendar.DayOfWeek(days) + 6) % 7 + 1,
            "doy" => Calendar.DayOfYear(date),
            _ => null,
        };
    }

    private static Outcome<Numeric?> OfInterval(string part, Interval span)
    {
        int years = span.Months / 12, months = span.Months % 12;
        switch (part)
        {
            case "day":
                return Numeric.Of(span.Days);
            case "month":
                return Numeric.Of(months);
            case "quarter":
                return Numeric.Of(months / 3 + 1);
            case "year":
                return Numeric.Of(years);
            case "decade" or "century" or "millennium":
                return Numeric.Of(years / (part == "decade" ? 10 : part == "century" ? 100 : 1000));
            case "hour":
                return Numeric.Of(span.Microseconds / Calendar.MicrosPerHour);
            case "epoch":
                // A year counts 365.25 days, a month 30.
                BigInteger seconds = (BigInteger)years * 31_557_600 + (BigInteger)months * 2_592_000 + (BigInteger)span.Days * 86_400;
                return new Numeric(seconds * 1_000_000 + span.Microseconds, 6);
        }
        return TimePart(part, span.Microseconds) is { } clock ? clock : NotThere;
    }

    /// <summary>date_trunc of a timestamp.</summary>
    public static Outcome<long> Truncate(string field, LogicalType type, long micros)
    {
        if (Calendar.IsInfinite(micros))
        {
            return micros;
        }
        if (!Synonyms.TryGetValue(field.ToLowerInvariant(), out string? part) || IsPartOnly(part))
        {
            return Unknown(field, type);
        }
        (long days, long time) = Calendar.Split(micros);
        if (TimeUnit(part) is { } unit)
        {
            return micros - time % unit;
        }
        CivilDate date = Calendar.FromDays(days);
        int year = date.Year;
        long? start = part switch
        {
            "day" => days,
            "week" => days - (Calendar.DayOfWeek(days) + 6) % 7,
            "month" => Calendar.ToDays(year, date.Month, 1),
            "quarter" => Calendar.ToDays(year, (date.Month - 1) / 3 * 3 + 1, 1),
            "year" => Calendar.ToDays(year, 1, 1),
            "decade" => Calendar.ToDays(year > 0 ? year / 10 * 10 : -((8 - (year - 1)) / 10) * 10, 1, 1),
            "century" => Calendar.ToDays(year > 0 ? (year + 99) / 100 * 100 - 99 : -((99 - (year - 1)) / 100) * 100 + 1, 1, 1),
            "millennium" => Calendar.ToDays(year > 0 ? (year + 999) / 1000 * 1000 - 999 : -((999 - (year - 1)) / 1000) * 1000 + 1, 1, 1),
            _ => null,
        };
        return start is null ? Unsupported(field, type)
            : Calendar.IsTimestamp((Int128)start.Value * Calendar.MicrosPerDay) ? start.Value * Calendar.MicrosPerDay
            : TypeErrors.DatetimeRange("timestamp");
    }

    private static long? TimeUnit(string part) =>
        part switch
        {
            "microseconds" => 1,
            "milliseconds" => 1000,
            "second" => Calendar.MicrosPerSecond,
            "minute" => Calendar.MicrosPerMinute,
            "hour" => Calendar.MicrosPerHour,
            _ => null,
        };

    /// <summary>date_trunc of an interval.</summary>
    public static Outcome<Interval> Truncate(string field, Interval span)
    {
        if (!Synonyms.TryGetValue(field.ToLowerInvariant(), out string? part) || IsPartOnly(part))
        {
            return Unknown(field, LogicalType.Interval);
        }
        if (TimeUnit(part) is { } unit)
        {
            return span with { Microseconds = span.Microseconds - span.Microseconds % unit };
        }
        int months = part switch
        {
            "day" or "month" => span.Months,
            "quarter" => span.Months / 3 * 3,
            "year" => span.Months / 12 * 12,
            "decade" => span.Months / 120 * 120,
            "century" => span.Months / 1200 * 1200,
            "millennium" => span.Months / 12_000 * 12_000,
            _ => -1,
        };
        bool known = part is "day" or "month" or "quarter" or "year" or "decade" or "century" or "millennium";
        return known ? new Interval(months, part == "day" ? span.Days : 0, 0) : Unsupported(field, LogicalType.Interval);
    }
}
