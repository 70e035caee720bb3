using System.Collections.Immutable;

namespace Tenon.Core.Expressions.Trees;

// The relational half of the rewriter: queries, from items, statements.
internal abstract partial class ExprRewriter
{
    public virtual Select VisitSelect(Select select)
    {
        var with = VisitWith(select.With);
        SelectBody body = VisitBody(select.Body);
        var orderBy = VisitOrder(select.OrderBy);
        Expr? limit = VisitOptional(select.Limit);
        Expr? offset = VisitOptional(select.Offset);
        return with == select.With
            && ReferenceEquals(body, select.Body)
            && orderBy == select.OrderBy
            && ReferenceEquals(limit, select.Limit)
            && ReferenceEquals(offset, select.Offset)
            ? select
            : select with { With = with, Body = body, OrderBy = orderBy, Limit = limit, Offset = offset };
    }

    public virtual SelectBody VisitBody(SelectBody body)
    {
        switch (body)
        {
            case SelectCore core:
                return VisitCore(core);
            case SetOperation set:
                SelectBody left = VisitBody(set.Left);
                SelectBody right = VisitBody(set.Right);
                return ReferenceEquals(left, set.Left) && ReferenceEquals(right, set.Right) ? set : set with { Left = left, Right = right };
            case ValuesBody values:
                return VisitValues(values);
            case NestedBody nested:
                Select select = VisitSelect(nested.Select);
                return ReferenceEquals(select, nested.Select) ? nested : new NestedBody(select);
            default:
                throw new InvalidOperationException($"the rewriter does not know {body.GetType().Name}");
        }
    }

    public virtual SelectCore VisitCore(SelectCore core)
    {
        // In the order of evaluation: from first, so that a pass that collects names meets them before their use.
        FromItem? from = core.From is null ? null : VisitFrom(core.From);
        Expr? where = VisitOptional(core.Where);
        var groupBy = VisitAll(core.GroupBy);
        Expr? having = VisitOptional(core.Having);
        var windows = VisitWindows(core.Windows);
        var items = VisitItems(core.Items);
        var distinctOn = VisitAll(core.DistinctOn);
        return ReferenceEquals(from, core.From)
            && ReferenceEquals(where, core.Where)
            && groupBy == core.GroupBy
            && ReferenceEquals(having, core.Having)
            && windows == core.Windows
            && items == core.Items
            && distinctOn == core.DistinctOn
            ? core
            : core with
            {
                From = from,
                Where = where,
                GroupBy = groupBy,
                Having = having,
                Windows = windows,
                Items = items,
                DistinctOn = distinctOn,
            };
    }

    private ValuesBody VisitValues(ValuesBody values)
    {
        ImmutableArray<ImmutableArray<Expr>>.Builder? changed = null;
        for (int i = 0; i < values.Rows.Length; i++)
        {
            var row = VisitAll(values.Rows[i]);
            if (row != values.Rows[i])
            {
                changed ??= values.Rows.ToBuilder();
                changed[i] = row;
            }
        }
        return changed is null ? values : new ValuesBody(changed.MoveToImmutable());
    }

    public virtual FromItem VisitFrom(FromItem from)
    {
        switch (from)
        {
            case TableFrom:
                return from;
            case JoinFrom join:
                FromItem left = VisitFrom(join.Left);
                FromItem right = VisitFrom(join.Right);
                Expr? on = VisitOptional(join.On);
                return ReferenceEquals(left, join.Left) && ReferenceEquals(right, join.Right) && ReferenceEquals(on, join.On)
                    ? join
                    : join with { Left = left, Right = right, On = on };
            case SelectFrom derived:
                Select select = VisitSelect(derived.Select);
                return ReferenceEquals(select, derived.Select) ? derived : derived with { Select = select };
            case FunctionFrom function:
                Expr call = Visit(function.Call);
                return ReferenceEquals(call, function.Call) ? function : function with { Call = call };
            default:
                throw new InvalidOperationException($"the rewriter does not know {from.GetType().Name}");
        }
    }

    public virtual CommonTable VisitCommonTable(CommonTable table)
    {
        Statement body = VisitStatement(table.Body);
        return ReferenceEquals(body, table.Body) ? table : table with { Body = body };
    }

    public virtual Statement VisitStatement(Statement statement)
    {
        switch (statement)
        {
            case SelectStatement s:
                Select select = VisitSelect(s.Select);
                return ReferenceEquals(select, s.Select) ? s : s with { Select = select };
            case InsertStatement s:
                return VisitInsert(s);
            case UpdateStatement s:
                return VisitUpdate(s);
            case DeleteStatement s:
                return VisitDelete(s);
            default:
                throw new InvalidOperationException($"the rewriter does not know {statement.GetType().Name}");
        }
    }

    protected InsertStatement VisitInsert(InsertStatement s)
    {
        var with = VisitWith(s.With);
        Select? source = s.Source is null ? null : VisitSelect(s.Source);
        OnConflict? conflict = s.Conflict is null ? null : VisitConflict(s.Conflict);
        var returning = VisitItems(s.Returning);
        return with == s.With
            && ReferenceEquals(source, s.Source)
            && ReferenceEquals(conflict, s.Conflict)
            && returning == s.Returning
            ? s
            : s with { With = with, Source = source, Conflict = conflict, Returning = returning };
    }

    private OnConflict VisitConflict(OnConflict c)
    {
        var set = VisitAssignments(c.Set);
        Expr? where = VisitOptional(c.Where);
        Expr? arbiter = VisitOptional(c.ArbiterWhere);
        return set == c.Set && ReferenceEquals(where, c.Where) && ReferenceEquals(arbiter, c.ArbiterWhere)
            ? c
            : c with { Set = set, Where = where, ArbiterWhere = arbiter };
    }

    protected UpdateStatement VisitUpdate(UpdateStatement s)
    {
        var with = VisitWith(s.With);
        FromItem? from = s.From is null ? null : VisitFrom(s.From);
        var set = VisitAssignments(s.Set);
        Expr? where = VisitOptional(s.Where);
        var returning = VisitItems(s.Returning);
        return with == s.With
            && ReferenceEquals(from, s.From)
            && set == s.Set
            && ReferenceEquals(where, s.Where)
            && returning == s.Returning
            ? s
            : s with { With = with, From = from, Set = set, Where = where, Returning = returning };
    }

    protected DeleteStatement VisitDelete(DeleteStatement s)
    {
        var with = VisitWith(s.With);
        FromItem? usingItem = s.Using is null ? null : VisitFrom(s.Using);
        Expr? where = VisitOptional(s.Where);
        var returning = VisitItems(s.Returning);
        return with == s.With && ReferenceEquals(usingItem, s.Using) && ReferenceEquals(where, s.Where) && returning == s.Returning
            ? s
            : s with { With = with, Using = usingItem, Where = where, Returning = returning };
    }

    public ImmutableArray<CommonTable> VisitWith(ImmutableArray<CommonTable> tables)
    {
        ImmutableArray<CommonTable>.Builder? changed = null;
        for (int i = 0; i < tables.Length; i++)
        {
            CommonTable visited = VisitCommonTable(tables[i]);
            if (!ReferenceEquals(visited, tables[i]))
            {
                changed ??= tables.ToBuilder();
                changed[i] = visited;
            }
        }
        return changed?.MoveToImmutable() ?? tables;
    }

    public ImmutableArray<SelectItem> VisitItems(ImmutableArray<SelectItem> items)
    {
        ImmutableArray<SelectItem>.Builder? changed = null;
        for (int i = 0; i < items.Length; i++)
        {
            Expr visited = Visit(items[i].Value);
            if (!ReferenceEquals(visited, items[i].Value))
            {
                changed ??= items.ToBuilder();
                changed[i] = items[i] with { Value = visited };
            }
        }
        return changed?.MoveToImmutable() ?? items;
    }

    public ImmutableArray<OrderItem> VisitOrder(ImmutableArray<OrderItem> items)
    {
        ImmutableArray<OrderItem>.Builder? changed = null;
        for (int i = 0; i < items.Length; i++)
        {
            Expr visited = Visit(items[i].Key);
            if (!ReferenceEquals(visited, items[i].Key))
            {
                changed ??= items.ToBuilder();
                changed[i] = items[i] with { Key = visited };
            }
        }
        return changed?.MoveToImmutable() ?? items;
    }

    public ImmutableArray<ColumnAssignment> VisitAssignments(ImmutableArray<ColumnAssignment> items)
    {
        ImmutableArray<ColumnAssignment>.Builder? changed = null;
        for (int i = 0; i < items.Length; i++)
        {
            Expr visited = Visit(items[i].Value);
            if (!ReferenceEquals(visited, items[i].Value))
            {
                changed ??= items.ToBuilder();
                changed[i] = items[i] with { Value = visited };
            }
        }
        return changed?.MoveToImmutable() ?? items;
    }

    private ImmutableArray<WindowSpec> VisitWindows(ImmutableArray<WindowSpec> items)
    {
        ImmutableArray<WindowSpec>.Builder? changed = null;
        for (int i = 0; i < items.Length; i++)
        {
            WindowSpec visited = VisitWindowSpec(items[i]);
            if (!ReferenceEquals(visited, items[i]))
            {
                changed ??= items.ToBuilder();
                changed[i] = visited;
            }
        }
        return changed?.MoveToImmutable() ?? items;
    }

    public WindowSpec VisitWindowSpec(WindowSpec spec)
    {
        var partitionBy = VisitAll(spec.PartitionBy);
        var orderBy = VisitOrder(spec.OrderBy);
        return partitionBy == spec.PartitionBy && orderBy == spec.OrderBy
            ? spec
            : spec with { PartitionBy = partitionBy, OrderBy = orderBy };
    }
}
