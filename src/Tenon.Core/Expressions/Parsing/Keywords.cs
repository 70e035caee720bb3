using System.Collections.Frozen;

namespace Tenon.Core.Expressions.Parsing;

internal enum KeywordKind
{
    /// <summary>Not a keyword, or one that may be any name.</summary>
    Free,

    /// <summary>May name a column or table, not a function or type.</summary>
    ColumnName,

    /// <summary>May name a function or type, not a column.</summary>
    FunctionName,
    Reserved,
}

/// <summary>PostgreSQL's keywords by the categories of its appendix C: what may be a name, and where.</summary>
internal static class Keywords
{
    private const string ReservedWords = """
        all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
        current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc
        distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral
        leading limit localtime localtimestamp not null offset on only or order placing primary references returning
        select session_user some symmetric table then to trailing true union unique user using variadic when where
        window with
        """;

    private const string FunctionNameWords = """
        authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join left
        like natural notnull outer overlaps right similar tablesample verbose
        """;

    private const string ColumnNameWords = """
        between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout int
        integer interval least national nchar none normalize nullif numeric out overlay position precision real row
        setof smallint substring time timestamp treat trim values varchar xmlattributes xmlconcat xmlelement xmlexists
        xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
        """;

    private const string AliasNeedsAs = """
        array as char character create day except fetch filter for from grant group having hour intersect into isnull
        limit minute month notnull offset on order over overlaps precision returning second to union varying where
        window with within without year
        """;

    private static readonly FrozenDictionary<string, KeywordKind> Kinds = Words(ReservedWords)
        .Select(w => KeyValuePair.Create(w, KeywordKind.Reserved))
        .Concat(Words(FunctionNameWords).Select(w => KeyValuePair.Create(w, KeywordKind.FunctionName)))
        .Concat(Words(ColumnNameWords).Select(w => KeyValuePair.Create(w, KeywordKind.ColumnName)))
        .ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenSet<string> NotBareAliases = Words(AliasNeedsAs).ToFrozenSet(StringComparer.Ordinal);

    public static KeywordKind KindOf(string word) => Kinds.GetValueOrDefault(word);

    /// <summary>May stand behind an expression as its name without AS.</summary>
    public static bool IsBareAlias(string word) => !NotBareAliases.Contains(word);

    private static string[] Words(string text) =>
        text.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
