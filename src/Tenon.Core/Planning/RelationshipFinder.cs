using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

/// <summary>
/// Finds the one relationship that target!hint names, seen from a relation. A target is a relation's name, or the foreign
/// key's column or constraint; a hint is a constraint, a column of either side, or the junction.
/// </summary>
internal sealed class RelationshipFinder(Catalog.Catalog catalog, PlanOptions options)
{
    public Outcome<Relationship> Find(QualifiedName origin, string target, string? hint)
    {
        IReadOnlyList<Relationship> all = RelationshipMap.Of(catalog).From(origin);
        Relationship[] found = [.. all.Where(r => r.Target.Schema == options.Schema && MayJoin(r) && Matches(r, target, hint))];
        if (found.Length > 1)
        {
            // What the caller cannot see it cannot mean, and must not be told of.
            Relationship[] visible = [.. found.Where(IsVisible)];
            found = visible.Length > 0 ? visible : found[..1];
        }
        return found switch
        {
            [var only] => only,
            [] => PlanErrors.NoRelationship(origin.Name, target, hint, options.Schema, Suggestion(target, all)),
            _ => PlanErrors.AmbiguousRelationship(origin.Name, target, found),
        };
    }

    private static bool Matches(Relationship r, string target, string? hint)
    {
        bool byName = target == r.Target.Name;
        if (r.IsSelf)
        {
            return hint is null
                ? (byName && r.Cardinality is Cardinality.OneToMany or Cardinality.ManyToMany)
                    || (IsOwnColumn(r, target) && r.Cardinality == Cardinality.ManyToOne)
                : byName && (IsSelfHint(r, hint) || r.Junction?.Table.Name == hint);
        }
        if (hint is null)
        {
            return byName || (!r.TargetIsView && r.Cardinality != Cardinality.ManyToMany && (r.Constraint == target || IsOwnColumn(r, target)));
        }
        return byName && (IsConstraint(r, hint) || IsOwnColumn(r, hint) || IsForeignColumn(r, hint) || r.Junction?.Table.Name == hint);
    }

    private static bool IsSelfHint(Relationship r, string hint) =>
        r.Cardinality == Cardinality.OneToMany && (IsForeignColumn(r, hint) || r.Constraint == hint);

    private static bool IsConstraint(Relationship r, string name) => r.Cardinality != Cardinality.ManyToMany && r.Constraint == name;

    private static bool IsOwnColumn(Relationship r, string name) => r.Columns is [var only] && only.Column == name;

    private static bool IsForeignColumn(Relationship r, string name) => r.Columns is [var only] && only.ForeignColumn == name;

    // A junction is never written by the caller: one that it may not know of does not exist for it.
    private bool MayJoin(Relationship r) =>
        r.Junction is null || (r.Junction.Table.Schema == options.Schema && IsVisible(r.Junction.Table));

    private bool IsVisible(Relationship r) => IsVisible(r.Target) && (r.Junction is null || IsVisible(r.Junction.Table));

    private bool IsVisible(QualifiedName name) => catalog.Find(name) is { } table && options.MayName(table);

    private string? Suggestion(string target, IReadOnlyList<Relationship> all)
    {
        var names = all.Where(r => r.Target.Schema == options.Schema && IsVisible(r)).Select(r => r.Target.Name).Distinct();
        // The target is there: then it is the hint that is wrong, and no other name would help.
        string[] known = [.. names];
        return known.Contains(target) ? null : NearMiss.Find(target, known);
    }
}
