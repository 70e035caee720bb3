using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using OpenIddict.Abstractions;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Clients;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Stores;

/// <summary>Authorizations on the server's own store.</summary>
internal sealed class AuthorizationStore(StoreDatabase store) : IOpenIddictAuthorizationStore<OAuthAuthorization>
{
    public async ValueTask<OAuthAuthorization?> FindByIdAsync(string identifier, CancellationToken cancellationToken) =>
        Guid.TryParseExact(identifier, "D", out Guid id)
        && await store.QueryAsync(AuthorizationSql.ById, new[] { StoreValues.Of(id) }, cancellationToken) is [var row]
            ? OAuthAuthorization.Read(row)
            : null;

    public async IAsyncEnumerable<OAuthAuthorization> FindAsync(
        string? subject,
        string? client,
        string? status,
        string? type,
        ImmutableArray<string>? scopes,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        Datum[] asked = [StoreValues.OfText(subject), ClientOf(client), StoreValues.OfText(status), StoreValues.OfText(type)];
        foreach (Datum[] row in await store.QueryAsync(AuthorizationSql.Find, asked, cancellationToken))
        {
            OAuthAuthorization found = OAuthAuthorization.Read(row);
            if (scopes is not { } wanted || wanted.All(scope => found.Scopes.Contains(scope)))
            {
                yield return found;
            }
        }
    }

    public IAsyncEnumerable<OAuthAuthorization> FindByApplicationIdAsync(string identifier, CancellationToken cancellationToken) =>
        FindAsync(null, identifier, null, null, null, cancellationToken);

    public IAsyncEnumerable<OAuthAuthorization> FindBySubjectAsync(string subject, CancellationToken cancellationToken) =>
        FindAsync(subject, null, null, null, null, cancellationToken);

    public async ValueTask CreateAsync(OAuthAuthorization authorization, CancellationToken cancellationToken) =>
        await store.WriteAsync(
            unit =>
                unit.Execute(
                    AuthorizationSql.Insert,
                    StoreValues.Of(authorization.Id),
                    StoreValues.Of(authorization.ClientId),
                    StoreValues.OfText(authorization.Subject),
                    StoreValues.OfText(authorization.Type),
                    StoreValues.OfText(authorization.Status),
                    Datum.Of(OAuthClient.Json(authorization.Scopes)),
                    StoreValues.Of(authorization.CreatedAt),
                    StoreValues.Of(authorization.Concurrency)
                ),
            cancellationToken
        );

    public async ValueTask UpdateAsync(OAuthAuthorization authorization, CancellationToken cancellationToken)
    {
        Guid read = authorization.Concurrency;
        Guid next = Guid.NewGuid();
        List<Datum[]> rows = await store.WriteAsync(
            unit =>
                unit.Execute(
                    AuthorizationSql.Update,
                    StoreValues.Of(authorization.Id),
                    StoreValues.Of(read),
                    StoreValues.OfText(authorization.Status),
                    Datum.Of(OAuthClient.Json(authorization.Scopes)),
                    StoreValues.Of(next)
                ),
            cancellationToken
        );
        authorization.Concurrency = rows.Count == 1 ? next : throw new OpenIddictExceptions.ConcurrencyException("the authorization was changed meanwhile");
    }

    public async ValueTask DeleteAsync(OAuthAuthorization authorization, CancellationToken cancellationToken) =>
        await store.WriteAsync(unit => unit.Execute(AuthorizationSql.Delete, StoreValues.Of(authorization.Id)), cancellationToken);

    public async ValueTask<long> RevokeAsync(string? subject, string? client, string? status, string? type, CancellationToken cancellationToken)
    {
        Datum[] asked = [StoreValues.OfText(subject), ClientOf(client), StoreValues.OfText(status), StoreValues.OfText(type)];
        return (await store.WriteAsync(unit => unit.Execute(AuthorizationSql.Revoke, asked), cancellationToken)).Count;
    }

    public ValueTask<long> RevokeByApplicationIdAsync(string identifier, CancellationToken cancellationToken = default) =>
        RevokeAsync(null, identifier, null, null, cancellationToken);

    public ValueTask<long> RevokeBySubjectAsync(string subject, CancellationToken cancellationToken = default) =>
        RevokeAsync(subject, null, null, null, cancellationToken);

    public async ValueTask<long> PruneAsync(DateTimeOffset threshold, CancellationToken cancellationToken) =>
        (await store.WriteAsync(unit => unit.Execute(AuthorizationSql.Prune, StoreValues.Of(threshold)), cancellationToken)).Count;

    public ValueTask<OAuthAuthorization> InstantiateAsync(CancellationToken cancellationToken) => new(new OAuthAuthorization());

    public ValueTask<string?> GetIdAsync(OAuthAuthorization authorization, CancellationToken cancellationToken) => new(authorization.Id.ToString("D"));

    public ValueTask<string?> GetApplicationIdAsync(OAuthAuthorization authorization, CancellationToken cancellationToken) =>
        new(authorization.ClientId?.ToString("D"));

    public ValueTask<DateTimeOffset?> GetCreationDateAsync(OAuthAuthorization authorization, CancellationToken cancellationToken) =>
        new(authorization.CreatedAt);

    public ValueTask<ImmutableDictionary<string, JsonElement>> GetPropertiesAsync(OAuthAuthorization authorization, CancellationToken cancellationToken) =>
        new(ImmutableDictionary<string, JsonElement>.Empty);

    public ValueTask<ImmutableArray<string>> GetScopesAsync(OAuthAuthorization authorization, CancellationToken cancellationToken) => new(authorization.Scopes);

    public ValueTask<string?> GetStatusAsync(OAuthAuthorization authorization, CancellationToken cancellationToken) => new(authorization.Status);

    public ValueTask<string?> GetSubjectAsync(OAuthAuthorization authorization, CancellationToken cancellationToken) => new(authorization.Subject);

    public ValueTask<string?> GetTypeAsync(OAuthAuthorization authorization, CancellationToken cancellationToken) => new(authorization.Type);

    public ValueTask SetApplicationIdAsync(OAuthAuthorization authorization, string? identifier, CancellationToken cancellationToken)
    {
        authorization.ClientId = identifier is null ? null : Guid.ParseExact(identifier, "D");
        return default;
    }

    public ValueTask SetCreationDateAsync(OAuthAuthorization authorization, DateTimeOffset? date, CancellationToken cancellationToken)
    {
        authorization.CreatedAt = date;
        return default;
    }

    /// <summary>Nothing of ours has properties.</summary>
    public ValueTask SetPropertiesAsync(OAuthAuthorization authorization, ImmutableDictionary<string, JsonElement> properties, CancellationToken cancellationToken) =>
        properties is { IsEmpty: false } ? throw Unsupported.Change() : default;

    public ValueTask SetScopesAsync(OAuthAuthorization authorization, ImmutableArray<string> scopes, CancellationToken cancellationToken)
    {
        authorization.Scopes = scopes.IsDefault ? [] : scopes;
        return default;
    }

    public ValueTask SetStatusAsync(OAuthAuthorization authorization, string? status, CancellationToken cancellationToken)
    {
        authorization.Status = status;
        return default;
    }

    public ValueTask SetSubjectAsync(OAuthAuthorization authorization, string? subject, CancellationToken cancellationToken)
    {
        authorization.Subject = subject;
        return default;
    }

    public ValueTask SetTypeAsync(OAuthAuthorization authorization, string? type, CancellationToken cancellationToken)
    {
        authorization.Type = type;
        return default;
    }

    public ValueTask<long> CountAsync(CancellationToken cancellationToken) => throw Unsupported.Query();

    public ValueTask<long> CountAsync<TResult>(Func<IQueryable<OAuthAuthorization>, IQueryable<TResult>> query, CancellationToken cancellationToken) =>
        throw Unsupported.Query();

    public ValueTask<TResult?> GetAsync<TState, TResult>(Func<IQueryable<OAuthAuthorization>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken) =>
        throw Unsupported.Query();

    public IAsyncEnumerable<OAuthAuthorization> ListAsync(int? count, int? offset, CancellationToken cancellationToken) => throw Unsupported.Query();

    public IAsyncEnumerable<TResult> ListAsync<TState, TResult>(Func<IQueryable<OAuthAuthorization>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken) =>
        throw Unsupported.Query();

    private static Datum ClientOf(string? client) => client is null ? Datum.Null : StoreValues.Of(Guid.TryParseExact(client, "D", out Guid id) ? id : Guid.Empty);
}
