using System.Security.Claims;
using System.Text.Json.Nodes;

namespace Tenon.Server.Auth;

/// <summary>
/// The sign-in of the application that Tenon is embedded in: whom it has authenticated (by cookie, JwtBearer, Entra …) calls
/// Tenon as that user. Policies see them in <c>auth.uid()</c>, <c>auth.jwt()</c> and <c>auth.role()</c>.
/// </summary>
public sealed class HostSignInOptions
{
    /// <summary>Believe the host's authentication.</summary>
    public bool Enabled { get; set; }

    /// <summary>Authentication schemes to ask, in this order; empty: <c>HttpContext.User</c> as the host's middleware leaves it.</summary>
    public List<string> Schemes { get; } = [];

    /// <summary>
    /// Claims that may hold the user's id, in this order; the first whose value is a uuid becomes <c>auth.uid()</c>. Empty:
    /// sub, the name identifier, oid, the object identifier of Entra.
    /// </summary>
    public List<string> SubjectClaims { get; } = [];

    /// <summary>Database roles by the value of one of the user's role claims; whoever has none of them is <see cref="DefaultRole"/>.</summary>
    public Dictionary<string, string> Roles { get; } = new(StringComparer.Ordinal);

    /// <summary>Database role of an authenticated user.</summary>
    public string DefaultRole { get; set; } = "authenticated";

    /// <summary>
    /// Origins (https://app.example) besides the server's own whose pages may change something by a request that carries the
    /// host's cookie. All others are refused, as is every such request that a browser marks as cross-site.
    /// </summary>
    public List<string> TrustedOrigins { get; } = [];

    /// <summary>A mapping of the host's own in place of the rules above; null from it means anon.</summary>
    public Func<ClaimsPrincipal, HostIdentity?>? Map { get; set; }
}

/// <summary>Who a principal of the host's is for Tenon.</summary>
public sealed record HostIdentity
{
    /// <summary><c>auth.uid()</c>; null where the host knows its users by something that is no uuid.</summary>
    public Guid? Subject { get; init; }

    /// <summary>Database role; never service_role.</summary>
    public string Role { get; init; } = "authenticated";

    /// <summary><c>auth.email()</c>.</summary>
    public string? Email { get; init; }

    /// <summary>Further members of <c>auth.jwt()</c>; sub, role and email are set from the others.</summary>
    public JsonObject? Claims { get; init; }
}
