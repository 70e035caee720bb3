using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

/// <summary>Where a check starts from; the default suits a text of its own.</summary>
internal sealed record CheckOptions
{
    public static readonly CheckOptions Standard = new();

    /// <summary>Aliases of from items are this and a number that counts from <see cref="FirstAlias"/>.</summary>
    public string AliasPrefix { get; init; } = "t";
    public int FirstAlias { get; init; }

    /// <summary>Variables of the function body the text stands in.</summary>
    public VariableScope? Variables { get; init; }

    /// <summary>Types of $1, $2, … where they are known; the others are inferred.</summary>
    public ImmutableArray<LogicalType> ParameterTypes { get; init; } = [];
}

/// <summary>
/// Turns syntax trees into bound ones: names become columns of ranges with aliases unique in the whole statement, operators
/// and calls become functions of the catalogue, literals become values, and every node gets its type. One instance per text.
/// </summary>
internal sealed partial class TypeChecker
{
    private const int MaxDepth = 1000;

    private readonly IBindingScope names;
    private readonly string aliasPrefix;
    private readonly List<LogicalType> parameterTypes;
    private VariableScope? variables;
    private int nextAlias;
    private int nextCommonTable;
    private int depth;
    private ExpressionUse use;

    public TypeChecker(IBindingScope names, CheckOptions? options = null)
    {
        options ??= CheckOptions.Standard;
        this.names = names;
        aliasPrefix = options.AliasPrefix;
        nextAlias = options.FirstAlias;
        variables = options.Variables;
        parameterTypes = [.. options.ParameterTypes];
    }

    /// <summary>Types of the parameters $1, $2, … as the last check found them; text where nothing said otherwise.</summary>
    public ImmutableArray<LogicalType> ParameterTypes
    {
        get
        {
            var types = ImmutableArray.CreateBuilder<LogicalType>(parameterTypes.Count);
            foreach (LogicalType type in parameterTypes)
            {
                types.Add(type.Kind == TypeKind.Unknown ? LogicalType.Text : type);
            }
            return types.MoveToImmutable();
        }
    }

    /// <summary>The number after the last alias that was given out.</summary>
    public int NextAlias => nextAlias;

    /// <summary>An expression outside a query: a default, a check, a policy, an index key, a filter.</summary>
    public Outcome<Expr> CheckExpression(
        Expr expr,
        ScopeOfRanges ranges,
        LogicalType? expected = null,
        ExpressionUse use = ExpressionUse.General
    )
    {
        try
        {
            this.use = use;
            Scope scope = ScopeOver(ranges);
            scope.NoAggregates = scope.NoWindows = ExpressionRules.NamesOf(use);
            Expr bound = Resolve(Bind(expr, scope), expected ?? LogicalType.Unknown, use, expr.At);
            ExpressionRules.Require(bound, use, expr.At);
            return bound;
        }
        catch (CheckFailure failure)
        {
            return failure.Error;
        }
    }

    public Outcome<Select> CheckSelect(Select select, ScopeOfRanges? outer = null)
    {
        try
        {
            return BindSelect(select, outer is null ? null : ScopeOver(outer), keepUnknown: false);
        }
        catch (CheckFailure failure)
        {
            return failure.Error;
        }
    }

    public Outcome<Statement> CheckStatement(Statement statement)
    {
        try
        {
            return BindStatement(statement, null);
        }
        catch (CheckFailure failure)
        {
            return failure.Error;
        }
    }

    private static Scope ScopeOver(ScopeOfRanges ranges)
    {
        var scope = new Scope(null);
        foreach (VisibleRange range in ranges.Ranges)
        {
            scope.Ranges.Add(
                new RangeEntry(range.Name, range.Alias, range.Columns) { Table = range.Table, QualifiedOnly = range.QualifiedOnly }
            );
        }
        return scope;
    }

    private Expr Resolve(Expr bound, LogicalType expected, ExpressionUse use, Span at)
    {
        if (expected.Kind == TypeKind.Unknown)
        {
            return DefaultUnknown(bound);
        }
        if (TryCoerce(bound, expected, CastContext.Assignment) is { } coerced)
        {
            return coerced;
        }
        if (expected.Kind == TypeKind.Boolean)
        {
            string clause = use switch
            {
                ExpressionUse.Policy => "POLICY",
                ExpressionUse.Check => "CHECK",
                _ => "WHERE",
            };
            throw CheckErrors.NotBoolean(clause, bound.Type, at);
        }
        throw CheckErrors.Of(
            ErrorCodes.DatatypeMismatch,
            $"the column is of type {expected.SqlName} but its {(use == ExpressionUse.Default ? "default " : "")}expression is of type {bound.Type.SqlName}",
            at,
            "You will need to rewrite or cast the expression."
        );
    }

    private string NewAlias() => AliasNames.Of(aliasPrefix, nextAlias++);

    /// <summary>Binds one scalar node. Its type may still be Unknown: literals and parameters wait for their neighbour.</summary>
    private Expr Bind(Expr expr, Scope scope)
    {
        if (++depth > MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw CheckErrors.TooDeep(expr.At);
        }
        Expr bound = expr switch
        {
            NameExpr e => BindName(e, scope),
            OperatorExpr e => BindOperator(e, scope),
            LiteralExpr => expr,
            NumberExpr e => BindNumber(e),
            ConstantExpr e => BindConstant(e),
            CallExpr e => BindCall(e, scope),
            AndExpr e => e with { Items = BindConditions(e.Items, scope, "AND"), Type = LogicalType.Boolean },
            OrExpr e => e with { Items = BindConditions(e.Items, scope, "OR"), Type = LogicalType.Boolean },
            NotExpr e => e with { Operand = BindCondition(e.Operand, scope, "NOT"), Type = LogicalType.Boolean },
            TestExpr e => BindTest(e, scope),
            CastExpr e => BindCast(e, scope),
            InListExpr e => BindInList(e, scope),
            InSelectExpr e => BindInSelect(e, scope),
            ExistsExpr e => e with { Select = BindSelect(e.Select, scope, keepUnknown: false), Type = LogicalType.Boolean },
            ScalarSelectExpr e => BindScalarSelect(e, scope),
            DistinctExpr e => BindDistinct(e, scope),
            QuantifiedExpr e => BindQuantified(e, scope),
            CaseExpr e => BindCase(e, scope),
            CoalesceExpr e => BindCoalesce(e, scope),
            _ => BindRare(expr, scope),
        };
        depth--;
        return bound;
    }

    private Expr BindRare(Expr expr, Scope scope) =>
        expr switch
        {
            ArrayExpr e => BindArray(e, scope, null),
            ArraySelectExpr e => BindArraySelect(e, scope),
            RowExpr e => BindRow(e, scope),
            PlaceholderExpr e => BindPlaceholder(e),
            FieldExpr e => BindField(e, scope),
            SubscriptExpr e => BindSubscript(e, scope),
            StarExpr { Qualifier: { } range } e => WholeRow(scope, range, e.At) ?? throw MissingRange(scope, range, e.At),
            StarExpr e => throw CheckErrors.Of(ErrorCodes.SyntaxError, "* is not allowed here", e.At),
            DefaultExpr e => throw CheckErrors.Of(ErrorCodes.SyntaxError, "DEFAULT is not allowed in this context", e.At),

            // Bound already: a planner may mix bound nodes into what it gives here.
            _ when expr.Type.Kind != TypeKind.Unknown => expr,
            ParameterExpr e => BindParameter(e),
            NativeExpr e => throw CheckErrors.Of(ErrorCodes.FeatureNotSupported, "an expression of the database's own is not supported here", e.At),
            _ => throw new InvalidOperationException($"the type checker does not know {expr.GetType().Name}"),
        };

    private ImmutableArray<Expr> BindAll(ImmutableArray<Expr> items, Scope scope)
    {
        if (items.IsEmpty)
        {
            return [];
        }
        var bound = new Expr[items.Length];
        for (int i = 0; i < bound.Length; i++)
        {
            bound[i] = Bind(items[i], scope);
        }
        return Frozen.AsImmutable(bound);
    }

    private ImmutableArray<Expr> BindConditions(ImmutableArray<Expr> items, Scope scope, string clause)
    {
        var bound = new Expr[items.Length];
        for (int i = 0; i < bound.Length; i++)
        {
            bound[i] = BindCondition(items[i], scope, clause);
        }
        return Frozen.AsImmutable(bound);
    }

    private Expr BindCondition(Expr expr, Scope scope, string clause)
    {
        Expr bound = Bind(expr, scope);
        return bound.Type.Kind == TypeKind.Boolean
            ? bound
            : TryCoerce(bound, LogicalType.Boolean, CastContext.Assignment) ?? throw CheckErrors.NotBoolean(clause, bound.Type, expr.At);
    }
}

/// <summary>The alias texts t0, t1, …, made once.</summary>
internal static class AliasNames
{
    private static readonly string[] Standard = [.. Enumerable.Range(0, 64).Select(i => $"t{i}")];

    public static string Of(string prefix, int number) =>
        prefix == "t" && number < Standard.Length ? Standard[number] : $"{prefix}{number}";
}

/// <summary>Wraps an array that nobody else holds, without a copy.</summary>
internal static class Frozen
{
    public static ImmutableArray<T> AsImmutable<T>(T[] array) =>
        System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray(array);
}
