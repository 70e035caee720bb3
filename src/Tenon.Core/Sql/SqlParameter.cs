using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Sql;

/// <summary>How a value is changed on its way into a parameter.</summary>
internal enum ParameterForm : byte
{
    /// <summary>The storage form of the type.</summary>
    Plain,

    /// <summary>An unconstrained numeric compared with an INTEGER scaled by <see cref="SqlParameter.Scale"/>.</summary>
    ScaledOperand,

    /// <summary>An array as a JSON text whose elements are in storage form (json_each reads it).</summary>
    Elements,

    /// <summary>The same with elements as <see cref="ScaledOperand"/>.</summary>
    ScaledElements,
}

/// <summary>
/// One parameter of a statement, in order: where its value comes from (a ParameterExpr slot, a ContextExpr, a VariableExpr, or
/// <see cref="KeysOfParent"/>), its type and form.
/// </summary>
internal readonly record struct SqlParameter(Expr Origin, LogicalType Type, ParameterForm Form, int Scale)
{
    /// <summary>The keys of the parent rows of a bind join, as a JSON array.</summary>
    public static readonly Expr KeysOfParent = new VariableExpr("keys of parent") { Type = LogicalType.Json };
}

/// <summary>A finished statement: text, parameters by position, and what each result column holds.</summary>
internal sealed record SqlText(string Text, SqlParameter[] Parameters);
