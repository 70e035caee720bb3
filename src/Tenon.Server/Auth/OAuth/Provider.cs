using System.Collections.Immutable;

namespace Tenon.Server.Auth.OAuth;

/// <summary>Whose answers are read how.</summary>
internal enum ProviderKind
{
    /// <summary>OpenID Connect: discovery and ID token.</summary>
    Oidc,

    /// <summary>OAuth 2 with an address that tells who the user is.</summary>
    OAuth2,

    /// <summary>OAuth 2; e-mail addresses come from an address of their own.</summary>
    GitHub,
}

/// <summary>How an issuer is to be named in its tokens.</summary>
internal enum IssuerRule
{
    /// <summary>As its discovery document says, which must be the issuer asked.</summary>
    Exact,

    /// <summary>Google, also without the scheme.</summary>
    Google,

    /// <summary>Microsoft: the tenant of the token stands in the issuer.</summary>
    Microsoft,
}

/// <summary>The key that Apple's client secrets are signed with.</summary>
internal sealed record AppleKey(string TeamId, string KeyId, string Pem);

/// <summary>A provider ready for use: everything here comes from the administrator, nothing from a request or a token.</summary>
internal sealed record Provider
{
    public required string Name { get; init; }
    public required ProviderKind Kind { get; init; }

    /// <summary>The first is ours, all are accepted as audiences of ID tokens.</summary>
    public required ImmutableArray<string> ClientIds { get; init; }
    public string Secret { get; init; } = "";
    public AppleKey? AppleKey { get; init; }

    /// <summary>OpenID Connect: the issuer; its discovery document lies below it unless <see cref="DiscoveryUrl"/> says where.</summary>
    public string Issuer { get; init; } = "";
    public string DiscoveryUrl { get; init; } = "";
    public IssuerRule IssuerRule { get; init; }

    /// <summary>OAuth 2: the addresses.</summary>
    public string AuthorizationUrl { get; init; } = "";
    public string TokenUrl { get; init; } = "";
    public string UserInfoUrl { get; init; } = "";

    public ImmutableArray<string> Scopes { get; init; } = [];
    public bool Pkce { get; init; } = true;
    public bool SkipNonceCheck { get; init; }
    public bool EmailOptional { get; init; }
    public ImmutableDictionary<string, string> Parameters { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>From our names of claims to the provider's.</summary>
    public ImmutableDictionary<string, string> Claims { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Claims kept as they are, under custom_claims.</summary>
    public ImmutableArray<string> KeptClaims { get; init; } = [];
    public required string RedirectUri { get; init; }

    public string ClientId => ClientIds[0];

    public string MetadataUrl =>
        DiscoveryUrl.Length > 0 ? DiscoveryUrl : Issuer.TrimEnd('/') + "/.well-known/openid-configuration";
}
