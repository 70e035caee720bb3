using System.Collections.Immutable;

namespace Tenon.Core.Expressions.Trees;

/// <summary>
/// Rewrites both trees bottom up: a node whose children stay the same objects stays the same object, so a pass that changes
/// nothing allocates nothing. Override the Visit methods of the nodes that matter and call the base for the rest.
/// </summary>
internal abstract partial class ExprRewriter
{
    /// <summary>Rewrites one scalar node; the base rewrites its children.</summary>
    public virtual Expr Visit(Expr expr) =>
        expr switch
        {
            // Most frequent first: leaves cost one comparison each.
            ColumnExpr or ConstantExpr or ParameterExpr or ContextExpr or VariableExpr or RowOfRangeExpr or NativeExpr => expr,
            ApplyExpr e => VisitApply(e),
            AndExpr e => Same(e.Items, VisitAll(e.Items), out var items) ? e : e with { Items = items },
            OrExpr e => Same(e.Items, VisitAll(e.Items), out var items) ? e : e with { Items = items },
            NotExpr e => Same(e.Operand, Visit(e.Operand), out Expr operand) ? e : e with { Operand = operand },
            TestExpr e => Same(e.Operand, Visit(e.Operand), out Expr operand) ? e : e with { Operand = operand },
            ConvertExpr e => Same(e.Operand, Visit(e.Operand), out Expr operand) ? e : e with { Operand = operand },
            CoalesceExpr e => Same(e.Items, VisitAll(e.Items), out var items) ? e : e with { Items = items },
            ArrayExpr e => Same(e.Items, VisitAll(e.Items), out var items) ? e : e with { Items = items },
            RowExpr e => Same(e.Items, VisitAll(e.Items), out var items) ? e : e with { Items = items },
            DistinctExpr e => VisitDistinct(e),
            InListExpr e => VisitInList(e),
            QuantifiedExpr e => VisitQuantified(e),
            CaseExpr e => VisitCase(e),
            UserCallExpr e => Same(e.Arguments, VisitAll(e.Arguments), out var items) ? e : e with { Arguments = items },
            FieldExpr e => Same(e.Row, Visit(e.Row), out Expr row) ? e : e with { Row = row },
            SubscriptExpr e => VisitSubscript(e),
            AggregateExpr e => VisitAggregate(e),
            WindowExpr e => VisitWindow(e),
            ExistsExpr or ScalarSelectExpr or ArraySelectExpr or InSelectExpr => VisitSubquery(expr),
            _ => VisitSyntax(expr),
        };

    private Expr VisitSubquery(Expr expr)
    {
        switch (expr)
        {
            case ExistsExpr e:
                Select exists = VisitSelect(e.Select);
                return ReferenceEquals(exists, e.Select) ? e : e with { Select = exists };
            case ScalarSelectExpr e:
                Select scalar = VisitSelect(e.Select);
                return ReferenceEquals(scalar, e.Select) ? e : e with { Select = scalar };
            case ArraySelectExpr e:
                Select array = VisitSelect(e.Select);
                return ReferenceEquals(array, e.Select) ? e : e with { Select = array };
            case InSelectExpr e:
                Expr operand = Visit(e.Operand);
                Select select = VisitSelect(e.Select);
                return ReferenceEquals(operand, e.Operand) && ReferenceEquals(select, e.Select)
                    ? e
                    : e with { Operand = operand, Select = select };
            default:
                throw new InvalidOperationException($"{expr.GetType().Name} is not a subquery");
        }
    }

    /// <summary>Nodes that only a parser makes and only the type checker sees.</summary>
    private Expr VisitSyntax(Expr expr)
    {
        switch (expr)
        {
            case NameExpr or StarExpr or LiteralExpr or NumberExpr or PlaceholderExpr or DefaultExpr:
                return expr;
            case CastExpr e:
                return Same(e.Operand, Visit(e.Operand), out Expr cast) ? e : e with { Operand = cast };
            case OperatorExpr e:
                Expr? left = VisitOptional(e.Left);
                Expr right = Visit(e.Right);
                return ReferenceEquals(left, e.Left) && ReferenceEquals(right, e.Right) ? e : e with { Left = left, Right = right };
            case CallExpr e:
                return VisitCall(e);
            default:
                throw new InvalidOperationException($"the rewriter does not know {expr.GetType().Name}");
        }
    }

    private CallExpr VisitCall(CallExpr e)
    {
        var arguments = VisitAll(e.Arguments);
        var orderBy = VisitOrder(e.OrderBy);
        Expr? filter = VisitOptional(e.Filter);
        WindowSpec? over = e.Over is null ? null : VisitWindowSpec(e.Over);
        return arguments == e.Arguments && orderBy == e.OrderBy && ReferenceEquals(filter, e.Filter) && ReferenceEquals(over, e.Over)
            ? e
            : e with { Arguments = arguments, OrderBy = orderBy, Filter = filter, Over = over };
    }

    private ApplyExpr VisitApply(ApplyExpr e)
    {
        var arguments = VisitAll(e.Arguments);
        return arguments == e.Arguments ? e : e with { Arguments = arguments };
    }

    private DistinctExpr VisitDistinct(DistinctExpr e)
    {
        Expr left = Visit(e.Left);
        Expr right = Visit(e.Right);
        return ReferenceEquals(left, e.Left) && ReferenceEquals(right, e.Right) ? e : e with { Left = left, Right = right };
    }

    private InListExpr VisitInList(InListExpr e)
    {
        Expr operand = Visit(e.Operand);
        var items = VisitAll(e.Items);
        return ReferenceEquals(operand, e.Operand) && items == e.Items ? e : e with { Operand = operand, Items = items };
    }

    private QuantifiedExpr VisitQuantified(QuantifiedExpr e)
    {
        Expr operand = Visit(e.Operand);
        Expr array = Visit(e.Array);
        return ReferenceEquals(operand, e.Operand) && ReferenceEquals(array, e.Array) ? e : e with { Operand = operand, Array = array };
    }

    private SubscriptExpr VisitSubscript(SubscriptExpr e)
    {
        Expr array = Visit(e.Array);
        Expr index = Visit(e.Index);
        Expr? upper = VisitOptional(e.Upper);
        return ReferenceEquals(array, e.Array) && ReferenceEquals(index, e.Index) && ReferenceEquals(upper, e.Upper)
            ? e
            : e with { Array = array, Index = index, Upper = upper };
    }

    private CaseExpr VisitCase(CaseExpr e)
    {
        Expr? operand = VisitOptional(e.Operand);
        ImmutableArray<WhenClause>.Builder? changed = null;
        for (int i = 0; i < e.Whens.Length; i++)
        {
            WhenClause when = e.Whens[i];
            Expr condition = Visit(when.Condition);
            Expr result = Visit(when.Result);
            if (!ReferenceEquals(condition, when.Condition) || !ReferenceEquals(result, when.Result))
            {
                changed ??= e.Whens.ToBuilder();
                changed[i] = new(condition, result);
            }
        }
        Expr? otherwise = VisitOptional(e.Else);
        return changed is null && ReferenceEquals(operand, e.Operand) && ReferenceEquals(otherwise, e.Else)
            ? e
            : e with { Operand = operand, Whens = changed?.MoveToImmutable() ?? e.Whens, Else = otherwise };
    }

    private AggregateExpr VisitAggregate(AggregateExpr e)
    {
        var arguments = VisitAll(e.Arguments);
        var orderBy = VisitOrder(e.OrderBy);
        Expr? filter = VisitOptional(e.Filter);
        return arguments == e.Arguments && orderBy == e.OrderBy && ReferenceEquals(filter, e.Filter)
            ? e
            : e with { Arguments = arguments, OrderBy = orderBy, Filter = filter };
    }

    private WindowExpr VisitWindow(WindowExpr e)
    {
        var arguments = VisitAll(e.Arguments);
        WindowSpec over = VisitWindowSpec(e.Over);
        Expr? filter = VisitOptional(e.Filter);
        return arguments == e.Arguments && ReferenceEquals(over, e.Over) && ReferenceEquals(filter, e.Filter)
            ? e
            : e with { Arguments = arguments, Over = over, Filter = filter };
    }

    /// <summary>Rewrites a list; the same array when nothing changed.</summary>
    public ImmutableArray<Expr> VisitAll(ImmutableArray<Expr> items)
    {
        ImmutableArray<Expr>.Builder? changed = null;
        for (int i = 0; i < items.Length; i++)
        {
            Expr visited = Visit(items[i]);
            if (!ReferenceEquals(visited, items[i]))
            {
                changed ??= items.ToBuilder();
                changed[i] = visited;
            }
        }
        return changed?.MoveToImmutable() ?? items;
    }

    protected Expr? VisitOptional(Expr? expr) => expr is null ? null : Visit(expr);

    private static bool Same(Expr before, Expr after, out Expr result)
    {
        result = after;
        return ReferenceEquals(before, after);
    }

    private static bool Same(ImmutableArray<Expr> before, ImmutableArray<Expr> after, out ImmutableArray<Expr> result)
    {
        result = after;
        return before == after;
    }
}
