using Tenon.Core.Errors;

namespace Tenon.Core.Types;

internal enum SpecialTime
{
    None,
    Infinity,
    MinusInfinity,
    Now,
    Today,
    Tomorrow,
    Yesterday,
    Epoch,
}

/// <summary>What a date or time text said, field by field, before it is checked and put together.</summary>
internal sealed class DateTimeParts
{
    public SpecialTime Special { get; set; }
    public int? Year { get; set; }
    public int? Month { get; set; }
    public int? Day { get; set; }
    public long? Julian { get; set; }
    public long? TimeOfDay { get; set; }
    public Zone? Zone { get; set; }
    public bool BeforeChrist { get; set; }
    public bool? Afternoon { get; set; }

    /// <summary>The year was written with two digits at most: 70..99 is 19xx, 0..69 is 20xx.</summary>
    public bool ShortYear { get; set; }

    public bool HasDate => Julian is not null || (Year is not null && Month is not null && Day is not null);

    /// <summary>Days since 2000-01-01.</summary>
    public Outcome<long> ToDays(ReadOnlySpan<char> text)
    {
        if (Julian is { } julian)
        {
            return julian - Calendar.EpochJulian;
        }
        int year = Year!.Value;
        if (ShortYear && !BeforeChrist)
        {
            year += year < 70 ? 2000 : 1900;
        }
        if (year <= 0)
        {
            return TypeErrors.DatetimeField(text);
        }
        year = BeforeChrist ? 1 - year : year;
        if (Month is < 1 or > 12 || Day is < 1 or > 31)
        {
            return TypeErrors.DatetimeField(text, dateStyleHint: true);
        }
        return Day > Calendar.DaysInMonth(year, Month!.Value)
            ? TypeErrors.DatetimeField(text)
            : Calendar.ToDays(year, Month.Value, Day!.Value);
    }

    /// <summary>Microseconds since midnight (24:00 included), am and pm applied.</summary>
    public Outcome<long> ToTimeOfDay(ReadOnlySpan<char> text)
    {
        long time = TimeOfDay ?? 0;
        if (Afternoon is { } pm)
        {
            if (time >= 13 * Calendar.MicrosPerHour)
            {
                return TypeErrors.DatetimeField(text);
            }
            bool twelve = time >= 12 * Calendar.MicrosPerHour;
            time += (pm && !twelve ? 12 : !pm && twelve ? -12 : 0) * Calendar.MicrosPerHour;
        }
        return time > Calendar.MicrosPerDay ? TypeErrors.DatetimeField(text) : time;
    }
}
