using System.Security.Claims;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using OpenIddict.Abstractions;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Pages;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tenon.Server.Provider.Protocol;

/// <summary>
/// /oauth/logout (OpenID Connect RP-Initiated Logout). A client that shows an identity token of the very user signs them
/// out; anybody else's link asks first. The browser's session and the one the identity token names end.
/// </summary>
internal sealed class EndSession(BrowserSessions browsers, Sessions sessions, PageWriter pages, TrustedProxies proxies, TimeProvider clock)
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
        BrowserSession? browser = await browsers.FindAsync(context);
        ClaimsPrincipal? hint = (await context.AuthenticateAsync(ProtocolEndpoint.Scheme)).Principal;
        bool isTheirs = hint?.GetClaim(Claims.Subject) is { } subject && subject == browser?.User.Id.ToString("D");
        if (browser is not null && !isTheirs && !IsConfirmed(context, asked))
        {
            await pages.ConfirmLogoutAsync(context, asked, browser, browsers.FormToken(context, "logout"));
            return;
        }
        await EndAsync(context, browser, isTheirs ? hint : null);
        browsers.Forget(context);
        if (asked.PostLogoutRedirectUri is null)
        {
            await pages.DoneAsync(context, "You are signed out", "You can close this page.");
            return;
        }
        await context.SignOutAsync(ProtocolEndpoint.Scheme, new AuthenticationProperties());
    }

    private bool IsConfirmed(HttpContext context, OpenIddictRequest asked) =>
        HttpMethods.IsPost(context.Request.Method) && browsers.IsOurForm(context, "logout", (string?)asked["form"] ?? "");

    private async Task EndAsync(HttpContext context, BrowserSession? browser, ClaimsPrincipal? hint)
    {
        if (browser is null)
        {
            return;
        }
        Guid user = browser.User.Id;
        AuditEntry audit = AuditEntry.Of("logout", user, browser.User.Email, ClientInfo.Of(context, proxies), clock);
        await sessions.EndOneAsync(user, browser.Session.Id, audit);
        if (Guid.TryParseExact(hint?.GetClaim("sid"), "D", out Guid held))
        {
            await sessions.EndOneAsync(user, held, AuditEntry.Of("token_revoked", user, browser.User.Email, ClientInfo.Of(context, proxies), clock));
        }
    }
}
