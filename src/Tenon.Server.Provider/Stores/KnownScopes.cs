using System.Collections.Immutable;
using Tenon.Server.Auth;

namespace Tenon.Server.Provider.Stores;

/// <summary>What a client may ask for: the scopes of OpenID Connect, and those of [auth.oauth_server.scopes].</summary>
internal sealed class KnownScopes(AuthOptions options)
{
    public ImmutableArray<Scope> All { get; } =
        [
            new("openid", "Sign you in"),
            new("profile", "See your name and picture"),
            new("email", "See your e-mail address"),
            new("phone", "See your telephone number"),
            new("address", "See your postal address"),
            new("offline_access", "Stay signed in while you are away"),
            .. options.OAuthServer.Scopes.Select(own => new Scope(own.Key, own.Value)),
        ];

    public Scope? Find(string name) => All.FirstOrDefault(scope => scope.Name == name);
}
