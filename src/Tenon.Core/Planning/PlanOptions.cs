using Tenon.Core.Catalog;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

/// <summary>What planning needs to know beside the request and the catalog.</summary>
internal sealed record PlanOptions
{
    /// <summary>The exposed schema the request speaks to.</summary>
    public string Schema { get; init; } = "public";

    /// <summary>Aggregate functions may be used ([api] aggregates).</summary>
    public bool Aggregates { get; init; } = true;

    /// <summary>The source writes through views as PostgreSQL does.</summary>
    public bool WritesViews { get; init; }

    /// <summary>Tenon reads the queries of a full-text search, no database does.</summary>
    public bool ReadsSearches { get; init; }

    /// <summary>The source has columns of range types.</summary>
    public bool RangeTypes { get; init; }

    /// <summary>Who asks: hints name only what this role may see.</summary>
    public RoleName Role { get; init; } = RoleName.Anon;
    public bool SeesEverything { get; init; }

    /// <summary>Any grant at all: only then may a message name the table.</summary>
    public bool MayName(Table table) =>
        SeesEverything || table.Grants.Any(g => g.Role == Role || g.Role == RoleName.Public);
}
