using System.Collections.Immutable;
using Tenon.Core.Query;

namespace Tenon.Server.Rest;

/// <summary>What ends a write's transaction, and whether Prefer: tx= decides.</summary>
internal readonly record struct TransactionEnd(bool RollsBack, bool CallerDecides)
{
    /// <summary>PostgREST's words for it; null when it is none of them.</summary>
    public static TransactionEnd? Of(string text) =>
        text switch
        {
            "commit" => new(false, false),
            "commit-allow-override" => new(false, true),
            "rollback" => new(true, false),
            "rollback-allow-override" => new(true, true),
            _ => null,
        };
}

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

    /// <summary>[api] pre_request: a function to run before every request; empty for none.</summary>
    public string PreRequest { get; init; } = "";

    /// <summary>[db] tx_end: how the transaction of a request ends, and whether the caller may say.</summary>
    public TransactionEnd TransactionEnd { get; init; } = new(RollsBack: false, CallerDecides: false);

    /// <summary>[db] plan_enabled: plans may be asked for by Accept. They tell of all that is in the database.</summary>
    public bool PlanEnabled { get; init; }

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
