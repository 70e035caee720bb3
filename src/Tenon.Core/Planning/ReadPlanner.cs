using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Query;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

/// <summary>
/// Syntax → plan: relations, columns and relationships by their names, expressions by the function catalogue. Nothing is
/// guarded here and no right is checked; only hints look at grants, so that they name nothing hidden.
/// </summary>
internal sealed partial class ReadPlanner
{
    private readonly Catalog.Catalog catalog;
    private readonly PlanOptions options;
    private readonly QuerySyntax query;
    private readonly Slots slots;
    private readonly ExpressionBinder binder;
    private readonly RelationshipFinder relationships;
    private int ranges;

    private ReadPlanner(Catalog.Catalog catalog, QuerySyntax query, PlanOptions options, Slots slots)
    {
        this.catalog = catalog;
        this.options = options;
        this.query = query;
        this.slots = slots;
        binder = new ExpressionBinder(catalog, options, slots);
        relationships = new RelationshipFinder(catalog, options);
    }

    /// <summary>GET /table.</summary>
    public static Outcome<ReadPlan> Plan(Catalog.Catalog catalog, string table, QuerySyntax query, PlanOptions options)
    {
        if (!FindTable(catalog, table, options).TryGet(out Table relation, out Error error))
        {
            return error;
        }
        var planner = new ReadPlanner(catalog, query, options, new Slots(query.Slots));
        return planner.PlanRoot(planner.TableNode(relation, query.Select), query.Conditions);
    }

    public static Outcome<Table> FindTable(Catalog.Catalog catalog, string name, PlanOptions options)
    {
        if (catalog.Find(new QualifiedName(options.Schema, name)) is { } table)
        {
            return table;
        }
        var names = catalog.Tables.Values.Where(t => t.Name.Schema == options.Schema && options.MayName(t)).Select(t => t.Name.Name);
        return PlanErrors.NoTable(options.Schema, name, NearMiss.Find(name, names));
    }

    /// <summary>
    /// What a write answers with: members and embeds of the rows written, in the order asked for. Conditions and counts of
    /// embeds apply, the root's own do not (they say which rows are written).
    /// </summary>
    internal static Outcome<(ReadNode Node, Expr? Filter)> PlanReturning(
        Catalog.Catalog catalog,
        Table table,
        QuerySyntax query,
        PlanOptions options,
        Slots slots,
        bool wantsRows
    )
    {
        QuerySyntax own = wantsRows ? query : query with { Select = [] };
        var planner = new ReadPlanner(catalog, own, options, slots);
        NodeDraft root = planner.TableNode(table, own.Select);
        if (wantsRows && planner.AddEmbeds(root) is { } error)
        {
            return error;
        }
        var conditions = wantsRows ? query.Conditions : query.Conditions.RemoveAll(c => !c.Path.IsEmpty);
        var placed = planner.Place(root, conditions) ?? (wantsRows ? planner.PlaceOfAnswer(root) : null);
        if (placed is not null)
        {
            return placed;
        }
        Expr? filter = And(root.Filters);
        root.Filters.Clear();
        return planner.Build(root).TryGet(out ReadNode node, out error!) ? (node, filter) : error;
    }

    private Error? PlaceOfAnswer(NodeDraft root) =>
        PlaceOrders(root, query.Orders) ?? PlaceCounts(root, query.Counts.Where(c => !c.Path.IsEmpty));

    private Outcome<ReadPlan> PlanRoot(NodeDraft root, ImmutableArray<PlacedCondition> conditions)
    {
        Error? error =
            AddEmbeds(root) ?? Place(root, conditions) ?? PlaceOrders(root, query.Orders) ?? PlaceCounts(root, query.Counts);
        if (error is not null)
        {
            return error;
        }
        if (!Build(root).TryGet(out ReadNode node, out error!))
        {
            return error;
        }
        int limit = slots.Add(LogicalType.Int8, SlotKind.Count);
        int offset = slots.Add(LogicalType.Int8, SlotKind.Count);
        node = node with
        {
            Limit = new ParameterExpr(limit) { Type = LogicalType.Int8 },
            Offset = new ParameterExpr(offset) { Type = LogicalType.Int8 },
        };
        return new ReadPlan(node, slots.Specs)
        {
            LiteralSlots = slots.Literals,
            IsSingleUse = slots.IsSingleUse,
            LimitSlot = root.LimitSlot,
            OffsetSlot = root.OffsetSlot,
        };
    }

    // ---- the tree of resources -----------------------------------------------------------------------------------

    private string NextRange() => $"r{ranges++}";

    private NodeDraft TableNode(
        Table table,
        ImmutableArray<SelectItemSyntax> items,
        EmbedSyntax? syntax = null,
        Relationship? link = null,
        NodeDraft? parent = null
    ) =>
        new(NextRange(), new TableSource(table.Name), table.Name.Name, [.. table.Columns.Select(c => new RowField(c.Name, c.Type))])
        {
            Relation = table,
            Items = items,
            Syntax = syntax,
            Link = link,
            Parent = parent,
        };

    private Error? AddEmbeds(NodeDraft node)
    {
        foreach (SelectItemSyntax item in node.Items)
        {
            if (item is not EmbedSyntax embed)
            {
                continue;
            }
            if (node.Relation is not { } origin)
            {
                return PlanErrors.NoRelationship(node.Name, embed.Target, embed.Hint, options.Schema, null);
            }
            if (!ComputedNode(origin, embed, node).TryGet(out NodeDraft? child, out Error error))
            {
                return error;
            }
            if (child is null)
            {
                if (!relationships.Find(origin.Name, embed.Target, embed.Hint).TryGet(out Relationship link, out error))
                {
                    return error;
                }
                child = TableNode(catalog.Find(link.Target)!, embed.Items, embed, link, node);
            }
            node.Children.Add(child);
            if (AddEmbeds(child) is { } nested)
            {
                return nested;
            }
        }
        return null;
    }

    private static Outcome<NodeDraft> Locate(NodeDraft root, ImmutableArray<string> path)
    {
        NodeDraft node = root;
        foreach (string name in path)
        {
            if (node.Child(name) is not { } child)
            {
                return PlanErrors.NotEmbedded(name);
            }
            node = child;
        }
        return node;
    }

    // ---- conditions, orders, counts ------------------------------------------------------------------------------

    private Error? Place(NodeDraft root, IEnumerable<PlacedCondition> conditions)
    {
        foreach (PlacedCondition placed in conditions)
        {
            if (!Locate(root, placed.Path).TryGet(out NodeDraft node, out Error error))
            {
                return error;
            }
            if (!Condition(node, placed.Condition).TryGet(out Expr condition, out error))
            {
                return error;
            }
            node.Filters.Add(condition);
        }
        return null;
    }

    private Outcome<Expr> Condition(NodeDraft node, ConditionSyntax syntax)
    {
        if (syntax is LogicSyntax logic)
        {
            return Logic(node, logic);
        }
        var filter = (FilterSyntax)syntax;
        if (filter.Field.Path.IsEmpty && node.Child(filter.Field.Name) is { } embed)
        {
            if (filter.Operator != FilterOperator.Is || filter.Test != TestKind.Null)
            {
                return PlanErrors.EmbedFilter(filter.Field.Name);
            }
            bool present = filter.Negated ^ filter.TestNegated;
            return new EmbedPresentExpr(embed.Range, !present) { Type = LogicalType.Boolean };
        }
        return binder.Field(node, filter.Field).TryGet(out Expr operand, out Error error) ? binder.Filter(operand, filter) : error;
    }

    private Outcome<Expr> Logic(NodeDraft node, LogicSyntax logic)
    {
        var items = ImmutableArray.CreateBuilder<Expr>(logic.Items.Length);
        foreach (ConditionSyntax syntax in logic.Items)
        {
            if (!Condition(node, syntax).TryGet(out Expr item, out Error error))
            {
                return error;
            }
            items.Add(item);
        }
        Expr tree = items.Count == 1
            ? items[0]
            : logic.Or ? new OrExpr(items.ToImmutable()) { Type = LogicalType.Boolean }
            : new AndExpr(items.ToImmutable()) { Type = LogicalType.Boolean };
        return logic.Negated ? new NotExpr(tree) { Type = LogicalType.Boolean } : tree;
    }

    private Error? PlaceOrders(NodeDraft root, IEnumerable<PlacedOrder> orders)
    {
        foreach (PlacedOrder placed in orders)
        {
            if (!Locate(root, placed.Path).TryGet(out NodeDraft node, out Error error))
            {
                return error;
            }
            if (!node.Order.IsEmpty)
            {
                continue;
            }
            var items = ImmutableArray.CreateBuilder<OrderItem>(placed.Terms.Length);
            foreach (OrderTermSyntax term in placed.Terms)
            {
                if (!OrderKey(node, term).TryGet(out Expr key, out error))
                {
                    return error;
                }
                items.Add(new OrderItem(key, term.Descending, term.Nulls));
            }
            node.Order = items.DrainToImmutable();
        }
        return null;
    }

    private Outcome<Expr> OrderKey(NodeDraft node, OrderTermSyntax term)
    {
        if (term.Relation is null)
        {
            return node.TypeOf(term.Field.Name) is null && AliasedItem(node, term.Field) is { } item
                ? Value(node, item)
                : binder.Field(node, term.Field);
        }
        if (node.Child(term.Relation) is not { } child)
        {
            return PlanErrors.NotEmbedded(term.Relation);
        }
        return child.Link!.IsToOne ? binder.Field(child, term.Field) : PlanErrors.RelatedOrder(node.Name, term.Relation);
    }

    /// <summary>order=total for select=total:price.sum(): a member by the name it has in the answer.</summary>
    private static FieldItemSyntax? AliasedItem(NodeDraft node, FieldSyntax field) =>
        field.Path.IsEmpty ? node.Items.OfType<FieldItemSyntax>().FirstOrDefault(i => i.Alias == field.Name) : null;

    private Error? PlaceCounts(NodeDraft root, IEnumerable<PlacedCount> counts)
    {
        foreach (PlacedCount placed in counts)
        {
            if (!Locate(root, placed.Path).TryGet(out NodeDraft node, out Error error))
            {
                return error;
            }
            slots.Use(placed.Slot, LogicalType.Int8, SlotKind.Count);
            if (placed.IsOffset)
            {
                node.OffsetSlot = placed.Slot;
            }
            else
            {
                node.LimitSlot = placed.Slot;
            }
        }
        return null;
    }

    internal static Expr? And(IReadOnlyList<Expr> conditions) =>
        conditions switch
        {
            [] => null,
            [var only] => only,
            _ => new AndExpr([.. conditions]) { Type = LogicalType.Boolean },
        };
}
