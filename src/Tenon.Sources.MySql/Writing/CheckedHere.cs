using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql.Writing;

/// <summary>
/// Checks of proposed rows that need not be sent to the database, because their answer is the same here: comparisons of
/// whole numbers, booleans and uuids, and equality of texts, among the row's own values and those of the request.
/// </summary>
internal static class CheckedHere
{
    private static readonly string[] Comparisons = ["=", "<>", "<", "<=", ">", ">="];

    /// <summary>given: ordinals of the values that are known before the row is written.</summary>
    public static bool Covers(Expr check, ImmutableArray<int> given) =>
        check switch
        {
            AndExpr and => and.Items.All(i => Covers(i, given)),
            OrExpr or => or.Items.All(i => Covers(i, given)),
            NotExpr not => Covers(not.Operand, given),
            TestExpr { Kind: TestKind.Null } test => IsValue(test.Operand, given),
            ConstantExpr constant => constant.Type.Kind == TypeKind.Boolean,
            ApplyExpr { Function.Operator: { } comparison, Arguments: [var left, var right] } =>
                Comparisons.Contains(comparison) && IsValue(left, given) && IsValue(right, given) && IsSameHere(comparison, left.Type, right.Type),
            _ => false,
        };

    private static bool IsSameHere(string comparison, LogicalType left, LogicalType right)
    {
        bool equality = comparison is "=" or "<>";
        return (left.IsInteger && right.IsInteger)
            || (left.Kind == right.Kind && (left.Kind == TypeKind.Boolean || (left.Kind == TypeKind.Uuid && equality)))
            || (equality && IsText(left) && IsText(right));
    }

    // char(n) compares without its padding.
    private static bool IsText(LogicalType type) => type.Kind is TypeKind.Text or TypeKind.Varchar;

    private static bool IsValue(Expr expr, ImmutableArray<int> given) =>
        expr switch
        {
            ParameterExpr value => given.Contains(value.Slot),
            ConstantExpr or ContextExpr => true,
            ConvertExpr convert => IsValue(convert.Operand, given)
                && ((convert.Type.IsInteger && convert.Operand.Type.IsInteger) || (IsText(convert.Type) && IsText(convert.Operand.Type))),
            _ => false,
        };

    /// <summary>Whether the row passes; null does not.</summary>
    public static bool Passes(Expr check, Datum[] row, RequestContext context) =>
        Evaluator.Holds(check, new EvaluationScope { Parameters = row, Context = context }).TryGet(out bool holds, out Error error)
            ? holds
            : throw error.ToException();
}
