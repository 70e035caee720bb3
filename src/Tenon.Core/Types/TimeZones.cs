using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// Time zones by every spelling PostgreSQL takes: a name of the tz database, a well-known abbreviation, or a POSIX
// offset (whose sign runs the other way: 'UTC+3' is three hours west). A session is in UTC unless its request names a zone.

/// <summary>A zone: either a fixed offset or the rules of the tz database.</summary>
internal sealed class Zone
{
    private readonly TimeZoneInfo? rules;
    private readonly long offset;

    public Zone(long offset) => this.offset = offset;

    public Zone(TimeZoneInfo rules) => this.rules = rules;

    /// <summary>The same distance from UTC at any time: no rules of the tz database, which change.</summary>
    public bool IsFixed => rules is null;

    /// <summary>Microseconds east of UTC at an instant.</summary>
    public long OffsetAt(long utc) => Calendar.IsInfinite(utc) ? 0 : rules is null ? offset : Micros(rules.GetUtcOffset(ToDateTime(utc, out _)));

    /// <summary>The instant of a local time. In a gap the offset before it counts, in an overlap standard time does.</summary>
    public long ToUtc(long local)
    {
        if (rules is null || Calendar.IsInfinite(local))
        {
            return Calendar.IsInfinite(local) ? local : local - offset;
        }
        DateTime time = DateTime.SpecifyKind(ToDateTime(local, out _), DateTimeKind.Unspecified);
        if (rules.IsInvalidTime(time))
        {
            return local - Micros(rules.GetUtcOffset(DateTime.SpecifyKind(time - TimeSpan.FromDays(1), DateTimeKind.Unspecified)));
        }
        return local - Micros(rules.GetUtcOffset(time));
    }

    private static long Micros(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;

    // Outside DateTime's years the rules of the same year in a 400-year cycle stand in.
    private static DateTime ToDateTime(long micros, out long cycles)
    {
        const long cycle = 146_097 * Calendar.MicrosPerDay;
        const long first = -1900L * 365 * Calendar.MicrosPerDay;
        const long last = 7900L * 365 * Calendar.MicrosPerDay;
        cycles = 0;
        if (micros < first)
        {
            cycles = (micros - first) / cycle - 1;
        }
        else if (micros > last)
        {
            cycles = (micros - last) / cycle + 1;
        }
        return Calendar.Epoch.AddTicks((micros - cycles * cycle) * TimeSpan.TicksPerMicrosecond);
    }
}

internal static class TimeZones
{
    public static readonly Zone Utc = new(0);

    private static readonly ConcurrentDictionary<string, Zone?> Known = new(StringComparer.OrdinalIgnoreCase);
    private const int KnownLimit = 4096;

    private static readonly FrozenDictionary<string, int> Abbreviations = new Dictionary<string, int>
    {
        ["utc"] = 0, ["gmt"] = 0, ["z"] = 0, ["zulu"] = 0, ["uct"] = 0, ["ut"] = 0, ["wet"] = 0, ["west"] = 60, ["bst"] = 60,
        ["cet"] = 60, ["cest"] = 120, ["met"] = 60, ["mest"] = 120, ["eet"] = 120, ["eest"] = 180, ["msk"] = 180,
        ["ist"] = 120, ["sast"] = 120, ["jst"] = 540, ["kst"] = 540, ["awst"] = 480, ["acst"] = 570, ["acdt"] = 630,
        ["aest"] = 600, ["aedt"] = 660, ["nzst"] = 720, ["nzdt"] = 780, ["hst"] = -600, ["akst"] = -540, ["akdt"] = -480,
        ["pst"] = -480, ["pdt"] = -420, ["mst"] = -420, ["mdt"] = -360, ["cst"] = -360, ["cdt"] = -300, ["est"] = -300,
        ["edt"] = -240, ["ast"] = -240, ["adt"] = -180, ["nst"] = -210, ["ndt"] = -150, ["brt"] = -180, ["art"] = -180,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static bool TryAbbreviation(string name, out long offset)
    {
        bool known = Abbreviations.TryGetValue(name, out int minutes);
        offset = minutes * Calendar.MicrosPerMinute;
        return known;
    }

    /// <summary>The zone of a name as timezone() and AT TIME ZONE take it.</summary>
    public static Outcome<Zone> Find(string name)
    {
        if (TryAbbreviation(name, out long offset))
        {
            return new Zone(offset);
        }
        return Rules(name) is { } zone ? zone : TypeErrors.UnknownZone(name);
    }

    /// <summary>
    /// The zone of a name as SET TIME ZONE takes it: no abbreviations, and a number is hours east. Null is UTC.
    /// </summary>
    public static Outcome<Zone?> OfSession(string name)
    {
        if (double.TryParse(name, NumberStyles.Float, CultureInfo.InvariantCulture, out double hours))
        {
            return Math.Abs(hours) < 100 ? Fixed((long)(hours * 3600) * Calendar.MicrosPerSecond, name) : TypeErrors.SessionZone(name);
        }
        // Windows' own names, which .NET knows too, have blanks; those of the tz database have none.
        if (name.Contains(' ', StringComparison.Ordinal))
        {
            return TypeErrors.SessionZone(name);
        }
        if (TryPosix(name, out long offset))
        {
            return Fixed(offset, name);
        }
        return Rules(name) is { } zone ? (name.Equals("UTC", StringComparison.OrdinalIgnoreCase) ? null : zone) : TypeErrors.SessionZone(name);
    }

    private static Outcome<Zone?> Fixed(long offset, string name) =>
        offset % Calendar.MicrosPerMinute != 0 ? TypeErrors.LeapSeconds(name)
        : offset == 0 ? (Zone?)null
        : new Zone(offset);

    private static Zone? Rules(string name)
    {
        if (!Known.TryGetValue(name, out Zone? zone))
        {
            zone = Load(name);
            if (Known.Count < KnownLimit)
            {
                Known[name] = zone;
            }
        }
        return zone;
    }

    private static Zone? Load(string name)
    {
        if (TryPosix(name, out long offset))
        {
            return new Zone(offset);
        }
        if (name.Length is 0 or > 64 || name.Contains("..", StringComparison.Ordinal) || name[0] is '/' or '.')
        {
            return null;
        }
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? rules)
            || (Canonical(name) is { } canonical && TimeZoneInfo.TryFindSystemTimeZoneById(canonical, out rules))
            ? new Zone(rules)
            : null;
    }

    // The tz database is a folder of files; PostgreSQL finds its names whatever their case.
    private static string? Canonical(string name) =>
        TimeZoneInfo
            .GetSystemTimeZones(skipSorting: true)
            .FirstOrDefault(z => string.Equals(z.Id, name, StringComparison.OrdinalIgnoreCase))
            ?.Id;

    private static bool TryPosix(string name, out long offset)
    {
        offset = 0;
        int at = 0;
        while (at < name.Length && char.IsAsciiLetter(name[at]))
        {
            at++;
        }
        if (at >= name.Length || at is 1 or 2)
        {
            return false;
        }
        int sign = name[at] == '-' ? 1 : -1;
        if (name[at] is '+' or '-')
        {
            at++;
        }
        string[] parts = name[at..].Split(':');
        if (parts.Length > 3 || parts.Any(p => p.Length is 0 or > 2 || !p.All(char.IsAsciiDigit)))
        {
            return false;
        }
        long seconds = 0;
        for (int i = 0; i < 3; i++)
        {
            seconds = seconds * 60 + (i < parts.Length ? int.Parse(parts[i], CultureInfo.InvariantCulture) : 0);
        }
        offset = sign * seconds * Calendar.MicrosPerSecond;
        return seconds <= 24 * 3600;
    }
}
