using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth.Account;

/// <summary>POST /logout?scope=global|local|others: ends sessions of the token's user, from the next request on.</summary>
internal sealed class Logout(AuthGate gate, Sessions sessions, TrustedProxies proxies, TimeProvider clock)
{
    public async Task HandleAsync(HttpContext context)
    {
        LogoutScope scope = context.Request.Query["scope"].ToString() switch
        {
            "" or "global" => LogoutScope.Global,
            "local" => LogoutScope.Local,
            "others" => LogoutScope.Others,
            string other => throw AuthErrors.ValidationFailed($"Unsupported logout scope \"{other}\"").ToException(),
        };
        SignedIn signedIn = await gate.RequireUserAsync(context);
        ClientInfo client = ClientInfo.Of(context, proxies);
        AuditEntry audit = AuditEntry.Of("logout", signedIn.User.Id, signedIn.User.Email, client, clock);
        await sessions.EndAsync(signedIn.User.Id, signedIn.SessionId, scope, audit);
        AuthResponse.NoContent(context);
    }
}
