// A small application of somebody else's: ASP.NET Core with the stock OpenID Connect handler, which knows of Tenon nothing
// but its address, a client id and a secret.
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Tenon.Browser.Tests.Provider;

internal sealed class SecondApplication : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SecondApplication(WebApplication app) => _app = app;

    public string Url => _app.Urls.First();

    /// <summary>The client is registered once the application's address is known.</summary>
    public static async Task<SecondApplication> Start(string authority, Func<string, Task<(string Id, string Secret)>> register)
    {
        var port = Testing.LoopbackPort.Next();
        var url = $"http://127.0.0.1:{port}";
        var (id, secret) = await register(url);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder.Services.AddAuthorization();
        builder.Services
            .AddAuthentication(options => (options.DefaultScheme, options.DefaultChallengeScheme) = ("Cookies", "Tenon"))
            .AddCookie("Cookies", options => options.Cookie.Name = "second-application")
            .AddOpenIdConnect("Tenon", options =>
            {
                options.Authority = authority;
                options.ClientId = id;
                options.ClientSecret = secret;
                options.ResponseType = "code";
                options.ResponseMode = "query";
                options.SaveTokens = true;
                options.GetClaimsFromUserInfoEndpoint = true;
                options.MapInboundClaims = false;
                options.Scope.Add("email");
                // Over plain HTTP browsers drop SameSite=None.
                options.RequireHttpsMetadata = false;
                options.CorrelationCookie.SameSite = options.NonceCookie.SameSite = SameSiteMode.Lax;
            });
        var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/", http => Page(http, $"<p>Signed in as <b id=\"who\">{http.User.FindFirst("email")?.Value}</b></p><a href=\"/out\">Sign out</a>")).RequireAuthorization();
        app.MapGet("/bye", http => Page(http, "<h1>Bye</h1>"));
        app.MapGet("/out", async http =>
        {
            await http.SignOutAsync("Cookies");
            await http.SignOutAsync("Tenon", new AuthenticationProperties { RedirectUri = "/bye" });
        });
        app.MapGet("/favicon.ico", () => Results.NoContent());
        await app.StartAsync();
        return new SecondApplication(app);
    }

    private static Task Page(HttpContext http, string body)
    {
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync($"<!doctype html><html lang=\"en\"><title>Second application</title>{body}</html>");
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
