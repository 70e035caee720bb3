using System.Security.Claims;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using OpenIddict.Abstractions;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Clients;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tenon.Server.Provider.Protocol;

/// <summary>/oauth/token, once OpenIddict has judged the client and what it shows: a session is opened or continued, tokens are made.</summary>
internal sealed class TokenExchange(ClientSessions sessions, ClientRegister clients, AuthLimits limits, AuthOptions options, TimeProvider clock)
{
    public async Task HandleAsync(HttpContext context)
    {
        await limits.TakeAsync(AuthLimit.Refresh, context);
        if (await ProtocolEndpoint.AnsweredAsync(context))
        {
            return;
        }
        OpenIddictRequest request = context.GetOpenIddictServerRequest()!;
        OAuthClient? client = await clients.FindAsync(request.ClientId ?? "", context.RequestAborted);
        if (client is null)
        {
            await ProtocolEndpoint.ForbidAsync(context, Errors.InvalidClient, "The client is not known.");
            return;
        }
        if (request.IsClientCredentialsGrantType())
        {
            await context.SignInAsync(ProtocolEndpoint.Scheme, OfClient(client, request));
            return;
        }
        ClaimsPrincipal shown = (await context.AuthenticateAsync(ProtocolEndpoint.Scheme)).Principal!;
        TokenSubject? subject = await SubjectAsync(context, request, shown, client);
        if (subject is null)
        {
            context.Items[TokenHandlers.WasRight] = true;
            await ProtocolEndpoint.ForbidAsync(context, Errors.InvalidGrant, "The sign-in that this was given for has ended, or it was used before.");
            return;
        }
        context.Items[TokenHandlers.Subject] = subject;
        await context.SignInAsync(ProtocolEndpoint.Scheme, OfUser(subject, client, shown));
    }

    private async Task<TokenSubject?> SubjectAsync(HttpContext context, OpenIddictRequest request, ClaimsPrincipal shown, OAuthClient client)
    {
        Guid user = Guid.ParseExact(shown.GetClaim(Claims.Subject)!, "D");
        Guid authorization = Guid.ParseExact(shown.GetAuthorizationId()!, "D");
        return request.IsRefreshTokenGrantType()
            ? await sessions.ContinueAsync(context, authorization, user)
            : await sessions.OpenAsync(context, authorization, user, Guid.ParseExact(shown.GetClaim(Approval.ApprovedIn)!, "D"), client);
    }

    /// <summary>The client itself: a token for its other systems. It names no user and no session, so the data API refuses it.</summary>
    private ClaimsPrincipal OfClient(OAuthClient client, OpenIddictRequest request)
    {
        var identity = new ClaimsIdentity("tenon", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, client.Id.ToString("D"));
        identity.SetDestinations(static _ => [Destinations.AccessToken]);
        var principal = new ClaimsPrincipal(identity);
        principal.SetScopes(request.GetScopes()).SetAudiences(options.Issuer);
        return principal;
    }

    private ClaimsPrincipal OfUser(TokenSubject subject, OAuthClient client, ClaimsPrincipal shown)
    {
        var identity = new ClaimsIdentity("tenon", Claims.Name, Claims.Role);
        var scopes = shown.GetScopes();
        UserClaims.Write(identity, subject, scopes);
        identity.SetDestinations(static claim =>
            claim.Type == Claims.Subject ? [Destinations.AccessToken, Destinations.IdentityToken] : [Destinations.IdentityToken]
        );
        var principal = new ClaimsPrincipal(identity);
        // A client that may refresh gets what it refreshes with, as it does from GoTrue.
        principal.SetScopes(client.GrantTypes.Contains(GrantTypes.RefreshToken) ? scopes.Union([Scopes.OfflineAccess]) : scopes);
        principal.SetAudiences(TokenVerifier.Audience);
        principal.SetAuthorizationId(shown.GetAuthorizationId());
        if (subject.Session.NotAfter is { } end && end - clock.GetUtcNow() is var left && left < options.JwtExpiry)
        {
            principal.SetAccessTokenLifetime(left).SetIdentityTokenLifetime(left);
        }
        return principal;
    }
}
