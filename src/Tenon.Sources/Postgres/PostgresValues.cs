using Tenon.Core.Types;

namespace Tenon.Sources.Postgres;

/// <summary>Result columns → datums.</summary>
internal static class PostgresValues
{
    public static List<Datum[]> ReadAll(PostgresReader reader, LogicalType[] columns)
    {
        var rows = new List<Datum[]>();
        while (reader.Read())
        {
            rows.Add(ReadRow(reader, columns));
        }
        return rows;
    }

    /// <summary>The row the reader stands on.</summary>
    public static Datum[] ReadRow(PostgresReader reader, LogicalType[] columns)
    {
        var row = new Datum[columns.Length];
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = Read(reader, i, columns[i]);
        }
        return row;
    }

    private static Datum Read(PostgresReader reader, int column, LogicalType type)
    {
        if (reader.IsNull(column))
        {
            return Datum.Null;
        }
        return type.Kind switch
        {
            TypeKind.Boolean or TypeKind.Int2 or TypeKind.Int4 or TypeKind.Int8 => Datum.Of(reader.GetInt64(column)),
            TypeKind.Date or TypeKind.Time or TypeKind.Timestamp or TypeKind.TimestampTz => Datum.Of(reader.GetInt64(column)),
            TypeKind.Float4 or TypeKind.Float8 => Datum.Of(reader.GetDouble(column)),
            TypeKind.Bytea => Datum.Of(reader.GetBytes(column).ToArray()),
            TypeKind.Numeric or TypeKind.Interval => TypeInput.Parse(type.Unmodified, reader.GetText(column)).Value,
            TypeKind.Void => Datum.Null,
            _ => Datum.Of(reader.GetText(column)),
        };
    }
}
