// The administration's HTTP API as the commands use it: that of the server that runs on this app, so that what takes rights
// away holds in it at once; where none runs, that of a server of the command's own on a free loopback port, over the same file.
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tenon.Cli.Configuration;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Admin;
using Tenon.Server.Hosting;

namespace Tenon.Cli.Commands;

internal sealed class AdminApi : IAsyncDisposable
{
    private static readonly TimeSpan AskFor = TimeSpan.FromSeconds(2);

    private readonly HttpClient http;
    private readonly TenonHost? own;

    private AdminApi(string url, string secretKey, TenonHost? own)
    {
        this.own = own;
        // Below the address's own path: a server inside an application has one.
        http = new HttpClient { BaseAddress = new Uri(url.TrimEnd('/') + "/") };
        http.DefaultRequestHeaders.Add("apikey", secretKey);
        http.DefaultRequestHeaders.Add("X-Supabase-Api-Version", "2024-01-01");
    }

    /// <summary>A server whose address and key the person named.</summary>
    public static AdminApi At(string url, string secretKey) => new(url, secretKey, null);

    public static async Task<AdminApi> ConnectAsync(AppFolder app, CancellationToken cancellation)
    {
        Keys keys = app.Keys();
        foreach (string url in Candidates(app))
        {
            if (await IsOursAsync(url, keys, cancellation))
            {
                return new AdminApi(url, keys.SecretKey, null);
            }
        }
        TenonHost own = await TenonHost.StartAsync(LocalDatabase.Options(app, keys), "127.0.0.1", 0, logs: LogLevel.None, cancellation: cancellation);
        return new AdminApi(own.Url, keys.SecretKey, own);
    }

    /// <summary>Sends a request; the answer's JSON, or its refusal as a failure in one line.</summary>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, "auth/v1/admin/" + path);
        request.Content = body is null ? null : JsonContent.Create(body);
        using HttpResponseMessage answer = await AnswerAsync(request, cancellation);
        byte[] bytes = await answer.Content.ReadAsByteArrayAsync(cancellation);
        JsonElement json = bytes.Length == 0 ? default : JsonElement.Parse(bytes);
        if (answer.IsSuccessStatusCode)
        {
            return json;
        }
        string message = json.ValueKind == JsonValueKind.Object && json.TryGetProperty("message", out JsonElement said)
            ? said.GetString() ?? ""
            : $"the server answered {(int)answer.StatusCode}";
        throw new CommandFailure(message);
    }

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            return await http.SendAsync(request, cancellation);
        }
        catch (HttpRequestException e)
        {
            throw new CommandFailure($"{http.BaseAddress} cannot be reached: {e.Message}");
        }
    }

    public Task<JsonElement> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, null, cancellation);

    /// <summary>A user by id or by e-mail address.</summary>
    public async Task<JsonElement> FindUserAsync(string idOrEmail, CancellationToken cancellation)
    {
        if (Guid.TryParseExact(idOrEmail, "D", out Guid id))
        {
            return await GetAsync($"users/{id:D}", cancellation);
        }
        string email = idOrEmail.Trim().ToLowerInvariant();
        JsonElement found = await GetAsync($"users?per_page=1000&filter={Uri.EscapeDataString(email)}", cancellation);
        foreach (JsonElement user in found.GetProperty("users").EnumerateArray())
        {
            if (user.GetProperty("email").GetString() == email)
            {
                return user;
            }
        }
        throw new CommandFailure($"no user has the address or id {idOrEmail}; list them with: tenon user list");
    }

    // A server proves that it holds the app's keys before it is sent the secret one: another program may listen on that port.
    private static async Task<bool> IsOursAsync(string url, Keys keys, CancellationToken cancellation)
    {
        using var client = new HttpClient { Timeout = AskFor, BaseAddress = new Uri(url) };
        try
        {
            string nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
            JsonElement who = await client.GetFromJsonAsync<JsonElement>("/auth/v1/admin/proof?nonce=" + nonce, cancellation);
            return who.ValueKind == JsonValueKind.Object
                && who.TryGetProperty("proof", out JsonElement proof)
                && proof.ValueKind == JsonValueKind.String
                && AdminProof.IsRight(keys, nonce, proof.GetString()!);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or NotSupportedException || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }

    private static IEnumerable<string> Candidates(AppFolder app)
    {
        if (app.Environment == "development")
        {
            return DevFile.Url(app) is { } url ? [url] : [];
        }
        string publicUrl = app.Config.Text("server.public_url");
        string port = app.Variables.GetValueOrDefault("PORT") ?? app.Config.Text("server.port");
        return (string[])[.. publicUrl.Length > 0 ? [publicUrl] : Array.Empty<string>(), $"http://127.0.0.1:{port}"];
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (own is not null)
        {
            await own.DisposeAsync();
        }
    }
}
