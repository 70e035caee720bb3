using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth.Account;

/// <summary>
/// GET /sessions and DELETE /sessions/{id}: a user sees where they are signed in and ends what they do not know. Ours, not
/// GoTrue's (docs/guides/sessions.md).
/// </summary>
internal sealed class SessionList(AuthGate gate, Sessions sessions, TrustedProxies proxies, TimeProvider clock)
{
    public async Task GetAsync(HttpContext context)
    {
        SignedIn signedIn = await gate.RequireUserAsync(context);
        List<Session> open = await sessions.ListAsync(signedIn.User.Id, context.RequestAborted);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer => UserWriter.WriteSessions(writer, open, signedIn.SessionId)
        );
    }

    public async Task DeleteAsync(HttpContext context)
    {
        SignedIn signedIn = await gate.RequireUserAsync(context);
        if (!Guid.TryParseExact(context.Request.RouteValues["id"] as string, "D", out Guid id))
        {
            throw AuthErrors.NoSuchSession.ToException();
        }
        ClientInfo client = ClientInfo.Of(context, proxies);
        AuditEntry audit = AuditEntry.Of("token_revoked", signedIn.User.Id, signedIn.User.Email, client, clock);
        if (!await sessions.EndOneAsync(signedIn.User.Id, id, audit))
        {
            throw AuthErrors.NoSuchSession.ToException();
        }
        AuthResponse.NoContent(context);
    }
}
