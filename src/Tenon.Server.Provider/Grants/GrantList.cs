using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Admin;
using Tenon.Server.Provider.Clients;

namespace Tenon.Server.Provider.Grants;

/// <summary>/user/oauth/grants for a user, /admin/users/{id}/oauth/grants with the service key: what was allowed, and its end.</summary>
internal sealed class GrantList(AuthGate gate, Consents consents, Users users, TrustedProxies proxies, TimeProvider clock)
{
    public async Task ListOwnAsync(HttpContext context)
    {
        SignedIn who = await gate.RequireUserAsync(context);
        await WriteAsync(context, who.User.Id);
    }

    public async Task ListAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        await WriteAsync(context, (await AdminUsers.FindAsync(context, users)).Id);
    }

    public async Task RevokeOwnAsync(HttpContext context)
    {
        SignedIn who = await gate.RequireUserAsync(context);
        await RevokeAsync(context, who.User.Id, who.User.Email, context.Request.Query["client_id"].ToString());
    }

    public async Task RevokeAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        User user = await AdminUsers.FindAsync(context, users);
        await RevokeAsync(context, user.Id, "service_role", (string)context.Request.RouteValues["client"]!);
    }

    private async Task RevokeAsync(HttpContext context, Guid user, string? by, string client)
    {
        if (!Guid.TryParseExact(client, "D", out Guid id))
        {
            throw AuthErrors.ValidationFailed("invalid client_id format").ToException();
        }
        AuditEntry audit = AuditEntry.Of("token_revoked", user, by, ClientInfo.Of(context, proxies), clock);
        if (!await consents.RevokeAsync(user, id, audit))
        {
            throw AuthErrors.OAuthConsentNotFound.ToException();
        }
        AuthResponse.NoContent(context);
    }

    private async Task WriteAsync(HttpContext context, Guid user)
    {
        List<Grant> grants = await consents.ListAsync(user, context.RequestAborted);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartArray();
                foreach (Grant grant in grants)
                {
                    writer.WriteStartObject();
                    ClientWriter.WriteName(writer, grant.ClientId, grant.Name, grant.Uri, grant.LogoUri);
                    writer.WriteStartArray("scopes");
                    foreach (string scope in grant.Scopes)
                    {
                        writer.WriteStringValue(scope);
                    }
                    writer.WriteEndArray();
                    writer.WriteString("granted_at", ClientWriter.Time(grant.GrantedAt));
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
            }
        );
    }
}
