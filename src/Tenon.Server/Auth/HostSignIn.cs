using System.Globalization;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using JsonNode = System.Text.Json.Nodes.JsonNode;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;

namespace Tenon.Server.Auth;

/// <summary>
/// A principal of the host's -> <see cref="Caller"/>. What the host says of a user stands in the claims as short names; sub
/// and role are what policies may rely on, so they are Tenon's: a uuid or absent, and a role that requests may take.
/// </summary>
internal sealed class HostSignIn(HostSignInOptions options, ApiRoles roles)
{
    private const int LargestClaims = 16 * 1024;
    private const string Roles = "roles";

    private static readonly string[] SubjectClaims =
        ["sub", ClaimTypes.NameIdentifier, "oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"];

    private static readonly Dictionary<string, string> ShortNames = new(StringComparer.Ordinal)
    {
        [ClaimTypes.NameIdentifier] = "external_id",
        [ClaimTypes.Role] = Roles,
        ["role"] = Roles,
        ["sub"] = "external_id",
        [ClaimTypes.GivenName] = "given_name",
        [ClaimTypes.Surname] = "family_name",
        [ClaimTypes.Email] = "email",
        [ClaimTypes.Name] = "name",
    };

    public bool IsOn => options.Enabled;

    public Resolution CallerOf(HttpRequest request, ClaimsPrincipal user)
    {
        if (IsForged(request))
        {
            return CredentialFailure.ForeignOrigin;
        }
        if (Identify(user) is not { } identity)
        {
            return Caller.Anonymous;
        }
        var role = new RoleName(identity.Role);
        if (!roles.AllowsForUser(role))
        {
            return CredentialFailure.RoleNotAllowed;
        }
        JsonObject claims = identity.Claims is { } given ? (JsonObject)given.DeepClone() : [];
        claims["role"] = role.Text;
        Put(claims, "sub", identity.Subject?.ToString("D"));
        Put(claims, "email", identity.Email);
        string text = claims.ToJsonString();
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        if (utf8.Length > LargestClaims)
        {
            return CredentialFailure.TooManyClaims;
        }
        return new Caller
        {
            Role = role,
            UserId = identity.Subject,
            UserIdText = identity.Subject?.ToString("D"),
            Email = identity.Email,
            Aal = claims["aal"]?.ToString() == "aal2" ? "aal2" : "aal1",
            ClaimsJson = text,
            ClaimsUtf8 = utf8,
            Claims = JsonElement.Parse(utf8),
        };
    }

    private static void Put(JsonObject claims, string name, string? value)
    {
        claims.Remove(name);
        if (value is not null)
        {
            claims[name] = value;
        }
    }

    /// <summary>
    /// A browser sends the host's cookie with requests that pages of others make. What changes something is taken only from
    /// pages of the server's own origin, of a trusted one, or from programs that are no browser.
    /// </summary>
    private bool IsForged(HttpRequest request)
    {
        if (request.Headers.Cookie.Count == 0 || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        {
            return false;
        }
        string? origin = request.Headers.Origin;
        if (origin is not null && options.TrustedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase))
        {
            return false;
        }
        return request.Headers["Sec-Fetch-Site"] is [{ } site]
            ? site is not ("same-origin" or "none")
            : origin is not null && !(Uri.TryCreate(origin, UriKind.Absolute, out Uri? page) && IsOwn(page, request));
    }

    private static bool IsOwn(Uri page, HttpRequest request) =>
        page.Scheme == request.Scheme
        && page.Host.Equals(request.Host.Host, StringComparison.OrdinalIgnoreCase)
        && page.Port == (request.Host.Port ?? (request.IsHttps ? 443 : 80));

    private HostIdentity? Identify(ClaimsPrincipal user) =>
        options.Map is { } map ? map(user)
        : new HostIdentity
        {
            Subject = SubjectOf(user),
            Role = user.Claims.Where(IsRole).Select(c => options.Roles.GetValueOrDefault(c.Value)).FirstOrDefault(r => r is not null) ?? options.DefaultRole,
            Email = user.FindFirst("email")?.Value ?? user.FindFirst(ClaimTypes.Email)?.Value,
            Claims = ClaimsOf(user),
        };

    private static bool IsRole(Claim claim) => claim.Type is "role" or Roles or ClaimTypes.Role || claim.Type == claim.Subject?.RoleClaimType;

    private Guid? SubjectOf(ClaimsPrincipal user)
    {
        IEnumerable<string> asked = options.SubjectClaims.Count > 0 ? options.SubjectClaims : SubjectClaims;
        foreach (string type in asked)
        {
            if (Guid.TryParseExact(user.FindFirst(type)?.Value, "D", out Guid id))
            {
                return id;
            }
        }
        return null;
    }

    private static JsonObject ClaimsOf(ClaimsPrincipal user)
    {
        var claims = new JsonObject { ["aal"] = user.Claims.Any(c => c is { Type: "amr", Value: "mfa" }) ? "aal2" : "aal1" };
        // The security stamp of ASP.NET Core Identity is the host's secret.
        foreach (Claim claim in user.Claims.Where(c => !c.Type.StartsWith("AspNet.Identity.", StringComparison.Ordinal)))
        {
            string name = IsRole(claim) ? Roles : ShortNames.GetValueOrDefault(claim.Type) ?? claim.Type[(claim.Type.LastIndexOf('/') + 1)..];
            if (name is "aal" or "")
            {
                continue;
            }
            JsonNode? value = ValueOf(claim);
            claims[name] = claims[name] switch
            {
                null when name == Roles => new JsonArray(value),
                null => value,
                JsonArray list => new JsonArray([.. list.Select(v => v?.DeepClone()), value]),
                var one => new JsonArray(one.DeepClone(), value),
            };
        }
        return claims;
    }

    private static JsonNode? ValueOf(Claim claim) =>
        claim.ValueType switch
        {
            ClaimValueTypes.Boolean when bool.TryParse(claim.Value, out bool flag) => JsonValue.Create(flag),
            ClaimValueTypes.Integer or ClaimValueTypes.Integer32 or ClaimValueTypes.Integer64
                when long.TryParse(claim.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) => JsonValue.Create(number),
            _ => JsonValue.Create(claim.Value),
        };
}
