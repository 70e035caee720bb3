using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

// Calls: context constants, functions of the catalogue, aggregates, window functions, then functions of the app.
internal sealed partial class TypeChecker
{
    private Expr BindCall(CallExpr e, Scope scope)
    {
        Expr bound = ResolveCall(e, scope, out RoutineShape? routine);
        bool returnsRows = routine?.ReturnsSet ?? bound is ApplyExpr { Function.Shape: FunctionShape.SetReturning };
        return returnsRows ? Lift(bound, routine, e, scope) : bound;
    }

    /// <summary>The call bound, set-returning ones as they are.</summary>
    private Expr ResolveCall(CallExpr e, Scope scope, out RoutineShape? routine)
    {
        routine = null;
        if (BindContext(e, scope) is { } context)
        {
            return context;
        }
        var overloads = e.Schema switch
        {
            null or "pg_catalog" => FunctionCatalog.Named(e.Name),
            "extensions" => FunctionCatalog.Named(e.Name),
            _ => FunctionCatalog.Named($"{e.Schema}.{e.Name}"),
        };
        if (overloads.IsEmpty)
        {
            return BindUserCall(e, BindAll(e.Arguments, scope), out routine);
        }
        return overloads[0].Shape switch
        {
            FunctionShape.Aggregate => BindAggregate(e, overloads, scope),
            FunctionShape.Window => BindWindow(e, overloads, scope),
            _ => BindFunction(e, overloads, scope, out routine),
        };
    }

    private Expr BindFunction(CallExpr e, ImmutableArray<Function> overloads, Scope scope, out RoutineShape? routine)
    {
        routine = null;
        RefuseOver(e);
        e = e.Name == "make_interval" ? MakeInterval(e) : e;
        var arguments = BindAll(e.Arguments, scope);
        if (e.ArgumentNames.IsEmpty && ChooseFunction(overloads, arguments, e) is { } function)
        {
            return ApplyFunction(function, arguments, e.At);
        }
        return BindUserCall(e, arguments, out routine);
    }

    private static readonly string[] IntervalParts = ["years", "months", "weeks", "days", "hours", "mins", "secs"];

    /// <summary>The one built-in function that is called by names: what is left out is zero.</summary>
    private static CallExpr MakeInterval(CallExpr e)
    {
        var parts = new Expr[IntervalParts.Length];
        Array.Fill(parts, new NumberExpr("0") { At = e.At });
        for (int i = 0; i < e.Arguments.Length; i++)
        {
            string? name = e.ArgumentNames.IsEmpty ? null : e.ArgumentNames[i];
            int part = name is null ? i : Array.IndexOf(IntervalParts, name);
            if (part < 0 || part >= parts.Length)
            {
                return e;
            }
            parts[part] = e.Arguments[i];
        }
        return e with { Arguments = Frozen.AsImmutable(parts), ArgumentNames = [] };
    }

    private static void RefuseOver(CallExpr e)
    {
        if (e.Over is not null)
        {
            throw CheckErrors.Of(
                ErrorCodes.WrongObjectType,
                $"OVER specified, but {e.Name} is not a window function nor an aggregate function",
                e.At
            );
        }
        string? clause = e.Distinct ? "DISTINCT" : !e.OrderBy.IsEmpty ? "ORDER BY" : e.Filter is not null ? "FILTER" : null;
        if (clause is not null)
        {
            throw CheckErrors.Of(ErrorCodes.WrongObjectType, $"{clause} specified, but {e.Name} is not an aggregate function", e.At);
        }
    }

    /// <summary>The overload of the catalogue; null when none takes these arguments.</summary>
    private static Function? ChooseFunction(ImmutableArray<Function> overloads, ImmutableArray<Expr> arguments, CallExpr e)
    {
        var signatures = new ImmutableArray<LogicalType>[overloads.Length];
        var functions = new Function[overloads.Length];
        int count = 0;
        foreach (Function function in overloads)
        {
            if (function.Parameters.Length == arguments.Length || (function.Variadic && arguments.Length > function.Parameters.Length))
            {
                (functions[count], signatures[count++]) = (function, Expanded(function, arguments.Length));
            }
        }
        if (count == 1 && arguments.IsEmpty)
        {
            return functions[0];
        }
        int chosen = OverloadResolver.Choose(signatures.AsSpan(0, count), TypesOf(arguments), isOperator: false);
        return chosen switch
        {
            OverloadResolver.None => null,
            OverloadResolver.Ambiguous => throw CheckErrors.Of(
                ErrorCodes.AmbiguousFunctionCall,
                $"function {Signature(e, arguments)} is not unique",
                e.At,
                "Could not choose a best candidate function. You might need to add explicit type casts."
            ),
            _ => functions[chosen],
        };
    }

    private static LogicalType[] TypesOf(ImmutableArray<Expr> items)
    {
        var types = new LogicalType[items.Length];
        for (int i = 0; i < types.Length; i++)
        {
            types[i] = items[i].Type;
        }
        return types;
    }

    private static string Signature(CallExpr e, ImmutableArray<Expr> arguments)
    {
        var types = new List<string>(arguments.Length);
        for (int i = 0; i < arguments.Length; i++)
        {
            string? name = e.ArgumentNames.IsEmpty ? null : e.ArgumentNames[i];
            string type = arguments[i].Type.Unmodified.SqlName;
            types.Add(name is null ? type : $"{name} => {type}");
        }
        string qualified = e.Schema is null ? e.Name : $"{e.Schema}.{e.Name}";
        return $"{qualified}({string.Join(", ", types)})";
    }

    // ---- aggregates and windows ----

    private Expr BindAggregate(CallExpr e, ImmutableArray<Function> overloads, Scope scope)
    {
        if (e.WithinGroup)
        {
            throw CheckErrors.NotSupported("WITHIN GROUP", e.At);
        }
        if (e.Over is not null)
        {
            return BindWindow(e, overloads, scope);
        }
        RequireAggregateAllowed(scope, e.At);
        scope.HasAggregate = true;
        scope.InsideAggregate = true;
        string? noWindows = scope.NoWindows;
        scope.NoWindows = "an aggregate function call";
        var arguments = IsStar(e) ? [] : BindAll(e.Arguments, scope);
        Function function = ChooseFunction(overloads, arguments, e) ?? throw NoFunction(e, arguments);
        function = Specialized(function, arguments);
        var bound = new AggregateExpr(function, CoerceArguments(function, arguments, e.At))
        {
            Distinct = e.Distinct,
            OrderBy = BindOrderKeys(e.OrderBy, scope),
            Filter = e.Filter is null ? null : BindCondition(e.Filter, scope, "FILTER"),
            Type = function.Result,
            At = e.At,
        };
        scope.InsideAggregate = false;
        scope.NoWindows = noWindows;
        RequireOwnColumns(bound, scope);
        return bound;
    }

    private static void RequireAggregateAllowed(Scope scope, Span at)
    {
        if (scope.InsideAggregate)
        {
            throw CheckErrors.Of(ErrorCodes.GroupingError, "aggregate function calls cannot be nested", at);
        }
        if (scope.NoAggregates is { } clause)
        {
            throw CheckErrors.Of(ErrorCodes.GroupingError, $"aggregate functions are not allowed in {clause}", at);
        }
    }

    // PostgreSQL would let such an aggregate belong to the outer query; answering as if it were ours would be wrong.
    private static void RequireOwnColumns(AggregateExpr bound, Scope scope)
    {
        if (scope.Parent is null || bound.Arguments.IsEmpty)
        {
            return;
        }
        ExprFacts facts = ExprFacts.Of(bound);
        if (facts.Columns.Count > 0 && !scope.Ranges.Exists(r => facts.Reads(r.Alias)))
        {
            throw CheckErrors.NotSupported("an aggregate over columns of an outer query only", bound.At);
        }
    }

    private static bool IsStar(CallExpr e) => e.Arguments is [StarExpr { Qualifier: null }];

    private WindowExpr BindWindow(CallExpr e, ImmutableArray<Function> overloads, Scope scope)
    {
        if (e.Over is null)
        {
            throw CheckErrors.Of(ErrorCodes.WrongObjectType, $"window function {e.Name} requires an OVER clause", e.At);
        }
        if (scope.NoWindows is { } clause)
        {
            throw CheckErrors.Of(ErrorCodes.WindowingError, $"window functions are not allowed in {clause}", e.At);
        }
        if (e.Distinct || !e.OrderBy.IsEmpty)
        {
            throw CheckErrors.NotSupported("DISTINCT or ORDER BY inside a window function", e.At);
        }
        scope.NoWindows = "a window function call";
        var arguments = IsStar(e) ? [] : BindAll(e.Arguments, scope);
        Function function = ChooseFunction(overloads, arguments, e) ?? throw NoFunction(e, arguments);
        function = Specialized(function, arguments);
        var bound = new WindowExpr(function, CoerceArguments(function, arguments, e.At), BindWindowSpec(e.Over, scope, e.At))
        {
            Filter = e.Filter is null ? null : BindCondition(e.Filter, scope, "FILTER"),
            Type = function.Result,
            At = e.At,
        };
        scope.NoWindows = null;
        return bound;
    }

    /// <summary>A window in full: the named one it refers to is written into it.</summary>
    private WindowSpec BindWindowSpec(WindowSpec spec, Scope scope, Span at)
    {
        var partitionBy = spec.PartitionBy;
        var orderBy = spec.OrderBy;
        string? frame = spec.Frame;
        if (spec.Name is not null)
        {
            WindowSpec named = FindWindow(spec.Name, scope, at);
            partitionBy = named.PartitionBy;
            orderBy = orderBy.IsEmpty ? named.OrderBy : orderBy;
            frame ??= named.Frame;
        }
        var partitions = BindAll(partitionBy, scope);
        var typed = new Expr[partitions.Length];
        for (int i = 0; i < typed.Length; i++)
        {
            typed[i] = DefaultUnknown(partitions[i]);
        }
        return new WindowSpec(null, Frozen.AsImmutable(typed), BindOrderKeys(orderBy, scope), frame);
    }

    private static WindowSpec FindWindow(string name, Scope scope, Span at)
    {
        foreach (WindowSpec window in scope.Windows)
        {
            if (window.Name == name)
            {
                return window;
            }
        }
        throw CheckErrors.Of(ErrorCodes.UndefinedObject, $"window \"{name}\" does not exist", at);
    }

    private ImmutableArray<OrderItem> BindOrderKeys(ImmutableArray<OrderItem> items, Scope scope)
    {
        if (items.IsEmpty)
        {
            return [];
        }
        var bound = new OrderItem[items.Length];
        for (int i = 0; i < bound.Length; i++)
        {
            bound[i] = items[i] with { Key = Orderable(DefaultUnknown(Bind(items[i].Key, scope)), items[i].Key.At) };
        }
        return Frozen.AsImmutable(bound);
    }

    private static Expr Orderable(Expr key, Span at) =>
        key.Type.Kind is TypeKind.Json or TypeKind.Void
            ? throw CheckErrors.Of(
                ErrorCodes.UndefinedFunction,
                $"could not identify an ordering operator for type {key.Type.SqlName}",
                at,
                "Use an explicit ordering operator or modify the query."
            )
            : key;

    // ---- calls that return rows ----

    /// <summary>A set-returning call in a select list stands in from instead, as a lateral join: the same rows.</summary>
    private Expr Lift(Expr call, RoutineShape? routine, CallExpr e, Scope scope)
    {
        if (!scope.MayLift)
        {
            throw CheckErrors.Of(
                ErrorCodes.FeatureNotSupported,
                $"set-returning functions are not allowed in {scope.NoAggregates ?? "this place"}",
                e.At,
                "Put the function into FROM."
            );
        }
        scope.Lifted ??= [];
        if (scope.Lifted.Count > 0)
        {
            throw CheckErrors.Of(
                ErrorCodes.FeatureNotSupported,
                "more than one set-returning function in a select list is not supported",
                e.At,
                "Put the functions into FROM."
            );
        }
        (FunctionFrom from, RangeEntry entry) = FunctionRange(new FunctionFrom(call, e.Name, [], true) { At = e.At }, call, routine);
        scope.Lifted.Add(from);
        return entry.IsScalarFunction || entry.Fields.Length == 1
            ? entry.Column(0, e.At)
            : new RowOfRangeExpr(entry.Alias) { Type = entry.RowType, At = e.At };
    }
}
