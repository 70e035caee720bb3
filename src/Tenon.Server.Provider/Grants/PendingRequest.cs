using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Grants;

/// <summary>A row of auth.oauth_requests: what a client asked, between its first page and its answer.</summary>
internal sealed record PendingRequest(string Id, string Kind, Guid ClientId, string Parameters)
{
    public const string Authorize = "authorize";
    public const string Device = "device";

    /// <summary>Where the browser goes afterwards; empty for a device.</summary>
    public string RedirectUri { get; init; } = "";

    /// <summary>Scopes, separated by spaces.</summary>
    public string Scope { get; init; } = "";
    public string? LoginHint { get; init; }

    /// <summary>A sign-in from before the request does not count (prompt=login, max_age).</summary>
    public bool AsksSignIn { get; init; }

    /// <summary>Consent given before does not count (prompt=consent).</summary>
    public bool AsksConsent { get; init; }

    /// <summary>Who is signed in for it; null until somebody is.</summary>
    public Guid? UserId { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset ExpiresAt { get; init; }

    public string[] Scopes => Scope.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>From the columns of <see cref="GrantSql.RequestColumns"/>.</summary>
    public static PendingRequest Read(Datum[] row) =>
        new(row[0].Text, row[1].Text, row[2].Uuid(), row[3].Text)
        {
            RedirectUri = row[4].Text,
            Scope = row[5].Text,
            LoginHint = row[6].TextOrNull(),
            AsksSignIn = row[7].IsTrue(),
            AsksConsent = row[8].IsTrue(),
            UserId = row[9].IsNull ? null : row[9].Uuid(),
            CreatedAt = row[10].Time()!.Value,
            ExpiresAt = row[11].Time()!.Value,
        };
}
