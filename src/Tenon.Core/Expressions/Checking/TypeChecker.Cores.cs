using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

// select … from … where … group by … having … order by: one level of a query.
internal sealed partial class TypeChecker
{
    private Select BindCoreSelect(Select select, SelectCore core, Scope level, bool keepUnknown)
    {
        // Common tables belong to the level around, ranges to a level of their own.
        var scope = new Scope(level) { Windows = core.Windows };
        scope.NoAggregates = "functions in FROM";
        scope.NoWindows = "functions in FROM";
        FromItem? from = core.From is null ? null : BindFrom(core.From, scope);
        Expr? where = BindClause(core.Where, scope, "WHERE");

        var items = BindItems(core.Items, scope, out var syntaxes);
        scope.NoAggregates = scope.NoWindows = "GROUP BY";
        var groupBy = BindGroupBy(core.GroupBy, items, syntaxes, scope);
        scope.NoAggregates = null;
        scope.NoWindows = "HAVING";
        Expr? having = core.Having is null ? null : BindCondition(core.Having, scope, "HAVING");
        scope.NoWindows = null;
        var orderBy = BindOrderBy(select.OrderBy, items, syntaxes, scope);
        var distinctOn = BindDistinctOn(core.DistinctOn, items, syntaxes, scope);

        foreach (FunctionFrom lifted in scope.Lifted ?? [])
        {
            from = from is null ? lifted : new JoinFrom(JoinKind.Cross, from, lifted, null, []) { At = lifted.At };
        }
        var resolved = ResolveItems(items, keepUnknown);
        var bound = core with
        {
            Items = resolved,
            DistinctOn = distinctOn,
            From = from,
            Where = where,
            GroupBy = groupBy,
            Having = having,
            Windows = [],
        };
        if (scope.HasAggregate || !groupBy.IsEmpty || having is not null)
        {
            RequireGrouped(bound, orderBy, scope);
        }
        RequireDistinctOrder(bound, orderBy);
        return select with { Body = bound, OrderBy = orderBy, Output = OutputOf(resolved), With = [] };
    }

    private Expr? BindClause(Expr? syntax, Scope scope, string clause)
    {
        if (syntax is null)
        {
            return null;
        }
        scope.NoAggregates = scope.NoWindows = clause;
        Expr bound = BindCondition(syntax, scope, clause);
        scope.NoAggregates = scope.NoWindows = null;
        return bound;
    }

    // ---- the select list ----

    /// <summary>Binds a select list with stars written out; the syntax of each item stays beside it for group by and order by.</summary>
    private List<SelectItem> BindItems(ImmutableArray<SelectItem> items, Scope scope, out List<Expr?> syntaxes)
    {
        scope.NoAggregates = scope.NoWindows = null;
        var bound = new List<SelectItem>(items.Length);
        syntaxes = new List<Expr?>(items.Length);
        foreach (SelectItem item in items)
        {
            if (item.Value is StarExpr star)
            {
                ExpandStar(star, scope, bound);
                while (syntaxes.Count < bound.Count)
                {
                    syntaxes.Add(null);
                }
                continue;
            }
            scope.MayLift = true;
            bound.Add(new SelectItem(Bind(item.Value, scope), item.Alias ?? DerivedName(item.Value)));
            scope.MayLift = false;
            syntaxes.Add(item.Value);
        }
        return bound;
    }

    private static void ExpandStar(StarExpr star, Scope scope, List<SelectItem> items)
    {
        if (star.Qualifier is { } qualifier)
        {
            RangeEntry range = FindRange(scope, qualifier) ?? throw MissingRange(scope, qualifier, star.At);
            AddColumns(range, star.At, items, merged: true);
            return;
        }
        bool any = false;
        foreach (RangeEntry range in scope.Ranges)
        {
            any = true;
            AddColumns(range, star.At, items, merged: false);
        }
        if (!any)
        {
            throw CheckErrors.Of(ErrorCodes.SyntaxError, "SELECT * with no tables specified is not valid", star.At);
        }
    }

    private static void AddColumns(RangeEntry range, Span at, List<SelectItem> items, bool merged)
    {
        for (int i = 0; i < range.Fields.Length; i++)
        {
            string name = range.NameOf(i);
            if (merged || range.Merged?.Contains(name) != true)
            {
                items.Add(new SelectItem(range.Column(i, at), name));
            }
        }
    }

    private ImmutableArray<SelectItem> ResolveItems(List<SelectItem> items, bool keepUnknown)
    {
        var resolved = new SelectItem[items.Count];
        for (int i = 0; i < resolved.Length; i++)
        {
            SelectItem item = items[i];
            bool unknown = !keepUnknown && item.Value.Type.Kind == TypeKind.Unknown;
            resolved[i] = unknown ? item with { Value = DefaultUnknown(item.Value) } : item;
        }
        return Frozen.AsImmutable(resolved);
    }

    private static ImmutableArray<RowField> OutputOf(ImmutableArray<SelectItem> items)
    {
        var output = ImmutableArray.CreateBuilder<RowField>(items.Length);
        foreach (SelectItem item in items)
        {
            output.Add(new RowField(item.Alias!, item.Value.Type));
        }
        return output.MoveToImmutable();
    }

    // ---- group by, order by, distinct on: positions, aliases, expressions ----

    private ImmutableArray<Expr> BindGroupBy(ImmutableArray<Expr> keys, List<SelectItem> items, List<Expr?> syntaxes, Scope scope)
    {
        if (keys.IsEmpty)
        {
            return [];
        }
        var bound = new Expr[keys.Length];
        for (int i = 0; i < bound.Length; i++)
        {
            Expr? chosen = keys[i] switch
            {
                NumberExpr number => items[Ordinal(number, items.Count, "GROUP BY")].Value,
                // A name is a column of from first, an alias of the select list second.
                NameExpr { Parts: [var name] } when FindColumn(scope, name, keys[i].At) is null => ItemByAlias(items, name, keys[i].At, "GROUP BY"),
                _ => null,
            };
            bound[i] = DefaultUnknown(chosen ?? Bind(keys[i], scope));
            if (ExprFacts.Of(bound[i]).HasAggregate)
            {
                throw CheckErrors.Of(ErrorCodes.GroupingError, "aggregate functions are not allowed in GROUP BY", keys[i].At);
            }
        }
        return Frozen.AsImmutable(bound);
    }

    private ImmutableArray<OrderItem> BindOrderBy(ImmutableArray<OrderItem> order, List<SelectItem> items, List<Expr?> syntaxes, Scope scope)
    {
        if (order.IsEmpty)
        {
            return [];
        }
        var bound = new OrderItem[order.Length];
        for (int i = 0; i < bound.Length; i++)
        {
            Expr key = BindSortKey(order[i].Key, items, syntaxes, scope, "ORDER BY");
            bound[i] = order[i] with { Key = Orderable(key, order[i].Key.At) };
        }
        return Frozen.AsImmutable(bound);
    }

    private ImmutableArray<Expr> BindDistinctOn(ImmutableArray<Expr> keys, List<SelectItem> items, List<Expr?> syntaxes, Scope scope)
    {
        if (keys.IsEmpty)
        {
            return [];
        }
        var bound = new Expr[keys.Length];
        for (int i = 0; i < bound.Length; i++)
        {
            bound[i] = BindSortKey(keys[i], items, syntaxes, scope, "SELECT DISTINCT ON");
        }
        return Frozen.AsImmutable(bound);
    }

    private Expr BindSortKey(Expr key, List<SelectItem> items, List<Expr?> syntaxes, Scope scope, string clause)
    {
        Expr? chosen = key switch
        {
            NumberExpr number => items[Ordinal(number, items.Count, clause)].Value,
            NameExpr { Parts: [var name] } => ItemByAlias(items, name, key.At, clause),
            LiteralExpr => throw CheckErrors.Of(ErrorCodes.SyntaxError, $"non-integer constant in {clause}", key.At),
            _ => null,
        };
        return DefaultUnknown(chosen ?? Bind(key, scope));
    }

    private static Expr? ItemByAlias(List<SelectItem> items, string name, Span at, string clause)
    {
        Expr? found = null;
        foreach (SelectItem item in items)
        {
            if (item.Alias != name)
            {
                continue;
            }
            if (found is not null && !TreeEquality.Same(found, item.Value))
            {
                throw CheckErrors.Of(ErrorCodes.AmbiguousColumn, $"{clause} \"{name}\" is ambiguous", at);
            }
            found = item.Value;
        }
        return found;
    }

    private static void RequireDistinctOrder(SelectCore core, ImmutableArray<OrderItem> orderBy)
    {
        if (core.Distinct)
        {
            foreach (OrderItem order in orderBy)
            {
                if (!core.Items.Any(i => TreeEquality.Same(i.Value, order.Key)))
                {
                    throw CheckErrors.Of(
                        ErrorCodes.InvalidColumnReference,
                        "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
                        order.Key.At
                    );
                }
            }
        }
        for (int i = 0; i < Math.Min(core.DistinctOn.Length, orderBy.Length); i++)
        {
            if (!core.DistinctOn.Any(k => TreeEquality.Same(k, orderBy[i].Key)))
            {
                throw CheckErrors.Of(
                    ErrorCodes.InvalidColumnReference,
                    "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
                    orderBy[i].Key.At
                );
            }
        }
    }

    // ---- grouping ----

    private static void RequireGrouped(SelectCore core, ImmutableArray<OrderItem> orderBy, Scope scope)
    {
        if (scope.Lifted is { Count: > 0 } lifted)
        {
            throw CheckErrors.NotSupported("a set-returning function beside GROUP BY or aggregates", lifted[0].At);
        }
        var check = new GroupingCheck(core.GroupBy, scope);
        foreach (SelectItem item in core.Items)
        {
            check.Visit(item.Value);
        }
        if (core.Having is not null)
        {
            check.Visit(core.Having);
        }
        foreach (OrderItem order in orderBy)
        {
            check.Visit(order.Key);
        }
        foreach (Expr key in core.DistinctOn)
        {
            check.Visit(key);
        }
    }
}
