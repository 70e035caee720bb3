namespace Tenon.Server.Auth;

/// <summary>Calls of GoTrue's that exist on the wire and not here yet: they answer 501 with the feature's name.</summary>
internal static class NotBuilt
{
    public static readonly (string Path, string Feature)[] Routes =
    [
        ("/sso/{**rest}", "Single sign-on"),
        ("/saml/{**rest}", "Single sign-on"),
        ("/admin/sso/{**rest}", "Single sign-on"),
        ("/scim/{**rest}", "SCIM"),
    ];

    /// <summary>Calls of the identity provider, where it is not switched on.</summary>
    public static readonly string[] ProviderRoutes =
        ["/user/oauth/{**rest}", "/admin/oauth/{**rest}", "/admin/users/{id}/oauth/{**rest}", "/oauth/{**rest}", "/.well-known/oauth-authorization-server"];
}
