using System.Collections.Immutable;
using Tenon.Core.Query;

namespace Tenon.Server.Rest;

/// <summary>The data API's part of tenon.toml.</summary>
internal sealed record RestOptions
{
    /// <summary>[api] schemas; the first is the default.</summary>
    public ImmutableArray<string> Schemas { get; init; } = ["public"];

    /// <summary>Names of the attached sources: each is a profile beside the schemas.</summary>
    public ImmutableArray<string> Sources { get; init; } = [];

    /// <summary>All that Accept-Profile and Content-Profile may name.</summary>
    public ImmutableArray<string> Profiles => Schemas.AddRange(Sources);

    /// <summary>[api] max_rows.</summary>
    public int MaxRows { get; init; } = 1000;

    /// <summary>[api] export_roles: they may read past max_rows, streamed, and past max_cost.</summary>
    public ImmutableArray<string> ExportRoles { get; init; } = ["service_role"];

    /// <summary>[api] max_cost: of what a read asks for beside its own page; see <see cref="ReadCost"/>. 0: no bound.</summary>
    public long MaxCost { get; init; } = 100_000;

    /// <summary>[api] aggregates.</summary>
    public bool Aggregates { get; init; } = true;

    /// <summary>[api] openapi: the document at /rest/v1/.</summary>
    public bool OpenApi { get; init; } = true;

    /// <summary>Bytes of one request body.</summary>
    public int MaxBody { get; init; } = 1 << 20;

    /// <summary>Rows of one insert.</summary>
    public int MaxInsertRows { get; init; } = 10_000;

    /// <summary>[server] request_timeout: from the first byte of a request to the last of its answer.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public QueryLimits Limits { get; init; } = QueryLimits.Default;
}
