using System.Security.Claims;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using OpenIddict.Abstractions;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Clients;
using Tenon.Server.Provider.Grants;
using Tenon.Server.Provider.Pages;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tenon.Server.Provider.Protocol;

/// <summary>
/// /oauth/authorize. A request that OpenIddict found in order is answered at once where its user is signed in and allowed it
/// before; otherwise it is kept, and the pages (ours, or the application's own) ask.
/// </summary>
internal sealed class Authorize(
    BrowserSessions browsers,
    PendingRequests requests,
    Consents consents,
    ClientRegister clients,
    Approval approval,
    SubRequests subRequests,
    PageWriter pages,
    AuthOptions options,
    TimeProvider clock
)
{
    public async Task HandleAsync(HttpContext context)
    {
        if (await ProtocolEndpoint.AnsweredAsync(context))
        {
            return;
        }
        if (context.GetOpenIddictServerResponse() is { Error: { } error } refused)
        {
            await pages.ErrorAsync(context, StatusCodes.Status400BadRequest, error, refused.ErrorDescription);
            return;
        }
        OpenIddictRequest asked = context.GetOpenIddictServerRequest()!;
        if (context.Items[Decision.Key] is Decision decision)
        {
            await AnswerAsync(context, asked, decision);
            return;
        }
        OAuthClient client = (await clients.FindAsync(asked.ClientId!, context.RequestAborted))!;
        PendingRequest request = await ReadAsync(context, asked, client);
        BrowserSession? browser = await browsers.FindAsync(context);
        request = request with { AsksSignIn = await AsksSignInAsync(context, asked, browser) };
        string? missing =
            browser is null || browser.OwesFactor || request.AsksSignIn ? Errors.LoginRequired
            : await consents.CoversAsync(browser.User.Id, client, request, context.RequestAborted) ? null
            : Errors.ConsentRequired;
        if (missing is null)
        {
            await pages.RelayAsync(context, await subRequests.RunAsync(context, request, new Decision(browser!.User, browser.Session)));
        }
        else if (asked.HasPromptValue(PromptValues.None))
        {
            await ProtocolEndpoint.ForbidAsync(context, missing, "The request cannot be answered without asking the user.");
        }
        else
        {
            request = await requests.KeepAsync(request, context.RequestAborted);
            ReturnAddress.Go(context, StatusCodes.Status303SeeOther, PageOf(request));
        }
    }

    private string PageOf(PendingRequest request)
    {
        string page = options.OAuthServer.AuthorizationUrlPath is { Length: > 0 } own
            ? options.SiteUrl.TrimEnd('/') + "/" + own.TrimStart('/')
            : options.Issuer + Paths.Consent;
        return ReturnAddress.WithQuery(page, ReturnAddress.Form(("authorization_id", request.Id)));
    }

    private static async Task<PendingRequest> ReadAsync(HttpContext context, OpenIddictRequest asked, OAuthClient client)
    {
        string parameters = HttpMethods.IsPost(context.Request.Method)
            ? string.Join('&', (await context.Request.ReadFormAsync()).SelectMany(field => field.Value.Select(value => $"{Uri.EscapeDataString(field.Key)}={Uri.EscapeDataString(value ?? "")}")))
            : context.Request.QueryString.Value![1..];
        return new PendingRequest("", PendingRequest.Authorize, client.Id, parameters)
        {
            RedirectUri = asked.RedirectUri ?? "",
            Scope = string.Join(' ', asked.GetScopes()),
            LoginHint = asked.LoginHint is { Length: <= 254 } hint ? hint : null,
            AsksConsent = asked.HasPromptValue(PromptValues.Consent),
        };
    }

    /// <summary>Whether the sign-in there is, if any, is not the one the client asks for: too old, or another person's.</summary>
    private async Task<bool> AsksSignInAsync(HttpContext context, OpenIddictRequest asked, BrowserSession? browser)
    {
        if (asked.HasPromptValue(PromptValues.Login) || asked.HasPromptValue(PromptValues.SelectAccount))
        {
            return true;
        }
        if (asked.MaxAge is { } age && (browser is null || browser.Session.CreatedAt.AddSeconds(Math.Max(0, age)) < clock.GetUtcNow()))
        {
            return true;
        }
        AuthenticateResult hint = await context.AuthenticateAsync(ProtocolEndpoint.Scheme);
        return browser is not null && hint.Principal?.GetClaim(Claims.Subject) is { } subject && subject != browser.User.Id.ToString("D");
    }

    private async Task AnswerAsync(HttpContext context, OpenIddictRequest asked, Decision decision)
    {
        if (decision.ApprovedIn is not { } session)
        {
            await ProtocolEndpoint.ForbidAsync(context, Errors.AccessDenied, "The user denied the request.");
            return;
        }
        ClaimsPrincipal principal = await approval.PrincipalAsync(Guid.ParseExact(asked.ClientId!, "D"), decision.User, session, asked.GetScopes(), context.RequestAborted);
        await context.SignInAsync(ProtocolEndpoint.Scheme, principal);
    }
}
