using Tenon.Core.Catalog;
using Tenon.Core.Expressions;

namespace Tenon.Core.Policies;

/// <summary>Whether a condition holds of one row of a table at most: it equates the whole primary key with values of the request.</summary>
internal static class OneRow
{
    public static bool IsAsked(Expr? condition, string range, Table table)
    {
        if (condition is null || table.PrimaryKey is not { } key)
        {
            return false;
        }
        HashSet<string> known = [.. Conjunction.Atoms(condition).Select(a => Known(a, range)).OfType<string>()];
        return key.Columns.All(known.Contains);
    }

    private static string? Known(Expr atom, string range) =>
        atom is ApplyExpr { Function.Operator: "=", Arguments: [ColumnExpr column, ParameterExpr or ConstantExpr] } && column.Range == range
            ? column.Column
            : null;
}
