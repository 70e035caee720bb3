using System.Collections.Immutable;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Core.Sql;

// The relational half of the writer: queries and from items.
internal abstract partial class SqlWriter
{
    public void Write(Select select)
    {
        WriteWith(select.With);
        if (select.Body is SelectCore { DistinctOn.IsEmpty: false } core)
        {
            select = FirstOfEach.Of(select with { With = [] }, core);
        }
        WriteBody(select.Body, [.. select.Output.Select(f => f.Type)]);
        WriteOrder(select.OrderBy);
        WriteLimit(select.Limit, select.Offset);
    }

    private void WriteWith(ImmutableArray<CommonTable> with)
    {
        for (int i = 0; i < with.Length; i++)
        {
            Syntax(i > 0 ? ", " : with.Any(w => w.Recursive) ? "with recursive " : "with ");
            Identifier(with[i].Name);
            WriteColumnAliases(with[i].Columns);
            Syntax(" as (");
            if (with[i].Body is not SelectStatement query)
            {
                throw Errors.Refusals.NotSupported("a data-modifying statement in WITH on this source").ToException();
            }
            Write(query.Select);
            Syntax(")");
        }
        if (with.Length > 0)
        {
            Syntax(" ");
        }
    }

    private void WriteBody(SelectBody body, ImmutableArray<LogicalType> types)
    {
        switch (body)
        {
            case SelectCore { DistinctOn.IsEmpty: false } core:
                Syntax("select * from (");
                Write(new Select(core) { Output = [.. types.Select(t => new RowField("", t))] });
                Syntax(")");
                break;
            case SelectCore core:
                WriteCore(core, types);
                break;
            case SetOperation set:
                WriteBody(set.Left, types);
                Syntax(set.Operator switch { SetOperator.Union => " union ", SetOperator.Intersect => " intersect ", _ => " except " });
                Syntax(set.All ? "all " : "");
                WriteBody(set.Right is SetOperation ? new NestedBody(new Select(set.Right)) : set.Right, types);
                break;
            case ValuesBody values:
                WriteValues(values, types);
                break;
            case NestedBody nested:
                Syntax("select * from (");
                Write(nested.Select.Output.IsEmpty ? nested.Select with { Output = [.. types.Select(t => new RowField("", t))] } : nested.Select);
                Syntax(")");
                break;
            default:
                throw new InvalidOperationException($"the SQL writer does not know {body.GetType().Name}");
        }
    }

    private void WriteValues(ValuesBody values, ImmutableArray<LogicalType> types)
    {
        Syntax("values ");
        for (int r = 0; r < values.Rows.Length; r++)
        {
            Syntax(r > 0 ? ", (" : "(");
            for (int c = 0; c < values.Rows[r].Length; c++)
            {
                Syntax(c > 0 ? ", " : "");
                WriteAs(values.Rows[r][c], c < types.Length ? types[c] : values.Rows[r][c].Type);
            }
            Syntax(")");
        }
    }

    protected virtual void WriteCore(SelectCore core, ImmutableArray<LogicalType> types)
    {
        Syntax(core.Distinct ? "select distinct " : "select ");
        for (int i = 0; i < core.Items.Length; i++)
        {
            Syntax(i > 0 ? ", " : "");
            WriteAs(core.Items[i].Value, i < types.Length ? types[i] : core.Items[i].Value.Type);
            if (core.Items[i].Alias is { } alias)
            {
                Syntax(" as ").Identifier(alias);
            }
        }
        if (core.From is not null)
        {
            Syntax(" from ");
            WriteFrom(core.From);
        }
        WriteWhere(core);
        if (core.GroupBy.Length > 0)
        {
            Syntax(" group by ");
            WriteList(core.GroupBy);
        }
        WriteClause(" having ", core.Having);
        WriteNamedWindows(core.Windows);
    }

    protected virtual void WriteWhere(SelectCore core) => WriteClause(" where ", core.Where);

    protected void WriteClause(string word, Expr? condition)
    {
        if (condition is not null)
        {
            Syntax(word);
            Write(condition);
        }
    }

    private void WriteNamedWindows(ImmutableArray<WindowSpec> windows)
    {
        for (int i = 0; i < windows.Length; i++)
        {
            Syntax(i > 0 ? ", " : " window ").Identifier(windows[i].Name!).Syntax(" as ");
            WriteWindowSpec(windows[i] with { Name = null });
        }
    }

    protected void WriteWindowSpec(WindowSpec spec)
    {
        if (spec is { Name: { } name, PartitionBy.IsEmpty: true, OrderBy.IsEmpty: true, Frame: null })
        {
            Identifier(name);
            return;
        }
        Syntax("(");
        if (spec.PartitionBy.Length > 0)
        {
            Syntax("partition by ");
            WriteList(spec.PartitionBy);
        }
        WriteOrder(spec.OrderBy);
        if (spec.Frame is not null)
        {
            // The parser keeps a frame only in PostgreSQL's own closed grammar (rows/range/groups between …).
            Syntax(" ").Syntax(spec.Frame);
        }
        Syntax(")");
    }

    protected void WriteFrom(FromItem from)
    {
        switch (from)
        {
            case GuardedTable table:
                WriteGuardedTable(table);
                break;
            case TableFrom { IsCommonTable: true } common:
                Identifier(common.Name.Name).Syntax(" as ").Identifier(common.Alias);
                WriteAliasColumns(common.ColumnAliases);
                break;
            case SelectFrom derived:
                WriteDerived(derived);
                break;
            case FunctionFrom function:
                WriteFunctionFrom(function);
                break;
            case JoinFrom join:
                WriteJoin(join);
                break;
            default:
                WriteOtherFrom(from);
                break;
        }
    }

    protected virtual void WriteOtherFrom(FromItem from) =>
        throw new InvalidOperationException($"{from.GetType().Name} reached the SQL writer without a policy");

    private void WriteGuardedTable(GuardedTable table)
    {
        if (table.Filter is null)
        {
            TableName(table.Name);
            Syntax(" as ").Identifier(table.Alias);
            WriteTableHint(table);
            return;
        }
        Syntax("(select * from ");
        TableName(table.Name);
        Syntax(" as ").Identifier(table.Alias);
        WriteTableHint(table);
        Syntax(" where ");
        Write(table.Filter);
        Syntax(") as ").Identifier(table.Alias);
    }

    /// <summary>What an engine is told of how to read a table.</summary>
    protected virtual void WriteTableHint(GuardedTable table) { }

    protected virtual void WriteDerived(SelectFrom derived)
    {
        if (derived.Lateral)
        {
            throw Errors.Refusals.NotSupported("LATERAL on this source", "Use a subquery in the select list, or a window function.").ToException();
        }
        Syntax("(");
        Select select = derived.Select;
        if (derived.ColumnAliases.Length > 0)
        {
            // SQLite has no column aliases on a derived table: a common table carries them.
            Syntax("with ").Identifier("c");
            WriteColumnAliases(derived.ColumnAliases);
            Syntax(" as (");
            Write(select);
            Syntax(") select * from ").Identifier("c");
        }
        else
        {
            Write(select);
        }
        Syntax(") as ").Identifier(derived.Alias);
    }

    protected void WriteColumnAliases(ImmutableArray<string> names)
    {
        for (int i = 0; i < names.Length; i++)
        {
            Syntax(i > 0 ? ", " : " (").Identifier(names[i]);
        }
        Syntax(names.Length > 0 ? ")" : "");
    }

    protected virtual void WriteAliasColumns(ImmutableArray<string> names)
    {
        if (names.Length > 0)
        {
            throw Errors.Refusals.NotSupported("column aliases on a common table reference on this source").ToException();
        }
    }

    private void WriteJoin(JoinFrom join)
    {
        WriteFrom(join.Left);
        Syntax(
            join.Kind switch
            {
                JoinKind.Inner => " join ",
                JoinKind.Left => " left join ",
                JoinKind.Right => " right join ",
                JoinKind.Full => " full join ",
                _ => " cross join ",
            }
        );
        bool nested = join.Right is JoinFrom;
        Syntax(nested ? "(" : "");
        WriteFrom(join.Right);
        Syntax(nested ? ")" : "");
        WriteClause(" on ", join.On);
    }

    private void WriteOrder(ImmutableArray<OrderItem> order)
    {
        for (int i = 0; i < order.Length; i++)
        {
            Syntax(i > 0 ? ", " : " order by ");
            WriteOrderKey(order[i]);
        }
    }

    protected virtual void WriteLimit(Expr? limit, Expr? offset)
    {
        if (limit is not null || offset is not null)
        {
            Syntax(" limit ");
            if (limit is null)
            {
                Syntax("-1");
            }
            else
            {
                WriteLimitCount(limit);
            }
        }
        WriteClause(" offset ", offset);
    }

    protected virtual void WriteLimitCount(Expr limit) => Write(limit);
}
