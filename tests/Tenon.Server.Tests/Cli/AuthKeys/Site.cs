using System.Net.Http.Json;
using System.Text.Json;
using Tenon.Cli.Configuration;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Server.Tests.Auth;
using Tenon.Server.Tests.Provider;

namespace Tenon.Server.Tests.Cli.AuthKeys;

/// <summary>What a server answered: status and error code, body, where it leads.</summary>
internal sealed record Told(string Status, string Body, string Location)
{
    public JsonElement Json => JsonElement.Parse(Body);

    public string Text(string name) => Json.GetProperty(name).ToString();
}

/// <summary>A development server started from the files of an app folder, by the code of the commands, with a clock of the test's; as a page of its application calls it.</summary>
internal sealed class Site : IAsyncDisposable
{
    public const string Password = "blue-giraffe-42";
    public const string Address = "http://127.0.0.1:54321";
    // Past the numbers that a group has codes for.
    private static int users = 1000;
    private readonly TenonHost? host;
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private readonly Keys keys;
    private readonly string folder;

    private Site(Config config, TenonHost? host, Keys keys, MovableClock clock, Outside outside)
    {
        (Config, this.host, this.keys, Clock, Outside, folder) = (config, host, keys, clock, outside, config.Folder);
        if (host is not null)
        {
            http.BaseAddress = new Uri(host.Url);
        }
    }

    public Config Config { get; }
    public MovableClock Clock { get; }
    public Outside Outside { get; }

    /// <summary>Why the settings did not start a server; empty: they did.</summary>
    public string Refused { get; private init; } = "";

    /// <summary>The same server as a provider of other systems.</summary>
    public ProviderHost Provider => ProviderHost.At(host!.Url, keys, this, host.Services);

    public static string NewEmail() => $"ok+{Interlocked.Increment(ref users)}@b.example";

    public static string NewPhone() => $"1500555{Interlocked.Increment(ref users):D4}";

    /// <summary>common lies in tenon.toml, own over it in tenon.development.toml.</summary>
    public static async Task<Site> StartAsync(string common, string own, IReadOnlyDictionary<string, string> files, Outside outside)
    {
        string folder = Directory.CreateTempSubdirectory("tenon-keys-").FullName;
        foreach ((string path, string text) in files.Append(new("tenon.toml", common)).Append(new("tenon.development.toml", own)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
            await File.WriteAllTextAsync(Path.Combine(folder, path), text, TestContext.Current.CancellationToken);
        }
        var clock = new MovableClock();
        Keys keys = Keys.Create(clock);
        Config config = Config.Load(folder, "development", outside.Variables);
        try
        {
            BackendOptions options = BackendSettings.From(config, keys, development: true, Address, null);
            options.Auth.Captcha.VerifyUri = outside.Puzzles.Uri;
            TenonHost host = await TenonHost.StartAsync(options, "127.0.0.1", 0, clock: clock, cancellation: TestContext.Current.CancellationToken);
            return new Site(config, host, keys, clock, outside);
        }
        catch (Exception e) when (e is ConfigException or InvalidOperationException)
        {
            return new Site(config, null, keys, clock, outside) { Refused = e.Message };
        }
    }

    public async Task<Told> SendAsync(string method, string path, object? body = null, string? token = null, bool admin = false, string? cookie = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path.StartsWith("/dev", StringComparison.Ordinal) || path.StartsWith("/rest", StringComparison.Ordinal) ? path : "/auth/v1" + path);
        string key = admin ? keys.SecretKey : keys.PublishableKey;
        request.Headers.Add("apikey", key);
        request.Headers.Add("Authorization", "Bearer " + (token ?? key));
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }
        request.Content = body is null ? null : JsonContent.Create(body);
        using HttpResponseMessage answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        string code = answer.Headers.TryGetValues("x-sb-error-code", out IEnumerable<string>? codes) ? " " + codes.First() : "";
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Told((int)answer.StatusCode + code, text, answer.Headers.Location?.OriginalString ?? "");
    }

    public Task<Told> PostAsync(string path, object body, string? token = null) => SendAsync("POST", path, body, token);

    /// <summary>A new user's address, or how making one was refused.</summary>
    public async Task<string> UserAsync(string password = Password, string role = "authenticated")
    {
        string email = NewEmail();
        Told made = await SendAsync("POST", "/admin/users", new { email, password, email_confirm = true, role }, admin: true);
        return made.Status == "200" ? email : made.Status;
    }

    public async Task<Told> SessionAsync(string? email = null)
    {
        email ??= await UserAsync();
        return await PostAsync("/token?grant_type=password", new { email, password = Password });
    }

    public async Task<string> TokenAsync() => (await SessionAsync()).Text("access_token");

    public Task<Told> RefreshAsync(Told session) => PostAsync("/token?grant_type=refresh_token", new { refresh_token = session.Text("refresh_token") });

    /// <summary>The newest message to somebody in the development inbox.</summary>
    public async Task<JsonElement> MessageAsync(string to)
    {
        for (int i = 0; i < 2400; i++)
        {
            JsonElement messages = (await SendAsync("GET", "/dev/inbox/messages.json?to=" + Uri.EscapeDataString(to))).Json;
            if (messages.GetArrayLength() > 0)
            {
                return messages[0];
            }
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException($"no message to {to} came");
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (host is not null)
        {
            await host.DisposeAsync();
        }
        Directory.Delete(folder, recursive: true);
    }
}
