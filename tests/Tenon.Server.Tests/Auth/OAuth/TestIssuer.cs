using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Tenon.Server.Tests.Auth.OAuth;

/// <summary>
/// An OpenID provider on loopback that signs anybody in as the person the test sets, and makes the mistakes a test orders.
/// It also plays an OAuth 2 provider of GitHub's and Discord's kind.
/// </summary>
internal sealed class TestIssuer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, Dictionary<string, string>> codes = new();
    private RSA key = RSA.Create(2048);
    private int keyNumber = 1;

    private TestIssuer(WebApplication app) => this.app = app;

    public string Url => app.Urls.First();

    /// <summary>Claims of the person who signs in next.</summary>
    public Dictionary<string, object> Person { get; } = new() { ["sub"] = "person-1", ["email"] = "ann@b.test", ["email_verified"] = true, ["name"] = "Ann" };

    /// <summary>Claims that replace what an ID token rightly has; null takes one away.</summary>
    public Dictionary<string, object?> Wrong { get; } = [];

    /// <summary>Replaces the finished ID token.</summary>
    public Func<string, string>? Forge { get; set; }

    /// <summary>Members of the discovery document that differ.</summary>
    public Dictionary<string, object?> Discovery { get; } = [];

    /// <summary>Signs with a key that the key set does not have.</summary>
    public bool SignWithStranger { get; set; }
    public bool Down { get; set; }
    public string? UserInfoSubject { get; set; }
    public bool EmailOnlyInUserInfo { get; set; }
    public bool PrimaryVerified { get; set; } = true;

    /// <summary>What the callback's address gets instead of a code.</summary>
    public string? CallbackQuery { get; set; }
    public string? Iss { get; set; }

    public ConcurrentQueue<IQueryCollection> Authorizations { get; } = new();
    public ConcurrentQueue<Dictionary<string, string>> Exchanges { get; } = new();
    public int KeyReads;

    /// <summary>Answers a hook of the server's; counts its calls.</summary>
    public string HookAnswer { get; set; } = "{}";
    public int HookCalls;

    public static async Task<TestIssuer> StartAsync(int port = 0)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging();
        WebApplication app = builder.Build();
        var issuer = new TestIssuer(app);
        app.UseRouting();
        app.Use((context, next) =>
        {
            if (!issuer.Down)
            {
                return next(context);
            }
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        issuer.Map();
        await app.StartAsync();
        return issuer;
    }

    private void Map()
    {
        app.MapGet("/.well-known/openid-configuration", (RequestDelegate)DiscoveryAsync);
        app.MapGet("/{tenant}/v2.0/.well-known/openid-configuration", (RequestDelegate)DiscoveryAsync);
        app.MapGet("/jwks", (RequestDelegate)JwksAsync);
        app.MapPost(
            "/hook",
            (RequestDelegate)(context =>
            {
                Interlocked.Increment(ref HookCalls);
                return context.Response.WriteAsync(HookAnswer);
            })
        );
        app.MapGet("/userinfo", (RequestDelegate)UserInfoAsync);
        foreach (string path in (string[])["/authorize", "/login/oauth/authorize", "/oauth2/authorize"])
        {
            app.MapGet(path, (RequestDelegate)AuthorizeAsync);
        }
        foreach (string path in (string[])["/token", "/login/oauth/access_token", "/oauth2/token"])
        {
            app.MapPost(path, (RequestDelegate)TokenAsync);
        }
        app.MapGet("/api/v3/user", (RequestDelegate)(context => PlainAsync(context, Person)));
        app.MapGet("/users/@me", (RequestDelegate)(context => PlainAsync(context, Person)));
        app.MapGet(
            "/api/v3/user/emails",
            (RequestDelegate)(context => PlainAsync(context, new[]
            {
                new Dictionary<string, object> { ["email"] = "other@b.test", ["primary"] = false, ["verified"] = true },
                new Dictionary<string, object> { ["email"] = "primary@b.test", ["primary"] = true, ["verified"] = PrimaryVerified },
            }))
        );
    }

    /// <summary>From now on another key signs; the old one leaves the key set.</summary>
    public void RotateKey()
    {
        key = RSA.Create(2048);
        keyNumber++;
    }

    /// <summary>An ID token by this issuer, with the faults that were ordered.</summary>
    public string IdToken(string client, string? nonce, string? accessToken = null)
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var claims = new Dictionary<string, object?> { ["iss"] = Url, ["aud"] = client, ["iat"] = now, ["exp"] = now + 300 };
        foreach ((string name, object value) in Person.Where(pair => !EmailOnlyInUserInfo || !pair.Key.StartsWith("email", StringComparison.Ordinal)))
        {
            claims[name] = value;
        }
        if (nonce is not null)
        {
            claims["nonce"] = nonce;
        }
        if (accessToken is not null)
        {
            claims["at_hash"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)).AsSpan(0, 16));
        }
        foreach ((string name, object? value) in Wrong)
        {
            claims[name] = value;
            if (value is null)
            {
                claims.Remove(name);
            }
        }
        string token = Sign(claims);
        return Forge?.Invoke(token) ?? token;
    }

    public string Sign(Dictionary<string, object?> claims, string algorithm = "RS256", Dictionary<string, object>? header = null)
    {
        var head = new Dictionary<string, object> { ["alg"] = algorithm, ["typ"] = "JWT", ["kid"] = $"key-{keyNumber}" };
        foreach ((string name, object value) in header ?? [])
        {
            head[name] = value;
        }
        string text = Part(head) + "." + Part(claims);
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        using RSA stranger = RSA.Create(2048);
        byte[] signature = algorithm switch
        {
            // The classic: the public key, which everybody has, as the secret of a MAC.
            "HS256" => HMACSHA256.HashData(Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem()), bytes),
            "none" => [],
            _ => (SignWithStranger ? stranger : key).SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };
        return text + "." + Base64Url.EncodeToString(signature);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        key.Dispose();
    }

    private static string Part(object value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));

    private static Task AnswerAsync(HttpContext context, object value)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(JsonSerializer.Serialize(value));
    }

    private Task DiscoveryAsync(HttpContext context)
    {
        var document = new Dictionary<string, object?>
        {
            ["issuer"] = Url,
            ["authorization_endpoint"] = Url + "/authorize",
            ["token_endpoint"] = Url + "/token",
            ["userinfo_endpoint"] = Url + "/userinfo",
            ["jwks_uri"] = Url + "/jwks",
            ["token_endpoint_auth_methods_supported"] = new[] { "client_secret_basic" },
            ["code_challenge_methods_supported"] = new[] { "S256" },
        };
        foreach ((string name, object? value) in Discovery)
        {
            document[name] = value;
        }
        return AnswerAsync(context, document);
    }

    private Task JwksAsync(HttpContext context)
    {
        Interlocked.Increment(ref KeyReads);
        RSAParameters parameters = key.ExportParameters(false);
        var jwk = new { kty = "RSA", use = "sig", kid = $"key-{keyNumber}", n = Base64Url.EncodeToString(parameters.Modulus), e = Base64Url.EncodeToString(parameters.Exponent) };
        return AnswerAsync(context, new { keys = new[] { jwk } });
    }

    private Task AuthorizeAsync(HttpContext context)
    {
        IQueryCollection query = context.Request.Query;
        Authorizations.Enqueue(query);
        string code = Guid.NewGuid().ToString("N");
        codes[code] = query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
        string answer = CallbackQuery ?? $"code={code}";
        string iss = Iss is null ? "" : "&iss=" + Uri.EscapeDataString(Iss);
        context.Response.StatusCode = 302;
        context.Response.Headers.Location = $"{query["redirect_uri"]}?{answer}&state={Uri.EscapeDataString(query["state"].ToString())}{iss}";
        return Task.CompletedTask;
    }

    private async Task TokenAsync(HttpContext context)
    {
        IFormCollection form = await context.Request.ReadFormAsync();
        var exchange = form.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
        exchange["authorization"] = context.Request.Headers.Authorization.ToString();
        Exchanges.Enqueue(exchange);
        if (!codes.TryRemove(form["code"].ToString(), out Dictionary<string, string>? asked) || !IsProven(asked, form["code_verifier"].ToString()))
        {
            context.Response.StatusCode = 400;
            await AnswerAsync(context, new { error = "invalid_grant" });
            return;
        }
        string access = "access-" + Guid.NewGuid().ToString("N");
        await AnswerAsync(
            context,
            new Dictionary<string, object>
            {
                ["access_token"] = access,
                ["token_type"] = "Bearer",
                ["refresh_token"] = "refresh-" + access,
                ["id_token"] = IdToken(asked["client_id"], asked.GetValueOrDefault("nonce"), access),
            }
        );
    }

    private static bool IsProven(Dictionary<string, string> asked, string verifier) =>
        !asked.TryGetValue("code_challenge", out string? challenge)
        || challenge == Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));

    private Task UserInfoAsync(HttpContext context)
    {
        var claims = new Dictionary<string, object>(Person);
        if (UserInfoSubject is { } subject)
        {
            claims["sub"] = subject;
        }
        return PlainAsync(context, claims);
    }

    private Task PlainAsync(HttpContext context, object value)
    {
        if (!context.Request.Headers.Authorization.ToString().StartsWith("Bearer access-", StringComparison.Ordinal))
        {
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        }
        return AnswerAsync(context, value);
    }
}
