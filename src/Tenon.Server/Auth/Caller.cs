using System.Text.Json;
using Tenon.Core.Types;

namespace Tenon.Server.Auth;

/// <summary>
/// Who asks, as every feature sees it: immutable, made only by <see cref="CallerResolver"/> (and by tests and jobs through
/// <see cref="ForRole"/>). One instance is shared by all requests that carry the same token.
/// </summary>
internal sealed record Caller
{
    /// <summary>The database role policies and grants see.</summary>
    public required RoleName Role { get; init; }

    /// <summary>auth.uid(): the token's <c>sub</c>, canonical; null for keys.</summary>
    public Guid? UserId { get; init; }

    /// <summary><see cref="UserId"/> in the form a uuid datum has.</summary>
    public string? UserIdText { get; init; }

    public Guid? SessionId { get; init; }
    public string? Email { get; init; }

    /// <summary>auth.jwt() as text: the token's payload, byte for byte; "{}" where there is no token.</summary>
    public required string ClaimsJson { get; init; }

    /// <summary><see cref="ClaimsJson"/> in UTF-8.</summary>
    public required ReadOnlyMemory<byte> ClaimsUtf8 { get; init; }

    /// <summary><see cref="ClaimsJson"/> parsed; an object.</summary>
    public required JsonElement Claims { get; init; }

    /// <summary>Authenticator assurance level: aal1 or aal2.</summary>
    public string Aal { get; init; } = "aal1";

    /// <summary>The user signed in anonymously (not to be confused with the role anon).</summary>
    public bool IsAnonymousUser { get; init; }

    /// <summary>The token's expiry; null where the credential does not expire.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The client that holds the token for its user; null for the user's own.</summary>
    public string? ClientId { get; init; }

    /// <summary>The user's own key that the request came by, whose scopes bound it; null for every other credential.</summary>
    public UserKey? Key { get; init; }

    /// <summary>What of a caller decides which plan a request gets.</summary>
    public string PlanKey => Key is null ? Role.Text : Key.PlanKey;

    /// <summary>service_role: row policies do not apply.</summary>
    public bool BypassesPolicies => Role == RoleName.Service;

    /// <summary>A caller without a token, of one role: opaque keys, no key at all, jobs, tests.</summary>
    public static Caller ForRole(RoleName role)
    {
        string claims = role == RoleName.Anon || role == RoleName.Service ? $$"""{"role":"{{role.Text}}"}""" : "{}";
        byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(claims);
        return new Caller
        {
            Role = role,
            ClaimsJson = claims,
            ClaimsUtf8 = utf8,
            Claims = JsonElement.Parse(utf8),
        };
    }

    /// <summary>A user as a token of theirs would say, without one: for a prompt on the owner's own machine.</summary>
    public static Caller ForUser(User user, string claims)
    {
        byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(claims);
        return new Caller
        {
            Role = new RoleName(user.Role),
            UserId = user.Id,
            UserIdText = user.Id.ToString("D"),
            Email = user.Email,
            IsAnonymousUser = user.IsAnonymous,
            ClaimsJson = claims,
            ClaimsUtf8 = utf8,
            Claims = JsonElement.Parse(utf8),
        };
    }

    public static readonly Caller Anonymous = ForRole(RoleName.Anon);
    public static readonly Caller Service = ForRole(RoleName.Service);
}
