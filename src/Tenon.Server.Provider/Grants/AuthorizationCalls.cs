using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Clients;
using Tenon.Server.Provider.Protocol;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Grants;

/// <summary>/oauth/authorizations/{id}: for a consent page of the application's own, which auth-js speaks for.</summary>
internal sealed class AuthorizationCalls(AuthGate gate, PendingRequests requests, Consents consents, ClientRegister clients, StoreDatabase store, TimeProvider clock)
{
    public async Task GetAsync(HttpContext context)
    {
        (BrowserSession who, PendingRequest request, OAuthClient client) = await ReadAsync(context);
        if (await consents.CoversAsync(who.User.Id, client, request, context.RequestAborted))
        {
            await WriteAsync(context, await requests.DecideAsync(context, request, who.User, who.Session, remembers: false));
            return;
        }
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("authorization_id", request.Id);
                writer.WriteString("redirect_uri", request.RedirectUri);
                ClientWriter.WriteName(writer, client.Id, client.Name, client.Uri, client.LogoUri);
                writer.WriteStartObject("user");
                writer.WriteString("id", who.User.Id);
                writer.WriteString("email", who.User.Email ?? "");
                writer.WriteEndObject();
                writer.WriteString("scope", request.Scope);
                writer.WriteEndObject();
            }
        );
    }

    public async Task PostAsync(HttpContext context)
    {
        (BrowserSession who, PendingRequest request, _) = await ReadAsync(context);
        bool approves = (await AuthBody.ReadAsync(context)).Text("action") switch
        {
            "approve" => true,
            "deny" => false,
            _ => throw AuthErrors.ValidationFailed("action must be 'approve' or 'deny'").ToException(),
        };
        await WriteAsync(context, await requests.DecideAsync(context, request, who.User, approves ? who.Session : null, remembers: approves));
    }

    private async Task<(BrowserSession Who, PendingRequest Request, OAuthClient Client)> ReadAsync(HttpContext context)
    {
        SignedIn signedIn = await gate.RequireUserAsync(context);
        string id = (string)context.Request.RouteValues["authorization"]!;
        PendingRequest? request = id.Length <= 64 ? await requests.FindAsync(id, context.RequestAborted) : null;
        if (request is null || !await requests.ClaimAsync(request, signedIn.User.Id, context.RequestAborted))
        {
            throw AuthErrors.OAuthAuthorizationNotFound.ToException();
        }
        OAuthClient? client = await clients.FindAsync(request.ClientId.ToString("D"), context.RequestAborted);
        if (client is null || await store.QueryAsync(SessionSql.Find, new[] { StoreValues.Of(signedIn.SessionId) }, context.RequestAborted) is not [var row])
        {
            throw AuthErrors.OAuthAuthorizationNotFound.ToException();
        }
        var who = new BrowserSession(signedIn.User, Session.Read(row));
        RequireRecent(request, who);
        return (who, request, client);
    }

    // What the client asked (prompt=login, max_age) the application's page has to bring about.
    private void RequireRecent(PendingRequest request, BrowserSession who)
    {
        if (who.OwesFactor)
        {
            throw AuthErrors.Aal2ToConsent.ToException();
        }
        if (request.AsksSignIn && who.Session.CreatedAt < request.CreatedAt && clock.GetUtcNow() >= request.CreatedAt)
        {
            throw AuthErrors.SignInToConsent.ToException();
        }
    }

    private static Task WriteAsync(HttpContext context, SubAnswer answer) =>
        answer.Location is not { } target
            ? throw AuthErrors.ValidationFailed("authorization request cannot be processed").ToException()
            : AuthResponse.WriteAsync(
                context,
                StatusCodes.Status200OK,
                writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("redirect_url", target);
                    writer.WriteEndObject();
                }
            );
}
