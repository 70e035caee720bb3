using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tenon.Core.Errors;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Server.Store;

namespace Tenon.Server.Tests.Auth;

/// <summary>A clock that runs with the system's, ahead of it by as much as a test says.</summary>
internal sealed class MovableClock : TimeProvider
{
    private long ahead;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref ahead));

    public void Advance(TimeSpan by) => Interlocked.Add(ref ahead, by.Ticks);
}

/// <summary>An answer read to its end.</summary>
internal sealed record Answer(HttpStatusCode Status, string Body, HttpResponseMessage Message)
{
    public JsonElement Json => JsonElement.Parse(Body);

    public string? Header(string name) =>
        Message.Headers.TryGetValues(name, out var values) || Message.Content.Headers.TryGetValues(name, out values)
            ? string.Join(",", values)
            : null;

    public string Text(string name) => Json.GetProperty(name).GetString()!;

    /// <summary>status and code, as one would say it.</summary>
    public string Refusal => $"{(int)Status} {Header("x-sb-error-code")}";
}

/// <summary>A server with sign-in, on whichever database, as a browser reaches it.</summary>
internal interface ISignInServer
{
    Keys Keys { get; }

    Task<Answer> PostAsync(string path, string json, string? token = null);

    Task<Answer> SendAsync(string method, string path, string? json = null, string? token = null, string? apikey = null);
}

/// <summary>
/// The real sign-in on a real socket over a database of its own. Beside /auth/v1 there is /rest/v1/me, which answers with
/// the resolved caller as the data API would.
/// </summary>
internal sealed class AuthHost : ISignInServer, IAsyncDisposable
{
    private readonly WebApplication app;

    private AuthHost(WebApplication app, PostgresStore store, MovableClock clock, Keys keys)
    {
        (this.app, Store, Clock, Keys) = (app, store, clock, keys);
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(app.Urls.First()) };
    }

    public PostgresStore Store { get; }
    public MovableClock Clock { get; }
    public Keys Keys { get; }
    public HttpClient Client { get; }
    public IServiceProvider Services => app.Services;

    public T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    public static async Task<AuthHost> StartAsync(Action<AuthOptions>? configure = null, Keys? keys = null, BackendPackage? package = null)
    {
        PostgresStore store = await PostgresStore.CreateAsync();
        var clock = new MovableClock();
        keys ??= Keys.Create(clock);
        var options = new AuthOptions { Development = true };
        options.RateLimit.SignInSignUps = 1000;
        options.RateLimit.EmailSent = 1000;
        options.RateLimit.TokenVerifications = 1000;
        options.RateLimit.SmsSent = 1000;
        options.Email.Otp.MaxFrequency = TimeSpan.Zero;
        options.Sms.MaxFrequency = TimeSpan.Zero;
        configure?.Invoke(options);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging();
        builder.Services.AddSingleton<TimeProvider>(clock).AddSingleton<StoreDatabase>(store).AddAuth(options, keys);
        package?.AddServices(builder.Services);
        WebApplication app = builder.Build();
        app.UseRouting();
        app.MapAuth();
        package?.Map(app);
        app.MapGet("/rest/v1/me", (RequestDelegate)MeAsync);
        await AuthFeature.StartAsync(app.Services, TestContext.Current.CancellationToken);
        await app.StartAsync();
        return new AuthHost(app, store, clock, keys);
    }

    /// <summary>Sends with the publishable key and, where given, a bearer token.</summary>
    public async Task<Answer> SendAsync(
        string method,
        string path,
        string? json = null,
        string? token = null,
        string? apikey = null,
        Action<HttpRequestHeaders>? headers = null
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (apikey != "")
        {
            request.Headers.TryAddWithoutValidation("apikey", apikey ?? Keys.PublishableKey);
        }
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }
        headers?.Invoke(request.Headers);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }
        HttpResponseMessage response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    public Task<Answer> PostAsync(string path, string json, string? token = null) => SendAsync("POST", path, json, token);

    Task<Answer> ISignInServer.SendAsync(string method, string path, string? json, string? token, string? apikey) => SendAsync(method, path, json, token, apikey);

    public Task<Answer> AdminAsync(string method, string path, string? json = null) =>
        SendAsync(method, path, json, Keys.SecretKey, Keys.SecretKey);

    public Task<Answer> SignUpAsync(string email, string password = "blue-giraffe-42") =>
        PostAsync("/auth/v1/signup", $$"""{"email":"{{email}}","password":"{{password}}"}""");

    public Task<Answer> SignInAsync(string email, string password = "blue-giraffe-42") =>
        PostAsync("/auth/v1/token?grant_type=password", $$"""{"email":"{{email}}","password":"{{password}}"}""");

    public Task<Answer> RefreshAsync(string token) =>
        PostAsync("/auth/v1/token?grant_type=refresh_token", $$"""{"refresh_token":"{{token}}"}""");

    public Task<Answer> MeAsync(string? token, string? apikey = null) => SendAsync("GET", "/rest/v1/me", token: token, apikey: apikey);

    /// <summary>Waits until so many messages to an address lie in the development inbox; the newest first.</summary>
    public async Task<List<JsonElement>> MailsAsync(string to, int count = 1)
    {
        for (int i = 0; i < 200; i++)
        {
            Answer inbox = await SendAsync("GET", "/dev/inbox/messages.json?to=" + Uri.EscapeDataString(to));
            List<JsonElement> messages = [.. inbox.Json.EnumerateArray()];
            if (messages.Count >= count)
            {
                return messages;
            }
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException($"{count} messages to {to} did not come");
    }

    /// <summary>Waits until the outbox holds nothing that is still to be sent.</summary>
    public async Task DrainAsync()
    {
        for (int i = 0; i < 400 && await Store.ScalarAsync<long>("select count(*) from auth.outbox where state = 'waiting'") > 0; i++)
        {
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        await Store.DisposeAsync();
    }

    private static async Task MeAsync(HttpContext context)
    {
        var resolver = context.RequestServices.GetRequiredService<CallerResolver>();
        Resolution resolution = await resolver.ResolveAsync(context.Request, context.RequestAborted);
        if (resolution.TryGet(out Caller? caller, out CredentialFailure? failure))
        {
            await context.Response.WriteAsync(JsonSerializer.Serialize(new { role = caller.Role.Text, sub = caller.UserIdText, bypass = caller.BypassesPolicies }));
            return;
        }
        Error error = failure.ToRestError();
        context.Response.StatusCode = error.Code.Status;
        context.Response.Headers.WWWAuthenticate = failure.WwwAuthenticate;
        await context.Response.WriteAsync(JsonSerializer.Serialize(new { code = error.Code.Text, message = error.Message }));
    }
}
