using System.Text;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Mfa;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Provider.Clients;
using Tenon.Server.Provider.Grants;
using Tenon.Server.Provider.Protocol;
using Tenon.Server.Provider.Stores;

namespace Tenon.Server.Provider.Pages;

/// <summary>
/// What a request that waits shows its user, one step after the other: signing in, the second factor where the account has
/// one, consent. Every form is bound to the browser and to the request, and its limits are those of /auth/v1.
/// </summary>
internal sealed class SignInPages(
    BrowserSessions browsers,
    PendingRequests requests,
    Consents consents,
    ClientRegister clients,
    PasswordGrant passwords,
    PageProof factors,
    KnownScopes scopes,
    PageWriter pages,
    AuthOptions options
)
{
    private const string RequestField = "authorization_id";
    private const string FormField = "form";

    private sealed record Step(PendingRequest Request, OAuthClient Client, BrowserSession? Browser);

    public async Task GetAsync(HttpContext context)
    {
        if (await FindAsync(context, context.Request.Query[RequestField].ToString()) is { } step)
        {
            await ShowAsync(context, step, null);
        }
    }

    public Task SignInAsync(HttpContext context) =>
        PostAsync(
            context,
            async (step, form) =>
            {
                (User _, Session session) = await passwords.SignInAsync(form["email"].ToString().Trim(), form["password"].ToString(), context);
                browsers.Remember(context, session);
                Next(context, step.Request);
            }
        );

    public Task FactorAsync(HttpContext context) =>
        PostAsync(
            context,
            async (step, form) =>
            {
                if (step.Browser is { OwesFactor: true } browser)
                {
                    await factors.ProveAsync(context, browser.User, browser.Session.Id, form["code"].ToString());
                }
                Next(context, step.Request);
            }
        );

    public Task SwitchAsync(HttpContext context) =>
        PostAsync(
            context,
            async (step, _) =>
            {
                await requests.ReleaseAsync(step.Request, context.RequestAborted);
                Next(context, step.Request);
            }
        );

    public Task ConsentAsync(HttpContext context) =>
        PostAsync(
            context,
            async (step, form) =>
            {
                if (WaitsFor(step) is not null || !await requests.ClaimAsync(step.Request, step.Browser!.User.Id, context.RequestAborted))
                {
                    Next(context, step.Request);
                    return;
                }
                bool approves = form["action"] == "approve";
                Session? session = approves ? step.Browser.Session : null;
                SubAnswer answer = await requests.DecideAsync(context, step.Request, step.Browser.User, session, remembers: approves && step.Request.Kind == PendingRequest.Authorize);
                await AnswerAsync(context, step.Request, answer, approves);
            }
        );

    private async Task AnswerAsync(HttpContext context, PendingRequest request, SubAnswer answer, bool approves)
    {
        if (request.Kind == PendingRequest.Authorize)
        {
            await pages.RelayAsync(context, answer);
        }
        else if (answer.Status >= StatusCodes.Status400BadRequest)
        {
            await pages.ErrorAsync(context, StatusCodes.Status400BadRequest, "invalid_request", "The code has expired. Start again on your device.");
        }
        else
        {
            await pages.DoneAsync(context, approves ? "Your device is signed in" : "You denied the request", "You can close this page and go back to your device.");
        }
    }

    private async Task<Step?> FindAsync(HttpContext context, string id)
    {
        PendingRequest? request = id.Length is > 0 and <= 64 ? await requests.FindAsync(id, context.RequestAborted) : null;
        OAuthClient? client = request is null ? null : await clients.FindAsync(request.ClientId.ToString("D"), context.RequestAborted);
        if (request is null || client is null)
        {
            await pages.ErrorAsync(context, StatusCodes.Status404NotFound, "request_not_found", "This sign-in took too long or was answered already.");
            return null;
        }
        return new Step(request, client, await browsers.FindAsync(context));
    }

    private async Task PostAsync(HttpContext context, Func<Step, IFormCollection, Task> act)
    {
        if (!context.Request.HasFormContentType)
        {
            await pages.ErrorAsync(context, StatusCodes.Status415UnsupportedMediaType, "invalid_request", "A form was expected.");
            return;
        }
        IFormCollection form = await AuthForm.ReadAsync(context);
        string id = form[RequestField].ToString();
        if (!browsers.IsOurForm(context, id, form[FormField].ToString()))
        {
            await pages.ErrorAsync(context, StatusCodes.Status403Forbidden, "invalid_form", "This form was not sent from the page it belongs to, or cookies are blocked.");
            return;
        }
        if (await FindAsync(context, id) is not { } step)
        {
            return;
        }
        try
        {
            await act(step, form);
        }
        catch (AuthException e) when (e.Error.Code == AuthErrors.OAuthAuthorizationNotFound.Code)
        {
            await pages.ErrorAsync(context, StatusCodes.Status404NotFound, "request_not_found", "This sign-in took too long or was answered already.");
        }
        catch (AuthException e)
        {
            if (e.Error.RetryAfter is { } seconds)
            {
                context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            }
            await ShowAsync(context, step, e.Error, form["email"].ToString());
        }
    }

    private void Next(HttpContext context, PendingRequest request) =>
        ReturnAddress.Go(
            context,
            StatusCodes.Status303SeeOther,
            ReturnAddress.WithQuery(options.Issuer + Paths.Consent, ReturnAddress.Form((RequestField, request.Id)))
        );

    /// <summary>What has to happen before consent can be asked; null: nothing.</summary>
    private static string? WaitsFor(Step step) =>
        step.Browser is not { } browser || (step.Request.AsksSignIn && browser.Session.CreatedAt < step.Request.CreatedAt) ? Paths.SignIn
        : browser.OwesFactor ? Paths.Factor
        : null;

    private async Task ShowAsync(HttpContext context, Step step, AuthError? error, string? typed = null)
    {
        string? waits = WaitsFor(step);
        if (waits is null && step.Browser is { } browser)
        {
            await ShowConsentAsync(context, step, browser);
            return;
        }
        string about = $"to continue to <strong>{PageWriter.Text(step.Client.Name)}</strong>";
        string page = waits == Paths.SignIn ? SignInForm(context, step, error, typed ?? step.Request.LoginHint, about) : FactorForm(context, step, error);
        string title = waits == Paths.SignIn ? "Sign in" : "Enter your code";
        await pages.WriteAsync(context, error?.Status ?? StatusCodes.Status200OK, title, page, step.Request.RedirectUri);
    }

    private string SignInForm(HttpContext context, Step step, AuthError? error, string? address, string about)
    {
        string kind = options.Sms.EnableSignup ? "text" : "email";
        string label = options.Sms.EnableSignup ? "E-mail address or telephone number" : "E-mail address";
        return $"""
            <h1>Sign in</h1><p>{about}</p>{Said(error)}
            {Form(context, step, Paths.SignIn)}
            <label for="email">{label}</label>
            <input id="email" name="email" type="{kind}" autocomplete="username" required maxlength="254" value="{PageWriter.Text(address)}"{Described(error)}>
            <label for="password">Password</label>
            <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024"{Described(error)}>
            <button type="submit">Sign in</button></form>
            """;
    }

    private string FactorForm(HttpContext context, Step step, AuthError? error) =>
        $"""
            <h1>Enter your code</h1><p>Your account is protected by a second step. Type the code that your authenticator app shows, or one of your recovery codes.</p>{Said(error)}
            {Form(context, step, Paths.Factor)}
            <label for="code">Code</label>
            <input id="code" name="code" type="text" autocomplete="one-time-code" autocapitalize="off" spellcheck="false" required maxlength="40"{Described(error)}>
            <button type="submit">Continue</button></form>
            {Switch(context, step)}
            """;

    private async Task ShowConsentAsync(HttpContext context, Step step, BrowserSession browser)
    {
        if (!await requests.ClaimAsync(step.Request, browser.User.Id, context.RequestAborted))
        {
            await pages.ErrorAsync(context, StatusCodes.Status404NotFound, "request_not_found", "This sign-in was begun by another account.");
            return;
        }
        if (await consents.CoversAsync(browser.User.Id, step.Client, step.Request, context.RequestAborted))
        {
            await pages.RelayAsync(context, await requests.DecideAsync(context, step.Request, browser.User, browser.Session, remembers: false));
            return;
        }
        var list = new StringBuilder();
        foreach (string scope in step.Request.Scopes)
        {
            list.Append("<li>").Append(PageWriter.Text(scopes.Find(scope)?.Description ?? scope)).Append("</li>");
        }
        string wants = list.Length > 0 ? $"<p>It will be able to:</p><ul>{list}</ul>" : "";
        string place = step.Request.RedirectUri.Length > 0 ? $"""<p class="small">You will be sent to {PageWriter.Text(HostOf(step.Request.RedirectUri))}.</p>""" : "";
        string body = $"""
            <h1>Allow {PageWriter.Text(step.Client.Name)}?</h1>
            <p><strong>{PageWriter.Text(step.Client.Name)}</strong> wants to use your account <strong>{PageWriter.Text(browser.User.Email ?? browser.User.Phone)}</strong> at {PageWriter.Text(pages.Name)}.</p>
            {wants}{place}
            {Form(context, step, Paths.Consent)}
            <button type="submit" name="action" value="approve">Allow</button>
            <button type="submit" name="action" value="deny" class="plain">Deny</button></form>
            {Switch(context, step)}
            """;
        await pages.WriteAsync(context, StatusCodes.Status200OK, "Allow " + step.Client.Name, body, step.Request.RedirectUri);
    }

    private static string HostOf(string address) => Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Host.Length > 0 ? uri.Authority : "the application";

    private string Switch(HttpContext context, Step step) =>
        $"""{Form(context, step, Paths.SwitchUser)}<p class="small"><button type="submit" class="link">Use another account</button></p></form>""";

    private string Form(HttpContext context, Step step, string path) =>
        $"""<form method="post" action="{PageWriter.Text(options.Issuer + path)}">{PageWriter.Hidden(RequestField, step.Request.Id)}{PageWriter.Hidden(FormField, browsers.FormToken(context, step.Request.Id))}""";

    private static string Said(AuthError? error) => error is null ? "" : $"""<p class="error" role="alert" id="said">{PageWriter.Text(error.Message)}</p>""";

    private static string Described(AuthError? error) => error is null ? "" : """ aria-describedby="said" aria-invalid="true" """;
}
