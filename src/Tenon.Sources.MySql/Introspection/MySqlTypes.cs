using System.Collections.Immutable;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql.Introspection;

/// <summary>One column as information_schema describes it.</summary>
internal sealed record ColumnRow(string Data, string Full)
{
    public int? Precision { get; init; }
    public int? Scale { get; init; }
    public long? Length { get; init; }
    public int? Fraction { get; init; }

    /// <summary>A check says that the text is JSON, which is what MariaDB's type json is.</summary>
    public bool IsJson { get; init; }
}

/// <summary>Types of MariaDB → logical types; null for what has no value form here (geometry, vector).</summary>
internal static class MySqlTypes
{
    private const long LongestVarchar = 65_535;

    public static LogicalType? Of(ColumnRow column, QualifiedName enumName)
    {
        bool unsigned = column.Full.Contains("unsigned", StringComparison.Ordinal);
        return column.Data switch
        {
            // boolean is a name of tinyint(1).
            "tinyint" when column.Full.StartsWith("tinyint(1)", StringComparison.Ordinal) => LogicalType.Boolean,
            "tinyint" => LogicalType.Int2,
            "smallint" => unsigned ? LogicalType.Int4 : LogicalType.Int2,
            "mediumint" or "year" => LogicalType.Int4,
            "int" => unsigned ? LogicalType.Int8 : LogicalType.Int4,
            "bigint" => unsigned ? LogicalType.NumericOf(20, 0) : LogicalType.Int8,
            "bit" => column.Precision == 1 ? LogicalType.Boolean : column.Precision < 64 ? LogicalType.Int8 : LogicalType.NumericOf(20, 0),
            "decimal" => LogicalType.NumericOf(column.Precision ?? 10, column.Scale ?? 0),
            "float" => LogicalType.Float4,
            "double" => LogicalType.Float8,
            "date" => LogicalType.Date,
            "datetime" => LogicalType.Timestamp.WithPrecision(column.Fraction ?? 0),
            "timestamp" => LogicalType.TimestampTz.WithPrecision(column.Fraction ?? 0),
            // A time here is a duration, of up to 838 hours and of either sign.
            "time" => LogicalType.Interval,
            "char" or "varchar" => column.Length is { } length && length < LongestVarchar ? LogicalType.VarcharOf((int)length) : LogicalType.Text,
            "tinytext" or "text" or "mediumtext" or "longtext" => column.IsJson ? LogicalType.Json : LogicalType.Text,
            "binary" or "varbinary" or "tinyblob" or "blob" or "mediumblob" or "longblob" => LogicalType.Bytea,
            "enum" => LogicalType.EnumOf(new EnumType(enumName, Labels(column.Full))),
            "set" or "inet4" or "inet6" => LogicalType.Text,
            "uuid" => LogicalType.Uuid,
            _ => null,
        };
    }

    /// <summary>enum('a','it''s') → its labels, in their order.</summary>
    private static ImmutableArray<string> Labels(string full)
    {
        var labels = ImmutableArray.CreateBuilder<string>();
        var label = new System.Text.StringBuilder();
        bool inside = false;
        for (int i = full.IndexOf('(') + 1; i < full.Length; i++)
        {
            bool quote = full[i] == '\'';
            if (inside && quote && i + 1 < full.Length && full[i + 1] == '\'')
            {
                label.Append('\'');
                i++;
            }
            else if (quote)
            {
                if (inside)
                {
                    labels.Add(label.ToString());
                    label.Clear();
                }
                inside = !inside;
            }
            else if (inside)
            {
                label.Append(full[i]);
            }
        }
        return labels.ToImmutable();
    }
}
