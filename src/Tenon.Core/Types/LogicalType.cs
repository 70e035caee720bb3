using System.Collections.Immutable;

namespace Tenon.Core.Types;

/// <summary>The kinds of logical type, PostgreSQL's. Unknown is an untyped string literal before it has met its neighbour.</summary>
internal enum TypeKind
{
    Unknown,
    Void,
    Boolean,
    Int2,
    Int4,
    Int8,
    Numeric,
    Float4,
    Float8,
    Text,
    Varchar,
    Char,
    Uuid,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Json,
    Jsonb,
    Bytea,

    /// <summary>The lexemes of a text, held as PostgreSQL prints them.</summary>
    TsVector,
    TsQuery,

    /// <summary>The name of a text search configuration: english.</summary>
    RegConfig,
    Array,
    Enum,

    /// <summary>A row: of a table (trigger's new/old, set-returning functions) or anonymous.</summary>
    Record,

    /// <summary>The result type of a trigger function.</summary>
    Trigger,

    // Pseudo-types: they stand only in the signatures of polymorphic catalogue functions, never in a typed tree.

    /// <summary>PostgreSQL's "any": this argument may have any type, whatever the others have.</summary>
    Any,

    /// <summary>Any type; all AnyElement, AnyNonArray and AnyEnum of a signature are one common type, the element of AnyArray.</summary>
    AnyElement,
    AnyNonArray,
    AnyArray,
    AnyEnum,
}

/// <summary>An enum type: its name and its labels in catalogue order (which is their sort order).</summary>
internal sealed record EnumType(QualifiedName Name, ImmutableArray<string> Labels);

/// <summary>One column of a row type.</summary>
internal sealed record RowField(string Name, LogicalType Type);

/// <summary>
/// The type of a value as PostgreSQL names it, modifiers included. Immutable and compared by content.
/// Length is in characters (varchar, char), Precision and Scale in decimal digits (numeric), Precision in fractional
/// digits of a second (time, timestamp, interval).
/// </summary>
internal sealed class LogicalType : IEquatable<LogicalType>
{
    private LogicalType(TypeKind kind) => Kind = kind;

    public TypeKind Kind { get; }
    public int? Length { get; private init; }
    public int? Precision { get; private init; }
    public int? Scale { get; private init; }
    public LogicalType? Element { get; private init; }
    public EnumType? Enum { get; private init; }

    /// <summary>The table or composite type of a row type; null for an anonymous record.</summary>
    public QualifiedName? RowOf { get; private init; }
    public ImmutableArray<RowField> Fields { get; private init; } = [];

    /// <summary>A type of one engine only (inet, int4range): held and shown as its text, named as that engine does.</summary>
    public string? NativeName { get; private init; }

    /// <summary>Of such a type: its engine has a cast to json for it (hstore, PostGIS' geometry), which shows its values.</summary>
    public bool ShownAsJson { get; private init; }

    public static readonly LogicalType Unknown = new(TypeKind.Unknown);
    public static readonly LogicalType Void = new(TypeKind.Void);
    public static readonly LogicalType Boolean = new(TypeKind.Boolean);
    public static readonly LogicalType Int2 = new(TypeKind.Int2);
    public static readonly LogicalType Int4 = new(TypeKind.Int4);
    public static readonly LogicalType Int8 = new(TypeKind.Int8);
    public static readonly LogicalType Numeric = new(TypeKind.Numeric);
    public static readonly LogicalType Float4 = new(TypeKind.Float4);
    public static readonly LogicalType Float8 = new(TypeKind.Float8);
    public static readonly LogicalType Text = new(TypeKind.Text);
    public static readonly LogicalType Varchar = new(TypeKind.Varchar);
    public static readonly LogicalType Uuid = new(TypeKind.Uuid);
    public static readonly LogicalType Date = new(TypeKind.Date);
    public static readonly LogicalType Time = new(TypeKind.Time);
    public static readonly LogicalType Timestamp = new(TypeKind.Timestamp);
    public static readonly LogicalType TimestampTz = new(TypeKind.TimestampTz);
    public static readonly LogicalType Interval = new(TypeKind.Interval);
    public static readonly LogicalType Json = new(TypeKind.Json);
    public static readonly LogicalType Jsonb = new(TypeKind.Jsonb);
    public static readonly LogicalType Bytea = new(TypeKind.Bytea);
    public static readonly LogicalType TsVector = new(TypeKind.TsVector);
    public static readonly LogicalType TsQuery = new(TypeKind.TsQuery);
    public static readonly LogicalType RegConfig = new(TypeKind.RegConfig);
    public static readonly LogicalType Record = new(TypeKind.Record);
    public static readonly LogicalType Trigger = new(TypeKind.Trigger);
    public static readonly LogicalType Any = new(TypeKind.Any);
    public static readonly LogicalType AnyElement = new(TypeKind.AnyElement);
    public static readonly LogicalType AnyNonArray = new(TypeKind.AnyNonArray);
    public static readonly LogicalType AnyArray = new(TypeKind.AnyArray);
    public static readonly LogicalType AnyEnum = new(TypeKind.AnyEnum);

    public static LogicalType NativeOf(string name, bool shownAsJson = false) => new(TypeKind.Text) { NativeName = name, ShownAsJson = shownAsJson };

    public static LogicalType VarcharOf(int length) => new(TypeKind.Varchar) { Length = length };

    public static LogicalType CharOf(int length) => new(TypeKind.Char) { Length = length };

    public static LogicalType NumericOf(int precision, int scale) =>
        new(TypeKind.Numeric) { Precision = precision, Scale = scale };

    public static LogicalType ArrayOf(LogicalType element) => new(TypeKind.Array) { Element = element };

    public static LogicalType EnumOf(EnumType type) => new(TypeKind.Enum) { Enum = type };

    public static LogicalType RowOfTable(QualifiedName table, ImmutableArray<RowField> fields) =>
        new(TypeKind.Record) { RowOf = table, Fields = fields };

    public static LogicalType RecordOf(ImmutableArray<RowField> fields) => new(TypeKind.Record) { Fields = fields };

    /// <summary>The same kind of time type with a precision of fractional digits.</summary>
    public LogicalType WithPrecision(int precision) => new(Kind) { Precision = precision };

    /// <summary>The type without modifiers: varchar(3) becomes varchar, numeric(5,2) becomes numeric.</summary>
    public LogicalType Unmodified =>
        Length is null && Precision is null ? this : new(Kind) { Element = Element, Enum = Enum };

    public bool IsInteger => Kind is TypeKind.Int2 or TypeKind.Int4 or TypeKind.Int8;
    public bool IsNumber => IsInteger || Kind is TypeKind.Numeric or TypeKind.Float4 or TypeKind.Float8;
    public bool IsString => Kind is TypeKind.Text or TypeKind.Varchar or TypeKind.Char;
    public bool IsPolymorphic => Kind >= TypeKind.Any;
    public bool IsJson => Kind is TypeKind.Json or TypeKind.Jsonb;

    /// <summary>Few possible values (boolean, enum): operands are written as literals, so that partial indexes apply.</summary>
    public bool IsClosedSet => Kind is TypeKind.Boolean or TypeKind.Enum;

    /// <summary>numeric(p,s) with p &lt;= 18 is stored on SQLite as an INTEGER scaled by s (DECISIONS §3).</summary>
    public bool IsScaledInteger => Kind == TypeKind.Numeric && Precision is <= 18;

    /// <summary>PostgreSQL's name, as format_type() prints it: "character varying(3)", "timestamp with time zone", "text[]".</summary>
    public string SqlName =>
        Kind switch
        {
            TypeKind.Unknown => "unknown",
            TypeKind.Void => "void",
            TypeKind.Boolean => "boolean",
            TypeKind.Int2 => "smallint",
            TypeKind.Int4 => "integer",
            TypeKind.Int8 => "bigint",
            TypeKind.Numeric => Precision is null ? "numeric" : $"numeric({Precision},{Scale ?? 0})",
            TypeKind.Float4 => "real",
            TypeKind.Float8 => "double precision",
            TypeKind.Text => NativeName ?? "text",
            TypeKind.Varchar => Length is null ? "character varying" : $"character varying({Length})",
            TypeKind.Char => $"character({Length ?? 1})",
            TypeKind.Uuid => "uuid",
            TypeKind.Date => "date",
            TypeKind.Time => $"time{PrecisionSuffix} without time zone",
            TypeKind.Timestamp => $"timestamp{PrecisionSuffix} without time zone",
            TypeKind.TimestampTz => $"timestamp{PrecisionSuffix} with time zone",
            TypeKind.Interval => $"interval{PrecisionSuffix}",
            TypeKind.Json => "json",
            TypeKind.Jsonb => "jsonb",
            TypeKind.Bytea => "bytea",
            TypeKind.TsVector => "tsvector",
            TypeKind.TsQuery => "tsquery",
            TypeKind.RegConfig => "regconfig",
            TypeKind.Array => Element!.SqlName + "[]",
            TypeKind.Enum => Enum!.Name.Schema == "public" ? Enum.Name.Name : Enum.Name.ToString(),
            TypeKind.Record => RowOf?.ToString() ?? "record",
            TypeKind.Trigger => "trigger",
            TypeKind.Any => "\"any\"",
            TypeKind.AnyElement => "anyelement",
            TypeKind.AnyNonArray => "anynonarray",
            TypeKind.AnyArray => "anyarray",
            TypeKind.AnyEnum => "anyenum",
            _ => throw new InvalidOperationException($"type kind {Kind} has no name"),
        };

    private string PrecisionSuffix => Precision is null ? "" : $"({Precision})";

    public bool Equals(LogicalType? other) =>
        other is not null
        && Kind == other.Kind
        && Length == other.Length
        && Precision == other.Precision
        && Scale == other.Scale
        && Equals(Element, other.Element)
        && NativeName == other.NativeName
        && Enum?.Name == other.Enum?.Name
        && RowOf == other.RowOf;

    public override bool Equals(object? obj) => Equals(obj as LogicalType);

    public override int GetHashCode() => HashCode.Combine(Kind, Length, Precision, Scale, Element, Enum?.Name, RowOf);

    public override string ToString() => SqlName;
}
