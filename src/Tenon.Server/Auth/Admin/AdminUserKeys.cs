using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth.Account;

namespace Tenon.Server.Auth.Admin;

/// <summary>/admin/users/{id}/keys with the service key: which keys a user has made, and the end of one. Ours, not GoTrue's.</summary>
internal sealed class AdminUserKeys(AuthGate gate, Users users, UserKeys keys, TrustedProxies proxies, TimeProvider clock)
{
    public async Task ListAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        User user = await AdminUsers.FindAsync(context, users);
        await KeyList.WriteAsync(context, await keys.ListAsync(user.Id, context.RequestAborted));
    }

    public async Task DeleteAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        User user = await AdminUsers.FindAsync(context, users);
        AuditEntry audit = AuditEntry.Of("api_key_deleted", user.Id, "service_role", ClientInfo.Of(context, proxies), clock);
        bool known = Guid.TryParseExact(context.Request.RouteValues["key"] as string, "D", out Guid id);
        if (!known || !await keys.DeleteAsync(user.Id, id, audit))
        {
            throw AuthErrors.NoSuchUserKey.ToException();
        }
        AuthResponse.NoContent(context);
    }
}
