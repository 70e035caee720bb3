using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth;

/// <summary>An app's endpoint that keeps what it is asked and answers what a test says.</summary>
internal sealed class HookEndpoint : IAsyncDisposable
{
    public static readonly byte[] Secret = RandomNumberGenerator.GetBytes(32);

    private readonly WebApplication app;

    private HookEndpoint(WebApplication app) => this.app = app;

    public List<(string Body, IHeaderDictionary Headers)> Calls { get; } = [];
    public Func<HttpContext, Task> Answer { get; set; } = _ => Task.CompletedTask;
    public AuthHookOptions Hook => new() { Enabled = true, Uri = Uri, Secrets = "v1,whsec_" + Convert.ToBase64String(Secret) };
    public string Uri => app.Urls.First() + "/hook";

    public static async Task<HookEndpoint> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        var endpoint = new HookEndpoint(app);
        app.Run(endpoint.HandleAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return endpoint;
    }

    public void Answers(int status, string body) =>
        Answer = context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(body);
        };

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        string body = await reader.ReadToEndAsync();
        lock (Calls)
        {
            Calls.Add((body, new HeaderDictionary(context.Request.Headers.ToDictionary())));
        }
        context.Items["body"] = body;
        await Answer(context);
    }
}
