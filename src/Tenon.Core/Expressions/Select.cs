using System.Collections.Immutable;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions;

// The relational half of the one tree. Parsed from PostgreSQL's SQL or built by the read planner; after the TypeChecker
// every from item has an alias that is unique in the whole statement and every ColumnExpr names one of them.

internal enum NullsOrder
{
    /// <summary>PostgreSQL's default: last when ascending, first when descending.</summary>
    Default,
    First,
    Last,
}

internal sealed record OrderItem(Expr Key, bool Descending = false, NullsOrder Nulls = NullsOrder.Default)
{
    /// <summary>The key cannot be null: the order need not say where nulls go (set by lowering).</summary>
    public bool NeverNull { get; init; }

    public bool NullsFirst => Nulls == NullsOrder.First || (Nulls == NullsOrder.Default && Descending);
}

internal sealed record WindowSpec(string? Name, ImmutableArray<Expr> PartitionBy, ImmutableArray<OrderItem> OrderBy, string? Frame);

internal sealed record CommonTable(string Name, ImmutableArray<string> Columns, Statement Body, bool Recursive, bool? Materialized)
{
    public Span At { get; init; } = Span.None;
}

/// <summary>A query: with, body, order, limit.</summary>
internal sealed record Select(SelectBody Body)
{
    public ImmutableArray<CommonTable> With { get; init; } = [];
    public ImmutableArray<OrderItem> OrderBy { get; init; } = [];
    public Expr? Limit { get; init; }
    public Expr? Offset { get; init; }

    /// <summary>for update/share was written (accepted; SQLite has one writer).</summary>
    public bool ForUpdate { get; init; }

    /// <summary>Names and types of the result, filled by the checker.</summary>
    public ImmutableArray<RowField> Output { get; init; } = [];
    public Span At { get; init; } = Span.None;
}

internal abstract record SelectBody;

/// <summary>select … from … where … group by … having ….</summary>
internal sealed record SelectCore(ImmutableArray<SelectItem> Items) : SelectBody
{
    public bool Distinct { get; init; }
    public ImmutableArray<Expr> DistinctOn { get; init; } = [];

    /// <summary>Comma separated items are cross joins of one tree; null when there is no from.</summary>
    public FromItem? From { get; init; }
    public Expr? Where { get; init; }
    public ImmutableArray<Expr> GroupBy { get; init; } = [];
    public Expr? Having { get; init; }
    public ImmutableArray<WindowSpec> Windows { get; init; } = [];
}

internal enum SetOperator
{
    Union,
    Intersect,
    Except,
}

internal sealed record SetOperation(SetOperator Operator, bool All, SelectBody Left, SelectBody Right) : SelectBody;

internal sealed record ValuesBody(ImmutableArray<ImmutableArray<Expr>> Rows) : SelectBody;

/// <summary>A nested parenthesised query used as an operand of a set operation (may have its own order and limit).</summary>
internal sealed record NestedBody(Select Select) : SelectBody;

/// <summary>One item of a select list. Alias is null before binding where PostgreSQL would derive it.</summary>
internal sealed record SelectItem(Expr Value, string? Alias);

internal abstract record FromItem
{
    public Span At { get; init; } = Span.None;
}

/// <summary>A table, view or common table by name. Before binding Name may lack a schema (""); Alias is unique after.</summary>
internal sealed record TableFrom(QualifiedName Name, string Alias, ImmutableArray<string> ColumnAliases) : FromItem
{
    /// <summary>After binding: this is a reference to a common table of an enclosing with.</summary>
    public bool IsCommonTable { get; init; }
}

internal sealed record SelectFrom(Select Select, string Alias, ImmutableArray<string> ColumnAliases, bool Lateral) : FromItem;

/// <summary>A set-returning function in from: generate_series, unnest, jsonb_array_elements, jsonb_each, a user function.</summary>
internal sealed record FunctionFrom(Expr Call, string Alias, ImmutableArray<string> ColumnAliases, bool Lateral) : FromItem
{
    public bool WithOrdinality { get; init; }

    /// <summary>as t(a int, b text): the types, parallel to ColumnAliases; empty when only names are written.</summary>
    public ImmutableArray<TypeSyntax> ColumnTypes { get; init; } = [];
    public ImmutableArray<RowField> Columns { get; init; } = [];
}

internal enum JoinKind
{
    Inner,
    Left,
    Right,
    Full,
    Cross,
}

internal sealed record JoinFrom(JoinKind Kind, FromItem Left, FromItem Right, Expr? On, ImmutableArray<string> Using) : FromItem
{
    public bool Natural { get; init; }
}
