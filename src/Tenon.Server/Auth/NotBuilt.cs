namespace Tenon.Server.Auth;

/// <summary>Calls of GoTrue's that exist on the wire and not here yet: they answer 501 with the feature's name.</summary>
internal static class NotBuilt
{
    public static readonly (string Path, string Feature)[] Routes =
    [
        ("/sso/{**rest}", "Single sign-on"),
        ("/saml/{**rest}", "Single sign-on"),
        ("/user/oauth/{**rest}", "The OAuth server"),
        ("/admin/sso/{**rest}", "Single sign-on"),
        ("/admin/oauth/{**rest}", "The OAuth server"),
        ("/scim/{**rest}", "SCIM"),
        ("/oauth/{**rest}", "The OAuth server"),
        ("/.well-known/oauth-authorization-server", "The OAuth server"),
    ];
}
