using System.Collections.Immutable;

namespace Tenon.Core.Expressions.Trees;

/// <summary>Walks both trees without changing them and without allocating. Override what matters, call the base to descend.</summary>
internal abstract class ExprVisitor
{
    public virtual void Visit(Expr expr)
    {
        switch (expr)
        {
            case ApplyExpr e:
                VisitAll(e.Arguments);
                break;
            case AndExpr e:
                VisitAll(e.Items);
                break;
            case OrExpr e:
                VisitAll(e.Items);
                break;
            case NotExpr e:
                Visit(e.Operand);
                break;
            case TestExpr e:
                Visit(e.Operand);
                break;
            case ConvertExpr e:
                Visit(e.Operand);
                break;
            case CoalesceExpr e:
                VisitAll(e.Items);
                break;
            case ArrayExpr e:
                VisitAll(e.Items);
                break;
            case RowExpr e:
                VisitAll(e.Items);
                break;
            case UserCallExpr e:
                VisitAll(e.Arguments);
                break;
            default:
                VisitTests(expr);
                break;
        }
    }

    private void VisitTests(Expr expr)
    {
        switch (expr)
        {
            case DistinctExpr e:
                Visit(e.Left);
                Visit(e.Right);
                break;
            case InListExpr e:
                Visit(e.Operand);
                VisitAll(e.Items);
                break;
            case QuantifiedExpr e:
                Visit(e.Operand);
                Visit(e.Array);
                break;
            case InSelectExpr e:
                Visit(e.Operand);
                VisitSelect(e.Select);
                break;
            case ExistsExpr e:
                VisitSelect(e.Select);
                break;
            case ScalarSelectExpr e:
                VisitSelect(e.Select);
                break;
            case ArraySelectExpr e:
                VisitSelect(e.Select);
                break;
            default:
                VisitRare(expr);
                break;
        }
    }

    private void VisitRare(Expr expr)
    {
        switch (expr)
        {
            case CaseExpr e:
                VisitOptional(e.Operand);
                foreach (WhenClause when in e.Whens)
                {
                    Visit(when.Condition);
                    Visit(when.Result);
                }
                VisitOptional(e.Else);
                break;
            case FieldExpr e:
                Visit(e.Row);
                break;
            case SubscriptExpr e:
                Visit(e.Array);
                Visit(e.Index);
                VisitOptional(e.Upper);
                break;
            case AggregateExpr e:
                VisitAll(e.Arguments);
                VisitOrder(e.OrderBy);
                VisitOptional(e.Filter);
                break;
            case WindowExpr e:
                VisitAll(e.Arguments);
                VisitWindowSpec(e.Over);
                VisitOptional(e.Filter);
                break;
            case CastExpr e:
                Visit(e.Operand);
                break;
            case OperatorExpr e:
                VisitOptional(e.Left);
                Visit(e.Right);
                break;
            case CallExpr e:
                VisitAll(e.Arguments);
                VisitOrder(e.OrderBy);
                VisitOptional(e.Filter);
                if (e.Over is not null)
                {
                    VisitWindowSpec(e.Over);
                }
                break;
        }
    }

    public virtual void VisitSelect(Select select)
    {
        VisitWith(select.With);
        VisitBody(select.Body);
        VisitOrder(select.OrderBy);
        VisitOptional(select.Limit);
        VisitOptional(select.Offset);
    }

    public virtual void VisitBody(SelectBody body)
    {
        switch (body)
        {
            case SelectCore core:
                VisitCore(core);
                break;
            case SetOperation set:
                VisitBody(set.Left);
                VisitBody(set.Right);
                break;
            case ValuesBody values:
                foreach (ImmutableArray<Expr> row in values.Rows)
                {
                    VisitAll(row);
                }
                break;
            case NestedBody nested:
                VisitSelect(nested.Select);
                break;
        }
    }

    public virtual void VisitCore(SelectCore core)
    {
        if (core.From is not null)
        {
            VisitFrom(core.From);
        }
        VisitOptional(core.Where);
        VisitAll(core.GroupBy);
        VisitOptional(core.Having);
        foreach (WindowSpec window in core.Windows)
        {
            VisitWindowSpec(window);
        }
        VisitItems(core.Items);
        VisitAll(core.DistinctOn);
    }

    public virtual void VisitFrom(FromItem from)
    {
        switch (from)
        {
            case JoinFrom join:
                VisitFrom(join.Left);
                VisitFrom(join.Right);
                VisitOptional(join.On);
                break;
            case SelectFrom derived:
                VisitSelect(derived.Select);
                break;
            case FunctionFrom function:
                Visit(function.Call);
                break;
        }
    }

    public virtual void VisitStatement(Statement statement)
    {
        switch (statement)
        {
            case SelectStatement s:
                VisitSelect(s.Select);
                break;
            case InsertStatement s:
                VisitInsert(s);
                break;
            case UpdateStatement s:
                VisitWith(s.With);
                VisitOptional(s.From);
                VisitAssignments(s.Set);
                VisitOptional(s.Where);
                VisitItems(s.Returning);
                break;
            case DeleteStatement s:
                VisitWith(s.With);
                VisitOptional(s.Using);
                VisitOptional(s.Where);
                VisitItems(s.Returning);
                break;
        }
    }

    private void VisitInsert(InsertStatement s)
    {
        VisitWith(s.With);
        if (s.Source is not null)
        {
            VisitSelect(s.Source);
        }
        if (s.Conflict is not null)
        {
            VisitOptional(s.Conflict.ArbiterWhere);
            VisitAssignments(s.Conflict.Set);
            VisitOptional(s.Conflict.Where);
        }
        VisitItems(s.Returning);
    }

    protected void VisitWith(ImmutableArray<CommonTable> tables)
    {
        foreach (CommonTable table in tables)
        {
            VisitStatement(table.Body);
        }
    }

    protected void VisitAll(ImmutableArray<Expr> items)
    {
        foreach (Expr item in items)
        {
            Visit(item);
        }
    }

    protected void VisitItems(ImmutableArray<SelectItem> items)
    {
        foreach (SelectItem item in items)
        {
            Visit(item.Value);
        }
    }

    protected void VisitOrder(ImmutableArray<OrderItem> items)
    {
        foreach (OrderItem item in items)
        {
            Visit(item.Key);
        }
    }

    protected void VisitAssignments(ImmutableArray<ColumnAssignment> items)
    {
        foreach (ColumnAssignment item in items)
        {
            Visit(item.Value);
        }
    }

    protected void VisitWindowSpec(WindowSpec spec)
    {
        VisitAll(spec.PartitionBy);
        VisitOrder(spec.OrderBy);
    }

    protected void VisitOptional(Expr? expr)
    {
        if (expr is not null)
        {
            Visit(expr);
        }
    }

    private void VisitOptional(FromItem? from)
    {
        if (from is not null)
        {
            VisitFrom(from);
        }
    }
}
