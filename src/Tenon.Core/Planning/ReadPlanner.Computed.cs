using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Query;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

// Computed relationships: a function of one row of a relation that returns rows of a table is embedded by its name, and
// overrides the foreign keys of that name.
internal sealed partial class ReadPlanner
{
    /// <summary>Null when no function of a row of the origin has the target's name.</summary>
    private Outcome<NodeDraft?> ComputedNode(Table origin, EmbedSyntax embed, NodeDraft parent)
    {
        if (Computed(origin, embed.Target) is not { } routine)
        {
            return (NodeDraft?)null;
        }
        Table target = catalog.Find(routine.Result.RowOf!.Value)!;
        bool toOne = !routine.ReturnsSet || routine.OneRow;
        ImmutableArray<string> key = toOne ? [] : KeyOf(origin);
        if (!toOne && key.IsEmpty)
        {
            return PlanErrors.NotSupported($"embedding {embed.Target} below {origin.Name.Name}, whose rows have no key,", "Give it a primary key, or declare the function ROWS 1.");
        }
        string range = NextRange();
        // A row of many children is found again by its key, and given to the function there.
        string row = toOne ? parent.Range : range + "j";
        var argument = new RowOfRangeExpr(row) { Type = LogicalType.RowOfTable(origin.Name, [.. origin.Columns.Select(c => new RowField(c.Name, c.Type))]) };
        var call = new UserCallExpr(routine.Name, [argument]) { Type = routine.Result };
        var link = new Relationship(origin.Name, target.Name, toOne ? Cardinality.ManyToOne : Cardinality.OneToMany, routine.Name.Name)
        {
            RowKey = key,
            IsComputed = true,
        };
        ImmutableArray<RowField> columns = [.. target.Columns.Select(c => new RowField(c.Name, c.Type))];
        return new NodeDraft(range, new RoutineSource(call, routine.ReturnsSet, false) { OfRow = true }, target.Name.Name, columns)
        {
            Relation = target,
            Items = embed.Items,
            Syntax = embed,
            Link = link,
            Parent = parent,
        };
    }

    private Routine? Computed(Table origin, string name) =>
        catalog.Routines.TryGetValue(new QualifiedName(options.Schema, name), out var overloads)
            ? overloads.FirstOrDefault(r =>
                r.Parameters is [{ Type.RowOf: { } row }] && row == origin.Name && r.Result.RowOf is { } rows && catalog.Find(rows) is not null
            )
            : null;

    /// <summary>The columns that tell the rows of a relation apart, by its own names; empty when none are known.</summary>
    private ImmutableArray<string> KeyOf(Table relation) =>
        relation.PrimaryKey?.Columns
        ?? (relation.Kind == RelationKind.View && UpdatableView.Of(catalog, relation, WriteKind.Update).TryGet(out UpdatableView view, out _) ? view.Key() : []);

    private static Embed JoinComputed(NodeDraft child, ReadNode node, Relationship link) =>
        link.IsToOne
            ? new Embed(node, false, child.Syntax!.Inner, [])
            : new Embed(node, true, child.Syntax!.Inner, [])
            {
                Junction = new Junction(child.Range + "j", link.Table, [.. link.RowKey.Select(c => new JoinColumn(c, c))], []),
            };
}
