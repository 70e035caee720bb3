using System.Collections.Frozen;
using System.Globalization;
using Tenon.Core.Errors;

namespace Tenon.Core.Types;

// Reads every spelling of a date or time that PostgreSQL reads with DateStyle ISO, MDY: tokens first, then their meaning
// by what has been seen. ISO texts never come here (see IsoText); this is the slow, tolerant way.

internal sealed class DateTimeParser
{
    private enum TokenKind
    {
        Number,
        Date,
        Time,
        Word,
        Offset,
    }

    private static readonly FrozenDictionary<string, int> Months = MonthNames();

    private static readonly FrozenSet<string> Ignored = new[]
    {
        "at", "on", "sun", "sunday", "mon", "monday", "tue", "tues", "tuesday", "wed", "weds", "wednesday", "thu", "thur",
        "thurs", "thursday", "fri", "friday", "sat", "saturday",
    }.ToFrozenSet();

    private readonly string type;
    private readonly string text;
    private readonly DateTimeParts parts = new();
    private static readonly char[] DateSeparators = ['-', '/', '.'];

    private bool timeNext;
    private bool julianNext;

    private DateTimeParser(string type, string text)
    {
        this.type = type;
        this.text = text;
    }

    public static Outcome<DateTimeParts> Parse(string type, string text)
    {
        var parser = new DateTimeParser(type, text);
        return parser.Run() is { } error ? error : parser.parts;
    }

    private static FrozenDictionary<string, int> MonthNames()
    {
        var names = new Dictionary<string, int> { ["sept"] = 9 };
        for (int month = 1; month <= 12; month++)
        {
            string name = CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName(month).ToLowerInvariant();
            names[name] = month;
            names[name[..3]] = month;
        }
        return names.ToFrozenDictionary();
    }

    private Error Bad() => TypeErrors.InvalidDatetime(type, text);

    private Error? Run()
    {
        int at = 0, tokens = 0;
        while (true)
        {
            while (at < text.Length && (char.IsWhiteSpace(text[at]) || text[at] == ','))
            {
                at++;
            }
            if (at == text.Length)
            {
                return tokens == 0 || timeNext || julianNext ? Bad() : null;
            }
            if (tokens++ > 24 || !Next(ref at, out TokenKind kind, out string token))
            {
                return Bad();
            }
            Error? error = kind switch
            {
                TokenKind.Number => Number(token),
                TokenKind.Date => Date(token),
                TokenKind.Time => Time(token),
                TokenKind.Offset => Offset(token),
                _ => Word(token),
            };
            if (error is not null)
            {
                return error;
            }
        }
    }

    private bool Next(ref int at, out TokenKind kind, out string token)
    {
        int start = at;
        char first = text[at];
        kind = TokenKind.Number;
        token = "";
        if (char.IsAsciiDigit(first))
        {
            kind = DigitToken(ref at);
        }
        else if (char.IsAsciiLetter(first))
        {
            kind = LetterToken(ref at);
        }
        else if (first is '+' or '-')
        {
            at++;
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }
            if (at == text.Length || !char.IsAsciiLetterOrDigit(text[at]))
            {
                return false;
            }
            kind = char.IsAsciiDigit(text[at]) ? TokenKind.Offset : TokenKind.Word;
            Skip(ref at, kind == TokenKind.Offset ? c => char.IsAsciiDigit(c) || c == ':' : char.IsAsciiLetter);
            token = first + text[start..at].TrimStart('+', '-').Trim().ToLowerInvariant();
            return true;
        }
        else
        {
            return false;
        }
        token = text[start..at].ToLowerInvariant();
        return true;
    }

    private void Skip(ref int at, Func<char, bool> accept)
    {
        while (at < text.Length && accept(text[at]))
        {
            at++;
        }
    }

    private TokenKind DigitToken(ref int at)
    {
        Skip(ref at, char.IsAsciiDigit);
        if (at == text.Length)
        {
            return TokenKind.Number;
        }
        char next = text[at];
        if (next == ':')
        {
            Skip(ref at, c => char.IsAsciiDigit(c) || c is ':' or '.');
            return TokenKind.Time;
        }
        if (next is not ('-' or '/' or '.') || timeNext)
        {
            if (next == '.')
            {
                Skip(ref at, c => char.IsAsciiDigit(c) || c == '.');
            }
            return TokenKind.Number;
        }
        Skip(ref at, c => char.IsAsciiLetterOrDigit(c) && c is not ('T' or 't') || c == next);
        return TokenKind.Date;
    }

    private TokenKind LetterToken(ref int at)
    {
        int start = at;
        Skip(ref at, char.IsAsciiLetter);
        if (at == text.Length)
        {
            return TokenKind.Word;
        }
        char next = text[at];
        string word = text[start..at].ToLowerInvariant();
        if (next is '-' or '/' or '.' && Months.ContainsKey(word))
        {
            Skip(ref at, c => char.IsAsciiLetterOrDigit(c) || c == next);
            return TokenKind.Date;
        }
        if (next is '/' or '_' || (next is '+' or '-' && word is not "t"))
        {
            Skip(ref at, c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '+' or '-' or ':');
        }
        return TokenKind.Word;
    }

    private Error? Word(string word)
    {
        if (Months.TryGetValue(word, out int month))
        {
            if (parts.Month is { } number && parts.Day is null)
            {
                parts.Day = number;
            }
            else if (parts.Month is not null)
            {
                return Bad();
            }
            parts.Month = month;
            return null;
        }
        SpecialTime special = word switch
        {
            "infinity" or "+infinity" => SpecialTime.Infinity,
            "-infinity" => SpecialTime.MinusInfinity,
            "now" => SpecialTime.Now,
            "today" => SpecialTime.Today,
            "tomorrow" => SpecialTime.Tomorrow,
            "yesterday" => SpecialTime.Yesterday,
            "epoch" => SpecialTime.Epoch,
            _ => SpecialTime.None,
        };
        if (special != SpecialTime.None)
        {
            bool again = parts.Special != SpecialTime.None || parts.HasDate;
            parts.Special = special;
            return again ? Bad() : null;
        }
        return Marker(word);
    }

    private Error? Marker(string word)
    {
        switch (word)
        {
            case "t":
                timeNext = true;
                return null;
            case "j" or "jd" or "julian":
                julianNext = true;
                return null;
            case "am" or "pm":
                parts.Afternoon = word == "pm";
                return parts.TimeOfDay is null ? Bad() : null;
            case "ad" or "bc":
                parts.BeforeChrist = word == "bc";
                return null;
            case "allballs":
                parts.TimeOfDay = 0;
                parts.Zone = TimeZones.Utc;
                return null;
        }
        if (Ignored.Contains(word))
        {
            return null;
        }
        if (TimeZones.TryAbbreviation(word, out long offset))
        {
            bool again = parts.Zone is not null;
            parts.Zone = new Zone(offset);
            return again ? Bad() : null;
        }
        bool named = word.AsSpan().ContainsAny("/_+-");
        Outcome<Zone> zone = TimeZones.Find(word);
        if (zone.Failed || parts.Zone is not null)
        {
            return named && zone.Failed && parts.HasDate ? zone.Error : Bad();
        }
        parts.Zone = zone.Value;
        return null;
    }

    private Error? Number(string token)
    {
        if (julianNext)
        {
            julianNext = false;
            parts.Julian = long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out long julian) ? julian : null;
            return parts.Julian is null ? Bad() : null;
        }
        int digits = token.IndexOf('.');
        digits = digits < 0 ? token.Length : digits;
        bool compactTime = timeNext || (parts.TimeOfDay is null && (parts.HasDate || (type == "time" && digits is 4 or 6)));
        if (compactTime && digits is 2 or 4 or 6)
        {
            timeNext = false;
            return Time($"{token[..2]}:{(digits >= 4 ? token[2..4] : "00")}{(digits == 6 ? ":" + token[4..] : "")}");
        }
        if (digits != token.Length || !int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out int value))
        {
            return Bad();
        }
        if (digits is 8 or 6 && parts.Year is null && parts.Month is null && parts.Day is null)
        {
            parts.ShortYear = digits == 6;
            parts.Day = value % 100;
            parts.Month = value / 100 % 100;
            parts.Year = value / 10_000;
            return null;
        }
        return DateNumber(value, digits);
    }

    private Error? DateNumber(int value, int digits)
    {
        if (digits >= 3 && parts.Year is null)
        {
            parts.Year = value;
        }
        else if (parts.Month is null)
        {
            parts.Month = value;
        }
        else if (parts.Day is null)
        {
            parts.Day = value;
        }
        else if (parts.Year is null)
        {
            parts.Year = value;
            parts.ShortYear = digits <= 2;
        }
        else
        {
            return Bad();
        }
        return null;
    }

    private Error? Date(string token)
    {
        if (parts.Year is not null || parts.Month is not null || parts.Day is not null)
        {
            return Bad();
        }
        foreach (string field in token.Split(DateSeparators))
        {
            if (field.Length > 0 && char.IsAsciiLetter(field[0]))
            {
                if (!Months.ContainsKey(field) || Word(field) is not null)
                {
                    return Bad();
                }
            }
            else if (!int.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out int value) || DateNumber(value, field.Length) is not null)
            {
                return field.Length > 9 && field.All(char.IsAsciiDigit) ? TypeErrors.DatetimeField(text) : Bad();
            }
        }
        return parts.HasDate ? null : Bad();
    }

    private Error? Time(string token)
    {
        timeNext = false;
        string[] fields = token.Split(':');
        if (parts.TimeOfDay is not null || fields.Length > 3 || fields.Any(f => f.Length == 0))
        {
            return Bad();
        }
        string last = fields[^1];
        int point = last.IndexOf('.');
        long fraction = 0;
        if (point >= 0)
        {
            if (last.IndexOf('.', point + 1) >= 0 || fields.Length < 3)
            {
                return Bad();
            }
            fraction = IsoText.Fraction(last.AsSpan(point + 1));
            fields[^1] = last[..point];
        }
        long[] values = new long[3];
        for (int i = 0; i < fields.Length; i++)
        {
            if (!long.TryParse(fields[i], NumberStyles.None, CultureInfo.InvariantCulture, out values[i]))
            {
                return Bad();
            }
        }
        long time = values[0] * Calendar.MicrosPerHour + values[1] * Calendar.MicrosPerMinute + values[2] * Calendar.MicrosPerSecond + fraction;
        if (values[0] > 24 || values[1] > 59 || values[2] > 60 || time > Calendar.MicrosPerDay)
        {
            return TypeErrors.DatetimeField(text);
        }
        parts.TimeOfDay = time;
        return null;
    }

    private Error? Offset(string token)
    {
        if (parts.Zone is not null)
        {
            return Bad();
        }
        string[] fields = token[1..].Split(':');
        if (fields.Length == 1 && fields[0].Length > 2)
        {
            string all = fields[0].PadLeft(fields[0].Length + (fields[0].Length & 1), '0');
            fields = [all[..^2], all[^2..]];
        }
        long seconds = 0;
        for (int i = 0; i < 3; i++)
        {
            int value = 0;
            if (i < fields.Length && !int.TryParse(fields[i], NumberStyles.None, CultureInfo.InvariantCulture, out value))
            {
                return Bad();
            }
            if (value > (i == 0 ? 15 : 59))
            {
                return TypeErrors.ZoneDisplacement(text);
            }
            seconds = seconds * 60 + value;
        }
        parts.Zone = new Zone((token[0] == '-' ? -seconds : seconds) * Calendar.MicrosPerSecond);
        return fields.Length > 3 ? Bad() : null;
    }
}
