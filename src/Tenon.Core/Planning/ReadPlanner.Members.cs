using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Query;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

// Members of the answer: columns, paths, casts, aggregates; and the finished nodes of the plan.
internal sealed partial class ReadPlanner
{
    private Outcome<ReadNode> Build(NodeDraft node)
    {
        var members = ImmutableArray.CreateBuilder<OutputMember>();
        bool grouped = IsGrouped(node);
        int child = 0;
        foreach (SelectItemSyntax item in node.Items)
        {
            Error? error = item switch
            {
                StarSyntax => AddColumns(node, members),
                FieldItemSyntax field => AddValue(node, field, members),
                _ => AddEmbed(node.Children[child++], members),
            };
            if (error is not null)
            {
                return error;
            }
        }
        return new ReadNode(node.Range, node.Source)
        {
            Members = members.DrainToImmutable(),
            Filter = And(node.Filters),
            Order = node.Order,
            Limit = CountOf(node.LimitSlot),
            Offset = CountOf(node.OffsetSlot),
            Grouped = grouped,
        };
    }

    private static ParameterExpr? CountOf(int slot) => slot < 0 ? null : new ParameterExpr(slot) { Type = LogicalType.Int8 };

    private static Error? AddColumns(NodeDraft node, ImmutableArray<OutputMember>.Builder members)
    {
        foreach (RowField column in node.Columns)
        {
            members.Add(new ValueMember(column.Name, new ColumnExpr(node.Range, column.Name) { Type = column.Type }));
        }
        return null;
    }

    private Error? AddValue(NodeDraft node, FieldItemSyntax item, ImmutableArray<OutputMember>.Builder members)
    {
        if (IsAggregate(node, item) && Refused(node, item) is { } refused)
        {
            return refused;
        }
        if (!Value(node, item).TryGet(out Expr value, out Error error))
        {
            return error;
        }
        members.Add(new ValueMember(NameOf(item), value));
        return null;
    }

    private Error? Refused(NodeDraft node, FieldItemSyntax item)
    {
        if (!options.Aggregates && item.Aggregate is not null)
        {
            return PlanErrors.AggregatesDisabled();
        }
        return node is { Syntax.Spread: true, Link.IsToOne: false }
            ? PlanErrors.NotImplemented("Aggregates are not implemented for one-to-many or many-to-many spreads.")
            : null;
    }

    /// <summary>
    /// An aggregate, or rel(count): PostgreSQL reads the name of a column that does not exist as a function of the row, so
    /// clients have always counted that way, whether aggregates are switched on or not.
    /// </summary>
    private static bool IsAggregate(NodeDraft node, FieldItemSyntax item) => item.Aggregate is not null || IsRowCount(node, item);

    private static bool IsRowCount(NodeDraft node, FieldItemSyntax item) =>
        item is { Field: { Name: "count", Path.IsEmpty: true } } && node.TypeOf("count") is null;

    private Outcome<Expr> Value(NodeDraft node, FieldItemSyntax item)
    {
        Expr? value = null;
        if (item.Field is { } field && !IsRowCount(node, item))
        {
            if (!binder.Field(node, field).TryGet(out value, out Error error))
            {
                return error;
            }
        }
        if (item.Cast is { } cast && value is not null)
        {
            if (!binder.Cast(value, cast).TryGet(out value, out Error error))
            {
                return error;
            }
        }
        if (IsAggregate(node, item))
        {
            if (!binder.Aggregate(item.Aggregate ?? AggregateKind.Count, value).TryGet(out value, out Error error))
            {
                return error;
            }
        }
        string? last = IsRowCount(node, item) ? item.Cast : item.AggregateCast;
        return last is null ? value! : binder.Cast(value!, last);
    }

    /// <summary>The alias; else the last key of a json path; else the aggregate's name; else the column's.</summary>
    private static string NameOf(FieldItemSyntax item)
    {
        if (item.Alias is { } alias)
        {
            return alias;
        }
        if (item.Aggregate is { } aggregate)
        {
            return aggregate.ToString().ToLowerInvariant();
        }
        FieldSyntax field = item.Field!;
        for (int i = field.Path.Length - 1; i >= 0; i--)
        {
            if (field.Path[i].Key is { } key)
            {
                return key;
            }
        }
        return field.Name;
    }

    // Aggregates inside a to-one spread count for the parent: the spread's columns are the parent's (and group with them).
    private static bool IsGrouped(NodeDraft node) =>
        HasAggregate(node) || (IsToOneSpread(node) && IsGroupedAbove(node));

    private static bool HasAggregate(NodeDraft node) =>
        node.Items.OfType<FieldItemSyntax>().Any(i => IsAggregate(node, i)) || node.Children.Any(c => IsToOneSpread(c) && HasAggregate(c));

    private static bool IsToOneSpread(NodeDraft node) => node is { Syntax.Spread: true, Link.IsToOne: true };

    private static bool IsGroupedAbove(NodeDraft node) => node.Parent is { } parent && IsGrouped(parent);

    private Error? AddEmbed(NodeDraft child, ImmutableArray<OutputMember>.Builder members)
    {
        if (!Build(child).TryGet(out ReadNode node, out Error error))
        {
            return error;
        }
        Embed embed = Join(child, node);
        members.Add(
            child.IsHidden ? new HiddenMember(embed)
            : child.Syntax!.Spread ? new SpreadMember(embed)
            : new EmbedMember(child.Label, embed)
        );
        return null;
    }

    private static Embed Join(NodeDraft child, ReadNode node)
    {
        Relationship link = child.Link!;
        if (link.IsComputed)
        {
            return JoinComputed(child, node, link);
        }
        if (link.Junction is not { } junction)
        {
            return new Embed(node, !link.IsToOne, child.Syntax!.Inner, [.. link.Columns.Select(p => new JoinColumn(p.Column, p.ForeignColumn))]);
        }
        return new Embed(node, true, child.Syntax!.Inner, [])
        {
            Junction = new Junction(
                child.Range + "j",
                junction.Table,
                [.. junction.ToSource.Select(p => new JoinColumn(p.ForeignColumn, p.Column))],
                [.. junction.ToTarget.Select(p => new JoinColumn(p.Column, p.ForeignColumn))]
            ),
        };
    }
}
