using System.Globalization;
using System.Text;

namespace Tenon.Core.Types;

// PostgreSQL's output style "postgres": 1 year 2 mons 3 days 04:05:06.789.
internal sealed partial record Interval
{
    public static readonly Interval Zero = new(0, 0, 0);

    public override string ToString()
    {
        var text = new StringBuilder();
        bool negativeBefore = false;
        Part(text, Months / 12, "year", ref negativeBefore);
        Part(text, Months % 12, "mon", ref negativeBefore);
        Part(text, Days, "day", ref negativeBefore);
        if (text.Length > 0 && Microseconds == 0)
        {
            return text.ToString();
        }
        if (text.Length > 0)
        {
            text.Append(' ');
        }
        if (Microseconds < 0 || negativeBefore)
        {
            text.Append(Microseconds < 0 ? '-' : '+');
        }
        UInt128 rest = (UInt128)Int128.Abs(Microseconds);
        ulong hours = (ulong)(rest / Calendar.MicrosPerHour);
        rest %= Calendar.MicrosPerHour;
        ulong micros = (ulong)(rest % Calendar.MicrosPerMinute);
        text.Append(
            CultureInfo.InvariantCulture,
            $"{hours:00}:{(ulong)(rest / Calendar.MicrosPerMinute):00}:{micros / Calendar.MicrosPerSecond:00}"
        );
        ulong fraction = micros % Calendar.MicrosPerSecond;
        if (fraction != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $".{fraction:000000}");
            while (text[^1] == '0')
            {
                text.Length--;
            }
        }
        return text.ToString();
    }

    private static void Part(StringBuilder text, int value, string unit, ref bool negativeBefore)
    {
        if (value == 0)
        {
            return;
        }
        text.Append(text.Length > 0 ? " " : "").Append(negativeBefore && value > 0 ? "+" : "");
        text.Append(CultureInfo.InvariantCulture, $"{value} {unit}").Append(value == 1 ? "" : "s");
        negativeBefore = value < 0;
    }

    /// <summary>How SQLite holds it: "months days microseconds", in decimal. The one definition of that form.</summary>
    public string ToStorage() => string.Create(CultureInfo.InvariantCulture, $"{Months} {Days} {Microseconds}");

    public static Interval FromStorage(ReadOnlySpan<char> text)
    {
        int first = text.IndexOf(' ');
        int second = first + 1 + text[(first + 1)..].IndexOf(' ');
        return new Interval(
            int.Parse(text[..first], CultureInfo.InvariantCulture),
            int.Parse(text[(first + 1)..second], CultureInfo.InvariantCulture),
            long.Parse(text[(second + 1)..], CultureInfo.InvariantCulture)
        );
    }
}
