using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Types;

namespace Tenon.Core.Sql;

/// <summary>
/// Aggregates inside a to-one embed are over its one row, which is joined: grouping would take the parents together. So each
/// becomes the value it has for one row, or for none (presence is null then).
/// </summary>
internal sealed class OneRowAggregates(Expr presence) : ExprRewriter
{
    public override Expr Visit(Expr expr)
    {
        if (expr is not AggregateExpr aggregate)
        {
            return base.Visit(expr);
        }
        Expr? operand = aggregate.Arguments is [var only] ? only : null;
        if (aggregate.Function.Name == "count")
        {
            Expr counts = new TestExpr(operand ?? presence, TestKind.Null, true) { Type = LogicalType.Boolean };
            return new CaseExpr(null, [new WhenClause(counts, Number(1, aggregate.Type))], Number(0, aggregate.Type)) { Type = aggregate.Type };
        }
        return operand!.Type.Equals(aggregate.Type) ? operand : new ConvertExpr(operand, true) { Type = aggregate.Type };
    }

    private static ConstantExpr Number(long value, LogicalType type) => new(Datum.Of(value)) { Type = type };
}
