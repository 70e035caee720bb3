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

    public async ValueTask<SignedIn> RequireUserAsync(HttpContext context)
    {
        RequireBearer(context);
        Caller caller = await RequireCallerAsync(context);
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
