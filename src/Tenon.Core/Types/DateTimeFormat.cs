namespace Tenon.Core.Types;

// Dates and times as ISO text into bytes: YYYY-MM-DD[x]HH:MM:SS[.ffffff][zone][ BC], fraction without trailing zeros.
internal static class DateTimeFormat
{
    public static int Date(long days, Span<byte> into)
    {
        if (Infinite(days, into, out int length))
        {
            return length;
        }
        CivilDate date = Calendar.FromDays(days);
        length = Civil(date, into);
        return length + Era(date, into[length..]);
    }

    public static int Timestamp(long micros, byte separator, ReadOnlySpan<char> zone, Span<byte> into)
    {
        if (Infinite(micros, into, out int length))
        {
            return length;
        }
        (long days, long time) = Calendar.Split(micros);
        CivilDate date = Calendar.FromDays(days);
        length = Civil(date, into);
        into[length++] = separator;
        length += Time(time, into[length..]);
        foreach (char c in zone)
        {
            into[length++] = (byte)c;
        }
        return length + Era(date, into[length..]);
    }

    public const int MaxOffset = 9;

    /// <summary>±HH:MM[:SS] of microseconds east of UTC; the shortest form, that of text, leaves :00 minutes out.</summary>
    public static int Offset(long east, bool shortest, Span<char> into)
    {
        (int minutes, int seconds) = Math.DivRem((int)(Math.Abs(east) / Calendar.MicrosPerSecond), 60);
        into[0] = east < 0 ? '-' : '+';
        Two(minutes / 60, into[1..]);
        if (shortest && minutes % 60 == 0 && seconds == 0)
        {
            return 3;
        }
        into[3] = ':';
        Two(minutes % 60, into[4..]);
        if (seconds == 0)
        {
            return 6;
        }
        into[6] = ':';
        Two(seconds, into[7..]);
        return MaxOffset;
    }

    public static int Time(long micros, Span<byte> into)
    {
        (long seconds, long fraction) = Math.DivRem(micros, Calendar.MicrosPerSecond);
        Two((int)(seconds / 3600), into);
        into[2] = (byte)':';
        Two((int)(seconds / 60 % 60), into[3..]);
        into[5] = (byte)':';
        Two((int)(seconds % 60), into[6..]);
        if (fraction == 0)
        {
            return 8;
        }
        into[8] = (byte)'.';
        int rest = (int)fraction;
        for (int i = 14; i > 8; i--)
        {
            into[i] = (byte)('0' + rest % 10);
            rest /= 10;
        }
        int length = 15;
        while (into[length - 1] == '0')
        {
            length--;
        }
        return length;
    }

    private static int Civil(CivilDate date, Span<byte> into)
    {
        int year = date.Year > 0 ? date.Year : 1 - date.Year;
        int length = 4;
        if (year > 9999)
        {
            length = JsonText.WriteInteger(year, into);
        }
        else
        {
            Two(year / 100, into);
            Two(year % 100, into[2..]);
        }
        into[length] = (byte)'-';
        Two(date.Month, into[(length + 1)..]);
        into[length + 3] = (byte)'-';
        Two(date.Day, into[(length + 4)..]);
        return length + 6;
    }

    private static int Era(CivilDate date, Span<byte> into)
    {
        if (date.Year > 0)
        {
            return 0;
        }
        " BC"u8.CopyTo(into);
        return 3;
    }

    private static bool Infinite(long value, Span<byte> into, out int length)
    {
        ReadOnlySpan<byte> word =
            value == Calendar.Infinity ? "infinity"u8
            : value == Calendar.MinusInfinity ? "-infinity"u8
            : default;
        word.CopyTo(into);
        length = word.Length;
        return length > 0;
    }

    private static void Two(int value, Span<char> into)
    {
        into[0] = (char)('0' + value / 10);
        into[1] = (char)('0' + value % 10);
    }

    private static void Two(int value, Span<byte> into)
    {
        into[0] = (byte)('0' + value / 10);
        into[1] = (byte)('0' + value % 10);
    }
}
