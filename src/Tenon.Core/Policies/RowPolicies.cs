using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>
/// PostgreSQL's combination of row policies (create_policy.sgml; ENGINES §4.2): permissive ones are OR-ed, restrictive ones
/// AND-ed, ALL counts for every command, no permissive one means no rows.
/// </summary>
internal static class RowPolicies
{
    /// <summary>Rows of <paramref name="command"/> that exist already: the USING expressions. Null: no restriction.</summary>
    public static Expr? Using(Table table, Principal principal, PolicyCommand command, Func<Expr, Expr> bind) =>
        Combine(table, principal, command, p => p.Using, bind);

    /// <summary>Rows that come to be: WITH CHECK, or USING where an ALL or UPDATE policy has no check.</summary>
    public static Expr? Check(Table table, Principal principal, PolicyCommand command, Func<Expr, Expr> bind) =>
        Combine(table, principal, command, p => p.Check ?? p.Using, bind);

    public static bool Restricts(Table table, Principal principal) =>
        table.Kind == RelationKind.Table && table.RowSecurity && !principal.Bypass;

    private static Expr? Combine(Table table, Principal principal, PolicyCommand command, Func<Policy, Expr?> part, Func<Expr, Expr> bind)
    {
        if (!Restricts(table, principal))
        {
            return null;
        }
        var permissive = new List<Expr>();
        var restrictive = new List<Expr?>();
        foreach (Policy policy in table.Policies)
        {
            bool applies =
                (policy.Command == PolicyCommand.All || policy.Command == command)
                && policy.Roles.Any(r => Access.Applies(r, principal.Role));
            if (!applies)
            {
                continue;
            }
            // A policy without an expression for this side restricts nothing (for insert: using is not allowed there).
            Expr condition = part(policy) is { } syntax ? bind(syntax) : Conjunction.True;
            if (policy.Permissive)
            {
                permissive.Add(condition);
            }
            else
            {
                restrictive.Add(condition);
            }
        }
        return permissive.Count == 0
            ? Conjunction.False
            : Conjunction.All([Conjunction.Any(permissive), .. restrictive]) ?? Conjunction.True;
    }
}
