using System.Collections.Immutable;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Core.Sql;

/// <summary>
/// Guarded read → queries. To-one embeds become joins of their parent's query, each to-many embed a query of its own that
/// takes the parents' keys (a bind join), so the number of statements is the number of to-many borders plus one, whatever
/// the number of rows. Cannot fail: what could has been refused before.
/// </summary>
internal sealed class ReadLowering
{
    private const string Keys = "k";

    /// <summary>count(*), as the function catalogue has it.</summary>
    private static readonly Function CountStar = FunctionCatalog.Named("count").First(f => f.Parameters.IsEmpty);

    private readonly GuardedRead read;

    private ReadLowering(GuardedRead read) => this.read = read;

    public static LoweredRead Lower(GuardedRead read)
    {
        var lowering = new ReadLowering(read);
        ReadNode root = read.Plan.Root;
        ReadUnit rows = lowering.Root(root);
        rows = read.Plan.Handler is { } handler ? MadeRows.Of(rows, handler, read.Enforcement) : rows;
        var lowered = new LoweredRead(rows, read.Plan.CountExact ? lowering.Count(root) : null);
        return read.Plan.Estimate is { Wanted: true } estimate && !read.HidesRows
            ? lowered with { Rows = lowering.Rows(root, null), CountedUpTo = estimate.Above is { } most ? lowering.CountUpTo(root, most) : null }
            : lowered;
    }

    /// <summary>The representation of rows just written: the root's rows by their row keys, in the order of the keys.</summary>
    public static ReadUnit LowerWritten(GuardedRead read)
    {
        var lowering = new ReadLowering(read);
        var unit = new UnitBuilder(lowering, read.Plan.Root);
        unit.BindToRowKeys();
        RowShape shape = unit.Shape();
        return new ReadUnit(unit.Select(null, null), shape) { Children = unit.Children };
    }

    private ReadUnit Root(ReadNode node)
    {
        var unit = new UnitBuilder(this, node);
        RowShape shape = unit.Shape();
        return new ReadUnit(unit.Select(node.Limit, node.Offset), shape) { Children = unit.Children };
    }

    private Select Count(ReadNode node)
    {
        var unit = new UnitBuilder(this, node);
        Expr one = new ConstantExpr(Datum.Of(1)) { Type = LogicalType.Int4 };
        if (node.Grouped)
        {
            unit.Shape();
            Select groups = unit.Select(null, null) with { OrderBy = [] };
            return CountOf(new SelectFrom(groups, "c", [], false), null);
        }
        unit.Item(one);
        return unit.CountRows();
    }

    /// <summary>The root's rows without their members: what the source estimates.</summary>
    private Select Rows(ReadNode node, Expr? limit)
    {
        var unit = new UnitBuilder(this, node with { Order = [] });
        if (node.Grouped)
        {
            unit.Shape();
        }
        else
        {
            unit.Item(new ConstantExpr(Datum.Of(1)) { Type = LogicalType.Int4 });
            unit.JoinInnerOnly();
        }
        return unit.Select(limit, null);
    }

    private Select CountUpTo(ReadNode node, long most)
    {
        var limit = new ConstantExpr(Datum.Of(most + 1)) { Type = LogicalType.Int8 };
        return CountOf(new SelectFrom(Rows(node, limit), "c", [], false), null);
    }

    internal static Select CountOf(FromItem from, Expr? where)
    {
        Expr count = new AggregateExpr(CountStar, []) { Type = LogicalType.Int8 };
        return new Select(new SelectCore([new SelectItem(count, "count")]) { From = from, Where = where })
        {
            Output = [new RowField("count", LogicalType.Int8)],
        };
    }

    /// <summary>The unit of a to-many embed: keys of the parents × child, in the parents' order.</summary>
    internal ReadUnit Child(Embed embed)
    {
        var unit = new UnitBuilder(this, embed.Node);
        unit.Item(new ParentOrdinalExpr(Keys) { Type = LogicalType.Int8 });
        unit.BindToParents(embed);
        RowShape shape = unit.Shape();
        return new ReadUnit(unit.Select(null, null), shape)
        {
            Children = unit.Children,
            Limit = embed.Node.Limit,
            Offset = embed.Node.Offset,
            OneRowWhenEmpty = embed.Node.Grouped && unit.GroupKeys.Count == 0,
        };
    }

    /// <summary>exists (select … child where joined to the parent and its own conditions).</summary>
    internal Expr Exists(string parent, Embed embed)
    {
        var unit = new UnitBuilder(this, embed.Node with { Order = [], Grouped = false });
        unit.CorrelateTo(parent, embed);
        unit.Item(new ConstantExpr(Datum.Of(1)) { Type = LogicalType.Int4 });
        unit.JoinInnerOnly();
        return new ExistsExpr(unit.Select(null, null)) { Type = LogicalType.Boolean };
    }

    internal RangeGuard GuardOf(string range) => read.Of(range);

    internal static Expr Column(string range, string name, RangeGuard guard) =>
        new ColumnExpr(range, name) { Type = Types(guard, name) };

    private static LogicalType Types(RangeGuard guard, string name) => (guard.Table ?? guard.RowsOf)?.Find(name)?.Type ?? LogicalType.Text;

    /// <summary>The child's rows of one parent condition, for the joins of to-one embeds.</summary>
    internal static Expr Equal(Expr left, Expr right) => new KeyEqualExpr(left, right) { Type = LogicalType.Boolean };
}

/// <summary>Equality of a key and its reference: same type family, so every engine's plain = serves.</summary>
internal sealed record KeyEqualExpr(Expr Left, Expr Right) : Expr;
