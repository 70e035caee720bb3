using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// Text to date, time, timestamp and timestamptz. A timestamptz without a zone is in the session's, and a timestamp's zone is
// read and thrown away, as in PostgreSQL.

internal static class DateTimeText
{
    public static Outcome<Datum> ParseDate(ReadOnlySpan<char> text, SessionTime session)
    {
        if (IsoText.TryDate(text, out long fast))
        {
            return Datum.Of(fast);
        }
        if (!DateTimeParser.Parse("date", text.ToString()).TryGet(out DateTimeParts parts, out Error error))
        {
            return error;
        }
        if (parts.Special != SpecialTime.None)
        {
            long special = Special(parts.Special, session, local: true);
            return Datum.Of(Calendar.IsInfinite(special) ? special : Calendar.Split(special).Days);
        }
        if (!parts.HasDate)
        {
            return TypeErrors.InvalidDatetime("date", text);
        }
        if (!parts.ToDays(text).TryGet(out long days, out error))
        {
            return error;
        }
        return Calendar.IsDate(days) ? Datum.Of(days) : TypeErrors.DatetimeRange("date", text);
    }

    public static Outcome<Datum> ParseTime(ReadOnlySpan<char> text, int? precision, SessionTime session)
    {
        if (IsoText.TryTime(text, out long fast))
        {
            return Datum.Of(RoundTo(fast, precision));
        }
        if (!DateTimeParser.Parse("time", text.ToString()).TryGet(out DateTimeParts parts, out Error error))
        {
            return error;
        }
        if (parts.Special == SpecialTime.Now)
        {
            return Datum.Of(RoundTo(Calendar.Split(session.Local).Micros, precision));
        }
        if (parts.TimeOfDay is null)
        {
            return TypeErrors.InvalidDatetime("time", text);
        }
        Outcome<long> time = parts.ToTimeOfDay(text);
        return time.TryGet(out long micros, out error) ? Datum.Of(RoundTo(micros, precision)) : error;
    }

    public static Outcome<Datum> ParseTimestamp(ReadOnlySpan<char> text, bool withZone, int? precision, SessionTime session)
    {
        long local;
        Zone? zone;
        string type = withZone ? "timestamp with time zone" : "timestamp";
        if (IsoText.TryTimestamp(text, out local, out long? offset))
        {
            long instant = !withZone ? local : offset is { } east ? local - east : session.ToUtc(local);
            return Datum.Of(RoundTo(instant, precision));
        }
        if (!DateTimeParser.Parse(type, text.ToString()).TryGet(out DateTimeParts parts, out Error error))
        {
            return error;
        }
        if (!parts.ToTimeOfDay(text).TryGet(out long time, out error))
        {
            return error;
        }
        zone = withZone ? parts.Zone ?? session.Zone : null;
        if (parts.Special != SpecialTime.None)
        {
            long special = Special(parts.Special, session, local: !withZone);
            bool day = parts.Special is SpecialTime.Today or SpecialTime.Tomorrow or SpecialTime.Yesterday;
            return Datum.Of(day ? (zone ?? TimeZones.Utc).ToUtc(special + time) : RoundTo(special, precision));
        }
        if (!parts.HasDate)
        {
            return TypeErrors.InvalidDatetime(type, text);
        }
        if (!parts.ToDays(text).TryGet(out long days, out error))
        {
            return error;
        }
        Int128 micros = (Int128)days * Calendar.MicrosPerDay + time;
        if (!Calendar.IsTimestamp(micros))
        {
            return TypeErrors.DatetimeRange("timestamp", text);
        }
        local = (long)micros;
        long utc = zone is null ? local : zone.ToUtc(local);
        return Calendar.IsTimestamp(utc) ? Datum.Of(RoundTo(utc, precision)) : TypeErrors.DatetimeRange("timestamp", text);
    }

    private static long Special(SpecialTime special, SessionTime session, bool local) =>
        special switch
        {
            SpecialTime.Infinity => Calendar.Infinity,
            SpecialTime.MinusInfinity => Calendar.MinusInfinity,
            SpecialTime.Epoch => -Calendar.UnixEpochDays * Calendar.MicrosPerDay,
            SpecialTime.Now => local ? session.Local : session.Instant,
            SpecialTime.Today => Midnight(session, 0),
            SpecialTime.Tomorrow => Midnight(session, 1),
            _ => Midnight(session, -1),
        };

    private static long Midnight(SessionTime session, int plusDays) =>
        (Calendar.Split(session.Local).Days + plusDays) * Calendar.MicrosPerDay;

    /// <summary>Rounds to a number of fractional digits, half away from zero.</summary>
    public static long RoundTo(long micros, int? precision)
    {
        if (precision is null or >= 6 || Calendar.IsInfinite(micros))
        {
            return micros;
        }
        long unit = 1;
        for (int i = precision.Value; i < 6; i++)
        {
            unit *= 10;
        }
        return micros >= 0 ? (micros + unit / 2) / unit * unit : -((-micros + unit / 2) / unit * unit);
    }
}
