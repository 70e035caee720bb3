using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Admin;
using Tenon.Server.Provider.Stores;

namespace Tenon.Server.Provider.Clients;

/// <summary>/admin/oauth/clients with the service key, and /oauth/clients/register for anyone where that is allowed.</summary>
internal sealed class ClientAdministration(
    AuthGate gate,
    ClientRegister clients,
    KnownScopes scopes,
    AuthLimits limits,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    public async Task ListAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        int page = AdminUserList.Page(context);
        int perPage = AdminUserList.PerPage(context);
        (List<OAuthClient> found, long total) = await clients.ListAsync(perPage, (page - 1L) * perPage, context.RequestAborted);
        AdminUserList.SetPaging(context, page, perPage, total);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("clients");
                foreach (OAuthClient client in found)
                {
                    ClientWriter.Write(writer, client);
                }
                writer.WriteEndArray();
                writer.WriteString("aud", TokenVerifier.Audience);
                writer.WriteEndObject();
            }
        );
    }

    public async Task CreateAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        var change = ClientChange.ForNew(await AuthBody.ReadAsync(context), scopes, dynamic: false);
        (OAuthClient client, string? secret) = await clients.CreateAsync(change, OAuthClient.Manual, Audit(context, "oauth_client_created"), context.RequestAborted);
        await WriteAsync(context, StatusCodes.Status201Created, client, secret);
    }

    public async Task RegisterAsync(HttpContext context)
    {
        if (!options.OAuthServer.AllowDynamicRegistration)
        {
            throw AuthErrors.DynamicRegistrationDisabled.ToException();
        }
        await limits.TakeAsync(AuthLimit.SignIn, context);
        var change = ClientChange.ForNew(await AuthBody.ReadAsync(context), scopes, dynamic: true);
        (OAuthClient client, string? secret) = await clients.CreateAsync(change, OAuthClient.Dynamic, Audit(context, "oauth_client_created"), context.RequestAborted);
        await WriteAsync(context, StatusCodes.Status201Created, client, secret);
    }

    public async Task GetAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        await WriteAsync(context, StatusCodes.Status200OK, await FindAsync(context), null);
    }

    public async Task UpdateAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        OAuthClient old = await FindAsync(context);
        var change = ClientChange.Of(await AuthBody.ReadAsync(context), old, scopes);
        await WriteAsync(context, StatusCodes.Status200OK, await clients.UpdateAsync(old, change, Audit(context, "oauth_client_updated"), context.RequestAborted), null);
    }

    public async Task DeleteAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        OAuthClient client = await FindAsync(context);
        await clients.DeleteAsync(client.Id, Audit(context, "oauth_client_deleted"));
        AuthResponse.NoContent(context);
    }

    public async Task NewSecretAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        OAuthClient old = await FindAsync(context);
        if (old.IsPublic)
        {
            throw AuthErrors.ValidationFailed("Cannot regenerate secret for public client").ToException();
        }
        (OAuthClient client, string secret) = await clients.NewSecretAsync(old, Audit(context, "oauth_client_secret_regenerated"), context.RequestAborted);
        await WriteAsync(context, StatusCodes.Status200OK, client, secret);
    }

    private async Task<OAuthClient> FindAsync(HttpContext context) =>
        await clients.FindAsync((string)context.Request.RouteValues["client"]!, context.RequestAborted) ?? throw AuthErrors.OAuthClientNotFound.ToException();

    private AuditEntry Audit(HttpContext context, string action) => AuditEntry.Of(action, null, null, ClientInfo.Of(context, proxies), clock);

    private static Task WriteAsync(HttpContext context, int status, OAuthClient client, string? secret) =>
        AuthResponse.WriteAsync(context, status, writer => ClientWriter.Write(writer, client, secret));
}
