using System.Globalization;
using System.Text;
using Tenon.Core.Errors;

namespace Tenon.Core.Types;

/// <summary>The moment or span that to_char formats, taken apart. A span has no weekday, no day of the year and no zone.</summary>
internal readonly record struct TemplateFields(int Year, int Month, int Day, long Micros, bool IsInterval, bool HasZone)
{
    public long Days { get; init; }

    public static TemplateFields OfTimestamp(long timestamp, bool hasZone)
    {
        (long days, long micros) = Calendar.Split(timestamp);
        CivilDate date = Calendar.FromDays(days);
        return new(date.Year, date.Month, date.Day, micros, false, hasZone) { Days = days };
    }

    public static TemplateFields OfInterval(Interval span) => new(span.Months / 12, span.Months % 12, span.Days, span.Microseconds, true, false);

    public long Hour => Micros / Calendar.MicrosPerHour;
    public long Minute => Micros / Calendar.MicrosPerMinute % 60;
    public long Second => Micros / Calendar.MicrosPerSecond % 60;
    public long Fraction => Micros % Calendar.MicrosPerSecond;
    public int DayOfYear => Calendar.DayOfYear(new CivilDate(Year, Month, Day));

    /// <summary>The year as people count it: 1 BC is year 0 of the calendar.</summary>
    public int ShownYear => IsInterval || Year > 0 ? Year : 1 - Year;
}

/// <summary>to_char's templates for dates and times (PostgreSQL's "Template Patterns for Date/Time Formatting").</summary>
internal static class DateTimeTemplate
{
    private static readonly string[] Months =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    private static readonly string[] Days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    private static readonly string[] Roman = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];

    // Longer ones stand before those they begin with. Words exist as they are and in lower case; names also capitalised.
    private static readonly string[] Upper =
    [
        "A.D.", "A.M.", "AD", "AM", "B.C.", "BC", "CC", "DAY", "DDD", "DD", "DY", "Day", "Dy", "D", "FF1", "FF2", "FF3", "FF4", "FF5",
        "FF6", "FX", "HH24", "HH12", "HH", "IDDD", "ID", "IW", "IYYY", "IYY", "IY", "I", "J", "MI", "MM", "MONTH", "MON", "MS", "Month",
        "Mon", "OF", "P.M.", "PM", "Q", "RM", "SSSSS", "SSSS", "SS", "TZH", "TZM", "TZ", "US", "WW", "W", "Y,YYY", "YYYY", "YYY", "YY", "Y",
    ];
    private static readonly string[] Words = [.. Upper, .. Upper.Where(w => !char.IsLower(w[^1])).Select(w => w.ToLowerInvariant())];

    public static Outcome<string> Format(string template, TemplateFields at)
    {
        var output = new StringBuilder(template.Length + 16);
        for (int i = 0; i < template.Length; )
        {
            if (template[i] == '"')
            {
                i = Quoted(template, i + 1, output);
                continue;
            }
            bool fill = Prefix(template, ref i);
            if (WordAt(template, i) is not { } word)
            {
                i += template[i] == '\\' && i + 1 < template.Length && template[i + 1] == '"' ? 1 : 0;
                output.Append(template[i++]);
                continue;
            }
            i += word.Length;
            int before = output.Length;
            if (Append(word, at, fill, output) is { } error)
            {
                return error;
            }
            i += Suffix(template, i, output, before);
        }
        return output.ToString();
    }

    private static int Quoted(string template, int i, StringBuilder output)
    {
        for (; i < template.Length && template[i] != '"'; i++)
        {
            i += template[i] == '\\' && i + 1 < template.Length ? 1 : 0;
            output.Append(template[i]);
        }
        return i + 1;
    }

    /// <summary>FM in front of a word: no padding. TM and FX mean nothing here.</summary>
    private static bool Prefix(string template, ref int i)
    {
        bool fill = false;
        while (i + 2 < template.Length && template.AsSpan(i, 2) is "FM" or "fm" or "TM" or "tm")
        {
            if (WordAt(template, i + 2) is null)
            {
                break;
            }
            fill |= template[i] is 'F' or 'f';
            i += 2;
        }
        return fill;
    }

    private static string? WordAt(string template, int at) =>
        Array.Find(Words, w => template.AsSpan(at).StartsWith(w, StringComparison.Ordinal));

    /// <summary>TH or th behind a number.</summary>
    private static int Suffix(string template, int at, StringBuilder output, int from)
    {
        if (at + 2 > template.Length || template.AsSpan(at, 2) is not ("TH" or "th") || output.Length == from || !char.IsAsciiDigit(output[^1]))
        {
            return 0;
        }
        bool teen = output.Length - from > 1 && output[^2] == '1';
        string ordinal = teen ? "th" : output[^1] switch { '1' => "st", '2' => "nd", '3' => "rd", _ => "th" };
        output.Append(template[at] == 'T' ? ordinal.ToUpperInvariant() : ordinal);
        return 2;
    }

    private static Error? Append(string word, TemplateFields at, bool fill, StringBuilder output)
    {
        string upper = word.ToUpperInvariant();
        if (at.IsInterval && upper is "DAY" or "DY" or "D" or "DDD" or "IDDD" or "ID" or "IW" or "IYYY" or "IYY" or "IY" or "I" or "W" or "WW" or "J" or "TZ" or "TZH" or "TZM" or "OF" or "AD" or "BC" or "A.D." or "B.C.")
        {
            if (at.IsInterval)
            {
                return new Error(ErrorCodes.InvalidDatetime, "invalid format specification for an interval value", null, "Intervals are not tied to specific calendar dates.");
            }
        }
        if (Name(word, upper, at, fill) is { } name)
        {
            output.Append(name);
            return null;
        }
        (long value, int width) = Number(upper, at);
        if (upper is "FX")
        {
            return null;
        }
        if (upper == "Y,YYY")
        {
            output.Append(CultureInfo.InvariantCulture, $"{at.ShownYear / 1000},{at.ShownYear % 1000:000}");
            return null;
        }
        // The sign takes one of the places of a day and of a fraction, and is one more in front of everything else.
        bool takes = value < 0 && upper is "DD" or "MS" or "US" || upper.StartsWith("FF", StringComparison.Ordinal);
        output.Append(Padded(value, fill ? 0 : takes && value < 0 ? width - 1 : width));
        return null;
    }

    /// <summary>At least this many digits behind the sign.</summary>
    private static string Padded(long value, int width)
    {
        string digits = Math.Abs(value).ToString(CultureInfo.InvariantCulture).PadLeft(width, '0');
        return value < 0 ? "-" + digits : digits;
    }

    private static (long Value, int Width) Number(string word, TemplateFields at) =>
        word switch
        {
            "HH" or "HH12" => (at.Hour % 12 == 0 ? 12 : at.Hour % 12, 2),
            "HH24" => (at.Hour, 2),
            "MI" => (at.Minute, 2),
            "SS" => (at.Second, 2),
            "MS" => (at.Fraction / 1000, 3),
            "US" => (at.Fraction, 6),
            ['F', 'F', var digit] => (at.Fraction / (long)Math.Pow(10, 6 - (digit - '0')), digit - '0'),
            "SSSS" or "SSSSS" => (at.Micros / Calendar.MicrosPerSecond, 0),
            "YYYY" => (at.ShownYear, 4),
            "YYY" => (at.ShownYear % 1000, 3),
            "YY" => (at.ShownYear % 100, 2),
            "Y" => (at.ShownYear % 10, 1),
            "IYYY" => (IsoYear(at), 4),
            "IYY" => (IsoYear(at) % 1000, 3),
            "IY" => (IsoYear(at) % 100, 2),
            "I" => (IsoYear(at) % 10, 1),
            "MM" => (at.Month, 2),
            "DD" => (at.Day, 2),
            "DDD" => (at.DayOfYear, 3),
            "IDDD" => (at.Days - Calendar.IsoYearStart(Calendar.IsoWeek(at.Days).Year) + 1, 3),
            "D" => (Calendar.DayOfWeek(at.Days) + 1, 0),
            "ID" => (Calendar.DayOfWeek(at.Days) is 0 ? 7 : Calendar.DayOfWeek(at.Days), 0),
            "W" => ((at.Day - 1) / 7 + 1, 0),
            "WW" => ((at.DayOfYear - 1) / 7 + 1, 2),
            "IW" => (Calendar.IsoWeek(at.Days).Week, 2),
            "Q" => ((at.Month - 1) / 3 + 1, 0),
            "J" => (at.Days + Calendar.EpochJulian, 0),
            "CC" => (Century(at), 2),
            _ => (0, 0),
        };

    private static int IsoYear(TemplateFields at)
    {
        int year = Calendar.IsoWeek(at.Days).Year;
        return year > 0 ? year : 1 - year;
    }

    private static int Century(TemplateFields at) =>
        at.IsInterval ? at.Year / 100 : at.Year > 0 ? (at.Year - 1) / 100 + 1 : at.Year / 100 - 1;

    /// <summary>Words that stand for a name or a mark; null for numbers.</summary>
    private static string? Name(string word, string upper, TemplateFields at, bool fill)
    {
        switch (upper)
        {
            case "MONTH" or "MON" or "RM" when at.Month == 0:
                return "";
            case "MONTH":
                return Cased(word, Pad(Months[Math.Abs(at.Month) - 1], fill, 9));
            case "MON":
                return Cased(word, Months[Math.Abs(at.Month) - 1][..3]);
            case "DAY":
                return Cased(word, Pad(Days[Calendar.DayOfWeek(at.Days)], fill, 9));
            case "DY":
                return Cased(word, Days[Calendar.DayOfWeek(at.Days)][..3]);
            case "RM":
                return Cased(word, Pad(Roman[Math.Abs(at.Month) - 1], fill, 4));
            case "AM" or "PM":
                return Cased(word, at.Hour % 24 >= 12 ? "PM" : "AM");
            case "A.M." or "P.M.":
                return Cased(word, at.Hour % 24 >= 12 ? "P.M." : "A.M.");
            case "AD" or "BC":
                return Cased(word, at.Year > 0 ? "AD" : "BC");
            case "A.D." or "B.C.":
                return Cased(word, at.Year > 0 ? "A.D." : "B.C.");
            case "TZ":
                return at.HasZone ? Cased(word, "UTC") : "";
            case "OF" or "TZH":
                return "+00";
            case "TZM":
                return "00";
            case "FX":
                return "";
            default:
                return null;
        }
    }

    private static string Pad(string name, bool fill, int width) => fill ? name : name.PadRight(width);

    private static string Cased(string word, string name) =>
        char.IsLower(word[0]) ? name.ToLowerInvariant()
        : word.Length > 1 && char.IsLower(word[1]) ? name
        : name.ToUpperInvariant();
}
