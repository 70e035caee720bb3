using System.Text;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Mfa;
using Tenon.Server.Auth.WebAuthn;
using Tenon.Server.Provider.Clients;
using Tenon.Server.Provider.Grants;
using Tenon.Server.Provider.Protocol;
using Tenon.Server.Provider.Stores;

namespace Tenon.Server.Provider.Pages;

/// <summary>A request that waits, whose it is, and who is signed in at this browser.</summary>
internal sealed record Step(PendingRequest Request, OAuthClient Client, BrowserSession? Browser);

/// <summary>A text message that was just sent: the factor, and the challenge that its code answers.</summary>
internal sealed record SentCode(Guid Factor, Guid Challenge);

/// <summary>
/// The HTML of the steps. Every form carries the request and a token of the browser; those that ask for a key are hidden
/// until the script that they need has looked whether the browser has keys at all.
/// </summary>
internal sealed class StepForms(BrowserSessions browsers, Passkeys passkeys, WebAuthnFactors securityKeys, RelyingParty party, KnownScopes scopes, PageWriter pages, AuthOptions options)
{
    public const string RequestField = "authorization_id";
    public const string FormField = "form";

    private bool OffersPasskeys => passkeys.Enabled && party.AsksAt(options.PublicUrl);

    /// <summary>What the step of signing in has to load.</summary>
    public PageScripts SignInScripts => (OffersPasskeys ? PageScripts.Keys : PageScripts.None) | (options.Captcha.Enabled ? PageScripts.Puzzle : PageScripts.None);

    public string SignIn(HttpContext context, Step step, AuthError? error, string? address)
    {
        string kind = options.Sms.EnableSignup ? "text" : "email";
        string label = options.Sms.EnableSignup ? "E-mail address or telephone number" : "E-mail address";
        string passkey = OffersPasskeys ? KeyForm(context, step, Paths.Passkey, "", "Use a passkey") : "";
        string puzzle = options.Captcha.Enabled ? PageWriter.Puzzle(options.Captcha) : "";
        return $"""
            <h1>Sign in</h1><p>to continue to <strong>{PageWriter.Text(step.Client.Name)}</strong></p>{Said(error)}
            {Form(context, step, Paths.SignIn)}
            <label for="email">{label}</label>
            <input id="email" name="email" type="{kind}" autocomplete="username" required maxlength="254" value="{PageWriter.Text(address)}"{Described(error)}>
            <label for="password">Password</label>
            <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024"{Described(error)}>
            {puzzle}<button type="submit">Sign in</button></form>
            {passkey}
            """;
    }

    /// <summary>The ways that this user has, with what they have to load. Codes are asked for where there are any, or nothing else.</summary>
    public (string Body, PageScripts Scripts) Factor(HttpContext context, Step step, List<Factor> factors, AuthError? error, SentCode? sent)
    {
        List<Factor> keys = securityKeys.AsksAt(options.PublicUrl) ? factors.FindAll(factor => factor.Type == Auth.Mfa.Factor.WebAuthn) : [];
        List<Factor> phones = options.Mfa.PhoneVerifyEnabled ? factors.FindAll(factor => factor.Type == Auth.Mfa.Factor.ByPhone) : [];
        bool typesCode = factors.Exists(factor => factor.Type is Auth.Mfa.Factor.Totp or Auth.Mfa.Factor.RecoveryCode) || keys.Count + phones.Count == 0;
        var body = new StringBuilder("<h1>").Append(typesCode || sent is not null ? "Enter your code" : "Confirm that it is you").Append("</h1><p>Your account is protected by a second step.</p>");
        body.Append(Said(error));
        if (sent is not null)
        {
            body.Append(CodeForm(context, step, "Type the code of the text message that was just sent.", "sent", Described(error), PageWriter.Hidden("factor", sent.Factor.ToString("D")) + PageWriter.Hidden("challenge", sent.Challenge.ToString("D"))));
        }
        foreach (Factor key in keys)
        {
            body.Append(KeyForm(context, step, Paths.Factor, PageWriter.Hidden("factor", key.Id.ToString("D")), Named("Use your security key", key)));
        }
        if (typesCode)
        {
            body.Append(CodeForm(context, step, "Type the code that your authenticator app shows, or one of your recovery codes.", "code", sent is null ? Described(error) : "", ""));
        }
        foreach (Factor phone in phones.Where(phone => phone.Id != sent?.Factor))
        {
            body.Append(Form(context, step, Paths.Factor)).Append(PageWriter.Hidden("factor", phone.Id.ToString("D")));
            body.Append($"""<button type="submit" name="send" value="1" class="plain">Send a code to the telephone ending in {PageWriter.Text(phone.Phone is { Length: > 2 } number ? number[^2..] : "")}</button></form>""");
        }
        if (keys.Count > 0)
        {
            body.Append("""<noscript><p class="small">Security keys need JavaScript, which is off in this browser.</p></noscript>""");
        }
        return (body.Append(Switch(context, step)).ToString(), keys.Count > 0 ? PageScripts.Keys : PageScripts.None);
    }

    public string Consent(HttpContext context, Step step, BrowserSession browser)
    {
        var list = new StringBuilder();
        foreach (string scope in step.Request.Scopes)
        {
            list.Append("<li>").Append(PageWriter.Text(scopes.Find(scope)?.Description ?? scope)).Append("</li>");
        }
        string wants = list.Length > 0 ? $"<p>It will be able to:</p><ul>{list}</ul>" : "";
        string place = step.Request.RedirectUri.Length > 0 ? $"""<p class="small">You will be sent to {PageWriter.Text(HostOf(step.Request.RedirectUri))}.</p>""" : "";
        return $"""
            <h1>Allow {PageWriter.Text(step.Client.Name)}?</h1>
            <p><strong>{PageWriter.Text(step.Client.Name)}</strong> wants to use your account <strong>{PageWriter.Text(browser.User.Email ?? browser.User.Phone)}</strong> at {PageWriter.Text(pages.Name)}.</p>
            {wants}{place}
            {Form(context, step, Paths.Consent)}
            <button type="submit" name="action" value="approve">Allow</button>
            <button type="submit" name="action" value="deny" class="plain">Deny</button></form>
            {Switch(context, step)}
            """;
    }

    private string KeyForm(HttpContext context, Step step, string path, string more, string button) =>
        $"""
        <form method="post" action="{Address(path)}" data-options="{Address(path + Paths.KeyOptions)}" hidden>{Carried(context, step)}{more}{PageWriter.Hidden("answer", "")}
        <button type="submit" class="plain">{button}</button><p class="error" role="alert" hidden></p></form>
        """;

    private string CodeForm(HttpContext context, Step step, string about, string id, string described, string more) =>
        $"""
        {Form(context, step, Paths.Factor)}{more}
        <label for="{id}">{about}</label>
        <input id="{id}" name="code" type="text" autocomplete="one-time-code" autocapitalize="off" spellcheck="false" required maxlength="40"{described}>
        <button type="submit">Continue</button></form>
        """;

    private static string Named(string what, Factor factor) => factor.FriendlyName is { Length: > 0 } name ? $"{what} {PageWriter.Text(name)}" : what;

    private static string HostOf(string address) => Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Host.Length > 0 ? uri.Authority : "the application";

    private string Switch(HttpContext context, Step step) =>
        $"""{Form(context, step, Paths.SwitchUser)}<p class="small"><button type="submit" class="link">Use another account</button></p></form>""";

    private string Form(HttpContext context, Step step, string path) => $"""<form method="post" action="{Address(path)}">{Carried(context, step)}""";

    private string Address(string path) => PageWriter.Text(options.Issuer + path);

    private string Carried(HttpContext context, Step step) =>
        PageWriter.Hidden(RequestField, step.Request.Id) + PageWriter.Hidden(FormField, browsers.FormToken(context, step.Request.Id));

    private static string Said(AuthError? error) => error is null ? "" : $"""<p class="error" role="alert" id="said">{PageWriter.Text(error.Message)}</p>""";

    private static string Described(AuthError? error) => error is null ? "" : """ aria-describedby="said" aria-invalid="true" """;
}
