using System.Collections.Immutable;
using Tenon.Core.Query;

namespace Tenon.Server.Rest;

/// <summary>The data API's part of tenon.toml.</summary>
internal sealed record RestOptions
{
    /// <summary>[api] schemas; the first is the default.</summary>
    public ImmutableArray<string> Schemas { get; init; } = ["public"];

    /// <summary>[api] max_rows.</summary>
    public int MaxRows { get; init; } = 1000;

    /// <summary>[api] aggregates.</summary>
    public bool Aggregates { get; init; } = true;

    /// <summary>[api] openapi: the document at /rest/v1/.</summary>
    public bool OpenApi { get; init; } = true;

    /// <summary>Bytes of one request body.</summary>
    public int MaxBody { get; init; } = 1 << 20;

    /// <summary>Rows of one insert.</summary>
    public int MaxInsertRows { get; init; } = 10_000;

    public QueryLimits Limits { get; init; } = QueryLimits.Default;
}
