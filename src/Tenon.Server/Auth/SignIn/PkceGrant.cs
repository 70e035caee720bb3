using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth.OAuth;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// POST /token?grant_type=pkce: the code a link gave out, and the verifier that proves that this client began the flow
/// (RFC 7636). A code works once; a wrong verifier uses it up, so it cannot be tried.
/// </summary>
internal sealed class PkceGrant(
    StoreDatabase store,
    Sessions sessions,
    Vault vault,
    AuthLimits limits,
    TrustedProxies proxies,
    TimeProvider clock
)
{
    private sealed record Exchange(AuthError? Refusal, UserWithIdentities? User = null, NewSession? Session = null, Flow? Flow = null);

    public async Task HandleAsync(HttpContext context)
    {
        await limits.TakeAsync(AuthLimit.Verification, context);
        AuthBody body = await AuthBody.ReadAsync(context);
        string code = body.Text("auth_code") ?? "";
        string verifier = body.Text("code_verifier") ?? "";
        if (code.Length == 0 || verifier.Length == 0)
        {
            throw AuthErrors
                .ValidationFailed("invalid request: both auth code and code verifier should be non-empty")
                .ToException();
        }
        DateTimeOffset now = StoreTime.Now(clock);
        ClientInfo client = ClientInfo.Of(context, proxies);
        NewSession session = sessions.Prepare(Guid.Empty, "otp", client);
        AuditEntry audit = AuditEntry.Of("login", null, null, client, clock);
        Exchange exchange = await store.WriteAsync(unit => Redeem(unit, code, verifier, session, audit, now), CancellationToken.None);
        if (exchange.Refusal is { } refusal)
        {
            throw refusal.ToException();
        }
        UserWithIdentities found = exchange.User!;
        IssuedSession issued = await sessions.IssueAsync(context, found.User, found.Identities, exchange.Session!.Session, exchange.Session.Token.Text);
        Flow flow = exchange.Flow!;
        await AuthResponse.WriteSessionAsync(context, issued with { Provider = ExternalSignIn.Open(vault, flow.Id, flow.SealedTokens) });
    }

    private Exchange Redeem(IStoreTransaction unit, string code, string verifier, NewSession session, AuditEntry audit, DateTimeOffset now)
    {
        if (FlowStates.Find(unit, code) is not { } flow)
        {
            return new Exchange(AuthErrors.FlowStateNotFound);
        }
        if (flow.Used || !FlowStates.Use(unit, flow, now))
        {
            return new Exchange(AuthErrors.FlowStateAlreadyUsed);
        }
        if (flow.ExpiresAt <= now)
        {
            return new Exchange(AuthErrors.FlowStateExpired);
        }
        if (!flow.Challenge.IsMetBy(verifier))
        {
            return new Exchange(AuthErrors.BadCodeVerifier);
        }
        if (Users.ById(unit, flow.User) is not { DeletedAt: null } user)
        {
            return new Exchange(AuthErrors.FlowStateNotFound);
        }
        if (user.IsBanned(now))
        {
            return new Exchange(AuthErrors.UserBanned);
        }
        if (Users.MarkSignedIn(unit, user.Id, user.PasswordHash, user.PasswordHash, now) is not { } marked)
        {
            return new Exchange(AuthErrors.Conflict);
        }
        string amr = Sessions.Amr(flow.Method == FlowStates.OAuth ? "oauth" : "otp", session.Session.CreatedAt);
        var opened = new NewSession(session.Session with { UserId = user.Id, Amr = amr }, session.Token);
        sessions.Open(unit, opened);
        (audit with { Actor = user.Id, ActorName = user.Email }).Write(unit);
        return new Exchange(null, marked, opened, flow);
    }
}
