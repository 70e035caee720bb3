using System.Collections.Immutable;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Clients;
using Tenon.Server.Provider.Protocol;
using Tenon.Server.Provider.Stores;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Grants;

/// <summary>What a user allowed one client.</summary>
internal sealed record Grant(Guid ClientId, string Name, string? Uri, string? LogoUri, ImmutableArray<string> Scopes, DateTimeOffset GrantedAt);

/// <summary>What users allowed clients: asked, kept, listed, taken back.</summary>
internal sealed class Consents(StoreDatabase store, Sessions sessions, TimeProvider clock)
{
    /// <summary>
    /// Whether these scopes were allowed before and need not be asked again. A client whose address any program on the
    /// user's machine could have is asked for each time (RFC 8252 §8.6).
    /// </summary>
    public async Task<bool> CoversAsync(Guid user, OAuthClient client, PendingRequest request, CancellationToken cancellation)
    {
        bool isKnown = !client.IsPublic || request.RedirectUri.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        return isKnown
            && !request.AsksConsent
            && request.Kind == PendingRequest.Authorize
            && await store.QueryAsync(GrantSql.Consent, new[] { StoreValues.Of(user), StoreValues.Of(client.Id) }, cancellation) is [var row]
            && request.Scopes.All(OAuthClient.Texts(row[0].Text).Contains);
    }

    /// <summary>Adds to what was allowed before, inside the write unit that decides the request.</summary>
    public static void Save(IStoreTransaction unit, Guid user, PendingRequest request, DateTimeOffset now)
    {
        ImmutableArray<string> before =
            unit.Execute(GrantSql.Consent, StoreValues.Of(user), StoreValues.Of(request.ClientId)) is [var row] ? OAuthClient.Texts(row[0].Text) : [];
        ImmutableArray<string> all = [.. before.Union(request.Scopes)];
        unit.Execute(GrantSql.SaveConsent, StoreValues.Of(user), StoreValues.Of(request.ClientId), Datum.Of(OAuthClient.Json(all)), StoreValues.Of(now));
    }

    public async Task<List<Grant>> ListAsync(Guid user, CancellationToken cancellation) =>
        [
            .. (await store.QueryAsync(GrantSql.ConsentsOfUser, new[] { StoreValues.Of(user) }, cancellation)).Select(row => new Grant(
                row[0].Uuid(),
                row[1].Text,
                row[2].TextOrNull(),
                row[3].TextOrNull(),
                OAuthClient.Texts(row[4].Text),
                row[5].Time()!.Value
            )),
        ];

    /// <summary>Takes back what a user allowed a client; the tokens it holds end with it. False when there was nothing.</summary>
    public Task<bool> RevokeAsync(Guid user, Guid client, AuditEntry audit)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        return sessions.EndingAsync(
            user,
            unit =>
            {
                bool found = unit.Execute(GrantSql.DeleteConsent, StoreValues.Of(user), StoreValues.Of(client)).Count > 0;
                found |= unit.Execute(ClientSessionSql.EndOfGrant, StoreValues.Of(user), StoreValues.Of(client), StoreValues.Of(now)).Count > 0;
                unit.Execute(TokenSql.Revoke, Datum.Of(user.ToString("D")), StoreValues.Of(client), Datum.Null, Datum.Null);
                if (found)
                {
                    audit.Write(unit);
                }
                return found;
            }
        );
    }
}
