using Tenon.Core.Types;

namespace Tenon.Core.Expressions;

/// <summary>
/// The constants of one request that texts can ask for: who calls, with which claims, when. Read by the SQL parameters and
/// the evaluator alike. <see cref="Now"/> is µs since 2000-01-01 UTC, fixed before a write is queued.
/// </summary>
internal sealed record RequestContext
{
    public required long Now { get; init; }

    /// <summary>The database role.</summary>
    public required RoleName CurrentUser { get; init; }

    /// <summary>Whose request it is, whoever's rights its statement runs with.</summary>
    public RoleName Caller { get => field.Text is null ? CurrentUser : field; private init; }

    /// <summary>The same with another's rights.</summary>
    public RequestContext As(RoleName user) => user == CurrentUser ? this : this with { CurrentUser = user, Caller = Caller };

    /// <summary>The claim sub in a uuid's canonical form.</summary>
    public string? Uid { get; init; }

    /// <summary>The claim role.</summary>
    public string? Role { get; init; }
    public string? Email { get; init; }

    /// <summary>All claims as canonical jsonb text.</summary>
    public string Jwt { get; init; } = "{}";

    /// <summary>The zone of the request's session as it was named, and what it means; null is UTC.</summary>
    public string? TimeZone { get; init; }
    public Zone? Zone { get; init; }

    /// <summary>current_setting(name): request.jwt.claims is answered here, the rest by the surface (request.headers, …).</summary>
    public Func<string, string?>? Settings { get; init; }

    /// <summary>The request is one that changes nothing (GET, HEAD): as in a read-only transaction, whatever a function runs.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>What functions set during this request; null where nobody asks afterwards.</summary>
    public SettingsMade? Made { get; init; }

    public Datum Get(ContextExpr value) =>
        value.Kind switch
        {
            ContextKind.Now => Datum.Of(Now),
            ContextKind.Uid => Text(Uid),
            ContextKind.Role => Text(Role),
            ContextKind.Email => Text(Email),
            ContextKind.Jwt => Text(Jwt),
            ContextKind.CurrentUser => Text(CurrentUser.Text),
            ContextKind.Setting => Text(value.Name == "request.jwt.claims" ? Jwt : Made?.Get(value.Name!) ?? Settings?.Invoke(value.Name!)),
            _ => throw new InvalidOperationException($"no value for {value.Kind}"),
        };

    private static Datum Text(string? text) => text is null ? Datum.Null : Datum.Of(text);
}
