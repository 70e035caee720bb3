using System.Globalization;
using System.Numerics;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite;

/// <summary>Datum ↔ SQLite's storage form, in one place (DECISIONS §3).</summary>
internal static class SqliteValues
{
    /// <summary>SQLite turns a NaN into NULL without a word; an error is the honest answer.</summary>
    public static Error NoNaN() => Refusals.NotSupported("NaN as a floating-point value on this source", "Use numeric, which has NaN.");

    /// <summary>The INTEGER of numeric(p,s): unscaled at scale s. Throws 22003 when it does not fit.</summary>
    public static long Scaled(Numeric value, int scale)
    {
        if (value.IsNaN)
        {
            throw new Error(
                ErrorCodes.NumericOutOfRange,
                "NaN cannot be stored in a numeric column of precision 18 or less",
                null,
                "Declare the column as plain numeric."
            ).ToException();
        }
        int shift = scale - value.Scale;
        BigInteger unscaled = shift >= 0 ? value.Unscaled * BigInteger.Pow(10, shift) : RoundShift(value.Unscaled, -shift);
        return unscaled >= long.MinValue && unscaled <= long.MaxValue
            ? (long)unscaled
            : throw new Error(ErrorCodes.NumericOutOfRange, "numeric field overflow").ToException();
    }

    // Half away from zero, PostgreSQL's rounding of numeric.
    private static BigInteger RoundShift(BigInteger value, int digits)
    {
        BigInteger divisor = BigInteger.Pow(10, digits);
        BigInteger quotient = BigInteger.DivRem(value, divisor, out BigInteger rest);
        return BigInteger.Abs(rest) * 2 >= divisor ? quotient + value.Sign : quotient;
    }

    /// <summary>A result column of this type as a datum.</summary>
    public static Datum Read(RowReader reader, int column, LogicalType type)
    {
        if (reader.IsNull(column))
        {
            return Datum.Null;
        }
        switch (type.Kind)
        {
            case TypeKind.Boolean:
            case TypeKind.Int2:
            case TypeKind.Int4:
            case TypeKind.Int8:
            case TypeKind.Date:
            case TypeKind.Time:
            case TypeKind.Timestamp:
            case TypeKind.TimestampTz:
                return Datum.Of(reader.GetInt64(column));
            case TypeKind.Float4:
            case TypeKind.Float8:
                return Datum.Of(reader.GetDouble(column));
            case TypeKind.Bytea:
                return Datum.Of(reader.GetBytes(column).ToArray());
            case TypeKind.Numeric when type.IsScaledInteger:
                return Datum.Of(new Numeric(reader.GetInt64(column), type.Scale ?? 0));
            case TypeKind.Numeric:
                return TypeInput.Parse(LogicalType.Numeric, Text(reader, column)).Value;
            case TypeKind.Interval:
                return Datum.Of(Interval.FromStorage(Text(reader, column)));
            case TypeKind.Void:
                return Datum.Null;
            default:
                return Datum.Of(Text(reader, column));
        }
    }

    public static List<Datum[]> ReadAll(RowReader reader, LogicalType[] columns)
    {
        var rows = new List<Datum[]>();
        while (reader.Read())
        {
            rows.Add(ReadRow(reader, columns));
        }
        return rows;
    }

    /// <summary>The row the reader stands on.</summary>
    public static Datum[] ReadRow(RowReader reader, LogicalType[] columns)
    {
        var row = new Datum[columns.Length];
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = Read(reader, i, columns[i]);
        }
        return row;
    }

    private static string Text(RowReader reader, int column) => System.Text.Encoding.UTF8.GetString(reader.GetUtf8(column));

    public static string StoredText(Datum value) =>
        value.Kind switch
        {
            DatumKind.Text => value.Text,
            DatumKind.Numeric => value.Numeric.ToString(),
            DatumKind.Interval => StoredInterval(value.Interval),
            _ => throw new InvalidOperationException($"a {value.Kind} is not stored as text"),
        };

    /// <summary>"months days microseconds": what the collation TN_INTERVAL reads.</summary>
    public static string StoredInterval(Interval interval) =>
        string.Create(CultureInfo.InvariantCulture, $"{interval.Months} {interval.Days} {interval.Microseconds}");

    /// <summary>A numeric operand of a scaled column: an integer, or the half step between two, which compares like the operand itself.</summary>
    internal readonly record struct ScaledOperand(bool IsInteger, long Integer, double Real)
    {
        public static ScaledOperand Of(Numeric value, int scale)
        {
            if (value.IsNaN)
            {
                return new(false, 0, double.PositiveInfinity);
            }
            BigInteger scaled = value.Unscaled * BigInteger.Pow(10, scale);
            BigInteger floor = BigInteger.DivRem(scaled, BigInteger.Pow(10, value.Scale), out BigInteger rest);
            if (rest.Sign < 0)
            {
                floor -= 1;
            }
            if (floor > long.MaxValue || floor < long.MinValue)
            {
                return new(false, 0, floor.Sign > 0 ? double.PositiveInfinity : double.NegativeInfinity);
            }
            return rest.IsZero ? new(true, (long)floor, 0) : new(false, 0, (double)floor + 0.5);
        }
    }
}
