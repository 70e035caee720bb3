using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth.OAuth;

/// <summary>A server with one issuer, and a browser that follows its redirects, cookies included.</summary>
internal sealed class ExternalVisit : IAsyncDisposable
{
    public const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    public const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    public const string Home = "https://app.test/home";

    private readonly HttpClient outside = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    private ExternalVisit(AuthHost host, TestIssuer issuer) => (Host, Issuer) = (host, issuer);

    public AuthHost Host { get; }
    public TestIssuer Issuer { get; }

    public static async Task<ExternalVisit> StartAsync(Action<AuthOptions, TestIssuer>? configure = null)
    {
        TestIssuer issuer = await TestIssuer.StartAsync();
        AuthHost host = await AuthHost.StartAsync(options =>
        {
            options.AdditionalRedirectUrls.Add("https://app.test/**");
            options.External["acme"] = new AuthExternalOptions { Enabled = true, ClientId = "tenon,tenon-ios", Secret = "s3cret/+", Url = issuer.Url };
            configure?.Invoke(options, issuer);
        });
        return new ExternalVisit(host, issuer);
    }

    public static string Path(string provider, bool pkce, string redirectTo = Home) =>
        $"/auth/v1/authorize?provider={provider}&redirect_to={Uri.EscapeDataString(redirectTo)}"
        + (pkce ? $"&code_challenge={Challenge}&code_challenge_method=s256" : "");

    /// <summary>Begins, and lets the issuer answer; the callback is not visited yet.</summary>
    public async Task<(string Callback, string? Cookie)> BeginAsync(string path)
    {
        Answer begun = await Host.SendAsync("GET", path);
        Assert.Equal(HttpStatusCode.Found, begun.Status);
        return (await AskAsync(begun.Header("Location")!), begun.Header("Set-Cookie")?.Split(';')[0]);
    }

    /// <summary>Visits the issuer; the path of the callback it leads to.</summary>
    public async Task<string> AskAsync(string url)
    {
        using HttpResponseMessage answer = await outside.GetAsync(url, TestContext.Current.CancellationToken);
        return new Uri(answer.Headers.Location!.OriginalString).PathAndQuery;
    }

    public async Task<Uri> ReturnAsync(string callback, string? cookie = null)
    {
        // Not by the host's client, which keeps cookies.
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Host.Client.BaseAddress!, callback));
        if (cookie is not null)
        {
            request.Headers.TryAddWithoutValidation("Cookie", cookie);
        }
        using HttpResponseMessage answer = await outside.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        return new Uri(answer.Headers.Location!.OriginalString);
    }

    /// <summary>The whole way; where the browser ends.</summary>
    public async Task<Uri> SignInAsync(string provider = "acme", bool pkce = true)
    {
        (string callback, string? cookie) = await BeginAsync(Path(provider, pkce));
        return await ReturnAsync(callback, cookie);
    }

    /// <summary>The whole way with PKCE, and the session at its end.</summary>
    public async Task<JsonElement> SessionAsync(string provider = "acme")
    {
        Uri end = await SignInAsync(provider);
        Answer session = await ExchangeAsync(end);
        Assert.True(session.Status == HttpStatusCode.OK, end + " " + session.Body);
        return session.Json;
    }

    public Task<Answer> ExchangeAsync(Uri end, string verifier = Verifier) =>
        Host.PostAsync("/auth/v1/token?grant_type=pkce", JsonSerializer.Serialize(new { auth_code = Query(end).GetValueOrDefault("code", "none"), code_verifier = verifier }));

    /// <summary>The error_code at the end of a way, else the error.</summary>
    public static string Refusal(Uri end)
    {
        Dictionary<string, string> query = Query(end);
        return query.TryGetValue("error_code", out string? code) ? "302 " + code : query.GetValueOrDefault("error", "none");
    }

    public static Dictionary<string, string> Query(Uri uri) => QueryHelpers.ParseQuery(uri.Query).ToDictionary(pair => pair.Key, pair => pair.Value.ToString());

    public static Dictionary<string, string> Fragment(Uri uri) => QueryHelpers.ParseQuery(uri.Fragment.TrimStart('#')).ToDictionary(pair => pair.Key, pair => pair.Value.ToString());

    public async ValueTask DisposeAsync()
    {
        outside.Dispose();
        await Host.DisposeAsync();
        await Issuer.DisposeAsync();
    }
}
