using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using Tenon.Core.Types;
using Tenon.Server.Provider.Clients;
using Tenon.Server.Store;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tenon.Server.Provider.Stores;

/// <summary>Clients as OpenIddict reads them. What a client may do follows from its grant types and scopes; nothing is written here.</summary>
internal sealed class ClientStore(StoreDatabase store, KnownScopes scopes) : IOpenIddictApplicationStore<OAuthClient>
{
    public async ValueTask<OAuthClient?> FindByIdAsync(string identifier, CancellationToken cancellationToken) =>
        Guid.TryParseExact(identifier, "D", out Guid id)
        && await store.QueryAsync(ClientSql.ById, new[] { StoreValues.Of(id) }, cancellationToken) is [var row]
            ? OAuthClient.Read(row)
            : null;

    public ValueTask<OAuthClient?> FindByClientIdAsync(string identifier, CancellationToken cancellationToken) => FindByIdAsync(identifier, cancellationToken);

    public ValueTask<string?> GetIdAsync(OAuthClient application, CancellationToken cancellationToken) => new(application.Id.ToString("D"));

    public ValueTask<string?> GetClientIdAsync(OAuthClient application, CancellationToken cancellationToken) => new(application.Id.ToString("D"));

    public ValueTask<string?> GetClientSecretAsync(OAuthClient application, CancellationToken cancellationToken) => new(application.SecretHash);

    public ValueTask<string?> GetClientTypeAsync(OAuthClient application, CancellationToken cancellationToken) => new(application.Type);

    /// <summary>A native application's loopback address may have any port (RFC 8252 §7.3); a secret cannot be kept by one.</summary>
    public ValueTask<string?> GetApplicationTypeAsync(OAuthClient application, CancellationToken cancellationToken) =>
        new(application.IsPublic ? ApplicationTypes.Native : ApplicationTypes.Web);

    public ValueTask<string?> GetConsentTypeAsync(OAuthClient application, CancellationToken cancellationToken) => new(ConsentTypes.Explicit);

    public ValueTask<string?> GetDisplayNameAsync(OAuthClient application, CancellationToken cancellationToken) => new(application.Name);

    public ValueTask<ImmutableDictionary<CultureInfo, string>> GetDisplayNamesAsync(OAuthClient application, CancellationToken cancellationToken) =>
        new(ImmutableDictionary<CultureInfo, string>.Empty);

    public ValueTask<JsonWebKeySet?> GetJsonWebKeySetAsync(OAuthClient application, CancellationToken cancellationToken) => new((JsonWebKeySet?)null);

    public ValueTask<ImmutableArray<string>> GetPermissionsAsync(OAuthClient application, CancellationToken cancellationToken)
    {
        var permissions = ImmutableArray.CreateBuilder<string>();
        permissions.Add(Permissions.Endpoints.Token);
        permissions.Add(Permissions.Endpoints.Revocation);
        permissions.Add(Permissions.Endpoints.Introspection);
        foreach (string grant in application.GrantTypes)
        {
            permissions.Add(Permissions.Prefixes.GrantType + grant);
        }
        if (application.GrantTypes.Contains(GrantTypes.AuthorizationCode))
        {
            permissions.Add(Permissions.Endpoints.Authorization);
            permissions.Add(Permissions.Endpoints.PushedAuthorization);
            permissions.Add(Permissions.Endpoints.EndSession);
            permissions.Add(Permissions.ResponseTypes.Code);
        }
        if (application.GrantTypes.Contains(GrantTypes.DeviceCode))
        {
            permissions.Add(Permissions.Endpoints.DeviceAuthorization);
        }
        foreach (string scope in application.Scope?.Split(' ') ?? [.. scopes.All.Select(scope => scope.Name)])
        {
            permissions.Add(Permissions.Prefixes.Scope + scope);
        }
        return new(permissions.DrainToImmutable());
    }

    public ValueTask<ImmutableArray<string>> GetPostLogoutRedirectUrisAsync(OAuthClient application, CancellationToken cancellationToken) =>
        new(application.PostLogoutRedirectUris);

    public ValueTask<ImmutableArray<string>> GetRedirectUrisAsync(OAuthClient application, CancellationToken cancellationToken) =>
        new(application.RedirectUris);

    public ValueTask<ImmutableDictionary<string, JsonElement>> GetPropertiesAsync(OAuthClient application, CancellationToken cancellationToken) =>
        new(ImmutableDictionary<string, JsonElement>.Empty);

    public ValueTask<ImmutableArray<string>> GetRequirementsAsync(OAuthClient application, CancellationToken cancellationToken) =>
        new([Requirements.Features.ProofKeyForCodeExchange]);

    public ValueTask<ImmutableDictionary<string, string>> GetSettingsAsync(OAuthClient application, CancellationToken cancellationToken) =>
        new(ImmutableDictionary<string, string>.Empty);

    public async IAsyncEnumerable<OAuthClient> ListAsync(int? count, int? offset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (Datum[] row in await store.QueryAsync(ClientSql.List, new[] { Datum.Of((long)(count ?? int.MaxValue)), Datum.Of((long)(offset ?? 0)) }, cancellationToken))
        {
            yield return OAuthClient.Read(row);
        }
    }

    public async ValueTask<long> CountAsync(CancellationToken cancellationToken) =>
        (await store.QueryAsync(ClientSql.Count, default, cancellationToken))[0][0].Integer;

    /// <summary>Who may be sent back to an address after signing out is asked of the client that is named, never by the address.</summary>
    public IAsyncEnumerable<OAuthClient> FindByPostLogoutRedirectUriAsync(string uri, CancellationToken cancellationToken) =>
        Matching(client => client.PostLogoutRedirectUris.Contains(uri, StringComparer.Ordinal), cancellationToken);

    public IAsyncEnumerable<OAuthClient> FindByRedirectUriAsync(string uri, CancellationToken cancellationToken) =>
        Matching(client => client.RedirectUris.Contains(uri, StringComparer.Ordinal), cancellationToken);

    private async IAsyncEnumerable<OAuthClient> Matching(Func<OAuthClient, bool> matches, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (OAuthClient client in ListAsync(null, null, cancellationToken))
        {
            if (matches(client))
            {
                yield return client;
            }
        }
    }

    public ValueTask<long> CountAsync<TResult>(Func<IQueryable<OAuthClient>, IQueryable<TResult>> query, CancellationToken cancellationToken) =>
        throw Unsupported.Query();

    public ValueTask<TResult?> GetAsync<TState, TResult>(Func<IQueryable<OAuthClient>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken) =>
        throw Unsupported.Query();

    public IAsyncEnumerable<TResult> ListAsync<TState, TResult>(Func<IQueryable<OAuthClient>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken) =>
        throw Unsupported.Query();

    public ValueTask CreateAsync(OAuthClient application, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask DeleteAsync(OAuthClient application, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask UpdateAsync(OAuthClient application, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask<OAuthClient> InstantiateAsync(CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask SetApplicationTypeAsync(OAuthClient application, string? type, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask SetClientIdAsync(OAuthClient application, string? identifier, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask SetClientSecretAsync(OAuthClient application, string? secret, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask SetClientTypeAsync(OAuthClient application, string? type, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask SetConsentTypeAsync(OAuthClient application, string? type, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask SetDisplayNameAsync(OAuthClient application, string? name, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask SetDisplayNamesAsync(OAuthClient application, ImmutableDictionary<CultureInfo, string> names, CancellationToken cancellationToken) =>
        throw Unsupported.Change();

    public ValueTask SetJsonWebKeySetAsync(OAuthClient application, JsonWebKeySet? set, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask SetPermissionsAsync(OAuthClient application, ImmutableArray<string> permissions, CancellationToken cancellationToken) =>
        throw Unsupported.Change();

    public ValueTask SetPostLogoutRedirectUrisAsync(OAuthClient application, ImmutableArray<string> uris, CancellationToken cancellationToken) =>
        throw Unsupported.Change();

    public ValueTask SetPropertiesAsync(OAuthClient application, ImmutableDictionary<string, JsonElement> properties, CancellationToken cancellationToken) =>
        throw Unsupported.Change();

    public ValueTask SetRedirectUrisAsync(OAuthClient application, ImmutableArray<string> uris, CancellationToken cancellationToken) =>
        throw Unsupported.Change();

    public ValueTask SetRequirementsAsync(OAuthClient application, ImmutableArray<string> requirements, CancellationToken cancellationToken) =>
        throw Unsupported.Change();

    public ValueTask SetSettingsAsync(OAuthClient application, ImmutableDictionary<string, string> settings, CancellationToken cancellationToken) =>
        throw Unsupported.Change();
}
