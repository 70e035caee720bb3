namespace Tenon.Server.Auth;

/// <summary>
/// An external provider of sign-in, as <c>[auth.external.NAME]</c>. Known names bring their addresses along; any other is an
/// OpenID Connect issuer by <see cref="Url"/>, or an OAuth 2 provider by its three addresses.
/// </summary>
public sealed class AuthExternalOptions
{
    /// <summary>Users may come in by it.</summary>
    public bool Enabled { get; set; }

    /// <summary>Client id at the provider; further ones, separated by commas, are accepted as audiences of ID tokens.</summary>
    public string ClientId { get; set; } = "";

    /// <summary>Client secret at the provider.</summary>
    public string Secret { get; set; } = "";

    /// <summary>Issuer, or base address of one's own installation.</summary>
    public string Url { get; set; } = "";

    /// <summary>Where the provider returns to; empty: <c>/auth/v1/callback</c> below the server's public address.</summary>
    public string RedirectUri { get; set; } = "";

    /// <summary>Scopes asked for besides the provider's usual ones.</summary>
    public List<string> Scopes { get; } = [];

    /// <summary>ID tokens given to /token are accepted without the nonce's being compared.</summary>
    public bool SkipNonceCheck { get; set; }

    /// <summary>Users without an address that the provider has verified may sign up.</summary>
    public bool EmailOptional { get; set; }

    /// <summary>OAuth 2 without OpenID Connect: where the user signs in.</summary>
    public string AuthorizationUrl { get; set; } = "";

    /// <summary>OAuth 2 without OpenID Connect: where the code is exchanged.</summary>
    public string TokenUrl { get; set; } = "";

    /// <summary>OAuth 2 without OpenID Connect: who the user is.</summary>
    public string UserInfoUrl { get; set; } = "";

    /// <summary>Apple: the team's id. With <see cref="KeyId"/> and <see cref="PrivateKey"/> the client secret is made at each use.</summary>
    public string TeamId { get; set; } = "";

    /// <summary>Apple: id of the key.</summary>
    public string KeyId { get; set; } = "";

    /// <summary>Apple: the key, PEM.</summary>
    public string PrivateKey { get; set; } = "";
}

/// <summary>An issuer whose access tokens the API takes, as <c>[auth.third_party.NAME]</c>.</summary>
public sealed class AuthThirdPartyOptions
{
    /// <summary>Its tokens are taken.</summary>
    public bool Enabled { get; set; }

    /// <summary>The token's iss, exactly; its keys are found by discovery there.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>What the token's aud must name.</summary>
    public string Audience { get; set; } = "";

    /// <summary>Claim with the role; dots lead into objects (realm_access.roles), lists are searched.</summary>
    public string RoleClaim { get; set; } = "role";

    /// <summary>From values of the claim to roles; empty: the value is the role.</summary>
    public Dictionary<string, string> Roles { get; } = new(StringComparer.Ordinal);
}
