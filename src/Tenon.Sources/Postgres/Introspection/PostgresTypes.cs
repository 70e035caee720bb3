using Tenon.Core.Types;

namespace Tenon.Sources.Postgres.Introspection;

/// <summary>One row of pg_type, as far as it matters here.</summary>
internal sealed record TypeRow(uint Oid, string Schema, string Name, string Type, uint Element, uint Base, int BaseModifier, string Formatted, string[]? Labels, bool CastsToJson);

/// <summary>PostgreSQL's types by oid and modifier → logical types. Types that only PostgreSQL has keep their name and travel as text.</summary>
internal sealed class PostgresTypes(IReadOnlyDictionary<uint, TypeRow> rows)
{
    public LogicalType Of(uint oid, int modifier)
    {
        if (!rows.TryGetValue(oid, out TypeRow? row))
        {
            return LogicalType.Text;
        }
        return row switch
        {
            { Element: > 0 } => LogicalType.ArrayOf(Of(row.Element, modifier)),
            { Type: "d" } => Of(row.Base, row.BaseModifier),
            { Type: "e" } => LogicalType.EnumOf(EnumOf(row)),
            { Type: "c" } => LogicalType.RowOfTable(new QualifiedName(row.Schema, row.Name), []),
            _ => BuiltIn(row, modifier),
        };
    }

    /// <summary>The name of a domain that is named like a media type.</summary>
    public string? MediaOf(uint oid) => rows.TryGetValue(oid, out TypeRow? row) && row.Type == "d" && row.Name.Contains('/', StringComparison.Ordinal) ? row.Name : null;

    public static EnumType EnumOf(TypeRow row) => new(new QualifiedName(row.Schema, row.Name), [.. row.Labels ?? []]);

    private static LogicalType BuiltIn(TypeRow row, int modifier) =>
        row.Schema != "pg_catalog" ? LogicalType.NativeOf(row.Formatted, row.CastsToJson) : row.Name switch
        {
            "bool" => LogicalType.Boolean,
            "int2" => LogicalType.Int2,
            "int4" => LogicalType.Int4,
            "int8" => LogicalType.Int8,
            "numeric" => modifier < 4 ? LogicalType.Numeric : NumericOf(modifier - 4),
            "float4" => LogicalType.Float4,
            "float8" => LogicalType.Float8,
            "text" => LogicalType.Text,
            "varchar" => modifier < 4 ? LogicalType.Varchar : LogicalType.VarcharOf(modifier - 4),
            "bpchar" => LogicalType.CharOf(Math.Max(modifier - 4, 1)),
            "uuid" => LogicalType.Uuid,
            "json" => LogicalType.Json,
            "jsonb" => LogicalType.Jsonb,
            "bytea" => LogicalType.Bytea,
            "tsvector" => LogicalType.TsVector,
            "tsquery" => LogicalType.TsQuery,
            "regconfig" => LogicalType.RegConfig,
            "record" => LogicalType.Record,
            "void" => LogicalType.Void,
            "trigger" or "event_trigger" => LogicalType.Trigger,
            "date" => LogicalType.Date,
            "time" => WithPrecision(LogicalType.Time, modifier),
            "timestamp" => WithPrecision(LogicalType.Timestamp, modifier),
            "timestamptz" => WithPrecision(LogicalType.TimestampTz, modifier),
            "interval" => LogicalType.Interval,
            _ => LogicalType.NativeOf(row.Formatted),
        };

    // The scale is eleven bits with a sign since version 15.
    private static LogicalType NumericOf(int packed)
    {
        int scale = ((packed & 0x7ff) ^ 1024) - 1024;
        return scale < 0 ? LogicalType.Numeric : LogicalType.NumericOf((packed >> 16) & 0xffff, scale);
    }

    private static LogicalType WithPrecision(LogicalType type, int modifier) => modifier < 0 ? type : type.WithPrecision(modifier);
}
