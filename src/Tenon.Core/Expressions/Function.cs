using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions;

internal enum Volatility
{
    /// <summary>Same arguments, same answer, as long as this version of Tenon runs; <see cref="Function.Stored"/> says more.</summary>
    Immutable,

    /// <summary>Same answer within one statement.</summary>
    Stable,
    Volatile,
}

internal enum FunctionShape
{
    Scalar,
    Aggregate,
    Window,

    /// <summary>Returns rows; stands in from.</summary>
    SetReturning,
}

/// <summary>Computes a scalar function in memory. Strict functions are never called with a NULL argument.</summary>
internal delegate Outcome<Datum> Evaluation(ReadOnlySpan<Datum> arguments);

/// <summary>
/// One overload of one function or operator of the closed catalogue. <see cref="Id"/> is unique and stable ("int4_add"):
/// dialects key their SQL form on it and an engine without a form of its own calls an extension function of that name.
/// </summary>
internal sealed record Function(string Id, string Name, ImmutableArray<LogicalType> Parameters, LogicalType Result)
{
    /// <summary>The operator's spelling when this is an operator ("+", "||", "->>").</summary>
    public string? Operator { get; init; }
    public FunctionShape Shape { get; init; } = FunctionShape.Scalar;
    public Volatility Volatility { get; init; } = Volatility.Immutable;

    /// <summary>NULL in, NULL out, without being called.</summary>
    public bool Strict { get; init; } = true;

    /// <summary>Never raises, whatever its arguments: only total atoms may stand beside a policy without a CASE (ENGINES §4.4).</summary>
    public bool Total { get; init; }

    /// <summary>
    /// Set when its results may be kept: in indexes, checks and generated columns. Null: no promise that a later version, or
    /// another machine, gives the same, so it may not stand there.
    /// </summary>
    public StoredResults? Stored { get; init; }

    /// <summary>The last parameter repeats.</summary>
    public bool Variadic { get; init; }

    /// <summary>For set-returning functions: the columns of the result.</summary>
    public ImmutableArray<RowField> Columns { get; init; } = [];
    public Evaluation? Evaluate { get; init; }

    /// <summary>For set-returning functions: the rows of the result.</summary>
    public SetEvaluation? EvaluateSet { get; init; }

    /// <summary>For aggregates: a fresh accumulator.</summary>
    public Func<Accumulator>? Accumulate { get; init; }

    /// <summary>
    /// Set on polymorphic functions (a parameter is one of the pseudo-types): gives the overload for these actual argument
    /// types, one per argument, with concrete Parameters, Result and Evaluate and an Id of its own ("to_jsonb:int4").
    /// </summary>
    public Func<ImmutableArray<LogicalType>, Function>? Specialize { get; init; }

    /// <summary>
    /// Of a specialised function: the Id of the polymorphic one, and its types. An engine's extension function has the name
    /// BaseId and takes TypeTag, a text literal, before the arguments.
    /// </summary>
    public string? BaseId { get; init; }
    public string? TypeTag { get; init; }

    public bool IsPolymorphic => Specialize is not null;
}

/// <summary>Computes the rows of a set-returning function; each row has one datum per column.</summary>
internal delegate Outcome<IReadOnlyList<Datum[]>> SetEvaluation(ReadOnlySpan<Datum> arguments);

/// <summary>The state of one aggregate over one group. Strict aggregates are not given rows with a NULL argument.</summary>
internal abstract class Accumulator
{
    /// <summary>Takes one row; an error ends the statement.</summary>
    public abstract Error? Add(ReadOnlySpan<Datum> arguments);

    public abstract Outcome<Datum> Finish();
}
