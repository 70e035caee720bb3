using Microsoft.AspNetCore.Http;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Admin;

/// <summary>
/// /admin/users/{id}/sessions with the service key: where a user is signed in, the end of one or all of them, and a short
/// session of its own for a script. Ours, not GoTrue's (docs/guides/sessions.md). An end holds from the next request on.
/// </summary>
internal sealed class AdminSessions(
    AuthGate gate,
    Users users,
    Sessions sessions,
    Tokens tokens,
    StoreDatabase store,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    public async Task ListAsync(HttpContext context)
    {
        User user = await RequireUserAsync(context);
        List<Session> open = await sessions.ListAsync(user.Id, context.RequestAborted);
        await AuthResponse.WriteAsync(context, StatusCodes.Status200OK, writer => UserWriter.WriteSessions(writer, open, current: null));
    }

    /// <summary>A session without a refresh token: it ends by itself, and its token is all there is of it.</summary>
    public async Task CreateAsync(HttpContext context)
    {
        User user = await RequireUserAsync(context);
        AuthBody body = await AuthBody.ReadAsync(context);
        TimeSpan life = body.Text("expires_in") is { } text ? ReadLife(text) : options.JwtExpiry;
        DateTimeOffset now = StoreTime.Now(clock);
        if (user.IsBanned(now) || user.DeletedAt is not null)
        {
            throw AuthErrors.UserBanned.ToException();
        }
        ClientInfo client = ClientInfo.Of(context, proxies);
        Session session = sessions.Prepare(user.Id, "token", client).Session with { NotAfter = now + life };
        AuditEntry audit = Audit("token_issued", user, client);
        await store.WriteAsync(
            unit =>
            {
                Sessions.Insert(unit, session);
                audit.Write(unit);
                return true;
            },
            context.RequestAborted
        );
        (string token, long expiresIn, long expiresAt) = await tokens.IssueAsync(context, user, session, life);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("access_token", token);
                writer.WriteString("token_type", "bearer");
                writer.WriteNumber("expires_in", expiresIn);
                writer.WriteNumber("expires_at", expiresAt);
                writer.WriteString("session_id", session.Id);
                writer.WriteEndObject();
            }
        );
    }

    public async Task DeleteAllAsync(HttpContext context)
    {
        User user = await RequireUserAsync(context);
        AuditEntry audit = Audit("token_revoked", user, ClientInfo.Of(context, proxies));
        int ended = await sessions.EndAsync(user.Id, null, LogoutScope.Global, audit);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("ended", ended);
                writer.WriteEndObject();
            }
        );
    }

    public async Task DeleteOneAsync(HttpContext context)
    {
        User user = await RequireUserAsync(context);
        AuditEntry audit = Audit("token_revoked", user, ClientInfo.Of(context, proxies));
        bool known = Guid.TryParseExact(context.Request.RouteValues["session"] as string, "D", out Guid id);
        if (!known || !await sessions.EndOneAsync(user.Id, id, audit))
        {
            throw AuthErrors.NoSuchSession.ToException();
        }
        AuthResponse.NoContent(context);
    }

    private async Task<User> RequireUserAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        return await AdminUsers.FindAsync(context, users);
    }

    private static TimeSpan ReadLife(string text) =>
        GoDuration.Parse(text) is { } life && life >= Shortest && life <= Longest
            ? life
            : throw AuthErrors.ValidationFailed("\"expires_in\" must be a duration from 1s to 168h, such as 90m").ToException();

    private AuditEntry Audit(string action, User user, ClientInfo client) =>
        AuditEntry.Of(action, user.Id, "service_role", client, clock);
}
