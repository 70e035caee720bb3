using System.Collections.Immutable;
using Tenon.Core.Catalog;

namespace Tenon.Sources;

/// <summary>Something that Tenon would make in a database before it serves it, as SQL for whoever may run it.</summary>
internal sealed record PlannedPart(string Name, string Reason, string Sql, bool Optional);

/// <summary>
/// A database looked at without changing it, with whatever rights there are: what is missing of what Tenon needs, what ran
/// here already, and what there is. Facts are lines for people.
/// </summary>
internal sealed record DatabasePlan(
    string Place,
    ImmutableArray<string> Facts,
    ImmutableArray<PlannedPart> Missing,
    ImmutableArray<string> MissingRights,
    ImmutableArray<string> Applied,
    Catalog Catalog
);
