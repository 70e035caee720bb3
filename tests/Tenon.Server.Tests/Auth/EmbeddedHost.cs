using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Server.Store;
using Tenon.Testing;

namespace Tenon.Server.Tests.Auth;

/// <summary>The whole server as it ships, on the embedded database or on PostgreSQL, for what must hold on both engines.</summary>
internal sealed class EmbeddedHost : ISignInServer, IAsyncDisposable
{
    private readonly TenonHost host;
    private readonly HttpClient client;
    private readonly string folder;

    private EmbeddedHost(TenonHost host, string folder, Keys keys)
    {
        (this.host, this.folder, Keys) = (host, folder, keys);
        client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(host.Url) };
    }

    public Keys Keys { get; }

    public static Task<EmbeddedHost> OnPostgresAsync(Action<AuthOptions> configure)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        return StartAsync(configure, PrivatePostgres.Shared!.CreateDatabase());
    }

    public static async Task<EmbeddedHost> StartAsync(Action<AuthOptions> configure, string? database = null)
    {
        string folder = Directory.CreateTempSubdirectory("tenon-sign-in-").FullName;
        Keys keys = Keys.Create(TimeProvider.System);
        var options = new BackendOptions { AppFolder = folder, DatabaseUrl = database ?? "sqlite:" + Path.Combine(folder, "data.db"), Keys = keys };
        options.Auth.Development = true;
        options.Auth.RateLimit.SignInSignUps = 100_000;
        options.Auth.RateLimit.TokenVerifications = 100_000;
        options.Auth.RateLimit.SmsSent = 100_000;
        options.Auth.Sms.MaxFrequency = TimeSpan.Zero;
        configure(options.Auth);
        return new EmbeddedHost(
            await TenonHost.StartAsync(options, "127.0.0.1", 0, cancellation: TestContext.Current.CancellationToken),
            folder,
            keys
        );
    }

    public Task<Answer> PostAsync(string path, string json, string? token = null) => SendAsync("POST", path, json, token);

    public async Task<Answer> SendAsync(string method, string path, string? json = null, string? token = null, string? apikey = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }
        request.Headers.TryAddWithoutValidation("apikey", apikey ?? Keys.PublishableKey);
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }
        HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    /// <summary>Runs a statement of a test's own on the server's tables.</summary>
    public Task<List<Datum[]>> RunAsync(string sql) =>
        host.Services.GetRequiredService<StoreDatabase>()
            .WriteAsync(unit => unit.Execute(new StoreStatement("test", sql, [])), TestContext.Current.CancellationToken)
            .AsTask();

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await host.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
