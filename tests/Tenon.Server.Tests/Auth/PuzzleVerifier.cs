using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Tests.Auth;

/// <summary>Answers as hCaptcha and Turnstile do: right for the token "solved", a refusal for others.</summary>
internal sealed class PuzzleVerifier : IAsyncDisposable
{
    private readonly WebApplication app;

    private PuzzleVerifier(WebApplication app) => this.app = app;

    public List<Dictionary<string, string>> Calls { get; } = [];
    public string? Broken { get; set; }
    public Uri Uri => new(app.Urls.First() + "/siteverify");

    public static async Task<PuzzleVerifier> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        var verifier = new PuzzleVerifier(app);
        app.Run(verifier.HandleAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return verifier;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        IFormCollection form = await context.Request.ReadFormAsync();
        lock (Calls)
        {
            Calls.Add(form.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.Ordinal));
        }
        await context.Response.WriteAsync(
            Broken ?? (form["response"] == "solved" ? """{"success":true,"hostname":"x"}""" : """{"success":false,"error-codes":["invalid-input-response","<script>"]}""")
        );
    }
}
