using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Primitives;
using Microsoft.IdentityModel.Tokens;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth;

/// <summary>Tokens as attackers write them: every change must be refused with 401 in PostgREST's shape.</summary>
public sealed class TokenTests
{
    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static JsonObject Decode(string token, int part) =>
        JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[part]))!.AsObject();

    private static string Hs256(string header, string payload, string secret)
    {
        string signed = $"{Part(header)}.{Part(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(signed)))}";
    }

    /// <summary>Signs with this server's own key, so that only the claims are wrong.</summary>
    private static string Es256(AuthHost host, Action<JsonObject> change, string token, Action<JsonObject>? header = null)
    {
        JsonObject payload = Decode(token, 1);
        JsonObject head = Decode(token, 0);
        change(payload);
        header?.Invoke(head);
        string signed = $"{Part(head.ToJsonString())}.{Part(payload.ToJsonString())}";
        byte[] signature = ((ECDsaSecurityKey)host.Get<SigningKeys>().Current.Key).ECDsa.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static async Task RefusedAsync(AuthHost host, string token, string code, string? message = null)
    {
        Answer answer = await host.MeAsync(token);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
        Assert.Equal(code, answer.Text("code"));
        Assert.StartsWith("Bearer error=\"invalid_token\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        if (message is not null)
        {
            Assert.Equal(message, answer.Text("message"));
        }
    }

    [Fact]
    public async Task A_token_is_only_as_good_as_its_algorithm_key_and_signature()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string[] parts = token.Split('.');
        string payload = Decode(token, 1).ToJsonString();
        string kid = (string)Decode(token, 0)["kid"]!;
        string jwk = JsonDocument.Parse(host.Get<SigningKeys>().Jwks).RootElement.GetProperty("keys")[0].GetRawText();

        await RefusedAsync(host, $"{Part("""{"alg":"none"}""")}.{parts[1]}.", "PGRST301");
        await RefusedAsync(host, $"{Part("""{"alg":"none","typ":"JWT"}""")}.{parts[1]}.{parts[2]}", "PGRST301");
        await RefusedAsync(host, $"{Part("""{"alg":"NONE"}""")}.{parts[1]}.{parts[2]}", "PGRST301");
        // The public key as an HMAC secret, with and without the key's id.
        await RefusedAsync(host, Hs256($$"""{"alg":"HS256","kid":"{{kid}}"}""", payload, jwk), "PGRST301");
        await RefusedAsync(host, Hs256("""{"alg":"HS256"}""", payload, jwk), "PGRST301");
        await RefusedAsync(host, Hs256($$"""{"alg":"HS256","kid":"{{kid}}"}""", payload, host.Keys.JwtSecret!), "PGRST301");
        await RefusedAsync(host, Hs256("""{"alg":"HS512"}""", payload, host.Keys.JwtSecret!), "PGRST301");
        await RefusedAsync(host, Es256(host, _ => { }, token, h => h["kid"] = "../../etc/passwd"), "PGRST301");
        await RefusedAsync(host, Es256(host, _ => { }, token, h => h.Remove("kid")), "PGRST301");
        await RefusedAsync(host, Es256(host, _ => { }, token, h => h["crit"] = new JsonArray("exp")), "PGRST301");
        await RefusedAsync(host, Es256(host, _ => { }, token, h => h["typ"] = "logout+jwt"), "PGRST301");
        await RefusedAsync(host, $"{parts[0]}.{Part(payload.Replace("authenticated", "service_role", StringComparison.Ordinal))}.{parts[2]}", "PGRST301");
        await RefusedAsync(host, parts[0] + "." + parts[1], "PGRST301", "Expected 3 parts in JWT; got 2");
        await RefusedAsync(host, "a.b.c", "PGRST301");
        await RefusedAsync(host, new string('a', 30_000), "PGRST301");
        await RefusedAsync(host, "sb_secret_guess", "PGRST301");
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(token)).Status);
    }

    [Fact]
    public async Task A_key_in_the_header_of_the_token_is_never_used()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        using ECDsa own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECParameters point = own.ExportParameters(false);
        string header =
            $$$"""{"alg":"ES256","kid":"{{{Decode(token, 0)["kid"]}}}","jwk":{"kty":"EC","crv":"P-256","x":"{{{Base64Url.EncodeToString(point.Q.X)}}}","y":"{{{Base64Url.EncodeToString(point.Q.Y)}}}"},"jku":"http://127.0.0.1:1/jwks"}""";
        string signed = $"{Part(header)}.{token.Split('.')[1]}";
        string forged = $"{signed}.{Base64Url.EncodeToString(own.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
        await RefusedAsync(host, forged, "PGRST301");
    }

    [Fact]
    public async Task Each_claim_is_checked_by_itself()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        long now = host.Clock.GetUtcNow().ToUnixTimeSeconds();
        Task Bad(Action<JsonObject> change, string? message = null) => RefusedAsync(host, Es256(host, change, token), "PGRST303", message);

        await Bad(c => c["exp"] = now - 31, "JWT expired");
        await Bad(c => c.Remove("exp"));
        await RefusedAsync(host, Es256(host, c => c["exp"] = "tomorrow", token), "PGRST301");
        await Bad(c => c["nbf"] = now + 60, "JWT not yet valid");
        await Bad(c => c["iat"] = now + 60, "JWT issued at future");
        await Bad(c => c.Remove("iat"));
        await Bad(c => c["aud"] = "somebody-else", "JWT not in audience");
        await Bad(c => c["iss"] = "https://evil.example/auth/v1");
        await Bad(c => c["sub"] = "admin");
        await Bad(c => c.Remove("sub"));
        await Bad(c => c["session_id"] = Guid.NewGuid().ToString());
        await Bad(c => c.Remove("session_id"));
        await Bad(c => c["sub"] = Guid.NewGuid().ToString());
        await Bad(c => c["role"] = "service_role");
        await Bad(c => c["role"] = "postgres");
        await Bad(c => c["role"] = new JsonArray("authenticated"));
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(Es256(host, c => c["exp"] = now - 20, token))).Status);
    }

    [Fact]
    public async Task Legacy_tokens_may_take_the_roles_of_the_api_and_no_others()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.AdditionalRoles.Add("clerk"));
        string Legacy(string claims) => Hs256("""{"alg":"HS256","typ":"JWT"}""", claims, host.Keys.JwtSecret!);
        Assert.Equal("anon", (await host.MeAsync(host.Keys.AnonKey)).Text("role"));
        Assert.True((await host.MeAsync(host.Keys.ServiceRoleKey)).Json.GetProperty("bypass").GetBoolean());
        Assert.Equal("clerk", (await host.MeAsync(Legacy("""{"role":"clerk"}"""))).Text("role"));
        Assert.Equal("anon", (await host.MeAsync(Legacy("{}"))).Text("role"));
        await RefusedAsync(host, Legacy("""{"role":"postgres"}"""), "PGRST303");
        await RefusedAsync(host, Legacy("""{"role":"authenticated","sub":"7"}"""), "PGRST303");
        await RefusedAsync(host, Legacy("[]"), "PGRST301");
        await RefusedAsync(host, Legacy("""{"role":"anon","role":"service_role"}"""), "PGRST303");
    }

    [Fact]
    public async Task An_expired_token_leaves_the_cache_on_time()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.JwtExpiry = TimeSpan.FromMinutes(2));
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(token)).Status);
        host.Clock.Advance(TimeSpan.FromSeconds(151));
        await RefusedAsync(host, token, "PGRST303", "JWT expired");
    }

    [Fact]
    public async Task Keys_and_their_absence_are_roles()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Assert.Equal("anon", (await host.MeAsync(null, "")).Text("role"));
        Assert.Equal("anon", (await host.MeAsync(host.Keys.PublishableKey)).Text("role"));
        Assert.Equal("service_role", (await host.MeAsync(host.Keys.SecretKey, host.Keys.SecretKey)).Text("role"));
        Assert.Equal("service_role", (await host.MeAsync(null, host.Keys.SecretKey)).Text("role"));
        // A user's token beside a secret key: the user decides.
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Assert.Equal("authenticated", (await host.MeAsync(token, host.Keys.SecretKey)).Text("role"));
        Answer twice = await host.SendAsync("GET", "/rest/v1/me", headers: h => h.Add("apikey", "other"));
        Assert.Equal("PGRST301", twice.Text("code"));
        Answer empty = await host.SendAsync("GET", "/rest/v1/me", headers: h => h.TryAddWithoutValidation("Authorization", "Bearer "));
        Assert.Equal(HttpStatusCode.Unauthorized, empty.Status);
    }

    [Fact]
    public async Task Made_keys_work_until_they_are_withdrawn()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        var keys = host.Get<ApiKeys>();
        string key = await keys.CreateAsync("ci", secret: true, TestContext.Current.CancellationToken);
        Assert.Equal("service_role", (await host.MeAsync(null, key)).Text("role"));
        Assert.DoesNotContain(key, await host.Store.ScalarAsync<string>("select k::text from auth.api_keys k"), StringComparison.Ordinal);
        Assert.True(await keys.DeleteAsync("ci", TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(null, key)).Status);
    }

    [Fact]
    public async Task Rotation_overlaps_the_published_keys_know_the_next_one_and_old_tokens_last_their_life()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        var signing = host.Get<SigningKeys>();
        string KidOf(string token) => (string)Decode(token, 0)["kid"]!;
        async Task<string[]> PublishedAsync()
        {
            Answer jwks = await host.SendAsync("GET", "/auth/v1/.well-known/jwks.json");
            Assert.Equal("public, max-age=600", jwks.Header("Cache-Control"));
            Assert.DoesNotContain("\"d\"", jwks.Body, StringComparison.Ordinal);
            return [.. jwks.Json.GetProperty("keys").EnumerateArray().Select(key => key.Text("kid"))];
        }
        string before = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string[] published = await PublishedAsync();
        await signing.RotateAsync(TestContext.Current.CancellationToken);
        string after = (await host.SignInAsync("a@b.test")).Text("access_token");
        Assert.NotEqual(KidOf(before), KidOf(after));
        Assert.Contains(KidOf(after), published);
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(before)).Status);
        Assert.Equal(3, (await PublishedAsync()).Length);
        Assert.DoesNotContain("PRIVATE", await host.Store.ScalarAsync<string>("select string_agg(sealed_private_key, '') from auth.signing_keys"), StringComparison.Ordinal);
        host.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Null(signing.Find(KidOf(before)));
        host.Clock.Advance(TimeSpan.FromDays(91));
        Assert.True(await signing.RotateIfDueAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_known_credential_is_resolved_without_allocating()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.TokensBelievedFor = TimeSpan.FromHours(1));
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        await host.MeAsync(token);
        var resolver = host.Get<CallerResolver>();
        StringValues key = host.Keys.PublishableKey;
        StringValues bearer = "Bearer " + token;
        ResolveOften(resolver, key, bearer, 200);
        (bool resolved, long allocated, TimeSpan each) = ResolveOften(resolver, key, bearer, 1000);
        Assert.True(resolved);
        Assert.Equal(0, allocated);
        TestContext.Current.SendDiagnosticMessage("a known credential is resolved in {0:F2} us", each.TotalMicroseconds);
    }

    private static (bool Resolved, long Allocated, TimeSpan Each) ResolveOften(
        CallerResolver resolver,
        StringValues key,
        StringValues bearer,
        int times
    )
    {
        bool resolved = true;
        long started = TimeProvider.System.GetTimestamp();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < times; i++)
        {
            ValueTask<Resolution> task = resolver.ResolveAsync(key, bearer, CancellationToken.None);
            resolved &= task.IsCompletedSuccessfully && task.Result.Caller is not null;
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return (resolved, allocated, TimeProvider.System.GetElapsedTime(started) / times);
    }
}
