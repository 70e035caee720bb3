using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;

namespace Tenon.Server.Prompt;

/// <summary>Finds calls of volatile functions that are more than one query: they may write, so they need a write unit.</summary>
internal sealed class FunctionsThatMayWrite : ExprVisitor
{
    private readonly Catalog catalog;
    private bool found;

    private FunctionsThatMayWrite(Catalog catalog) => this.catalog = catalog;

    public static bool In(Select select, Catalog catalog)
    {
        var finder = new FunctionsThatMayWrite(catalog);
        finder.VisitSelect(select);
        return finder.found;
    }

    public override void Visit(Expr expr)
    {
        found |= expr is UserCallExpr call && catalog.Routines.TryGetValue(call.Function, out var overloads) && overloads.Any(MayWrite);
        base.Visit(expr);
    }

    private static bool MayWrite(Routine routine) =>
        routine.Volatility == Volatility.Volatile && routine.Body is not SqlBody { Statements: [SelectStatement] };
}
