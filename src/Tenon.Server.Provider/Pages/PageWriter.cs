using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using OpenIddict.Abstractions;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Protocol;

namespace Tenon.Server.Provider.Pages;

/// <summary>What a page has to load besides its picture.</summary>
[Flags]
internal enum PageScripts
{
    None = 0,
    Keys = 1,
    Puzzle = 2,
}

/// <summary>
/// The provider's pages: plain HTML that works without script, in the colours and with the name and picture of the
/// configuration. No page may be framed, and none loads anything but that picture, the script that asks for keys, and the
/// puzzle where one is configured.
/// </summary>
internal sealed class PageWriter(AuthOptions options)
{
    // What the two services say they need (their documentation of content security policies).
    private static readonly Dictionary<string, (string Script, string Class, string Sources)> Puzzles = new(StringComparer.Ordinal)
    {
        ["turnstile"] = ("https://challenges.cloudflare.com/turnstile/v0/api.js", "cf-turnstile", "https://challenges.cloudflare.com"),
        ["hcaptcha"] = ("https://js.hcaptcha.com/1/api.js", "h-captcha", "https://hcaptcha.com https://*.hcaptcha.com"),
    };

    private readonly PageTheme colours = PageTheme.Of(options.OAuthServer);
    private readonly AuthOAuthServerOptions theme = options.OAuthServer;

    /// <summary>Whose account it is, as the pages say it.</summary>
    public string Name => theme.Name.Length > 0 ? theme.Name : new Uri(options.PublicUrl).Host;

    /// <summary>leadsTo: where a form of the page may end up besides this server, for browsers hold form-action against redirects too.</summary>
    public async Task WriteAsync(HttpContext context, int status, string title, string body, string? leadsTo = null, PageScripts scripts = PageScripts.None)
    {
        string nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = "text/html; charset=utf-8";
        IHeaderDictionary headers = response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers.ContentSecurityPolicy = PolicyOf(nonce, scripts, leadsTo);
        byte[] page = Encoding.UTF8.GetBytes(Frame(title, body, nonce, scripts));
        response.ContentLength = page.Length;
        await response.Body.WriteAsync(page, context.RequestAborted);
    }

    /// <summary>What the protocol answered, to the browser: a redirect always as 303, so that nothing that was posted here is posted on (RFC 9700 §4.12).</summary>
    public async Task RelayAsync(HttpContext context, SubAnswer answer)
    {
        if (answer.Location is { } target)
        {
            ReturnAddress.Go(context, StatusCodes.Status303SeeOther, target);
            return;
        }
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XFrameOptions = "DENY";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    public Task ErrorAsync(HttpContext context, int status, string error, string? description) =>
        WriteAsync(
            context,
            status,
            "This request cannot be answered",
            $"""<h1>This request cannot be answered</h1><p>{Text(description ?? "The application sent a request that is not valid.")}</p><p class="small">Go back to the application and try again. If it happens again, tell its makers: <code>{Text(error)}</code></p>"""
        );

    public Task DoneAsync(HttpContext context, string title, string text) =>
        WriteAsync(context, StatusCodes.Status200OK, title, $"<h1>{Text(title)}</h1><p>{Text(text)}</p>");

    public Task ConfirmLogoutAsync(HttpContext context, OpenIddictRequest asked, BrowserSession browser, string token)
    {
        var body = new StringBuilder($"""<h1>Sign out?</h1><p>You are signed in as <strong>{Text(browser.User.Email ?? browser.User.Phone)}</strong>.</p><form method="post" action="{options.Issuer}{Paths.Logout}">""");
        foreach ((string name, OpenIddictParameter value) in asked.GetParameters().Where(parameter => parameter.Key != "form"))
        {
            body.Append(Hidden(name, (string?)value ?? ""));
        }
        body.Append(Hidden("form", token)).Append("""<button type="submit">Sign out</button></form>""");
        return WriteAsync(context, StatusCodes.Status200OK, "Sign out", body.ToString(), asked.PostLogoutRedirectUri);
    }

    public static string Hidden(string name, string value) => $"""<input type="hidden" name="{Text(name)}" value="{Text(value)}">""";

    public static string Text(string? text) => WebUtility.HtmlEncode(text ?? "");

    /// <summary>The place of the puzzle in a form; solved, it leaves its token there as a member of the form.</summary>
    public static string Puzzle(AuthCaptchaOptions captcha) =>
        $"""<div class="{Puzzles[captcha.Provider].Class}" data-sitekey="{Text(captcha.SiteKey)}"></div><noscript><p class="error">Signing in needs JavaScript here: it asks for proof that you are a person.</p></noscript>""";

    private string PolicyOf(string nonce, PageScripts scripts, string? leadsTo)
    {
        string puzzle = scripts.HasFlag(PageScripts.Puzzle) ? " " + Puzzles[options.Captcha.Provider].Sources : "";
        string more = scripts == PageScripts.None ? "" : $"script-src 'nonce-{nonce}'{puzzle}; connect-src 'self'{puzzle}; ";
        string frames = puzzle.Length == 0 ? "" : $"frame-src{puzzle}; ";
        string form = SourceOf(leadsTo) is { } source ? " " + source : "";
        return $"default-src 'none'; style-src 'nonce-{nonce}'{puzzle}; img-src {PictureSource()}; {more}{frames}form-action 'self'{form}; base-uri 'none'; frame-ancestors 'none'";
    }

    private string ScriptsOf(PageScripts scripts, string nonce)
    {
        string keys = scripts.HasFlag(PageScripts.Keys) ? $"""<script nonce="{nonce}" src="{Text(options.Issuer + Paths.KeyScript)}" defer></script>""" : "";
        string puzzle = scripts.HasFlag(PageScripts.Puzzle) ? $"""<script nonce="{nonce}" src="{Puzzles[options.Captcha.Provider].Script}" async defer></script>""" : "";
        return keys + puzzle;
    }

    private string PictureSource() =>
        Uri.TryCreate(theme.LogoUrl, UriKind.Absolute, out Uri? uri) && uri.Scheme == "https" ? "'self' " + uri.GetLeftPart(UriPartial.Authority) : "'self'";

    private static string? SourceOf(string? address) =>
        !Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) ? null
        : uri.Scheme is "http" or "https" ? uri.GetLeftPart(UriPartial.Authority)
        : uri.Scheme + ":";

    private string Frame(string title, string body, string nonce, PageScripts scripts) =>
        $$"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <title>{{Text(title)}} - {{Text(Name)}}</title>
        <style nonce="{{nonce}}">
        :root { --accent: {{colours.Accent}}; --on-accent: {{colours.OnAccent}}; --link: {{colours.Link}}; --back: {{colours.Background}}; }
        [hidden] { display: none; }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--back); color: #111827; font: 1rem/1.5 system-ui, sans-serif; }
        main { max-width: 26rem; margin: 6vh auto; padding: 2rem; background: #fff; border-radius: .75rem; box-shadow: 0 1px 4px rgb(0 0 0 / .15); overflow-wrap: anywhere; }
        .brand { margin: 0 0 1rem; font-weight: 600; }
        .brand img { display: block; max-height: 3rem; max-width: 100%; margin-bottom: .5rem; }
        h1 { margin: 0 0 1rem; font-size: 1.4rem; line-height: 1.25; }
        label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
        input[type=text], input[type=email], input[type=password] { width: 100%; padding: .6rem; font: inherit; border: 1px solid #6b7280; border-radius: .4rem; }
        button { width: 100%; margin-top: 1rem; padding: .7rem; font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent); border: 2px solid var(--link); border-radius: .4rem; cursor: pointer; }
        button.plain { color: var(--link); background: #fff; }
        button.link { width: auto; margin: 0; padding: 0; border: 0; color: var(--link); background: none; text-decoration: underline; font-weight: 400; }
        :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
        .error { padding: .75rem; color: #7f1d1d; background: #fee2e2; border: 1px solid #b91c1c; border-radius: .4rem; }
        .small { color: #4b5563; font-size: .9rem; }
        ul { padding-left: 1.25rem; }
        </style>
        </head>
        <body>
        <main>
        <p class="brand">{{Picture()}}{{Text(Name)}}</p>
        {{body}}
        </main>
        {{ScriptsOf(scripts, nonce)}}
        </body>
        </html>
        """;

    private string Picture() => theme.LogoUrl.Length == 0 ? "" : $"""<img src="{Text(theme.LogoUrl)}" alt="">""";
}
