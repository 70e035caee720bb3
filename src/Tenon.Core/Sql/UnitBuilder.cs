using System.Collections.Immutable;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Core.Sql;

/// <summary>Builds the one query of a node and the to-one embeds joined to it, and the shape of its rows.</summary>
internal sealed class UnitBuilder
{
    private readonly ReadLowering lowering;
    private readonly ReadNode node;
    private readonly ImmutableArray<SelectItem>.Builder items = ImmutableArray.CreateBuilder<SelectItem>();
    private readonly ImmutableArray<ChildUnit>.Builder children = ImmutableArray.CreateBuilder<ChildUnit>();
    private readonly List<Expr?> policies = [];
    private readonly List<Expr?> conditions = [];
    private FromItem from;
    private bool joined;
    private Expr? parentOrdinal;

    public UnitBuilder(ReadLowering lowering, ReadNode node)
    {
        this.lowering = lowering;
        this.node = node;
        RangeGuard guard = lowering.GuardOf(node.Range);
        from = guard.Source;
        policies.Add(guard.Predicate);
    }

    public ImmutableArray<ChildUnit> Children => children.ToImmutable();

    public List<Expr> GroupKeys { get; } = [];

    /// <summary>The index of a result column with this value, added when it is new.</summary>
    public int Item(Expr value)
    {
        for (int i = 0; i < items.Count; i++)
        {
            if (items[i].Value.Equals(value))
            {
                return i;
            }
        }
        items.Add(new SelectItem(value, null));
        return items.Count - 1;
    }

    // ---- from ----

    /// <summary>keys cross join [junction cross join] child: the order of a cross join is fixed (SQLite documents this).</summary>
    public void BindToParents(Embed embed)
    {
        string keyed = embed.Junction?.Range ?? node.Range;
        var keys = new ParentKeysFrom("k", [.. (embed.Junction?.ToParent ?? embed.Columns).Select(c => Of(keyed, c.Child).Type)]);
        parentOrdinal = new ParentOrdinalExpr("k") { Type = LogicalType.Int8 };
        if (embed.Junction is { } junction)
        {
            RangeGuard between = lowering.GuardOf(junction.Range);
            policies.Add(between.Predicate);
            for (int i = 0; i < junction.ToParent.Length; i++)
            {
                conditions.Add(ReadLowering.Equal(Of(junction.Range, junction.ToParent[i].Child), Key(i, junction.ToParent.Length)));
            }
            AddPairs(junction.Range, junction.ToChild);
            from = Cross(Cross(keys, between.Source), from);
            return;
        }
        for (int i = 0; i < embed.Columns.Length; i++)
        {
            conditions.Add(ReadLowering.Equal(Of(node.Range, embed.Columns[i].Child), Key(i, embed.Columns.Length)));
        }
        from = Cross(keys, from);
    }

    /// <summary>keys cross join the rows that have them as their row key.</summary>
    public void BindToRowKeys()
    {
        conditions.Add(ReadLowering.Equal(new RowKeyExpr(node.Range), Key(0, 1)));
        from = Cross(new ParentKeysFrom("k", [LogicalType.Int8]), from);
    }

    /// <summary>Joins this node (and its junction) to a parent row of an enclosing query.</summary>
    public void CorrelateTo(string parent, Embed embed)
    {
        if (embed.Junction is { } junction)
        {
            RangeGuard between = lowering.GuardOf(junction.Range);
            policies.Add(between.Predicate);
            foreach (JoinColumn pair in junction.ToParent)
            {
                conditions.Add(ReadLowering.Equal(Of(junction.Range, pair.Child), Of(parent, pair.Parent)));
            }
            AddPairs(junction.Range, junction.ToChild);
            from = Cross(between.Source, from);
            return;
        }
        AddPairs(parent, embed.Columns);
    }

    private void AddPairs(string parent, ImmutableArray<JoinColumn> pairs)
    {
        foreach (JoinColumn pair in pairs)
        {
            conditions.Add(ReadLowering.Equal(Of(node.Range, pair.Child), Of(parent, pair.Parent)));
        }
    }

    private static JoinFrom Cross(FromItem left, FromItem right) => new(JoinKind.Cross, left, right, null, []);

    private Expr Of(string range, string column) => ReadLowering.Column(range, column, lowering.GuardOf(range));

    private static Expr Key(int index, int count) => new ParentKeyExpr("k", index, count);

    // ---- members ----

    public RowShape Shape()
    {
        JoinToOne(node, ref from, conditions);
        var members = Members(node);
        bool bare = node.Source is RoutineSource { Scalar: true };
        return new RowShape(members, bare);
    }

    public void JoinInnerOnly() => JoinToOne(node, ref from, conditions);

    private ImmutableArray<Shape> Members(ReadNode owner)
    {
        var shapes = ImmutableArray.CreateBuilder<Shape>();
        foreach (OutputMember member in owner.Members)
        {
            switch (member)
            {
                case ValueMember value:
                    if (owner.Grouped && !ExprFacts.Of(value.Value).HasAggregate)
                    {
                        GroupKeys.Add(value.Value);
                    }
                    shapes.Add(new ValueShape(value.Name, Item(value.Value), value.Value.Type) { IsCount = value.Value is AggregateExpr { Function.Name: "count" } });
                    break;
                case EmbedMember { Embed.ToMany: false } embed:
                    shapes.Add(ToOne(embed));
                    break;
                case EmbedMember embed:
                    shapes.Add(new ManyShape(embed.Name, AddChild(owner, embed.Embed)));
                    break;
                case SpreadMember { Embed.ToMany: false } spread:
                    shapes.AddRange(Members(spread.Embed.Node));
                    break;
                case SpreadMember spread:
                    SpreadMany(owner, spread.Embed, shapes);
                    break;
            }
        }
        return shapes.ToImmutable();
    }

    private ObjectShape ToOne(EmbedMember member)
    {
        Expr presence = Presence(member.Embed);
        ReadNode one = member.Embed.Node;
        if (one.Grouped)
        {
            // Nothing but aggregates: they answer where there is no row, too.
            bool always = one.Members.All(m => m is ValueMember { Value: var value } && ExprFacts.Of(value).HasAggregate);
            one = OfOneRow(member.Embed);
            presence = always ? new ConstantExpr(Datum.Of(1)) { Type = LogicalType.Int4 } : presence;
        }
        return new ObjectShape(member.Name, Item(presence), Members(one));
    }

    private ReadNode OfOneRow(Embed embed)
    {
        var pass = new OneRowAggregates(SideOf(embed));
        return embed.Node with
        {
            Grouped = false,
            Members =
            [
                .. embed.Node.Members.Select(m => m switch
                {
                    ValueMember value => value with { Value = pass.Visit(value.Value) },
                    SpreadMember { Embed.ToMany: false } spread => new SpreadMember(spread.Embed with { Node = OfOneRow(spread.Embed) }),
                    _ => m,
                }),
            ],
        };
    }

    private void SpreadMany(ReadNode owner, Embed embed, ImmutableArray<Shape>.Builder shapes)
    {
        int child = AddChild(owner, embed);
        var members = children[child].Unit.Shape.Members;
        for (int i = 0; i < members.Length; i++)
        {
            shapes.Add(new SpreadManyShape(members[i].Name, child, i));
        }
    }

    private int AddChild(ReadNode owner, Embed embed)
    {
        var pairs = embed.Junction?.ToParent ?? embed.Columns;
        var keys = pairs.Select(p => Of(owner.Range, p.Parent)).ToImmutableArray();
        foreach (Expr key in owner.Grouped ? keys : [])
        {
            GroupKeys.Add(key);
        }
        children.Add(new ChildUnit(lowering.Child(embed), [.. keys.Select(Item)], [.. keys.Select(k => k.Type)]));
        return children.Count - 1;
    }

    /// <summary>A column of a to-one child that is null only when there is no child: its side of the join.</summary>
    private Expr Presence(Embed embed)
    {
        Expr presence = SideOf(embed);
        if (node.Grouped)
        {
            GroupKeys.Add(presence);
        }
        return presence;
    }

    private Expr SideOf(Embed embed) => lowering.GuardOf(embed.Node.Range).Presence ?? Of(embed.Node.Range, embed.Columns[0].Child);

    // ---- to-one joins ----

    private void JoinToOne(ReadNode parent, ref FromItem left, List<Expr?> where)
    {
        if (ReferenceEquals(parent, node))
        {
            if (joined)
            {
                return;
            }
            joined = true;
        }
        foreach (OutputMember member in parent.Members)
        {
            Embed? embed = member switch
            {
                EmbedMember m => m.Embed,
                SpreadMember m => m.Embed,
                HiddenMember m => m.Embed,
                _ => null,
            };
            if (embed is null)
            {
                continue;
            }
            if (!embed.ToMany)
            {
                left = JoinOne(parent, embed, left);
            }
            else if (embed.Inner)
            {
                where.Add(lowering.Exists(parent.Range, embed));
            }
        }
        where.Add(Presences(parent, parent.Filter));
    }

    private JoinFrom JoinOne(ReadNode parent, Embed embed, FromItem left)
    {
        RangeGuard guard = lowering.GuardOf(embed.Node.Range);
        FromItem right = guard.Source;
        var on = new List<Expr?>();
        foreach (JoinColumn pair in embed.Columns)
        {
            on.Add(ReadLowering.Equal(Of(embed.Node.Range, pair.Child), Of(parent.Range, pair.Parent)));
        }
        var own = new List<Expr?>();
        JoinToOne(embed.Node, ref right, own);
        Expr? condition = Conjunction.Shield(guard.Predicate, Conjunction.All(own));
        return new JoinFrom(
            embed.Inner ? JoinKind.Inner : JoinKind.Left,
            left,
            right,
            Conjunction.All([.. on, condition]) ?? Conjunction.True,
            []
        );
    }

    /// <summary>rel=is.null in a filter becomes a test on the join or a subquery.</summary>
    private Expr? Presences(ReadNode parent, Expr? filter) =>
        filter is null ? null : new PresencePass(this, lowering, parent).Visit(filter);

    private sealed class PresencePass(UnitBuilder unit, ReadLowering lowering, ReadNode parent) : ExprRewriter
    {
        public override Expr Visit(Expr expr)
        {
            if (expr is not EmbedPresentExpr present)
            {
                return expr is KeyEqualExpr ? expr : base.Visit(expr);
            }
            Embed embed = Find(present.Range);
            if (!embed.ToMany)
            {
                Expr column = unit.SideOf(embed);
                return new TestExpr(column, TestKind.Null, !present.Negated) { Type = LogicalType.Boolean };
            }
            Expr exists = lowering.Exists(parent.Range, embed);
            return present.Negated ? new NotExpr(exists) { Type = LogicalType.Boolean } : exists;
        }

        // A subquery comes from a computed column; it is guarded already, and embeds are not named in it.
        public override Select VisitSelect(Select select) => select;

        private Embed Find(string range) =>
            parent
                .Members.Select(m => m switch { EmbedMember e => e.Embed, SpreadMember s => s.Embed, HiddenMember h => h.Embed, _ => null })
                .First(e => e?.Node.Range == range)!;
    }

    // ---- the query ----

    public Select Select(Expr? limit, Expr? offset)
    {
        if (items.Count == 0)
        {
            // select= asks for rows without members; a query has at least one column.
            Item(new ConstantExpr(Datum.Of(1)) { Type = LogicalType.Int4 });
        }
        var groupBy = ImmutableArray<Expr>.Empty;
        if (node.Grouped)
        {
            groupBy = [.. parentOrdinal is null ? GroupKeys : GroupKeys.Prepend(parentOrdinal)];
        }
        ImmutableArray<OrderItem> order = [.. node.Order.Select(NeverNull)];
        if (parentOrdinal is not null && !order.IsEmpty)
        {
            order = order.Insert(0, new OrderItem(parentOrdinal) { NeverNull = true });
        }
        var core = new SelectCore(items.ToImmutable())
        {
            From = from,
            Where = Conjunction.Shield(Conjunction.All(policies), Conjunction.All(conditions)),
            GroupBy = groupBy,
        };
        return new Select(core)
        {
            OrderBy = order,
            Limit = limit,
            Offset = offset,
            Output = [.. items.Select(i => new RowField(i.Alias ?? "", i.Value.Type))],
        };
    }

    // Engines use an index for an order only if it says nothing of nulls that cannot be.
    private OrderItem NeverNull(OrderItem item) =>
        item.Key is ColumnExpr column
        && column.Range == node.Range
        && lowering.GuardOf(node.Range).Table?.Find(column.Column) is { NotNull: true }
            ? item with { NeverNull = true }
            : item;

    /// <summary>select count(*) over the same rows, without limit; left joins that no condition reads stay out of it.</summary>
    public Select CountRows()
    {
        JoinToOne(node, ref from, conditions);
        return ReadLowering.CountOf(from, Conjunction.Shield(Conjunction.All(policies), Conjunction.All(conditions)));
    }
}
