using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Protocol;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Clients;

/// <summary>The clients of this server: found, made, changed, ended.</summary>
internal sealed class ClientRegister(StoreDatabase store, TokenCache cache, TimeProvider clock)
{
    public async Task<OAuthClient?> FindAsync(string id, CancellationToken cancellation) =>
        Guid.TryParseExact(id, "D", out Guid key) && await store.QueryAsync(ClientSql.ById, new[] { StoreValues.Of(key) }, cancellation) is [var row]
            ? OAuthClient.Read(row)
            : null;

    public async Task<(List<OAuthClient> Page, long Total)> ListAsync(long limit, long offset, CancellationToken cancellation)
    {
        List<Datum[]> rows = await store.QueryAsync(ClientSql.List, new[] { Datum.Of(limit), Datum.Of(offset) }, cancellation);
        List<Datum[]> count = await store.QueryAsync(ClientSql.Count, default, cancellation);
        return ([.. rows.Select(OAuthClient.Read)], count[0][0].Integer);
    }

    /// <summary>Makes a client; the secret of a confidential one is told once.</summary>
    public async Task<(OAuthClient Client, string? Secret)> CreateAsync(ClientChange change, string registration, AuditEntry? audit, CancellationToken cancellation)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        bool isPublic = change.AuthMethod == "none";
        string? secret = isPublic ? null : ClientManager.NewSecret();
        var client = new OAuthClient(Guid.NewGuid(), change.Name ?? "")
        {
            SecretHash = secret is null ? null : ClientManager.HashOf(secret),
            Type = isPublic ? OAuthClient.Public : OAuthClient.Confidential,
            AuthMethod = change.AuthMethod ?? "client_secret_basic",
            Registration = registration,
            Uri = change.Uri,
            LogoUri = change.LogoUri,
            RedirectUris = change.RedirectUris ?? [],
            PostLogoutRedirectUris = change.PostLogoutRedirectUris ?? [],
            GrantTypes = change.GrantTypes ?? ["authorization_code", "refresh_token"],
            Scope = change.Scope,
            CreatedAt = now,
            UpdatedAt = now,
        };
        await store.WriteAsync(
            unit =>
            {
                unit.Execute(ClientSql.Insert, client.Row());
                audit?.Write(unit);
                return true;
            },
            cancellation
        );
        return (client, secret);
    }

    /// <summary>Changes what is given; a client that another request changed meanwhile is refused with 409.</summary>
    public async Task<OAuthClient> UpdateAsync(OAuthClient old, ClientChange change, AuditEntry audit, CancellationToken cancellation)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        DateTimeOffset stamp = old.UpdatedAt >= now ? old.UpdatedAt.AddMicroseconds(1) : now;
        List<Datum[]> rows = await store.WriteAsync(
            unit =>
            {
                audit.Write(unit);
                return unit.Execute(
                    ClientSql.Update,
                    StoreValues.Of(old.Id),
                    Datum.Of(change.Name ?? old.Name),
                    StoreValues.OfText(change.Uri ?? old.Uri),
                    StoreValues.OfText(change.LogoUri ?? old.LogoUri),
                    Datum.Of(OAuthClient.Json(change.RedirectUris ?? old.RedirectUris)),
                    Datum.Of(OAuthClient.Json(change.PostLogoutRedirectUris ?? old.PostLogoutRedirectUris)),
                    Datum.Of(OAuthClient.Json(change.GrantTypes ?? old.GrantTypes)),
                    Datum.Of(change.AuthMethod ?? old.AuthMethod),
                    StoreValues.Of(stamp),
                    StoreValues.Of(old.UpdatedAt)
                );
            },
            cancellation
        );
        return rows is [var row] ? OAuthClient.Read(row) : throw AuthErrors.Conflict.ToException();
    }

    /// <summary>Gives a confidential client another secret; the one before is refused from now on.</summary>
    public async Task<(OAuthClient Client, string Secret)> NewSecretAsync(OAuthClient old, AuditEntry audit, CancellationToken cancellation)
    {
        string secret = ClientManager.NewSecret();
        DateTimeOffset now = StoreTime.Now(clock);
        List<Datum[]> rows = await store.WriteAsync(
            unit =>
            {
                audit.Write(unit);
                return unit.Execute(ClientSql.SetSecret, StoreValues.Of(old.Id), Datum.Of(ClientManager.HashOf(secret)), StoreValues.Of(now));
            },
            cancellation
        );
        return rows is [var row] ? (OAuthClient.Read(row), secret) : throw AuthErrors.OAuthClientNotFound.ToException();
    }

    /// <summary>Ends a client with everything it holds.</summary>
    public async Task DeleteAsync(Guid id, AuditEntry audit)
    {
        try
        {
            List<Datum[]> users = await store.WriteAsync(
                unit =>
                {
                    List<Datum[]> whose = unit.Execute(ClientSql.Users, StoreValues.Of(id));
                    unit.Execute(ClientSql.Delete, StoreValues.Of(id));
                    audit.Write(unit);
                    return whose;
                },
                CancellationToken.None
            );
            users.ForEach(row => cache.DropUser(row[0].Uuid()));
        }
        catch
        {
            // Whether the client still is, and so whose tokens, is unknown.
            cache.Clear();
            throw;
        }
    }
}
