using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

// Calls of the app's own functions: overloads, named and default arguments, variadic lists. A bound call has every
// argument, in the order and of the type of the parameters, so the parameter types say which overload it is.
internal sealed partial class TypeChecker
{
    private const int Omitted = -1;

    /// <summary>How a call fits an overload: for each parameter the argument it gets; the type each argument meets.</summary>
    private sealed record Fit(RoutineShape Routine, int[] ArgumentOf, ImmutableArray<LogicalType> Signature, bool Spread);

    private Expr BindUserCall(CallExpr e, ImmutableArray<Expr> arguments, out RoutineShape? routine)
    {
        RefuseOver(e);
        var fits = new List<Fit>();
        foreach (RoutineShape candidate in names.FindRoutines(e.Schema, e.Name))
        {
            if (FitOf(candidate, e, arguments.Length) is { } fit)
            {
                fits.Add(fit);
            }
        }
        if (fits.Count == 0)
        {
            routine = null;
            return CallAsCast(e, arguments) ?? throw NoFunction(e, arguments);
        }
        Fit chosen = ChooseFit(fits, e, arguments);
        routine = chosen.Routine;
        if (routine.Result.Kind == TypeKind.Trigger)
        {
            throw CheckErrors.Of(ErrorCodes.FeatureNotSupported, "trigger functions can only be called as triggers", e.At);
        }
        return new UserCallExpr(routine.Name, ArgumentsFor(chosen, arguments, e)) { Type = routine.Result, At = e.At };
    }

    private static Fit ChooseFit(List<Fit> fits, CallExpr e, ImmutableArray<Expr> arguments)
    {
        var signatures = new ImmutableArray<LogicalType>[fits.Count];
        for (int i = 0; i < signatures.Length; i++)
        {
            signatures[i] = fits[i].Signature;
        }
        int index = OverloadResolver.Choose(signatures, TypesOf(arguments), isOperator: false);
        return index switch
        {
            OverloadResolver.None => throw NoFunction(e, arguments),
            OverloadResolver.Ambiguous => throw CheckErrors.Of(
                ErrorCodes.AmbiguousFunctionCall,
                $"function {Signature(e, arguments)} is not unique",
                e.At,
                "Could not choose a best candidate function. You might need to add explicit type casts."
            ),
            _ => fits[index],
        };
    }

    private static Fit? FitOf(RoutineShape routine, CallExpr e, int count)
    {
        var parameters = routine.Parameters;
        bool spread = parameters is [.., { Variadic: true }] && e.ArgumentNames.IsEmpty && count >= parameters.Length;
        if (count > parameters.Length && !spread)
        {
            return null;
        }
        var argumentOf = new int[parameters.Length];
        Array.Fill(argumentOf, Omitted);
        var types = new LogicalType[count];
        for (int i = 0; i < count; i++)
        {
            string? name = e.ArgumentNames.IsEmpty ? null : e.ArgumentNames[i];
            int target = name is null ? Math.Min(i, parameters.Length - 1) : ParameterNamed(parameters, name);
            bool repeated = spread && i >= parameters.Length;
            if (target < 0 || (argumentOf[target] != Omitted && !repeated))
            {
                return null;
            }
            if (!repeated)
            {
                argumentOf[target] = i;
            }
            bool isElement = spread && target == parameters.Length - 1;
            types[i] = isElement ? parameters[target].Type.Element! : parameters[target].Type;
        }
        for (int i = 0; i < argumentOf.Length; i++)
        {
            if (argumentOf[i] == Omitted && parameters[i].Default is null)
            {
                return null;
            }
        }
        return new Fit(routine, argumentOf, Frozen.AsImmutable(types), spread);
    }

    private static int ParameterNamed(ImmutableArray<RoutineParameter> parameters, string name)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            if (parameters[i].Name == name)
            {
                return i;
            }
        }
        return -1;
    }

    private ImmutableArray<Expr> ArgumentsFor(Fit fit, ImmutableArray<Expr> arguments, CallExpr e)
    {
        var parameters = fit.Routine.Parameters;
        var result = new Expr[parameters.Length];
        for (int i = 0; i < result.Length; i++)
        {
            LogicalType type = parameters[i].Type;
            if (fit.Spread && i == result.Length - 1)
            {
                var rest = CoerceAll(arguments[i..], type.Element!, e.At);
                result[i] = new ArrayExpr(rest) { Type = type, At = e.At };
                continue;
            }
            int argument = fit.ArgumentOf[i];
            result[i] = argument == Omitted
                ? DefaultArgument(parameters[i].Default!, type, e.At)
                : Coerce(arguments[argument], type.Unmodified, e.At);
        }
        return Frozen.AsImmutable(result);
    }

    private Expr DefaultArgument(Expr syntax, LogicalType type, Span at)
    {
        VariableScope? outer = variables;
        variables = null;
        Expr bound = Bind(syntax, new Scope(null));
        variables = outer;
        return TryCoerce(bound, type.Unmodified, CastContext.Assignment) ?? throw CheckErrors.CannotCast(bound.Type, type, at);
    }

    /// <summary>date(x), text(x): the name of a type called with one argument is a cast.</summary>
    private Expr? CallAsCast(CallExpr e, ImmutableArray<Expr> arguments)
    {
        if (e.Schema is not (null or "pg_catalog") || arguments.Length != 1 || !e.ArgumentNames.IsEmpty)
        {
            return null;
        }
        var syntax = new TypeSyntax([e.Name], [], 0, e.At);
        return TypeNames.TryResolve(syntax, names).TryGet(out LogicalType type, out _)
            ? TryCoerce(arguments[0], type, CastContext.Explicit)
            : null;
    }

    private static CheckFailure NoFunction(CallExpr e, ImmutableArray<Expr> arguments)
    {
        string hint = "No function matches the given name and argument types. You might need to add explicit type casts.";
        if (FunctionCatalog.Named(e.Name).IsEmpty && NearestName.Of(e.Name, FunctionCatalog.Names) is { } near && near != e.Name)
        {
            hint = $"Perhaps you meant the function \"{near}\".";
        }
        return CheckErrors.Of(ErrorCodes.UndefinedFunction, $"function {Signature(e, arguments)} does not exist", e.At, hint);
    }
}
