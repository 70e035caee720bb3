using System.Net.Http.Json;
using System.Text;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;

namespace Tenon.Server.Tests.Hosting;

/// <summary>A whole server on a database of its own in a temporary folder, started from the SQL of a test.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private readonly string folder;

    private TestApp(string folder, TenonHost host, Keys keys)
    {
        this.folder = folder;
        Host = host;
        Keys = keys;
        Http = new HttpClient { BaseAddress = new Uri(host.Url) };
    }

    public string Folder => folder;
    public TenonHost Host { get; }
    public Keys Keys { get; }
    public HttpClient Http { get; }

    /// <summary>configure: what of the options differs from the defaults of a development server.</summary>
    public static async Task<TestApp> StartAsync(string migration, string? seed = null, Func<BackendOptions, BackendOptions>? configure = null)
    {
        string folder = Directory.CreateTempSubdirectory("tenon-test-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "migrations"));
        await File.WriteAllTextAsync(Path.Combine(folder, "migrations", "1_app.sql"), migration);
        if (seed is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "seed.sql"), seed);
        }
        Keys keys = Keys.Create(TimeProvider.System);
        var options = new BackendOptions
        {
            AppFolder = folder,
            DatabaseUrl = "sqlite:.tenon/data.db",
            Keys = keys,
            Development = true,
        };
        options = configure?.Invoke(options) ?? options;
        return new TestApp(folder, await TenonHost.StartAsync(options, "127.0.0.1", 0), keys);
    }

    /// <summary>Sends a request with a key or token; Prefer and body when given.</summary>
    public async Task<(int Status, string Body)> SendAsync(
        string method,
        string path,
        string? token = null,
        string? json = null,
        string? prefer = null
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("apikey", Keys.PublishableKey);
        if (token is not null)
        {
            request.Headers.Add("Authorization", "Bearer " + token);
        }
        if (prefer is not null)
        {
            request.Headers.Add("Prefer", prefer);
        }
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }
        using HttpResponseMessage response = await Http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Signs up a user and returns the access token and id.</summary>
    public async Task<(string Token, string Id)> SignUpAsync(string email)
    {
        var (_, body) = await SendAsync("POST", "/auth/v1/signup", null, $$"""{"email":"{{email}}","password":"correct-horse-7"}""");
        var session = System.Text.Json.JsonDocument.Parse(body).RootElement;
        return (session.GetProperty("access_token").GetString()!, session.GetProperty("user").GetProperty("id").GetString()!);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
