using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>A result value in the form the reader takes.</summary>
internal sealed record OutwardExpr(Expr Value) : Expr;

/// <summary>A text that is told apart from others by its bytes.</summary>
internal sealed record ExactExpr(Expr Value) : Expr;

/// <summary>A membership in a list of which only whether it is true counts: null is as good as false.</summary>
internal sealed record FoundExpr(QuantifiedExpr Membership) : Expr;

/// <summary>What a whole statement needs that its parts do not: results in readable form, groups by bytes, the parents' order.</summary>
internal static class MySqlOutward
{
    public static Select Of(Select select, MySqlFacts facts) => Outward(Ordered(select, facts));

    /// <summary>A statement of a read, whose limit per parent the database keeps.</summary>
    public static Select Of(ReadUnit unit, MySqlFacts facts) => Outward(MySqlPerParent.Of(unit, Ordered(unit.Select, facts)));

    /// <summary>Of a query that is ordered already.</summary>
    public static Select OfOneParent(Select ordered) => Outward(ordered);

    public static Select Ordered(Select select, MySqlFacts facts) => InOrderOfKeys(InOrderOfParents(select), facts);

    private static Select Outward(Select ordered)
    {
        return ordered.Body is SelectCore { Distinct: false, DistinctOn.IsEmpty: true } core
            ? ordered with { Body = core with { Items = [.. core.Items.Select(Outward)], Where = Found(core.Where), GroupBy = [.. core.GroupBy.Select(Exact)] } }
            : Wrapped(ordered);
    }

    private static Expr? Found(Expr? where) =>
        where is null ? null : Conjunction.All(Conjunction.Atoms(where).Select(a => a is QuantifiedExpr { All: false, Comparison.Operator: "=" } any ? new FoundExpr(any) { Type = any.Type } : a));

    private static SelectItem Outward(SelectItem item) => item with { Value = new OutwardExpr(item.Value) { Type = item.Value.Type } };

    private static Expr Exact(Expr key) => key.Type.IsString ? new ExactExpr(key) { Type = key.Type } : key;

    private static Select Wrapped(Select select)
    {
        ImmutableArray<string> names = [.. select.Output.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"c{i}"))];
        if (select.Body is SelectCore { Distinct: true } core)
        {
            select = select with { Body = core with { Items = [.. core.Items.Select(i => i with { Value = Exact(i.Value) })] } };
        }
        var items = select.Output.Select((f, i) => Outward(new SelectItem(new ColumnExpr("o", names[i]) { Type = f.Type }, null)));
        return new Select(new SelectCore([.. items]) { From = new SelectFrom(select, "o", names, false) }) { Output = select.Output };
    }

    // No order of a join is promised; the executor reads a child's rows parent by parent.
    private static Select InOrderOfParents(Select select)
    {
        if (!select.OrderBy.IsEmpty || select.Body is not SelectCore { From: { } from } || ParentKeysFrom.Of(from) is not { } keys)
        {
            return select;
        }
        var ordinal = new ParentOrdinalExpr(keys.Alias) { Type = LogicalType.Int8 };
        return select with { OrderBy = [new OrderItem(ordinal) { NeverNull = true }] };
    }

    // The plan, and with it the order of rows that nothing orders, follows statistics over all rows: those that a policy hides
    // would show in it, and in which row a limit keeps. Ties go by the primary key, which InnoDB has at the end of every index.
    private static Select InOrderOfKeys(Select select, MySqlFacts facts)
    {
        if (select.Body is not SelectCore { Distinct: false, DistinctOn.IsEmpty: true, From: { } from } core)
        {
            return select;
        }
        bool descending = select.OrderBy is [.., { Descending: true }];
        OrderItem Tie(Expr key) => new(key) { Descending = descending, NeverNull = true };
        IEnumerable<Expr> keys = !core.GroupBy.IsEmpty ? core.GroupBy.Select(Exact)
            : core.Items.Any(i => ExprFacts.Of(i.Value).HasAggregate) ? []
            : Tables(from, facts).SelectMany(t => KeyOf(t, facts));
        IEnumerable<Expr> missing = keys.Where(k => !select.OrderBy.Any(o => o.Key.Equals(k) || IsSame(o.Key, k)));
        return select with { OrderBy = [.. select.OrderBy, .. missing.Select(Tie)] };
    }

    // A key column stands here without its type.
    private static bool IsSame(Expr key, Expr tie) => key is ColumnExpr a && tie is ColumnExpr b && a.Range == b.Range && a.Column == b.Column;

    /// <summary>The tables whose rows make the rows of the result: a row joined by its own key follows from the one it belongs to.</summary>
    public static IEnumerable<GuardedTable> Tables(FromItem from, MySqlFacts facts) =>
        from switch
        {
            GuardedTable table => [table],
            JoinFrom join => [.. Tables(join.Left, facts), .. Tables(join.Right, facts).Where(t => !IsToOne(join, t, facts))],
            _ => [],
        };

    // An order by columns of two tables is sorted after the join; by those of one, its index gives it and a limit ends it early.
    private static bool IsToOne(JoinFrom join, GuardedTable table, MySqlFacts facts)
    {
        if (join.On is null || !ReferenceEquals(Leftmost(join.Right), table))
        {
            return false;
        }
        HashSet<string> equal =
        [
            .. Conjunction.Atoms(join.On).OfType<KeyEqualExpr>().Select(e => e.Left).OfType<ColumnExpr>().Where(c => c.Range == table.Alias).Select(c => c.Column),
        ];
        return facts.Find(table.Name)?.PrimaryKey is { IsEmpty: false } key && key.All(equal.Contains);
    }

    private static IEnumerable<Expr> KeyOf(GuardedTable table, MySqlFacts facts) =>
        facts.Find(table.Name)?.PrimaryKey.Select(c => new ColumnExpr(table.Alias, c) { Type = LogicalType.Int8 }) ?? [];

    private static FromItem Leftmost(FromItem from) => from is JoinFrom join ? Leftmost(join.Left) : from;
}
