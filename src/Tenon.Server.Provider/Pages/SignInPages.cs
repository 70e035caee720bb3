using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Mfa;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Auth.WebAuthn;
using Tenon.Server.Provider.Clients;
using Tenon.Server.Provider.Grants;
using Tenon.Server.Provider.Protocol;

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
    PasskeySignIn passkeys,
    PageProof factors,
    StepForms forms,
    PageWriter pages,
    AuthOptions options
)
{
    public async Task GetAsync(HttpContext context)
    {
        if (await FindAsync(context, context.Request.Query[StepForms.RequestField].ToString()) is { } step)
        {
            await ShowAsync(context, step, null);
        }
    }

    public Task SignInAsync(HttpContext context) =>
        PostAsync(
            context,
            async (step, form) =>
            {
                (User _, Session session) = await passwords.SignInAsync(form, context);
                browsers.Remember(context, session);
                Next(context, step.Request);
            }
        );

    public Task PasskeyAsync(HttpContext context) =>
        PostAsync(
            context,
            async (step, form) =>
            {
                browsers.Remember(context, await passkeys.SignInAsync(context, form["answer"].ToString()));
                Next(context, step.Request);
            }
        );

    public Task PasskeyOptionsAsync(HttpContext context) => AskAsync(context, (_, form) => passkeys.OptionsAsync(context, form));

    public Task FactorOptionsAsync(HttpContext context) =>
        AskAsync(
            context,
            (step, form) =>
                step.Browser is { OwesFactor: true } browser
                    ? factors.AskKeyAsync(context, browser.User, browser.Session.Id, IdOf(form, "factor"))
                    : throw AuthErrors.MfaFactorNotFound.ToException()
        );

    public Task FactorAsync(HttpContext context) =>
        PostAsync(
            context,
            async (step, form) =>
            {
                if (step.Browser is { OwesFactor: true } browser && await ProveAsync(context, browser, form) is { } sent)
                {
                    await ShowAsync(context, step, null, sent: sent);
                    return;
                }
                Next(context, step.Request);
            }
        );

    /// <summary>A key's answer, a code, or the wish for a text message; what was sent, if anything was.</summary>
    private async Task<SentCode?> ProveAsync(HttpContext context, BrowserSession browser, IFormCollection form)
    {
        (User user, Guid session) = (browser.User, browser.Session.Id);
        if (form["answer"].ToString() is { Length: > 0 } answer)
        {
            await factors.ProveKeyAsync(context, user, session, IdOf(form, "factor"), answer);
        }
        else if (form.ContainsKey("send"))
        {
            Guid factor = IdOf(form, "factor");
            return new SentCode(factor, await factors.SendCodeAsync(context, user, session, factor));
        }
        else if (form.ContainsKey("challenge"))
        {
            await factors.ProveSentCodeAsync(context, user, session, IdOf(form, "factor"), IdOf(form, "challenge"), form["code"].ToString());
        }
        else
        {
            await factors.ProveAsync(context, user, session, form["code"].ToString());
        }
        return null;
    }

    private static Guid IdOf(IFormCollection form, string name) =>
        Guid.TryParseExact(form[name].ToString(), "D", out Guid id) ? id : throw AuthErrors.MfaFactorNotFound.ToException();

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
        Step? step = await ReadAsync(context, id);
        if (step is null)
        {
            await pages.ErrorAsync(context, StatusCodes.Status404NotFound, "request_not_found", "This sign-in took too long or was answered already.");
        }
        return step;
    }

    private async Task<Step?> ReadAsync(HttpContext context, string id)
    {
        PendingRequest? request = id.Length is > 0 and <= 64 ? await requests.FindAsync(id, context.RequestAborted) : null;
        OAuthClient? client = request is null ? null : await clients.FindAsync(request.ClientId.ToString("D"), context.RequestAborted);
        return request is null || client is null ? null : new Step(request, client, await browsers.FindAsync(context));
    }

    /// <summary>What a page's script asks for before it sends its form: answered, and refused, in JSON.</summary>
    private async Task AskAsync(HttpContext context, Func<Step, IFormCollection, Task> act)
    {
        IFormCollection form = context.Request.HasFormContentType ? await AuthForm.ReadAsync(context) : FormCollection.Empty;
        string id = form[StepForms.RequestField].ToString();
        if (!browsers.IsOurForm(context, id, form[StepForms.FormField].ToString()))
        {
            throw AuthErrors.ValidationFailed("This form was not sent from the page it belongs to, or cookies are blocked").ToException();
        }
        await act(await ReadAsync(context, id) ?? throw AuthErrors.OAuthAuthorizationNotFound.ToException(), form);
    }

    private async Task PostAsync(HttpContext context, Func<Step, IFormCollection, Task> act)
    {
        if (!context.Request.HasFormContentType)
        {
            await pages.ErrorAsync(context, StatusCodes.Status415UnsupportedMediaType, "invalid_request", "A form was expected.");
            return;
        }
        IFormCollection form = await AuthForm.ReadAsync(context);
        string id = form[StepForms.RequestField].ToString();
        if (!browsers.IsOurForm(context, id, form[StepForms.FormField].ToString()))
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
            await ShowAsync(context, step, e.Error, form["email"].ToString(), SentBefore(form));
        }
    }

    private void Next(HttpContext context, PendingRequest request) =>
        ReturnAddress.Go(
            context,
            StatusCodes.Status303SeeOther,
            ReturnAddress.WithQuery(options.Issuer + Paths.Consent, ReturnAddress.Form((StepForms.RequestField, request.Id)))
        );

    /// <summary>What has to happen before consent can be asked; null: nothing.</summary>
    private static string? WaitsFor(Step step) =>
        step.Browser is not { } browser || (step.Request.AsksSignIn && browser.Session.CreatedAt < step.Request.CreatedAt) ? Paths.SignIn
        : browser.OwesFactor ? Paths.Factor
        : null;

    // A wrong code of a text message is typed again into the same form.
    private static SentCode? SentBefore(IFormCollection form) =>
        Guid.TryParseExact(form["factor"].ToString(), "D", out Guid factor) && Guid.TryParseExact(form["challenge"].ToString(), "D", out Guid challenge) ? new SentCode(factor, challenge) : null;

    private async Task ShowAsync(HttpContext context, Step step, AuthError? error, string? typed = null, SentCode? sent = null)
    {
        string? waits = WaitsFor(step);
        if (waits is null && step.Browser is { } browser)
        {
            await ShowConsentAsync(context, step, browser);
            return;
        }
        bool signsIn = waits == Paths.SignIn;
        (string body, PageScripts scripts) = signsIn
            ? (forms.SignIn(context, step, error, typed ?? step.Request.LoginHint), forms.SignInScripts)
            : forms.Factor(context, step, await factors.FactorsOfAsync(step.Browser!.User, context.RequestAborted), error, sent);
        await pages.WriteAsync(context, error?.Status ?? StatusCodes.Status200OK, signsIn ? "Sign in" : "Second step", body, step.Request.RedirectUri, scripts);
    }

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
        await pages.WriteAsync(context, StatusCodes.Status200OK, "Allow " + step.Client.Name, forms.Consent(context, step, browser), step.Request.RedirectUri);
    }
}
