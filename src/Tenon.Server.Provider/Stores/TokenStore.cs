using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using OpenIddict.Abstractions;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Stores;

/// <summary>
/// Codes and tokens on the server's own store. Where OpenIddict takes back all tokens of an authorization (a code or a
/// refresh token came twice), the session that belongs to it ends in the same write.
/// </summary>
internal sealed class TokenStore(StoreDatabase store, TokenCache cache, TimeProvider clock) : IOpenIddictTokenStore<OAuthToken>
{
    public ValueTask<OAuthToken?> FindByIdAsync(string identifier, CancellationToken cancellationToken) =>
        Guid.TryParseExact(identifier, "D", out Guid id) ? OneAsync(TokenSql.ById, StoreValues.Of(id), cancellationToken) : new((OAuthToken?)null);

    public ValueTask<OAuthToken?> FindByReferenceIdAsync(string identifier, CancellationToken cancellationToken) =>
        OneAsync(TokenSql.ByReference, Datum.Of(identifier), cancellationToken);

    private async ValueTask<OAuthToken?> OneAsync(StoreStatement statement, Datum key, CancellationToken cancellation) =>
        await store.QueryAsync(statement, new[] { key }, cancellation) is [var row] ? OAuthToken.Read(row) : null;

    public async IAsyncEnumerable<OAuthToken> FindAsync(
        string? subject,
        string? client,
        string? status,
        string? type,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        Datum[] asked = [StoreValues.OfText(subject), IdOf(client), StoreValues.OfText(status), StoreValues.OfText(type)];
        foreach (Datum[] row in await store.QueryAsync(TokenSql.Find, asked, cancellationToken))
        {
            yield return OAuthToken.Read(row);
        }
    }

    public IAsyncEnumerable<OAuthToken> FindByApplicationIdAsync(string identifier, CancellationToken cancellationToken) =>
        FindAsync(null, identifier, null, null, cancellationToken);

    public IAsyncEnumerable<OAuthToken> FindBySubjectAsync(string subject, CancellationToken cancellationToken) =>
        FindAsync(subject, null, null, null, cancellationToken);

    public async IAsyncEnumerable<OAuthToken> FindByAuthorizationIdAsync(string identifier, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (Datum[] row in await store.QueryAsync(TokenSql.ByAuthorization, new[] { IdOf(identifier) }, cancellationToken))
        {
            yield return OAuthToken.Read(row);
        }
    }

    public async ValueTask CreateAsync(OAuthToken token, CancellationToken cancellationToken) =>
        await store.WriteAsync(unit => unit.Execute(TokenSql.Insert, token.Row()), cancellationToken);

    public async ValueTask UpdateAsync(OAuthToken token, CancellationToken cancellationToken)
    {
        Guid read = token.Concurrency;
        token.Concurrency = Guid.NewGuid();
        Datum[] row = token.Row();
        Datum[] arguments = [row[0], StoreValues.Of(read), .. row[1..]];
        // Not cancelled with the request: whoever used a code up must know it.
        List<Datum[]> rows = await store.WriteAsync(unit => unit.Execute(TokenSql.Update, arguments), CancellationToken.None);
        if (rows.Count != 1)
        {
            token.Concurrency = read;
            throw new OpenIddictExceptions.ConcurrencyException("the token was changed meanwhile");
        }
    }

    public async ValueTask DeleteAsync(OAuthToken token, CancellationToken cancellationToken) =>
        await store.WriteAsync(unit => unit.Execute(TokenSql.Delete, StoreValues.Of(token.Id)), cancellationToken);

    public async ValueTask<long> RevokeByAuthorizationIdAsync(string identifier, CancellationToken cancellationToken = default)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        Guid id = Guid.ParseExact(identifier, "D");
        (int revoked, Guid? user) = await store.WriteAsync(unit => RevokeAuthorization(unit, id, now), CancellationToken.None);
        if (user is { } whose)
        {
            cache.DropUser(whose);
        }
        return revoked;
    }

    /// <summary>Takes back what hangs on an authorization; how many tokens, and whose session ended with them.</summary>
    public static (int Revoked, Guid? User) RevokeAuthorization(IStoreTransaction unit, Guid authorization, DateTimeOffset now)
    {
        int revoked = unit.Execute(TokenSql.RevokeOfAuthorization, StoreValues.Of(authorization)).Count;
        Guid? user = unit.Execute(AuthorizationSql.EndSession, StoreValues.Of(authorization), StoreValues.Of(now)) is [var row] ? row[0].Uuid() : null;
        return (revoked, user);
    }

    public async ValueTask<long> RevokeAsync(string? subject, string? client, string? status, string? type, CancellationToken cancellationToken)
    {
        Datum[] asked = [StoreValues.OfText(subject), IdOf(client), StoreValues.OfText(status), StoreValues.OfText(type)];
        return (await store.WriteAsync(unit => unit.Execute(TokenSql.Revoke, asked), cancellationToken)).Count;
    }

    public ValueTask<long> RevokeByApplicationIdAsync(string identifier, CancellationToken cancellationToken = default) =>
        RevokeAsync(null, identifier, null, null, cancellationToken);

    public ValueTask<long> RevokeBySubjectAsync(string subject, CancellationToken cancellationToken = default) =>
        RevokeAsync(subject, null, null, null, cancellationToken);

    public async ValueTask<long> PruneAsync(DateTimeOffset threshold, CancellationToken cancellationToken) =>
        (await store.WriteAsync(unit => unit.Execute(TokenSql.Prune, StoreValues.Of(threshold)), cancellationToken)).Count;

    public ValueTask<OAuthToken> InstantiateAsync(CancellationToken cancellationToken) => new(new OAuthToken());

    public ValueTask<string?> GetIdAsync(OAuthToken token, CancellationToken cancellationToken) => new(token.Id.ToString("D"));

    public ValueTask<string?> GetApplicationIdAsync(OAuthToken token, CancellationToken cancellationToken) => new(token.ClientId?.ToString("D"));

    public ValueTask<string?> GetAuthorizationIdAsync(OAuthToken token, CancellationToken cancellationToken) => new(token.AuthorizationId?.ToString("D"));

    public ValueTask<DateTimeOffset?> GetCreationDateAsync(OAuthToken token, CancellationToken cancellationToken) => new(token.CreatedAt);

    public ValueTask<DateTimeOffset?> GetExpirationDateAsync(OAuthToken token, CancellationToken cancellationToken) => new(token.ExpiresAt);

    public ValueTask<string?> GetPayloadAsync(OAuthToken token, CancellationToken cancellationToken) => new(token.Payload);

    public ValueTask<ImmutableDictionary<string, JsonElement>> GetPropertiesAsync(OAuthToken token, CancellationToken cancellationToken) =>
        new(ImmutableDictionary<string, JsonElement>.Empty);

    public ValueTask<DateTimeOffset?> GetRedemptionDateAsync(OAuthToken token, CancellationToken cancellationToken) => new(token.RedeemedAt);

    public ValueTask<string?> GetReferenceIdAsync(OAuthToken token, CancellationToken cancellationToken) => new(token.ReferenceId);

    public ValueTask<string?> GetStatusAsync(OAuthToken token, CancellationToken cancellationToken) => new(token.Status);

    public ValueTask<string?> GetSubjectAsync(OAuthToken token, CancellationToken cancellationToken) => new(token.Subject);

    public ValueTask<string?> GetTypeAsync(OAuthToken token, CancellationToken cancellationToken) => new(token.Type);

    public ValueTask SetApplicationIdAsync(OAuthToken token, string? identifier, CancellationToken cancellationToken) =>
        Set(() => token.ClientId = identifier is null ? null : Guid.ParseExact(identifier, "D"));

    public ValueTask SetAuthorizationIdAsync(OAuthToken token, string? identifier, CancellationToken cancellationToken) =>
        Set(() => token.AuthorizationId = identifier is null ? null : Guid.ParseExact(identifier, "D"));

    public ValueTask SetCreationDateAsync(OAuthToken token, DateTimeOffset? date, CancellationToken cancellationToken) => Set(() => token.CreatedAt = date);

    public ValueTask SetExpirationDateAsync(OAuthToken token, DateTimeOffset? date, CancellationToken cancellationToken) => Set(() => token.ExpiresAt = date);

    public ValueTask SetPayloadAsync(OAuthToken token, string? payload, CancellationToken cancellationToken) => Set(() => token.Payload = payload);

    /// <summary>Nothing of ours has properties.</summary>
    public ValueTask SetPropertiesAsync(OAuthToken token, ImmutableDictionary<string, JsonElement> properties, CancellationToken cancellationToken) =>
        properties is { IsEmpty: false } ? throw Unsupported.Change() : default;

    public ValueTask SetRedemptionDateAsync(OAuthToken token, DateTimeOffset? date, CancellationToken cancellationToken) => Set(() => token.RedeemedAt = date);

    public ValueTask SetReferenceIdAsync(OAuthToken token, string? identifier, CancellationToken cancellationToken) => Set(() => token.ReferenceId = identifier);

    public ValueTask SetStatusAsync(OAuthToken token, string? status, CancellationToken cancellationToken) => Set(() => token.Status = status);

    public ValueTask SetSubjectAsync(OAuthToken token, string? subject, CancellationToken cancellationToken) => Set(() => token.Subject = subject);

    public ValueTask SetTypeAsync(OAuthToken token, string? type, CancellationToken cancellationToken) => Set(() => token.Type = type);

    public ValueTask<long> CountAsync(CancellationToken cancellationToken) => throw Unsupported.Query();

    public ValueTask<long> CountAsync<TResult>(Func<IQueryable<OAuthToken>, IQueryable<TResult>> query, CancellationToken cancellationToken) =>
        throw Unsupported.Query();

    public ValueTask<TResult?> GetAsync<TState, TResult>(Func<IQueryable<OAuthToken>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken) =>
        throw Unsupported.Query();

    public IAsyncEnumerable<OAuthToken> ListAsync(int? count, int? offset, CancellationToken cancellationToken) => throw Unsupported.Query();

    public IAsyncEnumerable<TResult> ListAsync<TState, TResult>(Func<IQueryable<OAuthToken>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken) =>
        throw Unsupported.Query();

    private static ValueTask Set(Action assign)
    {
        assign();
        return default;
    }

    private static Datum IdOf(string? text) => text is null ? Datum.Null : StoreValues.Of(Guid.TryParseExact(text, "D", out Guid id) ? id : Guid.Empty);
}
