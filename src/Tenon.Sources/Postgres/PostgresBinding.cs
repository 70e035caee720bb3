using System.Text;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Tenon.Core.Errors;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres;

/// <summary>
/// Datums → parameters. Numbers, times and uuids go in binary; everything else as its text with no type of its own, so that
/// PostgreSQL reads it as the type beside it.
/// </summary>
internal static class PostgresBinding
{
    public static NpgsqlParameter Make(in SqlParameter parameter)
    {
        bool keys = ReferenceEquals(parameter.Origin, SqlParameter.KeysOfParent);
        NpgsqlDbType type = keys ? NpgsqlDbType.Array | KeyKind(parameter.Type) : KindOf(parameter.Type);
        return parameter.Origin is RowsJsonExpr ? new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Json } : new NpgsqlParameter { NpgsqlDbType = type };
    }

    private static NpgsqlDbType KindOf(LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Boolean => NpgsqlDbType.Boolean,
            TypeKind.Int2 => NpgsqlDbType.Smallint,
            TypeKind.Int4 => NpgsqlDbType.Integer,
            TypeKind.Int8 => NpgsqlDbType.Bigint,
            TypeKind.Float4 => NpgsqlDbType.Real,
            TypeKind.Float8 => NpgsqlDbType.Double,
            TypeKind.Uuid => NpgsqlDbType.Uuid,
            TypeKind.Timestamp => NpgsqlDbType.Timestamp,
            TypeKind.TimestampTz => NpgsqlDbType.TimestampTz,
            TypeKind.Bytea => NpgsqlDbType.Bytea,
            _ => NpgsqlDbType.Unknown,
        };

    private static NpgsqlDbType KeyKind(LogicalType type) =>
        type.IsInteger ? NpgsqlDbType.Bigint
        : type.Kind == TypeKind.Uuid ? NpgsqlDbType.Uuid
        : NpgsqlDbType.Text;

    public static void Set(NpgsqlParameter target, in SqlParameter parameter, StatementArguments arguments, IReadOnlyList<Datum[]>? rows)
    {
        target.Value = parameter.Origin switch
        {
            RowValueExpr value => Value(rows![0][value.Ordinal], parameter.Type),
            RowsJsonExpr => rows![0][0].Text,
            var origin when ReferenceEquals(origin, SqlParameter.KeysOfParent) => Keys(arguments.ParentKeys.Span, parameter),
            var origin => Value(arguments.Get(origin), parameter.Type),
        };
    }

    private static object Value(Datum value, LogicalType type)
    {
        if (value.IsNull)
        {
            return DBNull.Value;
        }
        return type.Kind switch
        {
            TypeKind.Boolean => value.Boolean,
            TypeKind.Int2 => (short)value.Integer,
            TypeKind.Int4 => (int)value.Integer,
            TypeKind.Int8 or TypeKind.Timestamp or TypeKind.TimestampTz => value.Integer,
            TypeKind.Float4 => (float)value.Double,
            TypeKind.Float8 => value.Double,
            TypeKind.Uuid => Guid.ParseExact(value.Text, "D"),
            TypeKind.Bytea => value.Bytes,
            TypeKind.Varchar or TypeKind.Char or TypeKind.Text or TypeKind.Enum or TypeKind.Json or TypeKind.Jsonb => value.Text,
            TypeKind.Array when HoldsRows(type) => JsonOf(type, value),
            _ => TypeOutput.ToText(type, value),
        };
    }

    /// <summary>A composite type, or an array of one: its values travel as JSON.</summary>
    public static bool HoldsRows(LogicalType type) =>
        type is { Kind: TypeKind.Record, RowOf: not null } || (type.Kind == TypeKind.Array && HoldsRows(type.Element!));

    private static string JsonOf(LogicalType type, Datum value)
    {
        var json = new StringBuilder();
        TypeOutput.AppendJson(type, value, json);
        return json.ToString();
    }

    // ---- keys of a bind join: a JSON array of keys, or of arrays of them, in storage form ----

    private static Array Keys(ReadOnlySpan<byte> json, in SqlParameter parameter)
    {
        LogicalType type = parameter.Type;
        if (type.IsInteger)
        {
            return Collect<long?>(json, parameter.Scale, static (ref Utf8JsonReader r) => r.GetInt64(), null);
        }
        return type.Kind == TypeKind.Uuid
            ? Collect<Guid?>(json, parameter.Scale, static (ref Utf8JsonReader r) => r.GetGuid(), null)
            : Collect<string?>(json, parameter.Scale, (ref Utf8JsonReader r) => KeyText(ref r, type), null);
    }

    private delegate T ReadKey<T>(ref Utf8JsonReader reader);

    private static T[] Collect<T>(ReadOnlySpan<byte> json, int index, ReadKey<T> read, T missing)
    {
        var keys = new List<T>();
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            bool several = reader.TokenType == JsonTokenType.StartArray;
            if (several)
            {
                reader.Read();
                for (int i = 0; i < index; i++)
                {
                    reader.Read();
                }
            }
            keys.Add(reader.TokenType == JsonTokenType.Null ? missing : read(ref reader));
            while (several && reader.TokenType != JsonTokenType.EndArray)
            {
                reader.Read();
            }
        }
        return [.. keys];
    }

    private static string KeyText(ref Utf8JsonReader reader, LogicalType type)
    {
        switch (type.Kind)
        {
            case TypeKind.Date or TypeKind.Time or TypeKind.Timestamp or TypeKind.TimestampTz:
                return TypeOutput.ToText(type, Datum.Of(reader.GetInt64()));
            case TypeKind.Boolean:
                return reader.GetInt64() != 0 ? "true" : "false";
            default:
                return reader.TokenType == JsonTokenType.String ? reader.GetString()! : Encoding.UTF8.GetString(reader.ValueSpan);
        }
    }
}
