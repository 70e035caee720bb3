using System.Collections.Immutable;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Trees;

/// <summary>Whether two bound scalar trees are the same but for where they stand in the text.</summary>
internal static class TreeEquality
{
    public static bool Same(Expr? a, Expr? b)
    {
        if (ReferenceEquals(a, b))
        {
            return true;
        }
        if (a is null || b is null || !a.Type.Equals(b.Type))
        {
            return false;
        }
        return (a, b) switch
        {
            (ColumnExpr x, ColumnExpr y) => x.Range == y.Range && x.Column == y.Column,
            (ConstantExpr x, ConstantExpr y) => x.Value.Equals(y.Value),
            (ParameterExpr x, ParameterExpr y) => x.Slot == y.Slot,
            (VariableExpr x, VariableExpr y) => x.Name == y.Name,
            (ContextExpr x, ContextExpr y) => x.Kind == y.Kind && x.Name == y.Name,
            (RowOfRangeExpr x, RowOfRangeExpr y) => x.Range == y.Range,
            (ApplyExpr x, ApplyExpr y) => x.Function.Id == y.Function.Id && Same(x.Arguments, y.Arguments),
            (ConvertExpr x, ConvertExpr y) => x.Explicit == y.Explicit && Same(x.Operand, y.Operand),
            (AndExpr x, AndExpr y) => Same(x.Items, y.Items),
            (OrExpr x, OrExpr y) => Same(x.Items, y.Items),
            (NotExpr x, NotExpr y) => Same(x.Operand, y.Operand),
            (TestExpr x, TestExpr y) => x.Kind == y.Kind && x.Negated == y.Negated && Same(x.Operand, y.Operand),
            (CoalesceExpr x, CoalesceExpr y) => Same(x.Items, y.Items),
            (ArrayExpr x, ArrayExpr y) => Same(x.Items, y.Items),
            (RowExpr x, RowExpr y) => Same(x.Items, y.Items),
            _ => SameRare(a, b),
        };
    }

    // Two different subqueries never count as the same: they have different ranges anyway.
    private static bool SameRare(Expr a, Expr b) =>
        (a, b) switch
        {
            (DistinctExpr x, DistinctExpr y) => x.Negated == y.Negated && Same(x.Left, y.Left) && Same(x.Right, y.Right),
            (InListExpr x, InListExpr y) => x.Negated == y.Negated && Same(x.Operand, y.Operand) && Same(x.Items, y.Items),
            (QuantifiedExpr x, QuantifiedExpr y) => x.Operator == y.Operator
                && x.All == y.All
                && Same(x.Operand, y.Operand)
                && Same(x.Array, y.Array),
            (CaseExpr x, CaseExpr y) => SameCase(x, y),
            (FieldExpr x, FieldExpr y) => x.Field == y.Field && Same(x.Row, y.Row),
            (SubscriptExpr x, SubscriptExpr y) => Same(x.Array, y.Array) && Same(x.Index, y.Index) && Same(x.Upper, y.Upper),
            (UserCallExpr x, UserCallExpr y) => x.Function == y.Function && Same(x.Arguments, y.Arguments),
            (AggregateExpr x, AggregateExpr y) => x.Function.Id == y.Function.Id
                && x.Distinct == y.Distinct
                && Same(x.Arguments, y.Arguments)
                && Same(x.Filter, y.Filter)
                && Same(x.OrderBy, y.OrderBy),
            (WindowExpr x, WindowExpr y) => x.Function.Id == y.Function.Id
                && Same(x.Arguments, y.Arguments)
                && Same(x.Filter, y.Filter)
                && x.Over.Frame == y.Over.Frame
                && Same(x.Over.PartitionBy, y.Over.PartitionBy)
                && Same(x.Over.OrderBy, y.Over.OrderBy),
            _ => false,
        };

    private static bool SameCase(CaseExpr x, CaseExpr y)
    {
        if (x.Whens.Length != y.Whens.Length || !Same(x.Operand, y.Operand) || !Same(x.Else, y.Else))
        {
            return false;
        }
        for (int i = 0; i < x.Whens.Length; i++)
        {
            if (!Same(x.Whens[i].Condition, y.Whens[i].Condition) || !Same(x.Whens[i].Result, y.Whens[i].Result))
            {
                return false;
            }
        }
        return true;
    }

    private static bool Same(ImmutableArray<Expr> a, ImmutableArray<Expr> b)
    {
        if (a.Length != b.Length)
        {
            return false;
        }
        for (int i = 0; i < a.Length; i++)
        {
            if (!Same(a[i], b[i]))
            {
                return false;
            }
        }
        return true;
    }

    private static bool Same(ImmutableArray<OrderItem> a, ImmutableArray<OrderItem> b)
    {
        if (a.Length != b.Length)
        {
            return false;
        }
        for (int i = 0; i < a.Length; i++)
        {
            if (a[i].Descending != b[i].Descending || a[i].NullsFirst != b[i].NullsFirst || !Same(a[i].Key, b[i].Key))
            {
                return false;
            }
        }
        return true;
    }
}
