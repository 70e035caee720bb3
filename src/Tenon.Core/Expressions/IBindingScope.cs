using System.Collections.Immutable;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions;

/// <summary>What the type checker needs to know of a relation it met by name.</summary>
internal sealed record RelationShape(QualifiedName Name, ImmutableArray<RowField> Columns)
{
    /// <summary>Columns of the primary key: grouping by all of them determines the row. Empty when there is none.</summary>
    public ImmutableArray<string> PrimaryKey { get; init; } = [];

    /// <summary>generated always as (…) stored: never written.</summary>
    public ImmutableArray<string> Generated { get; init; } = [];

    /// <summary>generated always as identity: written only with overriding system value.</summary>
    public ImmutableArray<string> AlwaysIdentity { get; init; } = [];
}

/// <summary>What the type checker needs to know of a function the app wrote.</summary>
internal sealed record RoutineShape(
    QualifiedName Name,
    ImmutableArray<RoutineParameter> Parameters,
    LogicalType Result,
    bool ReturnsSet,
    Volatility Volatility
)
{
    /// <summary>returns table(…) or several out parameters: the columns; empty otherwise.</summary>
    public ImmutableArray<RowField> ResultColumns { get; init; } = [];
}

/// <summary>Name is "" for an unnamed parameter; Default is its syntax when the argument may be left out.</summary>
internal sealed record RoutineParameter(string Name, LogicalType Type, Expr? Default, bool Variadic = false);

/// <summary>
/// The names a text may use. Lives here so that Expressions need not see the Catalog, which implements it; a null or
/// empty schema means "by the search path".
/// </summary>
internal interface IBindingScope
{
    RelationShape? FindRelation(string? schema, string name);

    IEnumerable<RoutineShape> FindRoutines(string? schema, string name);

    /// <summary>An enum, a domain's base or a table's row type of the app; built-in names are known to the checker itself.</summary>
    LogicalType? FindType(string? schema, string name);

    /// <summary>Names for "perhaps you meant"; only what the caller may know.</summary>
    IEnumerable<string> RelationNames { get; }
}
