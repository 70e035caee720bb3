using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres;

// Functions, operators, aggregates, windows, arrays: PostgreSQL's own.
internal partial class PostgresDialect
{
    protected override void WriteApply(ApplyExpr apply)
    {
        Function function = apply.Function;
        if (function.Id == SettingFunctions.SetConfig)
        {
            // What it sets is the transaction's, which a read of our own user does not share with the caller.
            throw Refusals.NotSupported("set_config with compiled policies").ToException();
        }
        if (function.Operator is not { } spelling)
        {
            WriteName(function);
            Syntax("(");
            WriteArguments(function, apply.Arguments);
            Syntax(")");
            return;
        }
        bool comparison = spelling is "=" or "<>" or "<" or "<=" or ">" or ">=";
        Syntax("(");
        if (apply.Arguments.Length == 2)
        {
            WriteOperand(apply.Arguments[0], comparison);
            Syntax(" ");
        }
        Syntax(spelling).Syntax(" ");
        WriteOperand(apply.Arguments[^1], comparison);
        Syntax(")");
    }

    /// <summary>A value of text: typed, but beside a comparison, where it takes the type of the other side.</summary>
    private void WriteOperand(Expr operand, bool comparison)
    {
        Write(operand);
        if (!comparison && IsUntyped(operand.Type) && operand is ConstantExpr or ParameterExpr or ContextExpr or VariableExpr or RowValueExpr)
        {
            Syntax("::text");
        }
    }

    private void WriteArguments(Function function, ImmutableArray<Expr> arguments)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            Syntax(i > 0 ? ", " : "");
            WriteOperand(arguments[i], comparison: false);
            // A weight is of the type "char", which no text becomes by itself.
            Syntax(function.Name == "setweight" && i == 1 ? "::\"char\"" : "");
        }
    }

    // Names of the catalogue with a dot are of a schema (storage.foldername); the others are built in.
    private void WriteName(Function function)
    {
        int dot = function.Name.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0)
        {
            Identifier(function.Name[..dot]).Syntax(".").Identifier(function.Name[(dot + 1)..]);
        }
        else if (function.Name == "uuid_generate_v4")
        {
            Syntax("gen_random_uuid");
        }
        else if (function.Name is "position")
        {
            Syntax("strpos");
        }
        else
        {
            // Names of the closed catalogue only: plain words.
            Syntax(function.Name);
        }
    }

    protected override void WriteConvert(ConvertExpr convert)
    {
        if (IsNoOp(convert.Operand.Type, convert.Type) && convert.Operand is not (ConstantExpr or ParameterExpr))
        {
            Write(convert.Operand);
            return;
        }
        Syntax("(");
        Write(convert.Operand);
        Syntax(")::");
        TypeName(convert.Type);
    }

    // An instant and a local time are held alike, but the session's zone lies between them; a type of PostgreSQL's own is no text.
    private static bool IsNoOp(LogicalType from, LogicalType to) =>
        Conversions.IsNoOp(from, to)
        && from.NativeName == to.NativeName
        && (from.Kind == to.Kind || from.Kind is not (TypeKind.Timestamp or TypeKind.TimestampTz));

    private void WriteUserCall(UserCallExpr call)
    {
        Qualified(call.Function);
        Syntax("(");
        for (int i = 0; i < call.Arguments.Length; i++)
        {
            Syntax(i > 0 ? ", " : "").Syntax(call.Variadic && i == call.Arguments.Length - 1 ? "variadic " : "");
            WriteOperand(call.Arguments[i], comparison: false);
        }
        Syntax(")");
    }

    protected override void WriteFunctionFrom(FunctionFrom from)
    {
        Syntax(from.Lateral ? "lateral " : "");
        Write(from.Call);
        Syntax(from.WithOrdinality ? " with ordinality as " : " as ").Identifier(from.Alias);
        WriteColumnAliases(from.Columns.IsEmpty ? from.ColumnAliases : [.. from.Columns.Select(c => c.Name)]);
    }

    // ---- aggregates and windows ----

    protected override void WriteAggregate(AggregateExpr aggregate)
    {
        if (aggregate.Function.Id == "count_star")
        {
            Syntax("count(*)");
        }
        else
        {
            WriteName(aggregate.Function);
            Syntax(aggregate.Distinct ? "(distinct " : "(");
            WriteArguments(aggregate.Function, aggregate.Arguments);
            for (int i = 0; i < aggregate.OrderBy.Length; i++)
            {
                Syntax(i > 0 ? ", " : " order by ");
                WriteOrderKey(aggregate.OrderBy[i]);
            }
            Syntax(")");
        }
        WriteFilter(aggregate.Filter);
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
        if (window.Function.Shape == FunctionShape.Window)
        {
            WriteName(window.Function);
            Syntax("(");
            WriteArguments(window.Function, window.Arguments);
            Syntax(")");
            WriteFilter(window.Filter);
        }
        else
        {
            WriteAggregate(new AggregateExpr(window.Function, window.Arguments) { Type = window.Type, Filter = window.Filter });
        }
        Syntax(" over ");
        WriteWindowSpec(window.Over);
    }

    // ---- arrays ----

    protected override void WriteArray(ArrayExpr array)
    {
        Syntax("array[");
        WriteList(array.Items);
        Syntax("]::");
        TypeName(array.Type.Unmodified);
    }

    protected override void WriteArraySelect(ArraySelectExpr array)
    {
        Syntax("array(");
        Write(array.Select);
        Syntax(")");
    }

    protected override void WriteSubscript(SubscriptExpr subscript)
    {
        Syntax("(");
        Write(subscript.Array);
        Syntax(")[");
        Write(subscript.Index);
        if (subscript.Upper is { } upper)
        {
            Syntax(":");
            Write(upper);
        }
        Syntax("]");
    }

    protected override void WriteQuantified(QuantifiedExpr quantified)
    {
        string spelling = quantified.Comparison?.Operator ?? quantified.Operator;
        Syntax("(");
        Write(quantified.Operand);
        Syntax(" ").Syntax(spelling).Syntax(quantified.All ? " all (" : " any (");
        if (quantified.Array.Type.Kind != TypeKind.Array)
        {
            throw Refusals.NotSupported("a comparison with a value that is no array").ToException();
        }
        Write(quantified.Array);
        Syntax("))");
    }
}
