namespace Tenon.Server.Auth;

/// <summary>Calls of GoTrue's that exist on the wire and not here yet: they answer 501 with the feature's name.</summary>
internal static class NotBuilt
{
    public static readonly (string Path, string Feature)[] Routes =
    [
        ("/authorize", "Sign-in by an external provider"),
        ("/callback", "Sign-in by an external provider"),
        ("/sso/{**rest}", "Single sign-on"),
        ("/saml/{**rest}", "Single sign-on"),
        ("/user/identities/{**rest}", "Linking of identities"),
        ("/user/oauth/{**rest}", "The OAuth server"),
        ("/passkeys/{**rest}", "Passkeys"),
        ("/admin/users/{id}/passkeys/{**rest}", "Passkeys"),
        ("/admin/sso/{**rest}", "Single sign-on"),
        ("/admin/oauth/{**rest}", "The OAuth server"),
        ("/admin/custom-providers/{**rest}", "Sign-in by an external provider"),
        ("/scim/{**rest}", "SCIM"),
        ("/oauth/{**rest}", "The OAuth server"),
        ("/.well-known/oauth-authorization-server", "The OAuth server"),
    ];
}
