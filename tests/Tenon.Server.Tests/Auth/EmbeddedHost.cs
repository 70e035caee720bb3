using System.Text;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;

namespace Tenon.Server.Tests.Auth;

/// <summary>The whole server on the embedded database, for what must hold on both engines.</summary>
internal sealed class EmbeddedHost : ISignInServer, IAsyncDisposable
{
    private readonly TenonHost host;
    private readonly HttpClient client;
    private readonly string folder;
    private readonly Keys keys;

    private EmbeddedHost(TenonHost host, string folder, Keys keys)
    {
        (this.host, this.folder, this.keys) = (host, folder, keys);
        client = new HttpClient { BaseAddress = new Uri(host.Url) };
    }

    public static async Task<EmbeddedHost> StartAsync(Action<AuthOptions> configure)
    {
        string folder = Directory.CreateTempSubdirectory("tenon-sign-in-").FullName;
        Keys keys = Keys.Create(TimeProvider.System);
        var options = new BackendOptions { AppFolder = folder, DatabaseUrl = "sqlite:" + Path.Combine(folder, "data.db"), Keys = keys };
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

    public async Task<Answer> PostAsync(string path, string json, string? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("apikey", keys.PublishableKey);
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }
        HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await host.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
