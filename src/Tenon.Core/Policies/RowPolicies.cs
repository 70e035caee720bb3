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
        Policy[] applying =
        [
            .. table.Policies.Where(p =>
                (p.Command == PolicyCommand.All || p.Command == command) && p.Roles.Any(r => Access.Applies(r, principal.Role))
            ),
        ];
        if (!applying.Any(p => p.Permissive))
        {
            return Conjunction.False;
        }
        // A policy without an expression for this side restricts nothing (for insert: using is not allowed there).
        Expr Condition(Policy policy) => part(policy) is { } syntax ? bind(syntax) : Conjunction.True;
        Expr[] permissive = [.. applying.Where(p => p.Permissive).Select(Condition)];
        return Conjunction.All([Conjunction.Any(permissive), .. applying.Where(p => !p.Permissive).Select(Condition)]) ?? Conjunction.True;
    }
}
