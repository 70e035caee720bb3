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
        if (use is ExpressionUse.Check or ExpressionUse.Generated or ExpressionUse.Index or ExpressionUse.IndexPredicate)
        {
            RequireStored(bound, place, at);
        }
    }

    /// <summary>What is computed once and kept has to be the same whoever computes it later.</summary>
    private static void RequireStored(Expr bound, string place, Span at)
    {
        if (StoredUses.Of(bound).Refused is not { } refused)
        {
            return;
        }
        (string what, string why, string mend) = refused switch
        {
            ApplyExpr { Function: { Name: "timezone" } f } => (
                Named(f),
                "the rules of a time zone change",
                "Name a fixed zone as a constant, such as 'UTC' or '+02', or compute the value in a trigger."
            ),
            ApplyExpr { Function: { Result.Kind: TypeKind.Float4 or TypeKind.Float8 } f } => (
                Named(f),
                "its last digit depends on the machine",
                "Compute the value in a trigger, or where it is read."
            ),
            ApplyExpr { Function: var f } => (Named(f), "a later version may answer otherwise", "Compute the value in a trigger, or where it is read."),
            UserCallExpr call => ($"function {call.Function.Name}", "its body may be replaced", "Write the expression itself, or check it in a trigger."),
            ConvertExpr cast => (
                $"a cast from {cast.Operand.Type.SqlName} to {cast.Type.SqlName}",
                "the text may say \"today\" or name a time zone",
                "Compute the value in a trigger."
            ),
            _ => ("this comparison", "a later version may answer otherwise", "Write it with operators."),
        };
        throw CheckErrors.Of(
            ErrorCodes.FeatureNotSupported,
            $"{what} cannot be used in {place}",
            refused.At.Start >= 0 ? refused.At : at,
            mend,
            $"What is stored has to be the same forever, and {why}."
        );
    }

    private static string Named(Function function) => function.Operator is { } spelling ? $"operator {spelling}" : $"function {function.Name}";

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
