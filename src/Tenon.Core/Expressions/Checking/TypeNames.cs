using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

/// <summary>Type syntax to logical types: the built-in names, then the app's enums and row types.</summary>
internal static class TypeNames
{
    /// <summary>The type, or 42704 with its position.</summary>
    public static Outcome<LogicalType> TryResolve(TypeSyntax syntax, IBindingScope names)
    {
        try
        {
            return Resolve(syntax, names);
        }
        catch (CheckFailure failure)
        {
            return failure.Error;
        }
    }

    internal static LogicalType Resolve(TypeSyntax syntax, IBindingScope names)
    {
        string name = syntax.Name[^1];
        LogicalType? type = syntax.Name.Length == 1 ? Builtin(name, syntax) : null;
        type ??= names.FindType(syntax.Name.Length > 1 ? syntax.Name[^2] : null, name);
        if (type is null)
        {
            throw CheckErrors.Of(ErrorCodes.UndefinedObject, $"type \"{string.Join('.', syntax.Name)}\" does not exist", syntax.At, HintFor(name));
        }
        for (int i = 0; i < syntax.ArrayDimensions; i++)
        {
            // As in PostgreSQL the number of dimensions is not part of the type.
            type = type.Kind == TypeKind.Array ? type : LogicalType.ArrayOf(type);
        }
        return type;
    }

    private static LogicalType? Builtin(string name, TypeSyntax syntax)
    {
        switch (name)
        {
            case "text" or "citext" or "name":
                return name == "citext" ? null : LogicalType.Text;
            case "uuid":
                return LogicalType.Uuid;
            case "int4" or "int" or "integer":
                return LogicalType.Int4;
            case "int8" or "bigint":
                return LogicalType.Int8;
            case "int2" or "smallint":
                return LogicalType.Int2;
            case "bool" or "boolean":
                return LogicalType.Boolean;
            case "jsonb":
                return LogicalType.Jsonb;
            case "json":
                return LogicalType.Json;
            case "date":
                return LogicalType.Date;
            case "float4" or "real":
                return LogicalType.Float4;
            case "float8":
                return LogicalType.Float8;
            case "tsvector":
                return LogicalType.TsVector;
            case "tsquery":
                return LogicalType.TsQuery;
            case "regconfig":
                return LogicalType.RegConfig;
            case "bytea":
                return LogicalType.Bytea;
            case "record":
                return LogicalType.Record;
            case "void":
                return LogicalType.Void;
            case "trigger":
                return LogicalType.Trigger;
            default:
                return WithModifiers(name, syntax);
        }
    }

    private static LogicalType? WithModifiers(string name, TypeSyntax syntax) =>
        name switch
        {
            "timestamptz" => Time(LogicalType.TimestampTz, syntax),
            "timestamp" => Time(LogicalType.Timestamp, syntax),
            "time" => Time(LogicalType.Time, syntax),
            "interval" => Time(LogicalType.Interval, syntax),
            "numeric" or "decimal" => NumericType(syntax),
            "varchar" => syntax.Modifiers.IsEmpty ? LogicalType.Varchar : LogicalType.VarcharOf(Length(syntax, "varchar")),
            "bpchar" or "char" => LogicalType.CharOf(syntax.Modifiers.IsEmpty ? 1 : Length(syntax, "char")),
            _ => null,
        };

    private static LogicalType Time(LogicalType type, TypeSyntax syntax)
    {
        if (syntax.Modifiers.IsEmpty)
        {
            return type;
        }
        int precision = syntax.Modifiers[0];
        return precision is >= 0 and <= 6
            ? type.WithPrecision(precision)
            : throw Invalid($"precision of {type.SqlName} must be between 0 and 6", syntax);
    }

    private static LogicalType NumericType(TypeSyntax syntax)
    {
        if (syntax.Modifiers.IsEmpty)
        {
            return LogicalType.Numeric;
        }
        int precision = syntax.Modifiers[0];
        int scale = syntax.Modifiers.Length > 1 ? syntax.Modifiers[1] : 0;
        if (precision is < 1 or > 1000)
        {
            throw Invalid($"NUMERIC precision {precision} must be between 1 and 1000", syntax);
        }
        if (scale < 0 || scale > precision)
        {
            throw Invalid($"NUMERIC scale {scale} must be between 0 and precision {precision}", syntax);
        }
        return LogicalType.NumericOf(precision, scale);
    }

    private static int Length(TypeSyntax syntax, string name) =>
        syntax.Modifiers[0] switch
        {
            < 1 => throw Invalid($"length for type {name} must be at least 1", syntax),
            > 10_485_760 => throw Invalid($"length for type {name} cannot exceed 10485760", syntax),
            int length => length,
        };

    private static CheckFailure Invalid(string message, TypeSyntax syntax) =>
        CheckErrors.Of(ErrorCodes.InvalidParameterValue, message, syntax.At);

    private static string? HintFor(string name) =>
        name switch
        {
            "timetz" => "Use time, or timestamptz for a moment.",
            "citext" => "Use text and compare lower(column).",
            "money" => "Use numeric(12,2).",
            "serial" or "bigserial" or "smallserial" or "serial4" or "serial8" => "It stands only in the definition of a column.",
            "inet" or "cidr" or "macaddr" or "xml" or "point" or "hstore" => "Use text or jsonb.",
            "regclass" or "regproc" or "oid" => "Names of relations are text here.",
            _ => NearestName.Of(name, Known) is { } near ? $"Perhaps you meant \"{near}\"." : null,
        };

    private static readonly string[] Known =
    [
        "text", "uuid", "int4", "int8", "int2", "bool", "jsonb", "json", "date", "float4", "float8", "bytea", "timestamptz",
        "timestamp", "time", "interval", "tsvector", "tsquery", "numeric", "varchar", "boolean", "integer", "bigint", "smallint",
    ];
}
