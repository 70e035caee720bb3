using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Query;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>What all requests of the data API share. Catalog gives the current one; a request pins the one it got.</summary>
internal sealed class RestRuntime(RestOptions options, Source source, Func<Catalog> catalog, TimeProvider clock)
{
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ConditionalWeakTable<Caller, RequestContext> contexts = [];

    public RestOptions Options { get; } = options;
    public Source Source { get; } = source;
    public Catalog Catalog => catalog();

    /// <summary>[api] pre_request of the main database.</summary>
    public PreRequest? PreRequest { get; init; }

    /// <summary>Looks whether another process has changed the main database's schema, and takes it over.</summary>
    public Func<CancellationToken, Task<bool>>? Refresh { get; init; }

    /// <summary>Of an attached source: what the main database's requests share.</summary>
    public RestRuntime? Main { get; set; }

    public PlanCache<ReadEntry> Reads { get; } = new();
    public PlanCache<WriteEntry> Writes { get; } = new();

    /// <summary>µs since 2000 UTC.</summary>
    public long Now() => (clock.GetUtcNow() - Epoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>[api] export_roles names the caller's role.</summary>
    public bool MayExport(Caller caller) => Options.ExportRoles.Contains(caller.Role.Text);

    public RequestDeadline StartDeadline(CancellationToken aborted) => RequestDeadline.Start(aborted, Options.RequestTimeout, clock);

    /// <summary>The constants of a request of this caller, but for the moment and the settings.</summary>
    public RequestContext ContextOf(Caller caller) =>
        contexts.GetValue(
            caller,
            static c => new RequestContext
            {
                Now = 0,
                CurrentUser = c.Role,
                Uid = c.UserIdText,
                Role = c.Role.Text,
                Email = c.Email,
                Jwt = TypeInput.ParseJson(c.ClaimsJson, binary: true).Value.Text,
            }
        );

    public PlanOptions PlanOptionsOf(RestRequest request) =>
        new()
        {
            Schema = request.Schema,
            Aggregates = Options.Aggregates,
            WritesViews = Source.WritesViews,
            RangeTypes = Source.RunsFunctions,
            ReadsSearches = !Source.RunsFunctions,
            Role = request.Caller.Role,
            SeesEverything = request.Caller.BypassesPolicies,
        };

    public static Principal PrincipalOf(Caller caller) => new(caller.Role, caller.BypassesPolicies);

    /// <summary>The texts of the request's slots as values. Slots behind them are the executor's to fill.</summary>
    public Outcome<Datum[]> Fill(PlanMeta meta, RequestShape? shape, string[]? texts, SessionTime time)
    {
        var values = new Datum[meta.Slots.Length];
        int count = texts?.Length ?? shape!.SlotCount;
        for (int i = 0; i < count; i++)
        {
            if (meta.Slots[i].Kind == SlotKind.Unused)
            {
                continue;
            }
            ReadOnlySpan<char> text = texts is null ? shape!.Slot(i) : texts[i];
            if (!SlotReader.Read(meta.Slots[i], text, Options.Limits, time).TryGet(out values[i], out Error error))
            {
                return error;
            }
        }
        return values;
    }
}

/// <summary>A cached read: its program and what filling its slots needs.</summary>
internal sealed record ReadEntry(ReadProgram? Program, PlanMeta Meta)
{
    /// <summary>In place of Program: the call runs by itself, not in a query.</summary>
    public CallProgram? CallProgram { get; init; }

    /// <summary>For calls: the plan, which says what the body fills and how the result looks.</summary>
    public CallPlan? Call { get; init; }
}

/// <summary>A cached write.</summary>
internal sealed record WriteEntry(WriteProgram Program, PlanMeta Meta, WritePlan Plan)
{
    /// <summary>The payload's columns and their places in a row.</summary>
    public required ImmutableArray<PayloadColumn> Columns { get; init; }

    /// <summary>Columns of the table.</summary>
    public required int Width { get; init; }

    public int OrdinalOf(string column)
    {
        foreach (PayloadColumn known in Columns)
        {
            if (known.Name == column)
            {
                return known.Ordinal;
            }
        }
        return -1;
    }
}
