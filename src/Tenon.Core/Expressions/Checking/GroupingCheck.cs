using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

/// <summary>
/// In a grouped query every column outside an aggregate is a grouping expression, or depends on a primary key that is
/// grouped by as a whole.
/// </summary>
internal sealed class GroupingCheck : ExprVisitor
{
    private readonly ImmutableArray<Expr> keys;
    private readonly Scope scope;
    private readonly HashSet<string> determined = new(StringComparer.Ordinal);
    private int subqueries;

    public GroupingCheck(ImmutableArray<Expr> keys, Scope scope)
    {
        this.keys = keys;
        this.scope = scope;
        foreach (RangeEntry range in scope.Ranges)
        {
            if (!range.PrimaryKey.IsEmpty && range.PrimaryKey.All(column => IsGrouped(range.Alias, column)))
            {
                determined.Add(range.Alias);
            }
        }
    }

    private bool IsGrouped(string range, string column) => keys.Any(k => k is ColumnExpr c && c.Range == range && c.Column == column);

    public override void Visit(Expr expr)
    {
        if (expr is AggregateExpr || IsKey(expr))
        {
            return;
        }
        switch (expr)
        {
            case ColumnExpr column when RangeOf(column.Range) is { } range && !determined.Contains(column.Range):
                throw NotGrouped(range, column.Column, column.At);
            case RowOfRangeExpr row when RangeOf(row.Range) is { } range && !determined.Contains(row.Range):
                throw NotGrouped(range, range.Fields[0].Name, row.At);
            default:
                base.Visit(expr);
                break;
        }
    }

    public override void VisitSelect(Select select)
    {
        subqueries++;
        base.VisitSelect(select);
        subqueries--;
    }

    private bool IsKey(Expr expr)
    {
        foreach (Expr key in keys)
        {
            if (TreeEquality.Same(key, expr))
            {
                return true;
            }
        }
        return false;
    }

    private RangeEntry? RangeOf(string alias)
    {
        foreach (RangeEntry range in scope.Ranges)
        {
            if (range.Alias == alias)
            {
                return range;
            }
        }
        return null;
    }

    private CheckFailure NotGrouped(RangeEntry range, string column, Span at) =>
        CheckErrors.Of(
            ErrorCodes.GroupingError,
            subqueries > 0
                ? $"subquery uses ungrouped column \"{range.Name}.{column}\" from outer query"
                : $"column \"{range.Name}.{column}\" must appear in the GROUP BY clause or be used in an aggregate function",
            at
        );
}
