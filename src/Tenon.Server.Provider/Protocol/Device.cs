using System.Security.Claims;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using OpenIddict.Abstractions;
using Tenon.Server.Provider.Grants;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tenon.Server.Provider.Protocol;

/// <summary>The user's side of the device grant (RFC 8628 §3.3), as OpenIddict judges it: which request a code is of, and the answer to it.</summary>
internal sealed class Device(Approval approval)
{
    /// <summary>The request a user code stands for; null when there is none, or it was answered or took too long.</summary>
    public static async Task<PendingRequest?> FindAsync(HttpContext context, string parameters)
    {
        if (await ProtocolEndpoint.AnsweredAsync(context) || context.GetOpenIddictServerResponse() is { Error: not null })
        {
            return null;
        }
        AuthenticateResult code = await context.AuthenticateAsync(ProtocolEndpoint.Scheme);
        return code.Principal?.GetClaim(Claims.ClientId) is { } client
            ? new PendingRequest("", PendingRequest.Device, Guid.ParseExact(client, "D"), parameters) { Scope = string.Join(' ', code.Principal.GetScopes()), AsksConsent = true }
            : null;
    }

    public async Task VerifyAsync(HttpContext context)
    {
        var decision = (Decision)context.Items[Decision.Key]!;
        if (await ProtocolEndpoint.AnsweredAsync(context) || context.GetOpenIddictServerResponse() is { Error: not null })
        {
            return;
        }
        AuthenticateResult code = await context.AuthenticateAsync(ProtocolEndpoint.Scheme);
        if (code.Principal?.GetClaim(Claims.ClientId) is not { } client)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }
        if (decision.ApprovedIn is not { } session)
        {
            await ProtocolEndpoint.ForbidAsync(context, Errors.AccessDenied, "The user denied the request.");
            return;
        }
        ClaimsPrincipal principal = await approval.PrincipalAsync(Guid.ParseExact(client, "D"), decision.User, session, code.Principal.GetScopes(), context.RequestAborted);
        await context.SignInAsync(ProtocolEndpoint.Scheme, principal);
    }
}
