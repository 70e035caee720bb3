using System.Collections.Immutable;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Functions;

// Short forms in which the families state their functions: every entry is one line where it can be.

internal static class Define
{
    /// <summary>A strict, immutable function that may raise.</summary>
    public static Function Scalar(
        string id,
        string name,
        LogicalType[] parameters,
        LogicalType result,
        Evaluation evaluate
    ) => new(id, name, [.. parameters], result) { Evaluate = evaluate };

    /// <summary>A strict, immutable function that never raises.</summary>
    public static Function Total(
        string id,
        string name,
        LogicalType[] parameters,
        LogicalType result,
        Evaluation evaluate
    ) => new(id, name, [.. parameters], result) { Evaluate = evaluate, Total = true };

    public static Function Infix(
        string id,
        string spelling,
        LogicalType left,
        LogicalType right,
        LogicalType result,
        Evaluation evaluate
    ) => new(id, id, [left, right], result) { Operator = spelling, Evaluate = evaluate };

    public static Function Prefix(
        string id,
        string spelling,
        LogicalType operand,
        LogicalType result,
        Evaluation evaluate
    ) => new(id, id, [operand], result) { Operator = spelling, Evaluate = evaluate };

    public static Function AsTotal(this Function function) => function with { Total = true };

    /// <summary>Is called with NULL arguments too.</summary>
    public static Function AsLax(this Function function) => function with { Strict = false };

    public static Function AsVolatile(this Function function) => function with { Volatility = Volatility.Volatile };

    public static Function AsStable(this Function function) => function with { Volatility = Volatility.Stable };

    /// <summary>
    /// The same answer forever, in this version of the function's code: whoever changes what it answers raises the version,
    /// and what was computed before is computed anew. A mark that is there already stays.
    /// </summary>
    public static Function AsStored(this Function function, StoredResults stored) =>
        function.Stored is null && function is { Shape: FunctionShape.Scalar, Volatility: Volatility.Immutable }
            ? function with { Stored = stored, Specialize = Marked(function.Specialize, stored) }
            : function;

    private static Func<ImmutableArray<LogicalType>, Function>? Marked(Func<ImmutableArray<LogicalType>, Function>? specialize, StoredResults stored) =>
        specialize is null ? null : types => specialize(types) with { Stored = stored };

    public static IEnumerable<Function> Stored(this IEnumerable<Function> functions) => functions.Select(f => f.AsStored(StoredResults.First));

    public static Function AsVariadic(this Function function) => function with { Variadic = true };

    /// <summary>The same function under another name: pow for power.</summary>
    public static Function Alias(this Function function, string id, string name) =>
        function with
        {
            Id = id,
            Name = name,
        };

    /// <summary>Makes a function polymorphic: <paramref name="make"/> completes the overload for concrete argument types.</summary>
    public static Function Polymorphic(this Function function, Func<Function, Function> make)
    {
        Function generic = function;
        return function with { Specialize = types => make(Concrete(generic, types)) };
    }

    /// <summary>A polymorphic function whose evaluation depends on its concrete parameter types.</summary>
    public static Function Polymorphic(
        this Function function,
        Func<ImmutableArray<LogicalType>, Evaluation> evaluate
    ) => function.Polymorphic(f => f with { Evaluate = evaluate(f.Parameters) });

    private static Function Concrete(Function generic, ImmutableArray<LogicalType> types)
    {
        LogicalType? element = null;
        var tags = new List<LogicalType>();
        for (int i = 0; i < types.Length; i++)
        {
            LogicalType parameter = generic.Parameters[Math.Min(i, generic.Parameters.Length - 1)];
            switch (parameter.Kind)
            {
                case TypeKind.Any:
                    tags.Add(types[i]);
                    break;
                case TypeKind.AnyArray:
                    element ??= types[i].Element;
                    break;
                case TypeKind.AnyElement or TypeKind.AnyNonArray or TypeKind.AnyEnum:
                    element ??= types[i];
                    break;
            }
        }
        if (element is not null)
        {
            tags.Insert(0, element);
        }
        string tag = TypeTag.Of(tags);
        return generic with
        {
            Id = $"{generic.Id}:{tag}",
            BaseId = generic.Id,
            TypeTag = tag,
            Parameters = types,
            Result = generic.Result.Kind switch
            {
                TypeKind.AnyElement or TypeKind.AnyNonArray or TypeKind.AnyEnum => element!,
                TypeKind.AnyArray => LogicalType.ArrayOf(element!),
                _ => generic.Result,
            },
            Specialize = null,
        };
    }

    /// <summary>The concrete overload that a type tag and a number of arguments stand for (the way back of TypeTag).</summary>
    public static Function FromTag(Function generic, string tag, int arguments)
    {
        ImmutableArray<LogicalType> tags = TypeTag.ParseList(tag);
        bool hasElement = generic.Parameters.Any(p => p.IsPolymorphic && p.Kind != TypeKind.Any);
        int next = hasElement ? 1 : 0;
        var types = ImmutableArray.CreateBuilder<LogicalType>(arguments);
        for (int i = 0; i < arguments; i++)
        {
            LogicalType parameter = generic.Parameters[Math.Min(i, generic.Parameters.Length - 1)];
            types.Add(
                parameter.Kind switch
                {
                    TypeKind.Any => tags[next++],
                    TypeKind.AnyArray => LogicalType.ArrayOf(tags[0]),
                    TypeKind.AnyElement or TypeKind.AnyNonArray or TypeKind.AnyEnum => tags[0],
                    _ => parameter,
                }
            );
        }
        return generic.Specialize!(types.MoveToImmutable());
    }
}
