using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Server.Provider;
using Tenon.Server.Tests.Auth;
using Tenon.Server.Tests.Hosting;
using Tenon.Testing;

namespace Tenon.Server.Tests.Provider;

/// <summary>A client registered for a test.</summary>
internal sealed record TestClient(string Id, string? Secret, string RedirectUri);

/// <summary>What the token endpoint answered, or did not.</summary>
internal sealed record TokenAnswer(Answer Answer)
{
    public bool Ok => Answer.Status == HttpStatusCode.OK;
    public string Access => Answer.Text("access_token");
    public string Refresh => Answer.Text("refresh_token");
    public string Error => Answer.Json.GetProperty("error").GetString()!;
    public JsonElement AccessClaims => ProviderHost.ClaimsOf(Access);
    public JsonElement IdClaims => ProviderHost.ClaimsOf(Answer.Text("id_token"));
}

/// <summary>A whole server that is an identity provider, on the embedded database or on PostgreSQL.</summary>
internal sealed class ProviderHost : IAsyncDisposable
{
    public const string Password = "blue-giraffe-42";
    public const string Redirect = "https://client.test/callback";
    public const string Verifier = "a-verifier-of-a-test-that-is-long-enough-0123456789";
    private const string Table =
        """
        create table notes (id int primary key, owner uuid not null, title text not null);
        alter table notes enable row level security;
        create policy own on notes to authenticated using (owner = auth.uid() and coalesce(auth.jwt() ->> 'client_id', '') <> 'none');
        grant select on notes to authenticated;
        """;

    private readonly IAsyncDisposable inner;

    private ProviderHost(IAsyncDisposable inner, Uri address, Keys keys, MovableClock? clock, IServiceProvider services)
    {
        (this.inner, Keys, Clock, Services) = (inner, keys, clock, services);
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = address };
    }

    public HttpClient Http { get; }

    /// <summary>What runs it.</summary>
    public IAsyncDisposable Inner => inner;
    public Keys Keys { get; }

    /// <summary>On PostgreSQL alone.</summary>
    public MovableClock? Clock { get; }
    public IServiceProvider Services { get; }

    public const string Issuer = "http://127.0.0.1:54321/auth/v1";

    public static string Challenge(string verifier = Verifier) =>
        Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    public static Task<ProviderHost> OnSqliteAsync(Action<AuthOptions>? configure = null) => WholeAsync(configure, null);

    /// <summary>As it ships, with the store that compiles its statements; its clock is the system's.</summary>
    public static Task<ProviderHost> WholeOnPostgresAsync(Action<AuthOptions>? configure = null)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        return WholeAsync(configure, PrivatePostgres.Shared!.CreateDatabase());
    }

    /// <summary>A server that somebody else started and ends.</summary>
    public static ProviderHost At(string url, Keys keys, IAsyncDisposable inner, IServiceProvider services) => new(inner, new Uri(url), keys, null, services);

    private static async Task<ProviderHost> WholeAsync(Action<AuthOptions>? configure, string? database)
    {
        var auth = new AuthOptions();
        Configure(auth, configure);
        TestApp app = await TestApp.StartAsync(
            Table,
            configure: options => options with { Auth = auth, Packages = [ProviderFeature.Package], DatabaseUrl = database ?? options.DatabaseUrl }
        );
        return new ProviderHost(app, new Uri(app.Host.Url), app.Keys, null, app.Host.Services);
    }

    public static async Task<ProviderHost> OnPostgresAsync(Action<AuthOptions>? configure = null)
    {
        AuthHost host = await AuthHost.StartAsync(options => Configure(options, configure), package: ProviderFeature.Package);
        return new ProviderHost(host, host.Client.BaseAddress!, host.Keys, host.Clock, host.Services);
    }

    private static void Configure(AuthOptions options, Action<AuthOptions>? configure)
    {
        options.OAuthServer.Enabled = true;
        options.OAuthServer.Scopes["orders:read"] = "Read your orders";
        options.RateLimit.SignInSignUps = 10_000;
        options.RateLimit.TokenVerifications = 10_000;
        options.RateLimit.TokenRefresh = 100_000;
        configure?.Invoke(options);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        HttpResponseMessage response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response);
    }

    /// <summary>A call as auth-js makes it; the key is the secret one where there is no token.</summary>
    public Task<Answer> CallAsync(string method, string path, string? json = null, string? token = null)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("apikey", token is null ? Keys.SecretKey : Keys.PublishableKey);
        request.Headers.Add("Authorization", "Bearer " + (token ?? Keys.SecretKey));
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }
        return SendAsync(request);
    }

    /// <summary>A form to an endpoint of the protocol, by the client in the way of its registration.</summary>
    public Task<Answer> FormAsync(string path, TestClient? client, params (string Name, string? Value)[] fields)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/auth/v1/oauth/" + path);
        var form = fields.Where(f => f.Value is not null).Select(f => KeyValuePair.Create(f.Name, f.Value!)).ToList();
        if (client?.Secret is { } secret)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{client.Id}:{secret}")));
        }
        else if (client is not null)
        {
            form.Add(KeyValuePair.Create("client_id", client.Id));
        }
        request.Content = new FormUrlEncodedContent(form);
        return SendAsync(request);
    }

    public async Task<TokenAnswer> TokenAsync(TestClient? client, params (string Name, string? Value)[] fields) => new(await FormAsync("token", client, fields));

    public Task<TokenAnswer> RedeemAsync(TestClient client, string code, string? verifier = Verifier, string? redirect = null) =>
        TokenAsync(client, ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect ?? client.RedirectUri), ("code_verifier", verifier));

    public Task<TokenAnswer> RefreshAsync(TestClient client, string token) => TokenAsync(client, ("grant_type", "refresh_token"), ("refresh_token", token));

    public async Task<TestClient> ClientAsync(bool isPublic = false, string redirect = Redirect, string more = "")
    {
        Answer made = await CallAsync(
            "POST",
            "/auth/v1/admin/oauth/clients",
            $$"""{"client_name":"Shop","redirect_uris":["{{redirect}}"],"token_endpoint_auth_method":"{{(isPublic ? "none" : "client_secret_basic")}}"{{more}}}"""
        );
        Assert.Equal(HttpStatusCode.Created, made.Status);
        return new TestClient(made.Text("client_id"), isPublic ? null : made.Text("client_secret"), redirect);
    }

    public async Task<(string Id, string Token)> SignUpAsync(string email, string data = """{"full_name":"Ada Lovelace"}""")
    {
        Answer made = await CallAsync("POST", "/auth/v1/signup", $$"""{"email":"{{email}}","password":"{{Password}}","data":{{data}}}""", Keys.PublishableKey);
        Assert.Equal(HttpStatusCode.OK, made.Status);
        return (made.Json.GetProperty("user").GetProperty("id").GetString()!, made.Text("access_token"));
    }

    public Task<Answer> UserInfoAsync(string token) => CallAsync("GET", "/auth/v1/oauth/userinfo", token: token);

    public static JsonElement ClaimsOf(string token)
    {
        string payload = token.Split('.')[1].Replace('-', '+').Replace('_', '/');
        return JsonElement.Parse(Convert.FromBase64String(payload.PadRight((payload.Length + 3) / 4 * 4, '=')));
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await inner.DisposeAsync();
    }
}
