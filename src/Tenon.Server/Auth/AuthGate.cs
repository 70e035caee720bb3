using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Hosting;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>A signed-in user with the session the request came by.</summary>
internal sealed record SignedIn(Caller Caller, User User, Guid SessionId);

/// <summary>Who may use a call of /auth/v1: its user, or the holder of a service key.</summary>
internal sealed class AuthGate(CallerResolver resolver, StoreDatabase store)
{
    public async ValueTask<Caller> RequireCallerAsync(HttpContext context)
    {
        Resolution resolution = await resolver.ResolveAsync(context.Request, context.RequestAborted);
        if (!resolution.TryGet(out Caller? caller, out CredentialFailure? failure))
        {
            throw failure.ToAuthError().ToException();
        }
        if (RequestNotes.Of(context) is { } notes)
        {
            notes.Role = caller.Role.Text;
        }
        return caller;
    }

    /// <summary>
    /// The user themselves: what a client was given to act for them must not change their account. Clients may read where
    /// <paramref name="orClient"/> says so.
    /// </summary>
    public async ValueTask<SignedIn> RequireUserAsync(HttpContext context, bool orClient = false)
    {
        RequireBearer(context);
        Caller caller = await RequireCallerAsync(context);
        if (caller.ClientId is not null && !orClient)
        {
            throw AuthErrors.ClientTokenNotHere.ToException();
        }
        if (caller.UserId is not { } id)
        {
            throw AuthErrors.BadJwt("missing sub claim").ToException();
        }
        if (caller.SessionId is not { } session)
        {
            throw AuthErrors.SessionNotFound.ToException();
        }
        List<Datum[]> rows = await store.QueryAsync(UserSql.ById, new[] { StoreValues.Of(id) }, context.RequestAborted);
        return rows is [var row]
            ? new SignedIn(caller, User.Read(row), session)
            : throw AuthErrors.SessionNotFound.ToException();
    }

    public async ValueTask<Caller> RequireServiceAsync(HttpContext context)
    {
        if (context.Request.Headers["apikey"].Count == 0)
        {
            RequireBearer(context);
        }
        Caller caller = await RequireCallerAsync(context);
        return caller.BypassesPolicies ? caller : throw AuthErrors.NotAdmin.ToException();
    }

    private static void RequireBearer(HttpContext context)
    {
        if (context.Request.Headers.Authorization.Count == 0)
        {
            throw AuthErrors.NoAuthorization.ToException();
        }
    }
}
