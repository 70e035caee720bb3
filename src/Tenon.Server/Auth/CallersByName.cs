using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>A caller by name, for the owner's own machine (--as): a role, or a user by e-mail address or id with the claims a token of theirs would carry.</summary>
internal static class CallersByName
{
    /// <summary>Null when it is neither a role that requests may take nor a user.</summary>
    public static async Task<Caller?> FindAsync(string name, StoreDatabase store, AuthOptions options, TimeProvider clock, CancellationToken cancellation)
    {
        var users = new Users(store);
        bool isId = Guid.TryParseExact(name, "D", out Guid id);
        if (!isId && !name.Contains('@'))
        {
            var role = new RoleName(name);
            return new ApiRoles(options).Allows(role) ? Caller.ForRole(role) : null;
        }
        User? user = isId ? await users.ByIdAsync(id, cancellation) : await users.ByEmailAsync(name.Trim().ToLowerInvariant(), cancellation);
        return user is null ? null : Caller.ForUser(user, ClaimsOf(user, options, clock.GetUtcNow()));
    }

    private static string ClaimsOf(User user, AuthOptions options, DateTimeOffset now)
    {
        var session = new Session(Guid.NewGuid(), user.Id, "aal1", """[{"method":"prompt","timestamp":0}]""", null, null, null, now, now);
        return Tokens.Claims(user, session, options.Issuer, now.ToUnixTimeSeconds(), (now + options.JwtExpiry).ToUnixTimeSeconds());
    }
}
