using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Functions;

/// <summary>Values between SQLite's functions and datums, in storage form.</summary>
internal static class SqliteResults
{
    public static Datum Get(SqliteValue value, LogicalType type)
    {
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
                return Datum.Of(value.Int64);
            case TypeKind.Float4:
            case TypeKind.Float8:
                return Datum.Of(value.Double);
            case TypeKind.Bytea:
                return Datum.Of(value.Bytes.ToArray());
            case TypeKind.Numeric when type.IsScaledInteger:
                return Datum.Of(new Numeric(value.Int64, type.Scale ?? 0));
            case TypeKind.Numeric:
                return TypeInput.Parse(LogicalType.Numeric, value.ToString()).Value;
            case TypeKind.Interval:
                return Datum.Of(Interval.FromStorage(value.ToString()));
            default:
                return Datum.Of(value.ToString());
        }
    }

    public static void Set(SqliteContext context, Datum value, LogicalType type)
    {
        switch (value.Kind)
        {
            case DatumKind.Null:
                context.Null();
                break;
            case DatumKind.Integer:
                context.Int64(value.Integer);
                break;
            case DatumKind.Double when double.IsNaN(value.Double):
                throw SqliteValues.NoNaN().ToException();
            case DatumKind.Double:
                context.Double(value.Double);
                break;
            case DatumKind.Bytes:
                context.Blob(value.Bytes);
                break;
            case DatumKind.Numeric when type.IsScaledInteger:
                context.Int64(SqliteValues.Scaled(value.Numeric, type.Scale ?? 0));
                break;
            default:
                context.Text(SqliteValues.StoredText(value));
                break;
        }
    }
}
