using System.Collections.Immutable;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Catalog;

/// <summary>A function of the app, in language sql or the PL/pgSQL subset.</summary>
internal sealed record Routine(QualifiedName Name, ImmutableArray<RoutineParameter> Parameters, LogicalType Result)
{
    public bool ReturnsSet { get; init; }

    /// <summary>returns table(…) or out parameters: the columns; empty otherwise.</summary>
    public ImmutableArray<RowField> ResultColumns { get; init; } = [];

    /// <summary>The name of the one out parameter that is the result itself.</summary>
    public string? ResultName { get; init; }

    /// <summary>A result that is a value, where a row of it is wanted: by the name of its out parameter, else by the function's.</summary>
    public RowField ValueField => new(ResultName ?? Name.Name, Result);
    public required string Language { get; init; }
    public Volatility Volatility { get; init; } = Volatility.Volatile;
    public bool SecurityDefiner { get; init; }
    public bool Strict { get; init; }

    /// <summary>rows 1: a set of one row at most, so what it leads to is one.</summary>
    public bool OneRow { get; init; }
    public required RoutineBody Body { get; init; }

    /// <summary>Its result is a domain named after a media type, which Accept may ask for.</summary>
    public string? MediaType { get; init; }

    /// <summary>Source text of the body, for dumps and messages.</summary>
    public required string Text { get; init; }

    /// <summary>Roles that may execute it. PostgreSQL grants to public by default; so do we unless revoked (DECISIONS §4 is about tables).</summary>
    public ImmutableArray<RoleName> ExecuteRoles { get; init; } = [RoleName.Public];
    public string? Comment { get; init; }

    /// <summary>Routines of a catalog are compared by identity: bodies are trees.</summary>
    public bool Equals(Routine? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    public RoutineShape Shape => new(Name, Parameters, Result, ReturnsSet, Volatility) { ResultColumns = ResultColumns };
}
