using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Core.Sql;

/// <summary>
/// Writes bound, guarded trees as SQL. Text grows by four appends only: syntax, identifier, literal, parameter; so no value
/// becomes text by accident. This base writes what all engines share; a dialect overrides the rest. A raw TableFrom, which
/// no policy has seen, is refused.
/// </summary>
internal abstract partial class SqlWriter
{
    private readonly StringBuilder text = new(256);
    private readonly List<SqlParameter> parameters = [];

    // ---- the four appends ----

    protected internal SqlWriter Syntax(string sql)
    {
        text.Append(sql);
        return this;
    }

    protected internal SqlWriter Number(long number)
    {
        text.Append(CultureInfo.InvariantCulture, $"{number}");
        return this;
    }

    protected internal SqlWriter Identifier(string name)
    {
        text.Append('"').Append(name.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
        return this;
    }

    /// <summary>A string constant of a policy, a check or a closed set; never a value of a request.</summary>
    protected internal SqlWriter Literal(string value)
    {
        text.Append('\'').Append(value.Replace("'", "''", StringComparison.Ordinal)).Append('\'');
        return this;
    }

    protected void Parameter(Expr origin, LogicalType type, ParameterForm form = ParameterForm.Plain, int scale = 0)
    {
        var parameter = new SqlParameter(origin, type, form, scale);
        int index = parameters.IndexOf(parameter);
        if (index < 0)
        {
            index = parameters.Count;
            parameters.Add(parameter);
        }
        text.Append(ParameterMark).Append(CultureInfo.InvariantCulture, $"{index + 1}");
    }

    protected virtual string ParameterMark => "?";

    /// <summary>Characters written so far.</summary>
    protected int Length => text.Length;

    public SqlText Finish() => new(text.ToString(), [.. parameters]);

    // ---- what a dialect decides ----

    /// <summary>The physical name of a table.</summary>
    protected abstract void TableName(QualifiedName name);
    protected abstract void WriteConstant(ConstantExpr constant);
    protected abstract void WriteParameter(Expr origin);
    protected abstract void WriteApply(ApplyExpr apply);
    protected abstract void WriteConvert(ConvertExpr convert);
    protected abstract void WriteAggregate(AggregateExpr aggregate);
    protected abstract void WriteWindow(WindowExpr window);
    protected abstract void WriteQuantified(QuantifiedExpr quantified);
    protected abstract void WriteFunctionFrom(FunctionFrom from);
    protected abstract void WriteArraySelect(ArraySelectExpr array);
    protected abstract void WriteArray(ArrayExpr array);
    protected abstract void WriteSubscript(SubscriptExpr subscript);
    protected abstract void WriteDistinctFrom(DistinctExpr distinct);

    /// <summary>a op b where op is a comparison of values of these (equal or numeric) types.</summary>
    protected abstract void WriteComparison(string comparison, Expr left, Expr right);
    protected abstract void WriteOrderKey(OrderItem item);

    protected virtual void WriteColumn(ColumnExpr column) => Identifier(column.Range).Syntax(".").Identifier(column.Column);

    // ---- scalar ----

    public void Write(Expr expr)
    {
        switch (expr)
        {
            case ColumnExpr e:
                WriteColumn(e);
                break;
            case ConstantExpr e:
                WriteConstant(e);
                break;
            case ParameterExpr or ContextExpr or VariableExpr:
                WriteParameter(expr);
                break;
            case ApplyExpr e:
                WriteApply(e);
                break;
            case AndExpr e:
                WriteJoined(e.Items, " and ");
                break;
            case OrExpr e:
                WriteJoined(e.Items, " or ");
                break;
            case NotExpr e:
                // NOT binds more weakly than a comparison: without the outer pair (not a) > b would negate the comparison.
                Syntax("(not (");
                Write(e.Operand);
                Syntax("))");
                break;
            case TestExpr e:
                WriteTest(e);
                break;
            case DistinctExpr e:
                WriteDistinctFrom(e);
                break;
            default:
                WriteRare(expr);
                break;
        }
    }

    private void WriteRare(Expr expr)
    {
        switch (expr)
        {
            case InListExpr e:
                WriteInList(e);
                break;
            case InSelectExpr e:
                WriteInSelect(e);
                break;
            case QuantifiedExpr e:
                WriteQuantified(e);
                break;
            case ExistsExpr e:
                WriteExists(e);
                break;
            case ScalarSelectExpr e:
                WriteScalarSelect(e);
                break;
            case ArraySelectExpr e:
                WriteArraySelect(e);
                break;
            case CaseExpr e:
                WriteCase(e);
                break;
            case CoalesceExpr e:
                WriteCoalesce(e);
                break;
            case ConvertExpr e:
                WriteConvert(e);
                break;
            case AggregateExpr e:
                WriteAggregate(e);
                break;
            case WindowExpr e:
                WriteWindow(e);
                break;
            case ArrayExpr e:
                WriteArray(e);
                break;
            case SubscriptExpr e:
                WriteSubscript(e);
                break;
            default:
                WriteOther(expr);
                break;
        }
    }

    private void WriteExists(ExistsExpr exists)
    {
        Syntax("exists (");
        Write(exists.Select);
        Syntax(")");
    }

    private void WriteCoalesce(CoalesceExpr coalesce)
    {
        Syntax("coalesce(");
        WriteList(coalesce.Items, coalesce.Type);
        Syntax(coalesce.Items.Length == 1 ? ", null)" : ")");
    }

    /// <summary>Nodes only some dialects can write; the base refuses.</summary>
    protected virtual void WriteOther(Expr expr) =>
        throw Errors.Refusals.NotSupported($"{Describe(expr)} in SQL for this source").ToException();

    private static string Describe(Expr expr) => expr.GetType().Name.Replace("Expr", "", StringComparison.Ordinal).ToLowerInvariant();

    protected virtual void WriteScalarSelect(ScalarSelectExpr scalar)
    {
        Syntax("(");
        Write(scalar.Select);
        Syntax(")");
    }

    private void WriteJoined(ImmutableArray<Expr> items, string between)
    {
        Syntax("(");
        for (int i = 0; i < items.Length; i++)
        {
            if (i > 0)
            {
                Syntax(between);
            }
            Write(items[i]);
        }
        Syntax(")");
    }

    protected virtual void WriteTest(TestExpr test)
    {
        Syntax("(");
        Write(test.Operand);
        Syntax(test.Negated ? " is not " : " is ");
        Syntax(
            test.Kind switch
            {
                TestKind.True => "true",
                TestKind.False => "false",
                _ => "null",
            }
        );
        Syntax(")");
    }

    private void WriteInList(InListExpr list)
    {
        // Spelled as comparisons, so that each follows the rules of its type (numeric forms, enum, collation).
        Syntax(list.Negated ? "(not (" : "(");
        for (int i = 0; i < list.Items.Length; i++)
        {
            if (i > 0)
            {
                Syntax(" or ");
            }
            WriteComparison("=", list.Operand, list.Items[i]);
        }
        Syntax(list.Items.Length == 0 ? "false)" : ")").Syntax(list.Negated ? ")" : "");
    }

    protected virtual void WriteInSelect(InSelectExpr membership)
    {
        Syntax("(");
        Write(membership.Operand);
        Syntax(membership.Negated ? " not in (" : " in (");
        Write(membership.Select);
        Syntax("))");
    }

    private void WriteCase(CaseExpr choice)
    {
        Syntax("case");
        foreach (WhenClause when in choice.Whens)
        {
            Syntax(" when ");
            Write(when.Condition);
            Syntax(" then ");
            WriteAs(when.Result, choice.Type);
        }
        if (choice.Else is not null)
        {
            Syntax(" else ");
            WriteAs(choice.Else, choice.Type);
        }
        Syntax(" end");
    }

    /// <summary>Writes a value in the storage form of <paramref name="type"/> (they differ for numeric only).</summary>
    protected virtual void WriteAs(Expr expr, LogicalType type) => Write(expr);

    protected void WriteList(ImmutableArray<Expr> items, LogicalType? type = null)
    {
        for (int i = 0; i < items.Length; i++)
        {
            if (i > 0)
            {
                Syntax(", ");
            }
            if (type is null)
            {
                Write(items[i]);
            }
            else
            {
                WriteAs(items[i], type);
            }
        }
    }
}
