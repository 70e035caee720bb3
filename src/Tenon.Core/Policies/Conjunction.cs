using System.Collections.Immutable;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>Building of conditions: flat conjunctions and disjunctions, and the shield around atoms that may raise.</summary>
internal static class Conjunction
{
    public static readonly Expr True = new ConstantExpr(Datum.True) { Type = LogicalType.Boolean };
    public static readonly Expr False = new ConstantExpr(Datum.False) { Type = LogicalType.Boolean };

    public static bool IsTrue(Expr expr) => expr is ConstantExpr { Value: { Kind: DatumKind.Integer, Boolean: true } };

    public static bool IsFalse(Expr expr) => expr is ConstantExpr { Value: { Kind: DatumKind.Integer, Boolean: false } };

    /// <summary>a AND b …; null when nothing is left to ask.</summary>
    public static Expr? All(IEnumerable<Expr?> conditions)
    {
        var items = ImmutableArray.CreateBuilder<Expr>();
        foreach (Expr? condition in conditions)
        {
            if (condition is not null && !IsTrue(condition))
            {
                items.AddRange(Atoms(condition));
            }
        }
        return items.Count switch
        {
            0 => null,
            1 => items[0],
            _ => items.FirstOrDefault(IsFalse) ?? new AndExpr(items.ToImmutable()) { Type = LogicalType.Boolean },
        };
    }

    /// <summary>a OR b …; false when there is none.</summary>
    public static Expr Any(IReadOnlyCollection<Expr> conditions)
    {
        if (conditions.Any(IsTrue))
        {
            return True;
        }
        return conditions.Count switch
        {
            0 => False,
            1 => conditions.First(),
            _ => new OrExpr([.. conditions]) { Type = LogicalType.Boolean },
        };
    }

    /// <summary>
    /// The caller's condition behind the policies': atoms that never raise stand beside them, the others are asked only of
    /// rows the policies let through. No engine promises an order of evaluation but that of CASE (ENGINES §4.4).
    /// </summary>
    public static Expr? Shield(Expr? policies, Expr? condition)
    {
        if (policies is null || condition is null)
        {
            return policies ?? condition;
        }
        var items = new List<Expr?> { policies };
        foreach (Expr atom in Atoms(condition))
        {
            items.Add(
                ExprFacts.Of(atom).IsTotal
                    ? atom
                    : new CaseExpr(null, [new WhenClause(policies, atom)], False) { Type = LogicalType.Boolean }
            );
        }
        return All(items);
    }

    /// <summary>The conditions that AND joins.</summary>
    public static IEnumerable<Expr> Atoms(Expr condition) => condition is AndExpr and ? and.Items.SelectMany(Atoms) : [condition];
}
