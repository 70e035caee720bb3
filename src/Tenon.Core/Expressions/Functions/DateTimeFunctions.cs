using Tenon.Core.Errors;
using Tenon.Core.Types;
using static Tenon.Core.Expressions.Functions.Define;

namespace Tenon.Core.Expressions.Functions;

// Dates, times and intervals: arithmetic, parts, truncation, zones. The session's zone is UTC.
internal static class DateTimeFunctions
{
    private static readonly LogicalType D = LogicalType.Date;
    private static readonly LogicalType V = LogicalType.Interval;
    private static readonly LogicalType I = LogicalType.Int4;
    private static readonly LogicalType T = LogicalType.Text;
    private static readonly LogicalType[] Stamps = [LogicalType.Timestamp, LogicalType.TimestampTz];

    public static IEnumerable<Function> Functions() =>
        [.. Dates().Stored(), .. Timestamps().Stored(), .. Intervals().Stored(), .. Parts().Stored(), .. Zones().Select(f => f.AsStored(InFixedZone))];

    private static Outcome<Datum> Of(Outcome<long> value) => value.TryGet(out long v, out Error e) ? Datum.Of(v) : e;

    private static Outcome<Datum> Of(Outcome<Interval> value) =>
        value.TryGet(out Interval v, out Error e) ? Datum.Of(v) : e;

    private static IEnumerable<Function> Dates()
    {
        yield return Infix("date_add_int", "+", D, I, D, a => Of(DateTimeMath.AddToDate(a[0].Integer, a[1].Integer)));
        yield return Infix("int_add_date", "+", I, D, D, a => Of(DateTimeMath.AddToDate(a[1].Integer, a[0].Integer)));
        yield return Infix("date_sub_int", "-", D, I, D, a => Of(DateTimeMath.AddToDate(a[0].Integer, -a[1].Integer)));
        yield return Infix(
            "date_sub_date",
            "-",
            D,
            D,
            I,
            a =>
                Calendar.IsInfinite(a[0].Integer) || Calendar.IsInfinite(a[1].Integer)
                    ? new Error(ErrorCodes.DatetimeOverflow, "cannot subtract infinite dates")
                    : Datum.Of(a[0].Integer - a[1].Integer)
        );
        yield return Infix(
            "date_add_time",
            "+",
            D,
            LogicalType.Time,
            LogicalType.Timestamp,
            a => Shift(DateTimeMath.DateToTimestamp(a[0].Integer), new Interval(0, 0, a[1].Integer), false)
        );
        yield return Scalar(
            "make_date",
            "make_date",
            [I, I, I],
            D,
            a => MakeDate((int)a[0].Integer, a[1].Integer, a[2].Integer)
        );
        yield return Infix(
            "date_add_interval",
            "+",
            D,
            V,
            LogicalType.Timestamp,
            a => Shift(DateTimeMath.DateToTimestamp(a[0].Integer), a[1].Interval, false)
        );
        yield return Infix(
            "date_sub_interval",
            "-",
            D,
            V,
            LogicalType.Timestamp,
            a => Shift(DateTimeMath.DateToTimestamp(a[0].Integer), a[1].Interval, true)
        );
    }

    internal static Outcome<Datum> MakeDate(int year, long month, long day)
    {
        int civil = year < 0 ? year + 1 : year;
        bool good =
            year != 0
            && Math.Abs((long)year) < 6_000_000
            && month is >= 1 and <= 12
            && day >= 1
            && day <= Calendar.DaysInMonth(civil, (int)month);
        long days = good ? Calendar.ToDays(civil, (int)month, (int)day) : 0;
        return good && Calendar.IsDate(days)
            ? Datum.Of(days)
            : new Error(ErrorCodes.DatetimeOverflow, $"date field value out of range: {year}-{month:00}-{day:00}");
    }

    private static Outcome<Datum> Shift(Outcome<long> start, Interval span, bool back)
    {
        if (!start.TryGet(out long at, out Error error))
        {
            return error;
        }
        return Of(back ? DateTimeMath.SubtractFromTimestamp(at, span) : DateTimeMath.AddToTimestamp(at, span));
    }

    private static IEnumerable<Function> Timestamps()
    {
        foreach (LogicalType s in Stamps)
        {
            string p = TypeTag.Of(s);
            yield return Infix(
                p + "_add",
                "+",
                s,
                V,
                s,
                a => Of(DateTimeMath.AddToTimestamp(a[0].Integer, a[1].Interval))
            );
            yield return Infix(
                "interval_add_" + p,
                "+",
                V,
                s,
                s,
                a => Of(DateTimeMath.AddToTimestamp(a[1].Integer, a[0].Interval))
            );
            yield return Infix(
                p + "_sub_interval",
                "-",
                s,
                V,
                s,
                a => Of(DateTimeMath.SubtractFromTimestamp(a[0].Integer, a[1].Interval))
            );
            yield return Infix(p + "_sub", "-", s, s, V, a => Of(DateTimeMath.Difference(a[0].Integer, a[1].Integer)));
            yield return Scalar(p + "_age", "age", [s, s], V, a => Of(DateTimeMath.Age(a[0].Integer, a[1].Integer)));
        }
        LogicalType tz = LogicalType.TimestampTz;
        yield return Scalar("to_timestamp", "to_timestamp", [LogicalType.Float8], tz, a => FromEpoch(a[0].Double));
        LogicalType n = LogicalType.Time;
        yield return Infix("time_sub", "-", n, n, V, a => Datum.Of(new Interval(0, 0, a[0].Integer - a[1].Integer)))
            .AsTotal();
        yield return Infix(
                "time_add",
                "+",
                n,
                V,
                n,
                a => Datum.Of(DateTimeMath.AddToTime(a[0].Integer, a[1].Interval.Microseconds))
            )
            .AsTotal();
    }

    private static IEnumerable<Function> Intervals()
    {
        LogicalType f = LogicalType.Float8;
        yield return Infix("interval_add", "+", V, V, V, a => Of(DateTimeMath.Add(a[0].Interval, a[1].Interval)));
        yield return Infix("interval_sub", "-", V, V, V, a => Of(DateTimeMath.Subtract(a[0].Interval, a[1].Interval)));
        yield return Infix("interval_mul", "*", V, f, V, a => Of(DateTimeMath.Multiply(a[0].Interval, a[1].Double)));
        yield return Infix("mul_interval", "*", f, V, V, a => Of(DateTimeMath.Multiply(a[1].Interval, a[0].Double)));
        yield return Infix(
            "interval_div",
            "/",
            V,
            f,
            V,
            a => a[1].Double == 0 ? TypeErrors.DivisionByZero() : Of(DateTimeMath.Divide(a[0].Interval, a[1].Double))
        );
        yield return Prefix("interval_neg", "-", V, V, a => Of(DateTimeMath.Negate(a[0].Interval)));
        yield return Scalar("justify_days", "justify_days", [V], V, a => Of(DateTimeMath.JustifyDays(a[0].Interval)));
        yield return Scalar(
            "justify_hours",
            "justify_hours",
            [V],
            V,
            a => Of(DateTimeMath.JustifyHours(a[0].Interval))
        );
        yield return Scalar(
            "justify_interval",
            "justify_interval",
            [V],
            V,
            a => Of(DateTimeMath.Justify(a[0].Interval))
        );
    }

    private static IEnumerable<Function> Parts()
    {
        foreach (LogicalType type in new[] { D, LogicalType.Time, LogicalType.Timestamp, LogicalType.TimestampTz, V })
        {
            string p = TypeTag.Of(type);
            yield return Scalar(
                p + "_extract",
                "extract",
                [T, type],
                LogicalType.Numeric,
                a => DateTimeFields.Extract(a[0].Text, type, a[1])
            );
            yield return Scalar(
                p + "_date_part",
                "date_part",
                [T, type],
                LogicalType.Float8,
                a => Part(a[0].Text, type, a[1])
            );
        }
        foreach (LogicalType s in Stamps)
        {
            yield return Scalar(
                TypeTag.Of(s) + "_trunc",
                "date_trunc",
                [T, s],
                s,
                a => Of(DateTimeFields.Truncate(a[0].Text, s, a[1].Integer))
            );
        }
        yield return Scalar(
            "interval_trunc",
            "date_trunc",
            [T, V],
            V,
            a => Of(DateTimeFields.Truncate(a[0].Text, a[1].Interval))
        );
    }

    private static Outcome<Datum> FromEpoch(double seconds)
    {
        if (double.IsInfinity(seconds))
        {
            return Datum.Of(seconds > 0 ? Calendar.Infinity : Calendar.MinusInfinity);
        }
        double micros = Math.Round((seconds - Calendar.UnixEpochDays * 86_400.0) * 1e6);
        return double.IsNaN(seconds) ? new Error(ErrorCodes.DatetimeOverflow, "timestamp cannot be NaN")
            : micros >= Calendar.MinTimestamp && micros < Calendar.EndTimestamp ? Datum.Of((long)micros)
            : TypeErrors.DatetimeRange("timestamp", FloatText.ToText(seconds, single: false));
    }

    // A float can be infinite where numeric, in this catalogue, cannot.
    private static Outcome<Datum> Part(string field, LogicalType type, Datum value) =>
        value.Kind == DatumKind.Integer && Calendar.IsInfinite(value.Integer) && DateTimeFields.IsMonotonic(field)
            ? Datum.Of(value.Integer > 0 ? double.PositiveInfinity : double.NegativeInfinity)
            : FinitePart(field, type, value);

    private static Outcome<Datum> FinitePart(string field, LogicalType type, Datum value) =>
        DateTimeFields.Extract(field, type, value).TryGet(out Datum part, out Error error)
            ? part.IsNull
                ? part
                : Conversions.Convert(part, LogicalType.Numeric, LogicalType.Float8, true)
            : error;

    // The rules of named zones change by decree: only distances from UTC stay.
    private static readonly StoredResults InFixedZone = new(1)
    {
        When = arguments => arguments[0] is ConstantExpr { Value: { IsNull: false } zone } && TimeZones.Find(zone.Text) is { Error: null, Value.IsFixed: true },
    };

    private static IEnumerable<Function> Zones()
    {
        LogicalType ts = LogicalType.Timestamp;
        LogicalType tz = LogicalType.TimestampTz;
        yield return Scalar(
            "timezone_to_local",
            "timezone",
            [T, tz],
            ts,
            a =>
                TimeZones.Find(a[0].Text).TryGet(out Zone zone, out Error e)
                    ? Datum.Of(a[1].Integer + zone.OffsetAt(a[1].Integer))
                    : e
        );
        yield return Scalar(
            "timezone_to_utc",
            "timezone",
            [T, ts],
            tz,
            a => TimeZones.Find(a[0].Text).TryGet(out Zone zone, out Error e) ? Datum.Of(zone.ToUtc(a[1].Integer)) : e
        );
    }
}
