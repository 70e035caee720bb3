using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>Adds a call below /auth/v1, behind its one edge.</summary>
internal delegate void AuthRoute(string verb, string path, RequestDelegate handler);

/// <summary>What a package of its own adds to /auth/v1.</summary>
internal sealed record AuthPackage(Action<IServiceProvider, AuthRoute> Map)
{
    /// <summary>Paths of our own whose place its routes take.</summary>
    public ImmutableArray<string> Replaces { get; init; } = [];

    /// <summary>What it deletes once an hour, inside the maintenance's write unit.</summary>
    public Action<IStoreTransaction, DateTimeOffset> Maintain { get; init; } = (_, _) => { };
}
