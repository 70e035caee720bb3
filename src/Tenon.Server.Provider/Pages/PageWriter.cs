using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using OpenIddict.Abstractions;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Protocol;

namespace Tenon.Server.Provider.Pages;

/// <summary>
/// The provider's pages: plain HTML that works without script, in the colours and with the name and picture of the
/// configuration. No page may be framed, and none loads anything but that picture.
/// </summary>
internal sealed class PageWriter(AuthOptions options)
{
    private readonly AuthOAuthServerOptions theme = options.OAuthServer;

    /// <summary>Whose account it is, as the pages say it.</summary>
    public string Name => theme.Name.Length > 0 ? theme.Name : new Uri(options.PublicUrl).Host;

    /// <summary>leadsTo: where a form of the page may end up besides this server, for browsers hold form-action against redirects too.</summary>
    public async Task WriteAsync(HttpContext context, int status, string title, string body, string? leadsTo = null)
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
        headers.ContentSecurityPolicy =
            $"default-src 'none'; style-src 'nonce-{nonce}'; img-src {PictureSource()}; form-action 'self'{(SourceOf(leadsTo) is { } source ? " " + source : "")}; base-uri 'none'; frame-ancestors 'none'";
        byte[] page = Encoding.UTF8.GetBytes(Frame(title, body, nonce));
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

    private string PictureSource() =>
        Uri.TryCreate(theme.LogoUrl, UriKind.Absolute, out Uri? uri) && uri.Scheme == "https" ? "'self' " + uri.GetLeftPart(UriPartial.Authority) : "'self'";

    private static string? SourceOf(string? address) =>
        !Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) ? null
        : uri.Scheme is "http" or "https" ? uri.GetLeftPart(UriPartial.Authority)
        : uri.Scheme + ":";

    private string Frame(string title, string body, string nonce) =>
        $$"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <title>{{Text(title)}} - {{Text(Name)}}</title>
        <style nonce="{{nonce}}">
        :root { --accent: {{theme.Color}}; --back: {{theme.BackgroundColor}}; }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--back); color: #111827; font: 1rem/1.5 system-ui, sans-serif; }
        main { max-width: 26rem; margin: 6vh auto; padding: 2rem; background: #fff; border-radius: .75rem; box-shadow: 0 1px 4px rgb(0 0 0 / .15); overflow-wrap: anywhere; }
        .brand { margin: 0 0 1rem; font-weight: 600; }
        .brand img { display: block; max-height: 3rem; max-width: 100%; margin-bottom: .5rem; }
        h1 { margin: 0 0 1rem; font-size: 1.4rem; line-height: 1.25; }
        label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
        input[type=text], input[type=email], input[type=password] { width: 100%; padding: .6rem; font: inherit; border: 1px solid #6b7280; border-radius: .4rem; }
        button { width: 100%; margin-top: 1rem; padding: .7rem; font: inherit; font-weight: 600; color: #fff; background: var(--accent); border: 2px solid var(--accent); border-radius: .4rem; cursor: pointer; }
        button.plain { color: var(--accent); background: #fff; }
        button.link { width: auto; margin: 0; padding: 0; border: 0; color: var(--accent); background: none; text-decoration: underline; font-weight: 400; }
        :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
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
        </body>
        </html>
        """;

    private string Picture() => theme.LogoUrl.Length == 0 ? "" : $"""<img src="{Text(theme.LogoUrl)}" alt="">""";
}
