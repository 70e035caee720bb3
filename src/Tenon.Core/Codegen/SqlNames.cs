using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;

namespace Tenon.Core.Codegen;

/// <summary>Names, literals and types as PostgreSQL's SQL writes them, quoted only where they must be.</summary>
internal static class SqlNames
{
    /// <summary>A column, table, schema, role or constraint.</summary>
    public static string Name(string name) => IsPlain(name) && Keywords.KindOf(name) == KeywordKind.Free ? name : Quoted(name);

    /// <summary>A function: other keywords may stand there.</summary>
    public static string Function(string name) =>
        IsPlain(name) && Keywords.KindOf(name) is KeywordKind.Free or KeywordKind.FunctionName ? name : Quoted(name);

    /// <summary>Behind AS every word may stand, but for what is not plain.</summary>
    public static string Label(string name) => IsPlain(name) ? name : Quoted(name);

    public static string Of(QualifiedName name) => string.Join('.', new[] { name.Source, name.Schema, name.Name }.Where(p => p.Length > 0).Select(Name));

    public static string List(IEnumerable<string> names) => string.Join(", ", names.Select(Name));

    public static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    public static string Of(LogicalType type) =>
        type switch
        {
            { Kind: TypeKind.Array } => Of(type.Element!) + "[]",
            { Kind: TypeKind.Enum, Enum: { } named } => Of(named.Name),
            { Kind: TypeKind.Record, RowOf: { } row } => Of(row),
            _ => type.SqlName,
        };

    /// <summary>A type as it was written; the parser has put the names into the catalogue's spelling.</summary>
    public static string Of(TypeSyntax type)
    {
        string name = type.Name is [var only] && Known(only) is { } known ? known : string.Join('.', type.Name.Select(Name));
        bool impliedLength = type.Name is ["bpchar"] && type.Modifiers is [1];
        string modifiers = type.Modifiers.IsEmpty || impliedLength ? "" : $"({string.Join(",", type.Modifiers)})";
        return name + modifiers + string.Concat(Enumerable.Repeat("[]", type.ArrayDimensions));
    }

    private static string? Known(string name) =>
        name switch
        {
            "int2" => "smallint",
            "int4" => "integer",
            "int8" => "bigint",
            "bool" => "boolean",
            "bpchar" => "char",
            "varchar" or "interval" or "numeric" or "time" or "timestamp" => name,
            _ => null,
        };

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static bool IsPlain(string name) =>
        name.Length > 0
        && (char.IsAsciiLetterLower(name[0]) || name[0] == '_')
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '$');
}
