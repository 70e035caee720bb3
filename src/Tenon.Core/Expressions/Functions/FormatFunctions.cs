using Tenon.Core.Errors;
using Tenon.Core.Types;
using static Tenon.Core.Expressions.Functions.Define;

namespace Tenon.Core.Expressions.Functions;

// to_char, and the functions that make dates, times and intervals of numbers.
internal static class FormatFunctions
{
    private static readonly LogicalType I = LogicalType.Int4;
    private static readonly LogicalType F = LogicalType.Float8;
    private static readonly LogicalType T = LogicalType.Text;

    public static IEnumerable<Function> Functions() => [.. Templates(), .. Makers()];

    private static IEnumerable<Function> Templates()
    {
        yield return Scalar("to_char_timestamp", "to_char", [LogicalType.Timestamp, T], T, a => Moment(a[0].Integer, a[1].Text, false)).AsStable();
        yield return Scalar("to_char_timestamptz", "to_char", [LogicalType.TimestampTz, T], T, a => Moment(a[0].Integer, a[1].Text, true)).AsStable();
        yield return Scalar("to_char_interval", "to_char", [LogicalType.Interval, T], T, a => Span(a[0].Interval, a[1].Text)).AsStable();
        yield return Scalar("to_char_numeric", "to_char", [LogicalType.Numeric, T], T, a => Number(a[0].Numeric, a[1].Text)).AsStable();
        yield return Scalar("to_char_int4", "to_char", [I, T], T, a => Number(Numeric.Of(a[0].Integer), a[1].Text)).AsStable();
        yield return Scalar("to_char_int8", "to_char", [LogicalType.Int8, T], T, a => Number(Numeric.Of(a[0].Integer), a[1].Text)).AsStable();
        yield return Scalar("to_char_float8", "to_char", [F, T], T, a => Double(a[0].Double, a[1].Text)).AsStable();
    }

    private static Outcome<Datum> Moment(long timestamp, string template, bool hasZone)
    {
        if (template.Length == 0 || Calendar.IsInfinite(timestamp))
        {
            return Datum.Null;
        }
        return Text(DateTimeTemplate.Format(template, TemplateFields.OfTimestamp(timestamp, hasZone)));
    }

    private static Outcome<Datum> Span(Interval span, string template) =>
        template.Length == 0 ? Datum.Null : Text(DateTimeTemplate.Format(template, TemplateFields.OfInterval(span)));

    private static Outcome<Datum> Number(Numeric value, string template) => Text(NumberTemplate.Format(template, value));

    private static Outcome<Datum> Double(double value, string template) =>
        Numeric.FromDouble(value, 15).TryGet(out Numeric number, out Error error) ? Number(number, template) : error;

    private static Outcome<Datum> Text(Outcome<string> text) => text.TryGet(out string value, out Error error) ? Datum.Of(value) : error;

    // ---- make_… ----

    private static IEnumerable<Function> Makers()
    {
        yield return Scalar("make_time", "make_time", [I, I, F], LogicalType.Time, a => Of(Time(a[0].Integer, a[1].Integer, a[2].Double)));
        yield return Scalar("make_timestamp", "make_timestamp", [I, I, I, I, I, F], LogicalType.Timestamp, a => Of(Timestamp(a)));
        yield return Scalar("make_timestamptz", "make_timestamptz", [I, I, I, I, I, F], LogicalType.TimestampTz, a => Of(Timestamp(a))).AsStable();
        yield return Scalar("make_interval", "make_interval", [I, I, I, I, I, I, F], LogicalType.Interval, Interval);
    }

    private static Outcome<Datum> Of(Outcome<long> value) => value.TryGet(out long v, out Error error) ? Datum.Of(v) : error;

    private static Outcome<long> Time(long hour, long minute, double second)
    {
        double micros = Math.Round(second * Calendar.MicrosPerSecond, MidpointRounding.ToEven);
        bool good =
            hour is >= 0 and <= 24
            && minute is >= 0 and < 60
            && second is >= 0 and <= 60
            && (hour < 24 || (minute == 0 && micros == 0));
        return good
            ? hour * Calendar.MicrosPerHour + minute * Calendar.MicrosPerMinute + (long)micros
            : new Error(ErrorCodes.DatetimeOverflow, $"time field value out of range: {hour}:{minute:00}:{second:00.######}");
    }

    private static Outcome<long> Timestamp(ReadOnlySpan<Datum> a)
    {
        if (!DateTimeFunctions.MakeDate((int)a[0].Integer, a[1].Integer, a[2].Integer).TryGet(out Datum date, out Error error))
        {
            return error;
        }
        if (!Time(a[3].Integer, a[4].Integer, a[5].Double).TryGet(out long time, out error))
        {
            return error;
        }
        Int128 timestamp = (Int128)date.Integer * Calendar.MicrosPerDay + time;
        return Calendar.IsTimestamp(timestamp) ? (long)timestamp : new Error(ErrorCodes.DatetimeOverflow, "timestamp out of range");
    }

    /// <summary>years, months, weeks, days, hours, mins, secs.</summary>
    private static Outcome<Datum> Interval(ReadOnlySpan<Datum> a)
    {
        double seconds = a[6].Double;
        if (double.IsNaN(seconds) || double.IsInfinity(seconds) || Math.Abs(seconds) > 9e12)
        {
            return new Error(ErrorCodes.DatetimeOverflow, "interval out of range");
        }
        Int128 months = (Int128)a[0].Integer * 12 + a[1].Integer;
        Int128 days = (Int128)a[2].Integer * 7 + a[3].Integer;
        Int128 micros = (Int128)a[4].Integer * Calendar.MicrosPerHour + (Int128)a[5].Integer * Calendar.MicrosPerMinute;
        micros += (Int128)Math.Round(seconds * Calendar.MicrosPerSecond, MidpointRounding.ToEven);
        return DateTimeMath.Make(months, days, micros).TryGet(out Interval made, out Error error) ? Datum.Of(made) : error;
    }
}
