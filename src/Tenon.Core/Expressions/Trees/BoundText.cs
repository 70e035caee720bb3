using System.Collections.Immutable;
using System.Text;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Trees;

/// <summary>
/// A bound tree as text for people and golden files: SQL's shape, but every function by its catalogue id and every
/// conversion visible. Not SQL: it is never sent anywhere.
/// </summary>
internal sealed partial class BoundText
{
    private readonly StringBuilder text = new();

    public static string Of(Expr expr)
    {
        var printer = new BoundText();
        printer.Write(expr);
        return printer.text.ToString();
    }

    public static string Of(Select select)
    {
        var printer = new BoundText();
        printer.Write(select);
        return printer.text.ToString();
    }

    public static string Of(Statement statement)
    {
        var printer = new BoundText();
        printer.Write(statement);
        return printer.text.ToString();
    }

    private void Write(Expr expr)
    {
        switch (expr)
        {
            case ColumnExpr e:
                text.Append(e.Range).Append('.').Append(e.Column);
                break;
            case ConstantExpr e:
                WriteConstant(e);
                break;
            case ContextExpr e:
                text.Append(ContextName(e));
                break;
            case ParameterExpr e:
                text.Append('$').Append(e.Slot + 1).Append("::").Append(e.Type.SqlName);
                break;
            case VariableExpr e:
                text.Append(':').Append(e.Name);
                break;
            case RowOfRangeExpr e:
                text.Append(e.Range).Append(".*");
                break;
            case ApplyExpr e:
                Call(e.Function.Id, e.Arguments);
                break;
            case UserCallExpr e:
                Call(e.Function.ToString(), e.Arguments);
                break;
            case ConvertExpr e:
                text.Append(e.Explicit ? "cast(" : "as(");
                Write(e.Operand);
                text.Append(", ").Append(e.Type.SqlName).Append(')');
                break;
            default:
                WriteCompound(expr);
                break;
        }
    }

    private void WriteCompound(Expr expr)
    {
        switch (expr)
        {
            case AndExpr e:
                Chain(e.Items, " and ");
                break;
            case OrExpr e:
                Chain(e.Items, " or ");
                break;
            case NotExpr e:
                text.Append("not ");
                Write(e.Operand);
                break;
            case TestExpr e:
                Write(e.Operand);
                text.Append(e.Negated ? " is not " : " is ").Append(e.Kind.ToString().ToLowerInvariant());
                break;
            case DistinctExpr e:
                Write(e.Left);
                text.Append(e.Negated ? " is not distinct from " : " is distinct from ");
                Write(e.Right);
                break;
            case CoalesceExpr e:
                Call("coalesce", e.Items);
                break;
            case ArrayExpr e:
                text.Append("array[");
                List(e.Items);
                text.Append(']');
                break;
            case RowExpr e:
                Call("row", e.Items);
                break;
            case InListExpr e:
                Write(e.Operand);
                Call(e.Negated ? " not in " : " in ", e.Items);
                break;
            case QuantifiedExpr e:
                Write(e.Operand);
                text.Append(' ').Append(e.Comparison?.Id ?? e.Operator).Append(e.All ? " all(" : " any(");
                Write(e.Array);
                text.Append(')');
                break;
            default:
                WriteSubquery(expr);
                break;
        }
    }

    private void WriteSubquery(Expr expr)
    {
        switch (expr)
        {
            case ExistsExpr e:
                Subquery("exists (", e.Select);
                break;
            case ScalarSelectExpr e:
                Subquery("(", e.Select);
                break;
            case ArraySelectExpr e:
                Subquery("array(", e.Select);
                break;
            case InSelectExpr e:
                Write(e.Operand);
                Subquery(e.Negated ? " not in (" : " in (", e.Select);
                break;
            case CaseExpr e:
                WriteCase(e);
                break;
            case FieldExpr e:
                text.Append('(');
                Write(e.Row);
                text.Append(").").Append(e.Field);
                break;
            case SubscriptExpr e:
                Write(e.Array);
                text.Append('[');
                Write(e.Index);
                if (e.Upper is not null)
                {
                    text.Append(':');
                    Write(e.Upper);
                }
                text.Append(']');
                break;
            case AggregateExpr e:
                WriteAggregate(e);
                break;
            case WindowExpr e:
                WriteWindow(e);
                break;
            case DefaultExpr:
                text.Append("default");
                break;
            default:
                throw new InvalidOperationException($"{expr.GetType().Name} is not bound");
        }
    }

    private void Subquery(string open, Select select)
    {
        text.Append(open);
        Write(select);
        text.Append(')');
    }

    private void WriteCase(CaseExpr e)
    {
        text.Append("case");
        foreach (WhenClause when in e.Whens)
        {
            text.Append(" when ");
            Write(when.Condition);
            text.Append(" then ");
            Write(when.Result);
        }
        if (e.Else is not null)
        {
            text.Append(" else ");
            Write(e.Else);
        }
        text.Append(" end");
    }

    private void WriteAggregate(AggregateExpr e)
    {
        text.Append(e.Function.Id).Append(e.Distinct ? "(distinct " : "(");
        List(e.Arguments);
        OrderBy(e.OrderBy);
        text.Append(')');
        Filter(e.Filter);
    }

    private void WriteWindow(WindowExpr e)
    {
        Call(e.Function.Id, e.Arguments);
        Filter(e.Filter);
        text.Append(" over (");
        if (!e.Over.PartitionBy.IsEmpty)
        {
            text.Append("partition by ");
            List(e.Over.PartitionBy);
        }
        OrderBy(e.Over.OrderBy);
        text.Append(e.Over.Frame is null ? "" : " " + e.Over.Frame).Append(')');
    }

    private void Filter(Expr? filter)
    {
        if (filter is not null)
        {
            text.Append(" filter (where ");
            Write(filter);
            text.Append(')');
        }
    }

    private void Chain(ImmutableArray<Expr> items, string word)
    {
        text.Append('(');
        for (int i = 0; i < items.Length; i++)
        {
            text.Append(i == 0 ? "" : word);
            Write(items[i]);
        }
        text.Append(')');
    }

    private void Call(string name, ImmutableArray<Expr> arguments)
    {
        text.Append(name).Append('(');
        List(arguments);
        text.Append(')');
    }

    private void List(ImmutableArray<Expr> items)
    {
        for (int i = 0; i < items.Length; i++)
        {
            text.Append(i == 0 ? "" : ", ");
            Write(items[i]);
        }
    }

    private void WriteConstant(ConstantExpr e)
    {
        if (e.Value.IsNull)
        {
            text.Append("null::").Append(e.Type.SqlName);
            return;
        }
        string value = TypeOutput.CastToText(e.Type, e.Value);
        switch (e.Type.Kind)
        {
            case TypeKind.Boolean or TypeKind.Int4:
                text.Append(value);
                break;
            case TypeKind.Text:
                text.Append('\'').Append(value.Replace("'", "''", StringComparison.Ordinal)).Append('\'');
                break;
            default:
                text.Append('\'').Append(value.Replace("'", "''", StringComparison.Ordinal)).Append("'::").Append(e.Type.SqlName);
                break;
        }
    }

    /// <summary>A constant of the request as SQL spells it.</summary>
    public static string ContextName(ContextExpr e) =>
        e.Kind switch
        {
            ContextKind.Uid => "auth.uid()",
            ContextKind.Role => "auth.role()",
            ContextKind.Email => "auth.email()",
            ContextKind.Jwt => "auth.jwt()",
            ContextKind.CurrentUser => "current_user",
            ContextKind.Setting => $"current_setting('{e.Name}')",
            ContextKind.Now => "now()",
            _ => throw new InvalidOperationException($"context {e.Kind} has no name"),
        };
}
