using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth;

/// <summary>Access tokens signed by each algorithm: the change from one to another, and tokens that mix them up.</summary>
public sealed class SigningAlgorithmTests
{
    public static TheoryData<string> Algorithms => [.. SigningAlgorithm.All];

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static JsonObject Header(string token) => JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[0]))!.AsObject();

    private static async Task<string> SignedByAsync(AuthHost host, string algorithm)
    {
        Answer rotated = await host.AdminAsync("POST", "/auth/v1/admin/signing-keys/rotate", $$"""{"algorithm":"{{algorithm}}","at_once":true}""");
        Assert.Equal(HttpStatusCode.OK, rotated.Status);
        await host.SignUpAsync("a@b.test");
        return (await host.SignInAsync("a@b.test")).Text("access_token");
    }

    private static async Task<JsonElement> PublishedAsync(AuthHost host, string kid) =>
        (await host.SendAsync("GET", "/auth/v1/.well-known/jwks.json")).Json.GetProperty("keys").EnumerateArray().Single(key => key.Text("kid") == kid);

    /// <summary>Signs the parts with a key of this server, by whatever algorithm the key can do.</summary>
    private static string Sign(SigningKey key, string header, string payload, Func<byte[], byte[]>? by = null)
    {
        string signed = $"{Part(header)}.{payload}";
        byte[] bytes = Encoding.ASCII.GetBytes(signed);
        byte[] signature =
            by is not null ? by(bytes)
            : key.Key is ECDsaSecurityKey ec ? ec.ECDsa.SignData(bytes, HashAlgorithmName.SHA256)
            : key.Key is RsaSecurityKey rsa ? rsa.Rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : ((Ed25519Key)key.Key).Sign(bytes);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static async Task RefusedAsync(AuthHost host, string token)
    {
        Answer answer = await host.MeAsync(token);
        Assert.Equal("401 PGRST301", $"{(int)answer.Status} {answer.Text("code")}");
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task A_token_of_the_algorithm_is_signed_published_and_verified_and_survives_the_next_rotation(string algorithm)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = await SignedByAsync(host, algorithm);
        JsonObject header = Header(token);
        Assert.Equal(algorithm, (string)header["alg"]!);
        JsonElement jwk = await PublishedAsync(host, (string)header["kid"]!);
        Assert.Equal(algorithm, jwk.Text("alg"));
        Assert.False(jwk.TryGetProperty("d", out _));
        Assert.Equal("authenticated", (await host.MeAsync(token)).Text("role"));
        await host.Get<SigningKeys>().RotateAsync(TestContext.Current.CancellationToken);
        Assert.Equal(algorithm, host.Get<SigningKeys>().Current.Algorithm);
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(token)).Status);
        // What another node reads from the store is the same key.
        await host.Get<SigningKeys>().LoadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync((await host.SignInAsync("a@b.test")).Text("access_token"))).Status);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task The_published_key_alone_verifies_a_token(string algorithm)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = await SignedByAsync(host, algorithm);
        string[] parts = token.Split('.');
        byte[] signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        byte[] signature = Base64Url.DecodeFromChars(parts[2]);
        JsonElement jwk = await PublishedAsync(host, (string)Header(token)["kid"]!);
        byte[] Number(string name) => Base64Url.DecodeFromChars(jwk.Text(name));
        bool verified = jwk.Text("kty") switch
        {
            "EC" => ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Number("x"), Y = Number("y") } })
                .VerifyData(signed, signature, HashAlgorithmName.SHA256),
            "RSA" => RSA.Create(new RSAParameters { Modulus = Number("n"), Exponent = Number("e") })
                .VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            _ => VerifiedByAnotherLibrary(Number("x"), signed, signature),
        };
        Assert.True(verified);
    }

    // BouncyCastle, which comes with MailKit: another implementation of RFC 8032 than the one that signs.
    private static bool VerifiedByAnotherLibrary(byte[] key, byte[] message, byte[] signature) =>
        new Org.BouncyCastle.Crypto.Parameters.Ed25519PublicKeyParameters(key).Verify(
            Org.BouncyCastle.Math.EC.Rfc8032.Ed25519.Algorithm.Ed25519,
            null,
            message,
            0,
            message.Length,
            signature,
            0
        );

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task A_key_signs_by_its_own_algorithm_and_by_no_other(string algorithm)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = await SignedByAsync(host, algorithm);
        string payload = token.Split('.')[1];
        SigningKey key = host.Get<SigningKeys>().Current;
        string jwk = (await PublishedAsync(host, key.Id)).GetRawText();
        string HeaderOf(string alg, string? kid) => kid is null ? $$"""{"alg":"{{alg}}","typ":"JWT"}""" : $$"""{"alg":"{{alg}}","typ":"JWT","kid":"{{kid}}"}""";

        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(Sign(key, HeaderOf(algorithm, key.Id), payload))).Status);
        // Another name over a good signature, other spellings of the right name, no kid, and the kid of another key.
        foreach (string other in (string[])[.. SigningAlgorithm.All.Where(a => a != algorithm), "RS384", "RS512", "PS256", "ES256K", "ES384", "Ed25519", algorithm.ToLowerInvariant(), "none", ""])
        {
            await RefusedAsync(host, Sign(key, HeaderOf(other, key.Id), payload));
        }
        await RefusedAsync(host, Sign(key, HeaderOf(algorithm, null), payload));
        foreach (SigningKey another in host.Get<SigningKeys>().All.Where(k => k.Id != key.Id))
        {
            await RefusedAsync(host, Sign(key, HeaderOf(algorithm, another.Id), payload));
        }
        // The public key as a secret of HMAC, in each form that it is known in; with and without its id.
        foreach (byte[] secret in PublicForms(key, jwk))
        {
            byte[] Mac(byte[] bytes) => HMACSHA256.HashData(secret, bytes);
            await RefusedAsync(host, Sign(key, HeaderOf("HS256", key.Id), payload, Mac));
            await RefusedAsync(host, Sign(key, HeaderOf("HS256", null), payload, Mac));
            await RefusedAsync(host, Sign(key, HeaderOf(algorithm, key.Id), payload, Mac));
        }
        // No signature, zeros, one bit off, one byte more.
        await RefusedAsync(host, Sign(key, HeaderOf(algorithm, key.Id), payload, _ => []));
        await RefusedAsync(host, Sign(key, HeaderOf(algorithm, key.Id), payload, _ => new byte[64]));
        byte[] good = Base64Url.DecodeFromChars(token.Split('.')[2]);
        await RefusedAsync(host, Sign(key, HeaderOf(algorithm, key.Id), payload, _ => [(byte)(good[0] ^ 1), .. good[1..]]));
        await RefusedAsync(host, token + Base64Url.EncodeToString(new byte[3]));
    }

    private static IEnumerable<byte[]> PublicForms(SigningKey key, string jwk)
    {
        yield return Encoding.UTF8.GetBytes(jwk);
        AsymmetricAlgorithm? net = key.Key is ECDsaSecurityKey ec ? ec.ECDsa : key.Key is RsaSecurityKey rsa ? rsa.Rsa : null;
        if (net is null)
        {
            yield return ((Ed25519Key)key.Key).PublicKey;
            yield break;
        }
        yield return Encoding.UTF8.GetBytes(net.ExportSubjectPublicKeyInfoPem());
        yield return Encoding.UTF8.GetBytes(net.ExportSubjectPublicKeyInfoPem() + "\n");
        yield return net.ExportSubjectPublicKeyInfo();
    }

    [Fact]
    public async Task A_key_of_another_algorithm_is_published_before_it_signs()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        var signing = host.Get<SigningKeys>();
        string before = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Answer staged = await host.AdminAsync("POST", "/auth/v1/admin/signing-keys/rotate", """{"algorithm":"eddsa"}""");
        Assert.Equal(["current ES256", "standby EdDSA"], staged.Json.GetProperty("keys").EnumerateArray().Select(k => $"{k.Text("status")} {k.Text("algorithm")}").Order());
        Assert.Equal("ES256", (string)Header((await host.SignInAsync("a@b.test")).Text("access_token"))["alg"]!);
        Assert.Contains("EdDSA", (await host.SendAsync("GET", "/auth/v1/.well-known/jwks.json")).Body, StringComparison.Ordinal);
        Assert.False(await signing.RotateIfDueAsync(TestContext.Current.CancellationToken));
        host.Clock.Advance(SigningKeys.JwksLife);
        Assert.True(await signing.RotateIfDueAsync(TestContext.Current.CancellationToken));
        string after = (await host.SignInAsync("a@b.test")).Text("access_token");
        Assert.Equal("EdDSA", (string)Header(after)["alg"]!);
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(before)).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(after)).Status);
        Assert.False(await signing.RotateIfDueAsync(TestContext.Current.CancellationToken));
        Assert.Equal("400 validation_failed", (await host.AdminAsync("POST", "/auth/v1/admin/signing-keys/rotate", """{"algorithm":"HS256"}""")).Refusal);
    }

    [Fact]
    public async Task Keys_of_a_file_sign_and_verify_and_only_the_file_rotates_them()
    {
        string path = Path.GetTempFileName();
        try
        {
            using RSA rsa = RSA.Create(2048);
            string Jwk(string kid, byte[] seed) =>
                $$"""{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"{{kid}}","d":"{{Base64Url.EncodeToString(seed)}}"}""";
            RSAParameters p = rsa.ExportParameters(true);
            string N(byte[]? number) => Base64Url.EncodeToString(number.AsSpan().TrimStart((byte)0));
            string rs =
                $$"""{"kty":"RSA","alg":"RS256","kid":"old","n":"{{N(p.Modulus)}}","e":"{{N(p.Exponent)}}","d":"{{N(p.D)}}","p":"{{N(p.P)}}","q":"{{N(p.Q)}}","dp":"{{N(p.DP)}}","dq":"{{N(p.DQ)}}","qi":"{{N(p.InverseQ)}}"}""";
            await File.WriteAllTextAsync(path, $"[{rs}]", TestContext.Current.CancellationToken);
            Keys keys = Keys.Create(TimeProvider.System);
            await using AuthHost host = await AuthHost.StartAsync(o => o.SigningKeysPath = path, keys);
            string old = (await host.SignUpAsync("a@b.test")).Text("access_token");
            Assert.Equal("old RS256", $"{Header(old)["kid"]} {Header(old)["alg"]}");
            Assert.Equal("422 signing_keys_in_file", (await host.AdminAsync("POST", "/auth/v1/admin/signing-keys/rotate")).Refusal);
            Assert.False(await host.Get<SigningKeys>().RotateIfDueAsync(TestContext.Current.CancellationToken));

            await File.WriteAllTextAsync(path, $"[{Jwk("new", RandomNumberGenerator.GetBytes(32))},{rs}]", TestContext.Current.CancellationToken);
            await host.Get<SigningKeys>().LoadAsync(TestContext.Current.CancellationToken);
            Assert.Equal("new EdDSA", await host.SignInAsync("a@b.test") is var a ? $"{Header(a.Text("access_token"))["kid"]} {Header(a.Text("access_token"))["alg"]}" : "");
            Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(old)).Status);
            Assert.Equal(0, await host.Store.ScalarAsync<long>("select count(*) from auth.signing_keys"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("{}", "must hold a JSON array")]
    [InlineData("[", "is not JSON")]
    [InlineData("""[{"kty":"EC","crv":"P-256"}]""", "key 1 cannot be used: it has no kid")]
    [InlineData("""[{"kty":"oct","kid":"a","k":"c2VjcmV0"}]""", "key 1 cannot be used: it is none of")]
    [InlineData("""[{"kty":"OKP","crv":"Ed25519","kid":"a","alg":"ES256","d":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]""", "its alg must be EdDSA")]
    [InlineData("""[{"kty":"EC","crv":"P-256","kid":"a","x":"AAAA","y":"AAAA","d":"hiddenAA"}]""", "its numbers are not a private key")]
    public void A_file_of_keys_that_cannot_be_used_stops_the_start_and_tells_no_secret(string text, string message)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, text);
            var options = new AuthOptions { SigningKeysPath = path };
            Exception refused = Assert.Throws<InvalidOperationException>(() => SigningKeyFile.Read(options, DateTimeOffset.UnixEpoch));
            Assert.Contains(message, refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("hidden", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_service_key_is_exchanged_without_a_request_refused()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        async Task<string> MakeAsync(string name) =>
            (await host.AdminAsync("POST", "/auth/v1/admin/keys", $$"""{"name":"{{name}}","type":"secret"}""")).Text("api_key");
        string first = await MakeAsync("worker 1");
        var client = new BusyClient(host, first);
        string second = await MakeAsync("worker 2");
        client.Key = second;
        await client.AnswersAsync(2);
        Assert.Equal(HttpStatusCode.NoContent, (await host.AdminAsync("DELETE", "/auth/v1/admin/keys/worker%201")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(null, first)).Status);
        await client.AnswersAsync(2);
        Assert.Equal(0, await client.StopAsync());
    }

    /// <summary>A client that works without pause, with whatever key it was told last.</summary>
    private sealed class BusyClient
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Task work;
        private volatile string key;
        private int answered;
        private int refused;

        public BusyClient(AuthHost host, string first)
        {
            key = first;
            work = Task.Run(async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    Answer answer = await host.MeAsync(null, key);
                    _ = answer.Status == HttpStatusCode.OK && answer.Text("role") == "service_role" ? Interlocked.Increment(ref answered) : Interlocked.Increment(ref refused);
                }
            });
        }

        public string Key
        {
            set => key = value;
        }

        /// <summary>Waits for so many answers from now on; then nothing is under way with a key of before.</summary>
        public async Task AnswersAsync(int count)
        {
            int until = Volatile.Read(ref answered) + Volatile.Read(ref refused) + count;
            while (Volatile.Read(ref answered) + Volatile.Read(ref refused) < until)
            {
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
        }

        /// <summary>How many requests were refused in all.</summary>
        public async Task<int> StopAsync()
        {
            await stop.CancelAsync();
            await work;
            stop.Dispose();
            return refused;
        }
    }
}
