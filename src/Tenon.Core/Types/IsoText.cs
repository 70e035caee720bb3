namespace Tenon.Core.Types;

// The fast way in for the form nearly every client sends: YYYY-MM-DD[ T]HH:MM[:SS[.ffffff]][Z|±HH[:MM]]. Answers false for
// anything else, valid or not; the tolerant parser then decides and words the error. Allocates nothing.

internal static class IsoText
{
    public static bool TryDate(ReadOnlySpan<char> s, out long days)
    {
        days = 0;
        if (
            s.Length != 10
            || s[4] != '-'
            || s[7] != '-'
            || !Digits(s[..4], out int year)
            || !Digits(s.Slice(5, 2), out int month)
            || !Digits(s.Slice(8, 2), out int day)
            || year == 0
            || month is 0 or > 12
            || day == 0
            || day > Calendar.DaysInMonth(year, month)
        )
        {
            return false;
        }
        days = Calendar.ToDays(year, month, day);
        return true;
    }

    /// <summary>HH:MM[:SS[.f…]] without a zone; 24:00 is left to the tolerant parser.</summary>
    public static bool TryTime(ReadOnlySpan<char> s, out long micros)
    {
        micros = 0;
        if (s.Length < 5 || s[2] != ':' || !Digits(s[..2], out int hour) || !Digits(s.Slice(3, 2), out int minute))
        {
            return false;
        }
        int second = 0;
        long fraction = 0;
        if (s.Length > 5)
        {
            if (s.Length < 8 || s[5] != ':' || !Digits(s.Slice(6, 2), out second))
            {
                return false;
            }
            if (s.Length > 8)
            {
                if (s[8] != '.' || s.Length is 9 or > 15 || !Digits(s[9..], out int digits))
                {
                    return false;
                }
                fraction = digits;
                for (int i = s.Length - 9; i < 6; i++)
                {
                    fraction *= 10;
                }
            }
        }
        micros =
            hour * Calendar.MicrosPerHour + minute * Calendar.MicrosPerMinute + second * Calendar.MicrosPerSecond + fraction;
        return hour < 24 && minute < 60 && second < 60;
    }

    /// <summary>A timestamp; <paramref name="offset"/> is microseconds east of UTC, null when no zone was written.</summary>
    public static bool TryTimestamp(ReadOnlySpan<char> s, out long local, out long? offset)
    {
        local = 0;
        offset = null;
        if (s.Length < 10 || !TryDate(s[..10], out long days))
        {
            return false;
        }
        local = days * Calendar.MicrosPerDay;
        if (s.Length == 10)
        {
            return true;
        }
        if (s[10] is not ('T' or ' '))
        {
            return false;
        }
        ReadOnlySpan<char> rest = s[11..];
        int zone = rest.IndexOfAny('+', '-', 'Z');
        if (zone >= 0 && !TryOffset(rest[zone..], out offset))
        {
            return false;
        }
        if (!TryTime(zone >= 0 ? rest[..zone] : rest, out long time))
        {
            return false;
        }
        local += time;
        return true;
    }

    private static bool TryOffset(ReadOnlySpan<char> s, out long? offset)
    {
        offset = 0;
        if (s is "Z")
        {
            return true;
        }
        int minutes = 0;
        if (s.Length is not (3 or 6) || !Digits(s.Slice(1, 2), out int hours) || hours > 15)
        {
            return false;
        }
        if (s.Length == 6 && (s[3] != ':' || !Digits(s.Slice(4, 2), out minutes) || minutes > 59))
        {
            return false;
        }
        long east = hours * Calendar.MicrosPerHour + minutes * Calendar.MicrosPerMinute;
        offset = s[0] == '-' ? -east : east;
        return s[0] is '+' or '-';
    }

    /// <summary>Digits after a point as microseconds. More than six are rounded as a double is, to even, as PostgreSQL does.</summary>
    public static long Fraction(ReadOnlySpan<char> digits)
    {
        long value = 0;
        for (int i = 0; i < 6; i++)
        {
            value = value * 10 + (i < digits.Length ? digits[i] - '0' : 0);
        }
        return digits.Length <= 6
            ? value
            : (long)Math.Round(double.Parse($"0.{digits}", System.Globalization.CultureInfo.InvariantCulture) * 1_000_000);
    }

    private static bool Digits(ReadOnlySpan<char> s, out int value)
    {
        value = 0;
        foreach (char c in s)
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }
            value = value * 10 + (c - '0');
        }
        return true;
    }
}
