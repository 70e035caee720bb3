using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tenon.Server.Auth.OAuth;

/// <summary>
/// GET and POST /callback: the provider leads back. State, browser, issuer, the provider's own error and the code are
/// judged in this order; the browser goes on to where the flow began, with a session, a code or the error in query and
/// fragment, as GoTrue has it. Without a flow it goes to the site.
/// </summary>
internal sealed class Callback(
    Providers providers,
    Issuers issuers,
    ProviderClient client,
    ExternalFlows flows,
    ExternalSignIn signIn,
    Sessions sessions,
    AuthLimits limits,
    AuthOptions options,
    TimeProvider clock,
    ILogger<Callback> logger
)
{
    private const int LongestValue = 8 * 1024;
    private static readonly string[] Answers = ["code", "state", "iss", "error", "error_description"];

    /// <summary>An error of the provider's own, passed on.</summary>
    private sealed class ProviderRefused(string error, string description) : Exception(description)
    {
        public string Error => error;
    }

    public async Task GetAsync(HttpContext context)
    {
        ExternalFlow? flow = null;
        string Target() => flow?.RedirectTo ?? options.SiteUrl;
        try
        {
            await limits.TakeAsync(AuthLimit.Verification, context);
            IQueryCollection query = context.Request.Query;
            flow = await TakeAsync(query["state"].ToString());
            RequireCurrent(context, flow);
            Provider provider =
                await providers.FindAsync(flow.Provider, context.RequestAborted) ?? throw AuthErrors.ProviderDisabled.ToException();
            await RequireIssuerAsync(provider, query, context.RequestAborted);
            string code = RequireCode(query);
            Arrival arrival = await client.ArriveAsync(provider, flow.Secrets, code, context.RequestAborted);
            Entered entered = await signIn.EnterAsync(
                context,
                provider,
                arrival.Person,
                arrival.Tokens,
                flow.Challenge,
                new Purpose(flow.LinkUser, flow.Secrets.Invite)
            );
            ReturnAddress.Go(context, StatusCodes.Status302Found, await DestinationAsync(context, flow.RedirectTo, entered, arrival.Tokens));
        }
        catch (ProviderRefused e)
        {
            GoWithError(context, Target(), ("error", e.Error), ("error_description", e.Message));
        }
        catch (AuthException e)
        {
            GoWithError(context, Target(), ("error", NameOf(e.Error)), ("error_code", e.Error.Code), ("error_description", e.Error.Message));
        }
        catch (IssuerException e)
        {
            AuthEvents.IssuerFailed(logger, e, flow?.Provider ?? "");
            AuthError error = AuthErrors.ProviderUnreachable;
            GoWithError(context, Target(), ("error", NameOf(error)), ("error_code", error.Code), ("error_description", error.Message));
        }
    }

    /// <summary>response_mode=form_post: the cookie does not come along from another site, so the browser asks once more by GET.</summary>
    public async Task PostAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType || context.Request.ContentLength is null or > AuthBody.LargestBody)
        {
            throw AuthErrors.BadOAuthCallback("The callback takes a form").ToException();
        }
        IFormCollection form = await AuthForm.ReadAsync(context);
        (string, string)[] members = [.. Answers.Where(name => form[name].Count == 1).Select(name => (name, form[name].ToString()))];
        ReturnAddress.Go(context, StatusCodes.Status303SeeOther, ReturnAddress.WithQuery(options.Issuer + "/callback", ReturnAddress.Form(members)));
    }

    private async Task<ExternalFlow> TakeAsync(string state)
    {
        if (state.Length is 0 or > LongestValue)
        {
            throw AuthErrors.BadOAuthCallback("OAuth state parameter missing").ToException();
        }
        return await flows.TakeAsync(state) ?? throw AuthErrors.BadOAuthState("OAuth state not found or already used").ToException();
    }

    private void RequireCurrent(HttpContext context, ExternalFlow flow)
    {
        if (flow.ExpiresAt <= clock.GetUtcNow())
        {
            throw AuthErrors.BadOAuthState("OAuth state has expired").ToException();
        }
        if (flow.BrowserHash is not { } bound)
        {
            return;
        }
        string name = FlowCookie.NameOf(flow.Id);
        string shown = ExternalFlows.HashOf(context.Request.Cookies[name] ?? "");
        context.Response.Cookies.Delete(name, FlowCookie.Settings(options));
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(shown), Encoding.ASCII.GetBytes(bound)))
        {
            throw AuthErrors.BadOAuthState("OAuth state is of another browser").ToException();
        }
    }

    /// <summary>RFC 9207: an answer that names an issuer names the one that was asked; one that promises to must.</summary>
    private async Task RequireIssuerAsync(Provider provider, IQueryCollection query, CancellationToken cancellation)
    {
        if (provider.Kind != ProviderKind.Oidc)
        {
            return;
        }
        IssuerMetadata metadata = await issuers.MetadataAsync(provider, cancellation);
        string named = query["iss"].ToString();
        bool wrong = named.Length == 0 ? metadata.NamesItself : named != metadata.Issuer && provider.IssuerRule != IssuerRule.Microsoft;
        if (wrong)
        {
            throw AuthErrors.BadOAuthCallback("The answer is of another issuer").ToException();
        }
    }

    private static string RequireCode(IQueryCollection query)
    {
        if (query["error"].ToString() is { Length: > 0 } error)
        {
            throw new ProviderRefused(Bounded(error), Bounded(query["error_description"].ToString()));
        }
        return query["code"].ToString() is { Length: > 0 and <= LongestValue } code
            ? code
            : throw AuthErrors.BadOAuthCallback("OAuth callback with missing authorization code").ToException();
    }

    private static string Bounded(string text) => text.Length <= 500 ? text : text[..500];

    private async Task<string> DestinationAsync(HttpContext context, string target, Entered entered, ProviderTokens tokens)
    {
        if (entered.FlowCode is { } code)
        {
            return ReturnAddress.WithQuery(target, ReturnAddress.Form(("code", code.ToString("D"))));
        }
        IssuedSession issued = await sessions.IssueAsync(context, entered.User!.User, entered.User.Identities, entered.Session!.Session, entered.Session.Token.Text);
        return ReturnAddress.WithSession(target, issued with { Provider = tokens }, type: null);
    }

    // In OAuth's words (RFC 6749 §4.1.2.1), by GoTrue's table.
    private static string NameOf(AuthError error) =>
        error.Code is "signup_disabled" or "user_banned" or "provider_email_needs_verification" ? "access_denied"
        : error.Status switch
        {
            400 => "invalid_request",
            401 => "unauthorized_client",
            403 => "access_denied",
            429 or 503 => "temporarily_unavailable",
            _ => "server_error",
        };

    private static void GoWithError(HttpContext context, string target, params ReadOnlySpan<(string Name, string Value)> members)
    {
        string parameters = ReturnAddress.Form(members);
        ReturnAddress.Go(context, StatusCodes.Status302Found, ReturnAddress.WithQuery(target, parameters) + "#" + parameters);
    }
}
