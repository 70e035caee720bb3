using System.Collections.Immutable;

namespace Tenon.Core.Expressions.Trees;

internal sealed partial class BoundText
{
    private void Write(Select select)
    {
        With(select.With);
        Write(select.Body);
        OrderBy(select.OrderBy);
        Clause(" limit ", select.Limit);
        Clause(" offset ", select.Offset);
    }

    private void Write(SelectBody body)
    {
        switch (body)
        {
            case SelectCore core:
                WriteCore(core);
                break;
            case SetOperation set:
                Write(set.Left);
                text.Append(' ').Append(set.Operator.ToString().ToLowerInvariant()).Append(set.All ? " all " : " ");
                Write(set.Right);
                break;
            case NestedBody nested:
                Subquery("(", nested.Select);
                break;
            case ValuesBody values:
                text.Append("values ");
                for (int i = 0; i < values.Rows.Length; i++)
                {
                    text.Append(i == 0 ? "" : ", ");
                    Call("", values.Rows[i]);
                }
                break;
        }
    }

    private void WriteCore(SelectCore core)
    {
        text.Append(core.Distinct ? "select distinct " : "select ");
        if (!core.DistinctOn.IsEmpty)
        {
            text.Append("distinct on (");
            List(core.DistinctOn);
            text.Append(") ");
        }
        Items(core.Items);
        From(" from ", core.From);
        Clause(" where ", core.Where);
        if (!core.GroupBy.IsEmpty)
        {
            text.Append(" group by ");
            List(core.GroupBy);
        }
        Clause(" having ", core.Having);
    }

    private void Items(ImmutableArray<SelectItem> items)
    {
        for (int i = 0; i < items.Length; i++)
        {
            text.Append(i == 0 ? "" : ", ");
            Write(items[i].Value);
            text.Append(items[i].Value is ColumnExpr column && column.Column == items[i].Alias ? "" : $" {items[i].Alias}");
        }
    }

    private void OrderBy(ImmutableArray<OrderItem> items)
    {
        for (int i = 0; i < items.Length; i++)
        {
            text.Append(i == 0 ? " order by " : ", ");
            Write(items[i].Key);
            text.Append(items[i].Descending ? " desc" : "");
            text.Append(items[i].Nulls == NullsOrder.Default ? "" : items[i].NullsFirst ? " nulls first" : " nulls last");
        }
    }

    private void Clause(string word, Expr? expr)
    {
        if (expr is not null)
        {
            text.Append(word);
            Write(expr);
        }
    }

    private void From(string word, FromItem? item)
    {
        if (item is not null)
        {
            text.Append(word);
            Write(item);
        }
    }

    private void Write(FromItem item)
    {
        switch (item)
        {
            case TableFrom table:
                text.Append(table.IsCommonTable ? $"[{table.Name.Name}]" : table.Name.ToString()).Append(' ').Append(table.Alias);
                break;
            case SelectFrom derived:
                Subquery(derived.Lateral ? "lateral (" : "(", derived.Select);
                text.Append(' ').Append(derived.Alias);
                break;
            case FunctionFrom function:
                Write(function.Call);
                text.Append(function.WithOrdinality ? " with ordinality " : " ").Append(function.Alias);
                text.Append('(').AppendJoin(", ", function.Columns.Select(c => $"{c.Name} {c.Type.SqlName}")).Append(')');
                break;
            case JoinFrom join:
                Write(join.Left);
                text.Append(' ').Append(join.Kind.ToString().ToLowerInvariant()).Append(" join ");
                bool nested = join.Right is JoinFrom;
                text.Append(nested ? "(" : "");
                Write(join.Right);
                text.Append(nested ? ")" : "");
                Clause(" on ", join.On);
                break;
        }
    }

    private void With(ImmutableArray<CommonTable> tables)
    {
        for (int i = 0; i < tables.Length; i++)
        {
            text.Append(i == 0 ? "with " : ", ").Append(tables[i].Recursive ? "recursive " : "");
            text.Append('[').Append(tables[i].Name).Append("](").AppendJoin(", ", tables[i].Columns).Append(") as (");
            Write(tables[i].Body);
            text.Append(i == tables.Length - 1 ? ") " : ")");
        }
    }

    private void Write(Statement statement)
    {
        switch (statement)
        {
            case SelectStatement s:
                Write(s.Select);
                break;
            case InsertStatement s:
                WriteInsert(s);
                break;
            case UpdateStatement s:
                With(s.With);
                text.Append($"update {s.Table} {s.Alias}");
                Assignments(s.Set);
                From(" from ", s.From);
                Clause(" where ", s.Where);
                Returning(s.Returning);
                break;
            case DeleteStatement s:
                With(s.With);
                text.Append($"delete from {s.Table} {s.Alias}");
                From(" using ", s.Using);
                Clause(" where ", s.Where);
                Returning(s.Returning);
                break;
        }
    }

    private void WriteInsert(InsertStatement s)
    {
        With(s.With);
        text.Append($"insert into {s.Table} {s.Alias}");
        if (s.Source is null)
        {
            text.Append(" default values");
        }
        else
        {
            text.Append(" (").AppendJoin(", ", s.Columns).Append(") ");
            Write(s.Source);
        }
        if (s.Conflict is { } conflict)
        {
            text.Append(" on conflict (").AppendJoin(", ", conflict.Columns).Append(')');
            text.Append(conflict.Constraint is null ? "" : $" on constraint {conflict.Constraint}");
            Clause(" where ", conflict.ArbiterWhere);
            text.Append(conflict.DoNothing ? " do nothing" : " do update");
            Assignments(conflict.Set);
            Clause(" where ", conflict.Where);
        }
        Returning(s.Returning);
    }

    private void Assignments(ImmutableArray<ColumnAssignment> set)
    {
        for (int i = 0; i < set.Length; i++)
        {
            text.Append(i == 0 ? " set " : ", ").Append(set[i].Column).Append(" = ");
            Write(set[i].Value);
        }
    }

    private void Returning(ImmutableArray<SelectItem> items)
    {
        if (!items.IsEmpty)
        {
            text.Append(" returning ");
            Items(items);
        }
    }
}
