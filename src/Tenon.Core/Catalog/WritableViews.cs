using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Expressions.Trees;

namespace Tenon.Core.Catalog;

/// <summary>Which views are written like their table, by the shape of their query: PostgreSQL's rules.</summary>
internal static class WritableViews
{
    /// <summary>What keeps the view from being written, in PostgreSQL's words; null when nothing does.</summary>
    public static string? WhyNot(Table view)
    {
        if (view.ViewQuery is not { } query)
        {
            return "Views whose query Tenon cannot read are not automatically updatable.";
        }
        if (query.Body is not SelectCore core)
        {
            return query.Body is ValuesBody
                ? "Views that do not select from a single table or view are not automatically updatable."
                : "Views containing set operations (UNION, INTERSECT, or EXCEPT) are not automatically updatable.";
        }
        string? clause =
            core.Distinct || !core.DistinctOn.IsEmpty ? "DISTINCT"
            : !core.GroupBy.IsEmpty ? "GROUP BY"
            : core.Having is not null ? "HAVING"
            : !query.With.IsEmpty ? "WITH"
            : query.Limit is not null || query.Offset is not null ? "LIMIT or OFFSET"
            : null;
        if (clause is not null)
        {
            return $"Views containing {clause} are not automatically updatable.";
        }
        var calls = new Calls();
        foreach (SelectItem item in core.Items)
        {
            calls.Visit(item.Value);
        }
        return calls.Found is { } what ? $"Views that return {what} are not automatically updatable."
            : core.From is TableFrom { ColumnAliases.IsEmpty: true } ? null
            : "Views that do not select from a single table or view are not automatically updatable.";
    }

    private sealed class Calls : ExprVisitor
    {
        public string? Found { get; private set; }

        public override void Visit(Expr expr)
        {
            if (expr is CallExpr call)
            {
                FunctionShape shape = call.Over is not null ? FunctionShape.Window
                    : FunctionCatalog.Named(call.Name) is [var first, ..] ? first.Shape
                    : FunctionShape.Scalar;
                Found ??= shape switch
                {
                    FunctionShape.Window => "window functions",
                    FunctionShape.Aggregate => "aggregate functions",
                    FunctionShape.SetReturning => "set-returning functions",
                    _ => null,
                };
            }
            base.Visit(expr);
        }

        // What an inner query computes is a value of this one.
        public override void VisitSelect(Select select) { }
    }
}
