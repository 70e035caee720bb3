using System.Collections.Immutable;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions;

/// <summary>A statement that reads or changes rows.</summary>
internal abstract record Statement
{
    public Span At { get; init; } = Span.None;
}

internal sealed record SelectStatement(Select Select) : Statement;

internal sealed record ColumnAssignment(string Column, Expr Value)
{
    public Span At { get; init; } = Span.None;
}

/// <summary>The word DEFAULT as a value in insert or update.</summary>
internal sealed record DefaultExpr : Expr;

/// <summary>on conflict …: Columns or Constraint name the arbiter; Set empty means do nothing.</summary>
internal sealed record OnConflict(ImmutableArray<string> Columns, string? Constraint, ImmutableArray<ColumnAssignment> Set, Expr? Where)
{
    public bool DoNothing => Set.IsEmpty;

    /// <summary>The predicate of a partial unique index used as arbiter.</summary>
    public Expr? ArbiterWhere { get; init; }
}

/// <summary>insert into … Columns empty = all in order; Source null = default values.</summary>
internal sealed record InsertStatement(QualifiedName Table, string Alias, ImmutableArray<string> Columns, Select? Source) : Statement
{
    public ImmutableArray<CommonTable> With { get; init; } = [];
    public OnConflict? Conflict { get; init; }
    public ImmutableArray<SelectItem> Returning { get; init; } = [];
    public bool OverridingSystemValue { get; init; }
}

internal sealed record UpdateStatement(QualifiedName Table, string Alias, ImmutableArray<ColumnAssignment> Set) : Statement
{
    public ImmutableArray<CommonTable> With { get; init; } = [];
    public FromItem? From { get; init; }
    public Expr? Where { get; init; }
    public ImmutableArray<SelectItem> Returning { get; init; } = [];
}

internal sealed record DeleteStatement(QualifiedName Table, string Alias) : Statement
{
    public ImmutableArray<CommonTable> With { get; init; } = [];
    public FromItem? Using { get; init; }
    public Expr? Where { get; init; }
    public ImmutableArray<SelectItem> Returning { get; init; } = [];
}
