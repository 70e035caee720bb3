namespace Tenon.Server.Provider.Protocol;

/// <summary>Paths below /auth/v1.</summary>
internal static class Paths
{
    public const string Prefix = "/auth/v1";
    public const string Authorize = "/oauth/authorize";
    public const string Token = "/oauth/token";
    public const string PushedRequest = "/oauth/par";
    public const string DeviceAuthorization = "/oauth/device_authorization";
    public const string Device = "/oauth/device";

    /// <summary>Where OpenIddict judges user codes; asked by this server itself alone.</summary>
    public const string DeviceVerification = "/oauth/device/verify";
    public const string Introspection = "/oauth/introspect";
    public const string Revocation = "/oauth/revoke";
    public const string UserInfo = "/oauth/userinfo";
    public const string Logout = "/oauth/logout";
    public const string Consent = "/oauth/consent";
    public const string SignIn = "/oauth/sign-in";
    public const string Factor = "/oauth/factor";
    public const string Passkey = "/oauth/passkey";

    /// <summary>Behind the path of a form that a key answers: the question to the key.</summary>
    public const string KeyOptions = "/options";
    public const string KeyScript = "/oauth/keys.js";
    public const string SwitchUser = "/oauth/switch";
    public const string Registration = "/oauth/clients/register";
    public const string Metadata = "/.well-known/oauth-authorization-server";
    public const string Jwks = "/.well-known/jwks.json";

    /// <summary>As the options of OpenIddict want a path: from the root, without the first slash.</summary>
    public static string FromRoot(string path) => Prefix[1..] + path;
}
