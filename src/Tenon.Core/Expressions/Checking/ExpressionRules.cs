using Tenon.Core.Errors;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

/// <summary>What a bound expression may contain, by where it stands: PostgreSQL's rules for schema expressions.</summary>
internal static class ExpressionRules
{
    public static void Require(Expr bound, ExpressionUse use, Span at)
    {
        if (use is ExpressionUse.General or ExpressionUse.Policy)
        {
            return;
        }
        ExprFacts facts = ExprFacts.Of(bound);
        string place = NameOf(use);
        if (facts.HasSubquery)
        {
            throw CheckErrors.Of(ErrorCodes.FeatureNotSupported, $"cannot use subquery in {place}", at);
        }
        if (use == ExpressionUse.Default && (facts.Columns.Count > 0 || facts.WholeRows.Count > 0))
        {
            throw CheckErrors.Of(ErrorCodes.FeatureNotSupported, "cannot use column reference in DEFAULT expression", at);
        }
        if (!IsImmutable(facts))
        {
            RequireImmutable(use, at);
        }
    }

    private static bool IsImmutable(ExprFacts facts) => !facts.HasContext && !facts.HasVolatile && !facts.HasStable;

    private static void RequireImmutable(ExpressionUse use, Span at)
    {
        string? message = use switch
        {
            ExpressionUse.Generated => "generation expression is not immutable",
            ExpressionUse.Index => "functions in index expression must be marked IMMUTABLE",
            ExpressionUse.IndexPredicate => "functions in index predicate must be marked IMMUTABLE",
            _ => null,
        };
        if (message is not null)
        {
            throw CheckErrors.Of(ErrorCodes.InvalidObjectDefinition, message, at);
        }
    }

    /// <summary>How messages about what may not stand there name the place.</summary>
    public static string NamesOf(ExpressionUse use) =>
        use is ExpressionUse.General or ExpressionUse.Policy ? NameOf(use) : NameOf(use) + "s";

    /// <summary>How messages name the place.</summary>
    public static string NameOf(ExpressionUse use) =>
        use switch
        {
            ExpressionUse.Default => "DEFAULT expression",
            ExpressionUse.Check => "check constraint",
            ExpressionUse.Policy => "policy expressions",
            ExpressionUse.Index => "index expression",
            ExpressionUse.IndexPredicate => "index predicate",
            ExpressionUse.Generated => "column generation expression",
            ExpressionUse.TriggerWhen => "trigger WHEN condition",
            _ => "this expression",
        };
}
