using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;

namespace Tenon.Core.Schema;

/// <summary>The columns a bound expression over one row names.</summary>
internal sealed class ColumnsRead : ExprVisitor
{
    public SortedSet<string> Names { get; } = new(StringComparer.Ordinal);

    public override void Visit(Expr expr)
    {
        if (expr is ColumnExpr column)
        {
            Names.Add(column.Column);
        }
        base.Visit(expr);
    }
}
