using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Tenon.Server.Tests.Auth;
using Tenon.Server.Tests.Auth.Mail;
using Tenon.Server.Tests.Auth.OAuth;

namespace Tenon.Server.Tests.Cli.AuthKeys;

/// <summary>A signed call that came: where to, what it said, by which secret.</summary>
internal sealed record Called(string Path, string Body, string Secret);

/// <summary>What the servers of the key tests talk to: two mail servers, two issuers, an endpoint of hooks and of text messages, a verifier of puzzles.</summary>
internal sealed class Outside : IAsyncDisposable
{
    private static readonly Dictionary<string, string> Secrets = new()
    {
        ["HOOK_A"] = "v1,whsec_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
        ["HOOK_B"] = "v1,whsec_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
    };

    private static readonly Dictionary<string, ECDsa> AppleKeys = new()
    {
        ["APPLE_A"] = ECDsa.Create(ECCurve.NamedCurves.nistP256),
        ["APPLE_B"] = ECDsa.Create(ECCurve.NamedCurves.nistP256),
    };

    // Addresses with their + as it is.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ConcurrentQueue<Called> calls = new();
    private HookEndpoint hooks = null!;

    public SmtpServer MailA { get; } = new();
    public SmtpServer MailB { get; } = new();
    public TestIssuer IssuerA { get; private set; } = null!;
    public TestIssuer IssuerB { get; private set; } = null!;
    public PuzzleVerifier Puzzles { get; private set; } = null!;

    /// <summary>What env(NAME) and ${NAME} of the files stand for.</summary>
    public Dictionary<string, string> Variables { get; } = new(Secrets) { ["SECRET_A"] = "secret-a", ["SECRET_B"] = "secret-b" };

    public static async Task<Outside> StartAsync()
    {
        var outside = new Outside
        {
            IssuerA = await TestIssuer.StartAsync(),
            IssuerB = await TestIssuer.StartAsync(),
            Puzzles = await PuzzleVerifier.StartAsync(),
            hooks = await HookEndpoint.StartAsync(),
        };
        outside.hooks.Answer = outside.AnswerAsync;
        outside.IssuerB.Person["name"] = "Bea";
        foreach ((string name, string value) in (ReadOnlySpan<(string, string)>)
            [
                ("HOOKS", outside.hooks.Uri[..^"/hook".Length]),
                ("ISSUER_A", outside.IssuerA.Url),
                ("ISSUER_B", outside.IssuerB.Url),
                ("PORT_A", $"{outside.MailA.Port}"),
                ("PORT_B", $"{outside.MailB.Port}"),
                ("APPLE_A", AppleKeys["APPLE_A"].ExportPkcs8PrivateKeyPem()),
                ("APPLE_B", AppleKeys["APPLE_B"].ExportPkcs8PrivateKeyPem()),
            ])
        {
            outside.Variables[name] = value;
        }
        return outside;
    }

    /// <summary>The first call that speaks of somebody; none within a minute: the test fails.</summary>
    public async Task<Called> CallAsync(string about, Func<Called, bool>? which = null)
    {
        for (int i = 0; i < 2400; i++)
        {
            if (Find(about, which) is { } called)
            {
                return called;
            }
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException($"nobody called about {about}");
    }

    public Called? Find(string about, Func<Called, bool>? which = null) =>
        calls.FirstOrDefault(call => call.Body.Contains(about, StringComparison.Ordinal) && which?.Invoke(call) != false);

    /// <summary>The variable of the key that signed.</summary>
    public static async Task<string> AppleKeyOfAsync(JsonWebToken token)
    {
        foreach ((string name, ECDsa key) in AppleKeys)
        {
            var rules = new TokenValidationParameters { IssuerSigningKey = new ECDsaSecurityKey(key), ValidateAudience = false, ValidateIssuer = false, ValidateLifetime = false };
            if ((await new JsonWebTokenHandler().ValidateTokenAsync(token.EncodedToken, rules)).IsValid)
            {
                return name;
            }
        }
        return "none";
    }

    public async ValueTask DisposeAsync()
    {
        MailA.Dispose();
        MailB.Dispose();
        await IssuerA.DisposeAsync();
        await IssuerB.DisposeAsync();
        await Puzzles.DisposeAsync();
        await hooks.DisposeAsync();
    }

    private Task AnswerAsync(HttpContext context)
    {
        string body = (string)context.Items["body"]!;
        IHeaderDictionary sent = context.Request.Headers;
        byte[] signed = Encoding.UTF8.GetBytes($"{sent["webhook-id"]}.{sent["webhook-timestamp"]}.{body}");
        string by = Secrets
            .Where(pair => sent["webhook-signature"] == "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(pair.Value["v1,whsec_".Length..]), signed)))
            .Select(pair => pair.Key)
            .FirstOrDefault("none");
        JsonNode asked = System.Text.Json.Nodes.JsonNode.Parse(body)!;
        calls.Enqueue(new Called(context.Request.Path, asked.ToJsonString(Plain), by));
        return context.Response.WriteAsync(
            asked["claims"] is { } claims ? new JsonObject { ["claims"] = claims.DeepClone() }.ToJsonString()
            : asked["valid"] is not null ? """{"decision":"continue"}"""
            : "{}"
        );
    }
}
