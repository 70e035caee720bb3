using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using OpenIddict.Abstractions;

namespace Tenon.Server.Provider.Stores;

/// <summary>The scopes of the configuration as OpenIddict reads them.</summary>
internal sealed class ScopeStore(KnownScopes scopes) : IOpenIddictScopeStore<Scope>
{
    public ValueTask<Scope?> FindByNameAsync(string name, CancellationToken cancellationToken) => new(scopes.Find(name));

    public ValueTask<Scope?> FindByIdAsync(string identifier, CancellationToken cancellationToken) => new(scopes.Find(identifier));

    public IAsyncEnumerable<Scope> FindByNamesAsync(ImmutableArray<string> names, CancellationToken cancellationToken) =>
        names.Select(scopes.Find).OfType<Scope>().ToAsyncEnumerable();

    /// <summary>No scope stands for a resource of its own.</summary>
    public IAsyncEnumerable<Scope> FindByResourceAsync(string resource, CancellationToken cancellationToken) => AsyncEnumerable.Empty<Scope>();

    public IAsyncEnumerable<Scope> ListAsync(int? count, int? offset, CancellationToken cancellationToken) =>
        scopes.All.Skip(offset ?? 0).Take(count ?? int.MaxValue).ToAsyncEnumerable();

    public ValueTask<long> CountAsync(CancellationToken cancellationToken) => new(scopes.All.Length);

    public ValueTask<string?> GetIdAsync(Scope scope, CancellationToken cancellationToken) => new(scope.Name);

    public ValueTask<string?> GetNameAsync(Scope scope, CancellationToken cancellationToken) => new(scope.Name);

    public ValueTask<string?> GetDescriptionAsync(Scope scope, CancellationToken cancellationToken) => new(scope.Description);

    public ValueTask<string?> GetDisplayNameAsync(Scope scope, CancellationToken cancellationToken) => new(scope.Description);

    public ValueTask<ImmutableDictionary<CultureInfo, string>> GetDescriptionsAsync(Scope scope, CancellationToken cancellationToken) =>
        new(ImmutableDictionary<CultureInfo, string>.Empty);

    public ValueTask<ImmutableDictionary<CultureInfo, string>> GetDisplayNamesAsync(Scope scope, CancellationToken cancellationToken) =>
        new(ImmutableDictionary<CultureInfo, string>.Empty);

    public ValueTask<ImmutableDictionary<string, JsonElement>> GetPropertiesAsync(Scope scope, CancellationToken cancellationToken) =>
        new(ImmutableDictionary<string, JsonElement>.Empty);

    public ValueTask<ImmutableArray<string>> GetResourcesAsync(Scope scope, CancellationToken cancellationToken) => new([]);

    public ValueTask<long> CountAsync<TResult>(Func<IQueryable<Scope>, IQueryable<TResult>> query, CancellationToken cancellationToken) =>
        throw Unsupported.Query();

    public ValueTask<TResult?> GetAsync<TState, TResult>(Func<IQueryable<Scope>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken) =>
        throw Unsupported.Query();

    public IAsyncEnumerable<TResult> ListAsync<TState, TResult>(Func<IQueryable<Scope>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken) =>
        throw Unsupported.Query();

    public ValueTask CreateAsync(Scope scope, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask DeleteAsync(Scope scope, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask UpdateAsync(Scope scope, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask<Scope> InstantiateAsync(CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask SetDescriptionAsync(Scope scope, string? description, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask SetDescriptionsAsync(Scope scope, ImmutableDictionary<CultureInfo, string> descriptions, CancellationToken cancellationToken) =>
        throw Unsupported.Change();

    public ValueTask SetDisplayNameAsync(Scope scope, string? name, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask SetDisplayNamesAsync(Scope scope, ImmutableDictionary<CultureInfo, string> names, CancellationToken cancellationToken) =>
        throw Unsupported.Change();

    public ValueTask SetNameAsync(Scope scope, string? name, CancellationToken cancellationToken) => throw Unsupported.Change();

    public ValueTask SetPropertiesAsync(Scope scope, ImmutableDictionary<string, JsonElement> properties, CancellationToken cancellationToken) =>
        throw Unsupported.Change();

    public ValueTask SetResourcesAsync(Scope scope, ImmutableArray<string> resources, CancellationToken cancellationToken) => throw Unsupported.Change();
}
