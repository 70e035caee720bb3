using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

// Operators and the comparisons with a syntax of their own.
internal sealed partial class TypeChecker
{
    private Expr BindOperator(OperatorExpr e, Scope scope)
    {
        if (e.Left is RowExpr left && e.Right is RowExpr right)
        {
            return BindRowComparison(e, left, right, scope);
        }
        string spelling = e.Operator == "!=" ? "<>" : e.Operator;
        if (e.Left is null)
        {
            return ApplyPrefix(spelling, Bind(e.Right, scope), e.At);
        }
        return Apply(spelling, Bind(e.Left, scope), Bind(e.Right, scope), e.At);
    }

    private Expr ApplyPrefix(string spelling, Expr operand, Span at)
    {
        var overloads = FunctionCatalog.Operators(spelling);
        var signatures = new ImmutableArray<LogicalType>[overloads.Length];
        var functions = new Function[overloads.Length];
        int count = 0;
        foreach (Function function in overloads)
        {
            if (function.Parameters.Length == 1)
            {
                (functions[count], signatures[count++]) = (function, function.Parameters);
            }
        }
        int chosen = OverloadResolver.Choose(signatures.AsSpan(0, count), [operand.Type], isOperator: true);
        return chosen switch
        {
            OverloadResolver.None => throw CheckErrors.NoOperator(spelling, null, operand.Type, at),
            OverloadResolver.Ambiguous => throw CheckErrors.AmbiguousOperator(spelling, null, operand.Type, at),
            _ => ApplyFunction(functions[chosen], [operand], at),
        };
    }

    /// <summary>Two bound operands under an operator.</summary>
    private Expr Apply(string spelling, Expr left, Expr right, Span at)
    {
        Function function = ChooseOperator(spelling, left.Type, right.Type, at);
        return ApplyFunction(function, [left, right], at);
    }

    private static Function ChooseOperator(string spelling, LogicalType left, LogicalType right, Span at)
    {
        var overloads = FunctionCatalog.Operators(spelling);
        ReadOnlySpan<LogicalType> types = [left, right];
        if (left.Kind != TypeKind.Unknown || right.Kind != TypeKind.Unknown)
        {
            foreach (Function function in overloads)
            {
                if (function.Parameters.Length == 2 && OverloadResolver.IsExact(function.Parameters, types, borrow: true))
                {
                    return function;
                }
            }
        }
        var signatures = new ImmutableArray<LogicalType>[overloads.Length];
        var functions = new Function[overloads.Length];
        int count = 0;
        foreach (Function function in overloads)
        {
            if (function.Parameters.Length == 2)
            {
                (functions[count], signatures[count++]) = (function, function.Parameters);
            }
        }
        int chosen = OverloadResolver.Choose(signatures.AsSpan(0, count), types, isOperator: true);
        return chosen switch
        {
            OverloadResolver.None => throw CheckErrors.NoOperator(spelling, left, right, at),
            OverloadResolver.Ambiguous => throw CheckErrors.AmbiguousOperator(spelling, left, right, at),
            _ => functions[chosen],
        };
    }

    /// <summary>Makes a polymorphic function concrete and converts the arguments to its parameters.</summary>
    private ApplyExpr ApplyFunction(Function function, ImmutableArray<Expr> arguments, Span at)
    {
        function = Specialized(function, arguments);
        return new ApplyExpr(function, CoerceArguments(function, arguments, at)) { Type = function.Result, At = at };
    }

    private static Function Specialized(Function function, ImmutableArray<Expr> arguments)
    {
        if (!function.IsPolymorphic)
        {
            return function;
        }
        var types = new LogicalType[arguments.Length];
        for (int i = 0; i < types.Length; i++)
        {
            types[i] = arguments[i].Type;
        }
        return function.Specialize!(OverloadResolver.Concrete(Expanded(function, types.Length), types));
    }

    private ImmutableArray<Expr> CoerceArguments(Function function, ImmutableArray<Expr> arguments, Span at)
    {
        var coerced = new Expr[arguments.Length];
        for (int i = 0; i < coerced.Length; i++)
        {
            LogicalType parameter = function.Parameters[Math.Min(i, function.Parameters.Length - 1)];
            coerced[i] = Coerce(arguments[i], parameter, arguments[i].At.Start >= 0 ? arguments[i].At : at);
        }
        return Frozen.AsImmutable(coerced);
    }

    /// <summary>A signature with its last parameter repeated to the number of arguments.</summary>
    private static ImmutableArray<LogicalType> Expanded(Function function, int count)
    {
        if (function.Parameters.Length == count)
        {
            return function.Parameters;
        }
        var types = ImmutableArray.CreateBuilder<LogicalType>(count);
        for (int i = 0; i < count; i++)
        {
            types.Add(function.Parameters[Math.Min(i, function.Parameters.Length - 1)]);
        }
        return types.MoveToImmutable();
    }

    // ---- tests and comparisons ----

    private Expr BindTest(TestExpr e, Scope scope)
    {
        Expr operand = e.Kind == TestKind.Null ? DefaultUnknown(Bind(e.Operand, scope)) : BindCondition(e.Operand, scope, TestName(e));
        return e with { Operand = operand, Type = LogicalType.Boolean };
    }

    private static string TestName(TestExpr e) => (e.Negated ? "IS NOT " : "IS ") + e.Kind.ToString().ToUpperInvariant();

    private Expr BindDistinct(DistinctExpr e, Scope scope)
    {
        Expr left = Bind(e.Left, scope);
        Expr right = Bind(e.Right, scope);
        if (PartsOf(left) is { } lefts && PartsOf(right) is { } rights)
        {
            return DistinctRows(e, lefts, rights);
        }
        if (left is RowExpr || right is RowExpr)
        {
            throw CheckErrors.NotSupported("IS DISTINCT FROM of a row and something else", e.At);
        }
        return DistinctValues(e, left, right);
    }

    private DistinctExpr DistinctValues(DistinctExpr e, Expr left, Expr right)
    {
        Function equal = ChooseOperator("=", left.Type, right.Type, e.At);
        var sides = ApplyFunction(equal, [left, right], e.At).Arguments;
        return e with { Left = sides[0], Right = sides[1], Type = LogicalType.Boolean };
    }

    private Expr BindInList(InListExpr e, Scope scope)
    {
        if (e.Operand is RowExpr)
        {
            return BindRowInList(e, scope);
        }
        Expr operand = BindDuplicated(e.Operand, scope);
        var items = BindAll(e.Items, scope);
        LogicalType? common = operand.Type;
        foreach (Expr item in items)
        {
            common = common is null ? null : TypeFacts.Common(common, item.Type);
        }
        if (common is null)
        {
            return InListByOperators(e, operand, items);
        }
        if (common.Kind == TypeKind.Unknown)
        {
            common = LogicalType.Text;
        }
        // Compared as the operator would: varchar as text, and refused where there is no "=".
        Function equal = ChooseOperator("=", common, common, e.At);
        LogicalType compared = equal.Parameters[0].IsPolymorphic ? common : equal.Parameters[0];
        return e with { Operand = Coerce(operand, compared, e.At), Items = CoerceAll(items, compared, e.At), Type = LogicalType.Boolean };
    }

    private Expr InListByOperators(InListExpr e, Expr operand, ImmutableArray<Expr> items)
    {
        var tests = new Expr[items.Length];
        for (int i = 0; i < tests.Length; i++)
        {
            tests[i] = Apply(e.Negated ? "<>" : "=", operand, items[i], e.Items[i].At);
        }
        var all = Frozen.AsImmutable(tests);
        return e.Negated
            ? new AndExpr(all) { Type = LogicalType.Boolean, At = e.At }
            : new OrExpr(all) { Type = LogicalType.Boolean, At = e.At };
    }

    private Expr BindInSelect(InSelectExpr e, Scope scope)
    {
        Select select = BindSelect(e.Select, scope, keepUnknown: false);
        if (e.Operand is RowExpr row)
        {
            return BindRowInSelect(e, row, select, scope);
        }
        Expr operand = Bind(e.Operand, scope);
        if (select.Output.Length != 1)
        {
            throw CheckErrors.Of(ErrorCodes.SyntaxError, "subquery has too many columns", e.At);
        }
        (operand, LogicalType column) = ComparedAs(operand, select.Output[0].Type, "=", e.At);
        select = CoerceColumns(select, [column], CastContext.Implicit);
        return e with { Operand = operand, Select = select, Type = LogicalType.Boolean };
    }

    /// <summary>What "=" makes of an operand and a column: the converted operand and the type the column is converted to.</summary>
    private (Expr Operand, LogicalType Column) ComparedAs(Expr operand, LogicalType column, string spelling, Span at)
    {
        Function function = ChooseOperator(spelling, operand.Type, column, at);
        var signature = function.IsPolymorphic
            ? OverloadResolver.Concrete(function.Parameters, [operand.Type, column])
            : function.Parameters;
        return (Coerce(operand, signature[0], at), signature[1]);
    }

    private QuantifiedExpr BindQuantified(QuantifiedExpr e, Scope scope)
    {
        string spelling = e.Operator == "!=" ? "<>" : e.Operator;
        Expr operand = Bind(e.Operand, scope);
        Expr array =
            e.Array is ArrayExpr { Items.IsEmpty: true } empty && operand.Type.Kind != TypeKind.Unknown
                ? BindArray(empty, scope, operand.Type)
                : Bind(e.Array, scope);
        if (array.Type.Kind == TypeKind.Unknown)
        {
            LogicalType element = operand.Type.Kind == TypeKind.Unknown ? LogicalType.Text : operand.Type.Unmodified;
            array = Coerce(array, LogicalType.ArrayOf(element), e.Array.At);
        }
        if (array.Type.Kind != TypeKind.Array)
        {
            throw CheckErrors.Of(ErrorCodes.WrongObjectType, "op ANY/ALL (array) requires array on right side", e.At);
        }
        LogicalType item = array.Type.Element!;
        Function function = ChooseOperator(spelling, operand.Type, item, e.At);
        if (function.IsPolymorphic)
        {
            function = function.Specialize!(OverloadResolver.Concrete(function.Parameters, [operand.Type, item]));
        }
        if (function.Result.Kind != TypeKind.Boolean)
        {
            throw CheckErrors.Of(ErrorCodes.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean", e.At);
        }
        return e with
        {
            Operator = spelling,
            Operand = Coerce(operand, function.Parameters[0], e.At),
            Array = Coerce(array, LogicalType.ArrayOf(function.Parameters[1]), e.At),
            Comparison = function,
            Type = LogicalType.Boolean,
        };
    }

    private Expr BindSubscript(SubscriptExpr e, Scope scope)
    {
        Expr array = Bind(e.Array, scope);
        if (array.Type.Kind == TypeKind.Jsonb && e.Upper is null)
        {
            return Apply("->", array, Bind(e.Index, scope), e.At);
        }
        if (array.Type.Kind != TypeKind.Array)
        {
            throw CheckErrors.Of(
                ErrorCodes.DatatypeMismatch,
                $"cannot subscript type {array.Type.Unmodified.SqlName} because it does not support subscripting",
                e.At
            );
        }
        Expr index = Index(e.Index);
        if (array is VariableExpr { Name: "tg_argv" })
        {
            // The one array of PostgreSQL that counts from 0.
            index = Apply("+", index, new ConstantExpr(Datum.Of(1)) { Type = LogicalType.Int4 }, e.At);
        }
        Expr? upper = e.Upper is null ? null : Index(e.Upper);
        return e with { Array = array, Index = index, Upper = upper, Type = upper is null ? array.Type.Element! : array.Type };

        Expr Index(Expr syntax) =>
            TryCoerce(Bind(syntax, scope), LogicalType.Int4, CastContext.Assignment)
            ?? throw CheckErrors.Of(ErrorCodes.DatatypeMismatch, "array subscript must have type integer", syntax.At);
    }
}
