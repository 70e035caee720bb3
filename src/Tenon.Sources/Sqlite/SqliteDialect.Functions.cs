using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite;

// Functions, operators, aggregates: native where SQLite means the same, else the extension function tn_<Id>.
internal partial class SqliteDialect
{
    /// <summary>Set-returning functions in from, by alias: their columns are cells of json_each's value.</summary>
    private readonly Dictionary<string, ImmutableArray<RowField>> rowFunctions = new(StringComparer.Ordinal);

    protected override void WriteApply(ApplyExpr apply)
    {
        Function function = apply.Function;
        if (IsNativeComparison(function))
        {
            WriteComparison(function.Operator!, apply.Arguments[0], apply.Arguments[1]);
        }
        else if (function.Id == "text_concat")
        {
            Syntax("(");
            Write(apply.Arguments[0]);
            Syntax(" || ");
            Write(apply.Arguments[1]);
            Syntax(")");
        }
        else
        {
            WriteCall(function, apply.Arguments, "");
        }
    }

    // ---- functions of the app that are not inlined ----

    private readonly List<CalledRoutine> calls = [];

    public IReadOnlyList<CalledRoutine> Calls => calls;

    private void WriteCalled(GuardedCallExpr call)
    {
        var called = new CalledRoutine(call);
        calls.Add(called);
        Number(called.Number);
        for (int i = 0; i < call.Arguments.Length; i++)
        {
            Syntax(", ");
            WriteAs(call.Arguments[i], called.ParameterType(i));
        }
    }

    private static bool IsNativeComparison(Function function)
    {
        if (function.Operator is not ("=" or "<>" or "<" or "<=" or ">" or ">=") || function.Parameters.Length != 2)
        {
            return false;
        }
        TypeKind kind = function.Parameters[0].Kind;
        return kind switch
        {
            TypeKind.Jsonb or TypeKind.Array or TypeKind.Record or TypeKind.AnyArray => function.Operator is "=" or "<>",
            _ => true,
        };
    }

    private void WriteCall(Function function, ImmutableArray<Expr> arguments, string before)
    {
        Syntax("tn_").Syntax(function.BaseId ?? function.Id).Syntax("(").Syntax(before);
        if (function.TypeTag is { } tag)
        {
            Literal(tag).Syntax(arguments.Length > 0 ? ", " : "");
        }
        for (int i = 0; i < arguments.Length; i++)
        {
            Syntax(i > 0 ? ", " : "");
            WriteAs(arguments[i], function.Parameters[Math.Min(i, function.Parameters.Length - 1)]);
        }
        if (before.Length == 0)
        {
            Syntax(")");
        }
    }

    protected override void WriteConvert(ConvertExpr convert)
    {
        LogicalType from = convert.Operand.Type;
        LogicalType to = convert.Type;
        if (from.Kind == TypeKind.Numeric && to.Kind == TypeKind.Numeric)
        {
            WriteAs(convert.Operand, to);
        }
        else if (Conversions.IsNoOp(from, to))
        {
            Write(convert.Operand);
        }
        else
        {
            Syntax("tn_convert(");
            Write(convert.Operand);
            Syntax(", ").Literal(TypeTag.Of(from)).Syntax(", ").Literal(TypeTag.Of(to)).Syntax(convert.Explicit ? ", 1)" : ", 0)");
        }
    }

    // ---- aggregates and windows ----

    protected override void WriteAggregate(AggregateExpr aggregate)
    {
        Function function = aggregate.Function;
        string distinct = aggregate.Distinct ? "distinct " : "";
        if (function.Id == "count_star")
        {
            Syntax("count(*)");
        }
        else if (function.Name is "count")
        {
            Syntax("count(").Syntax(distinct);
            Write(aggregate.Arguments[0]);
            Syntax(")");
        }
        else if (function.Name is "min" or "max" && IsNativeExtreme(aggregate.Arguments[0].Type))
        {
            // The extreme of a numeric(p,s) is a plain numeric: the scaled integer would lose its scale on the way out.
            Syntax(function.Name).Syntax("(");
            WriteAs(aggregate.Arguments[0], aggregate.Type);
            Syntax(CollationOf(aggregate.Type)).Syntax(")");
        }
        else
        {
            if (aggregate.Distinct && (function.TypeTag is not null || aggregate.Arguments.Length > 1))
            {
                throw Refusals.NotSupported($"{function.Name}(DISTINCT …) on this source", "Select the distinct values in a subquery first.").ToException();
            }
            WriteCall(function, aggregate.Arguments, distinct.Length > 0 ? distinct : " ");
            WriteOrderInside(aggregate.OrderBy);
            Syntax(")");
        }
        WriteFilter(aggregate.Filter);
    }

    private static bool IsNativeExtreme(LogicalType type) => type.Kind is not (TypeKind.Enum or TypeKind.Array or TypeKind.Float4 or TypeKind.Float8);

    private void WriteOrderInside(ImmutableArray<OrderItem> order)
    {
        for (int i = 0; i < order.Length; i++)
        {
            Syntax(i > 0 ? ", " : " order by ");
            WriteOrderKey(order[i]);
        }
    }

    private void WriteFilter(Expr? filter)
    {
        if (filter is not null)
        {
            Syntax(" filter (where ");
            Write(filter);
            Syntax(")");
        }
    }

    protected override void WriteWindow(WindowExpr window)
    {
        Function function = window.Function;
        if (function.Shape == FunctionShape.Window)
        {
            Syntax(function.Name).Syntax("(");
            WriteList(window.Arguments);
            Syntax(")");
        }
        else
        {
            WriteAggregate(new AggregateExpr(function, window.Arguments) { Type = window.Type });
        }
        WriteFilter(window.Filter);
        Syntax(" over ");
        WriteWindowSpec(window.Over);
    }

    // ---- arrays ----

    protected override void WriteArray(ArrayExpr array)
    {
        Syntax("tn_array(").Literal(TypeTag.Of(array.Type.Element!));
        foreach (Expr item in array.Items)
        {
            Syntax(", ");
            WriteAs(item, array.Type.Element!);
        }
        Syntax(")");
    }

    protected override void WriteArraySelect(ArraySelectExpr array)
    {
        LogicalType element = array.Type.Element!;
        Syntax("coalesce((select tn_array_agg(").Literal(TypeTag.Of(element)).Syntax(", c) from (with a(c) as (");
        Write(array.Select);
        Syntax(") select c from a)), '[]')");
    }

    protected override void WriteSubscript(SubscriptExpr subscript)
    {
        Syntax(subscript.Upper is null ? "tn_subscript(" : "tn_slice(").Literal(TypeTag.Of(subscript.Array.Type.Element!)).Syntax(", ");
        Write(subscript.Array);
        Syntax(", ");
        Write(subscript.Index);
        if (subscript.Upper is not null)
        {
            Syntax(", ");
            Write(subscript.Upper);
        }
        Syntax(")");
    }

    /// <summary>x = any(array) and x &lt;&gt; all(array) are memberships; other comparisons are asked of every element.</summary>
    protected override void WriteQuantified(QuantifiedExpr quantified)
    {
        bool equal = quantified is { Operator: "=", All: false };
        if (equal || quantified is { Operator: "<>", All: true })
        {
            Syntax("(");
            WriteElementSide(quantified.Operand);
            Syntax(equal ? " in " : " not in ").Syntax("(select value from ");
            WriteElements(quantified);
            Syntax("))");
            return;
        }
        // Three-valued: true if any is true, null if none is and some are null (and the dual for all).
        Syntax("(select case when ").Syntax(quantified.All ? "min" : "max").Syntax("(c) is ").Syntax(quantified.All ? "0 then 0" : "1 then 1");
        Syntax(" when count(*) > count(c) then null else ").Syntax(quantified.All ? "1" : "0").Syntax(" end from (select ");
        LogicalType element = quantified.Array.Type.Element ?? quantified.Operand.Type;
        Write(new ApplyExpr(quantified.Comparison!, [quantified.Operand, new ElementExpr { Type = element.Unmodified }]) { Type = LogicalType.Boolean });
        Syntax(" as c from ");
        WriteElements(quantified);
        Syntax("))");
    }

    private void WriteElementSide(Expr operand)
    {
        Write(operand);
        Syntax(CollationOf(operand.Type));
    }

    private void WriteElements(QuantifiedExpr quantified)
    {
        Syntax("json_each(");
        if (quantified.Array is ParameterExpr or VariableExpr or ConstantExpr)
        {
            bool scaled = quantified.Operand.Type.IsScaledInteger && quantified is { Operator: "=" or "<>" };
            Parameter(
                quantified.Array,
                quantified.Array.Type,
                scaled ? ParameterForm.ScaledElements : ParameterForm.Elements,
                quantified.Operand.Type.Scale ?? 0
            );
        }
        else
        {
            Syntax("tn_elements(").Literal(TypeTag.Of(quantified.Array.Type.Element!)).Syntax(", ");
            Write(quantified.Array);
            Syntax(")");
        }
        Syntax(")");
    }

    /// <summary>The element at hand inside the subquery of a quantified comparison.</summary>
    private sealed record ElementExpr : Expr;

    // ---- functions in from ----

    protected override void WriteFunctionFrom(FunctionFrom from)
    {
        if (from.Call is GuardedCallExpr call)
        {
            Syntax("json_each(tn_rows(");
            WriteCalled(call);
            Syntax(")) as ").Identifier(from.Alias);
            return;
        }
        if (from.Call is not ApplyExpr apply)
        {
            throw new InvalidOperationException($"{from.Call.GetType().Name} in from reached the SQL writer");
        }
        if (apply.Function.Shape != FunctionShape.SetReturning)
        {
            Syntax("json_each(tn_array(").Literal(TypeTag.Of(apply.Type)).Syntax(", ");
            Write(apply);
            Syntax("))");
        }
        else
        {
            Syntax("json_each(");
            WriteCall(apply.Function, apply.Arguments, "");
            Syntax(")");
        }
        Syntax(" as ").Identifier(from.Alias);
    }

    /// <summary>Cells of row functions are registered before the select list is written, which stands in front of from.</summary>
    protected override void WriteCore(SelectCore core, ImmutableArray<LogicalType> types)
    {
        Register(core.From);
        base.WriteCore(core, types);
    }

    private void Register(FromItem? from)
    {
        switch (from)
        {
            case JoinFrom join:
                Register(join.Left);
                Register(join.Right);
                break;
            case FunctionFrom function:
                rowFunctions[function.Alias] = function.Columns;
                break;
        }
    }

    protected override void WriteColumn(ColumnExpr column)
    {
        if (!rowFunctions.TryGetValue(column.Range, out var cells))
        {
            base.WriteColumn(column);
            return;
        }
        int index = 0;
        while (index < cells.Length && cells[index].Name != column.Column)
        {
            index++;
        }
        if (index >= cells.Length || column.Column == "ordinality")
        {
            Syntax("(").Identifier(column.Range).Syntax(".key + 1)");
        }
        else if (cells.Count(c => c.Name != "ordinality") == 1)
        {
            Identifier(column.Range).Syntax(".value");
        }
        else
        {
            Syntax("json_extract(").Identifier(column.Range).Syntax(".value, '$[").Number(index).Syntax("]')");
        }
    }
}
