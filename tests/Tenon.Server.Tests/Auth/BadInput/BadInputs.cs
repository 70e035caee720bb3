using System.Globalization;
using System.Text;
using System.Text.Json;
using Tenon.Server.Auth;
using Tenon.Server.Provider;
using Tenon.Server.Tests.Auth.OAuth;

namespace Tenon.Server.Tests.Auth.BadInput;

/// <summary>Who sends a request.</summary>
internal enum Sender
{
    Stranger,
    User,
    Admin,
}

/// <summary>A call with a body that is right, to be made wrong one member at a time. Names in braces are filled in: {me}, {new}, and what is prepared.</summary>
internal sealed record Call(string Method, string Path, string Body, Sender By = Sender.Stranger)
{
    /// <summary>Tells calls of one path apart.</summary>
    public string Kind { get; init; } = "";

    /// <summary>What the right body answers; proves that the wrong ones were refused for what is wrong with them.</summary>
    public int Good { get; init; } = 200;

    /// <summary>Members that may be of any type, by their names from the outside in.</summary>
    public string[] Free { get; init; } = [];

    /// <summary>Members of members are made wrong too.</summary>
    public bool IsDeep { get; init; }

    /// <summary>Takes more than 64 KiB.</summary>
    public bool IsLarge { get; init; }

    /// <summary>A missing member may be answered in the form of RFC 6749 §5.2, as GoTrue does for this grant.</summary>
    public bool MayBeOAuth { get; init; }

    /// <summary>Makes what the call is about; the names it fills in.</summary>
    public Func<Scene, Task<(string Name, string Value)[]>>? Prepare { get; init; }

    /// <summary>A refused answer uses up what was prepared: each wrong body gets its own.</summary>
    public bool PreparesEach { get; init; }

    public override string ToString() => Kind.Length == 0 ? $"{Method} {Path}" : $"{Method} {Path} ({Kind})";
}

/// <summary>A user who calls.</summary>
internal sealed record Scene(AuthHost Host, string Email, string UserId, string Token);

/// <summary>A server that is everything sign-in can be, with an issuer beside it, for the tests of a class.</summary>
public sealed class BadInputFixture : IAsyncLifetime
{
    public const string Phone = "15005550006";
    private TestIssuer issuer = null!;
    private int users;

    internal AuthHost Host { get; private set; } = null!;

    internal string IssuerUrl => issuer.Url;

    internal string NewEmail() => string.Create(CultureInfo.InvariantCulture, $"bad{Interlocked.Increment(ref users)}@b.test");

    public async ValueTask InitializeAsync()
    {
        issuer = await TestIssuer.StartAsync();
        Host = await AuthHost.StartAsync(Configure, package: ProviderFeature.Package);
    }

    private void Configure(AuthOptions options)
    {
        AuthRateLimitOptions limits = options.RateLimit;
        limits.TokenRefresh = limits.AnonymousUsers = limits.SignInSignUps = limits.TokenVerifications = limits.EmailSent = limits.SmsSent = 1_000_000;
        options.SiteUrl = options.PublicUrl = "http://localhost:54321";
        options.EnableManualLinking = true;
        options.Mfa.PhoneEnrollEnabled = options.Mfa.PhoneVerifyEnabled = true;
        options.Mfa.MaxEnrolledFactors = 1000;
        options.Sms.TestOtp[Phone] = "123456";
        options.OAuthServer.Enabled = options.OAuthServer.AllowDynamicRegistration = true;
        options.External["acme"] = new AuthExternalOptions { Enabled = true, ClientId = "tenon", Secret = "s", Url = issuer.Url };
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await issuer.DisposeAsync();
    }

    /// <summary>A user of a test's own, signed in.</summary>
    internal async Task<Scene> UserAsync()
    {
        string email = NewEmail();
        Answer made = await Host.SignUpAsync(email);
        return new Scene(Host, email, made.Json.GetProperty("user").Text("id"), made.Text("access_token"));
    }
}

/// <summary>What all families of calls must bear, asked of one call at a time.</summary>
internal static class BadInputs
{
    // Everything sign-in keeps: after a refusal it is as it was.
    private const string Fingerprint = """
        select concat_ws('|',
            (select coalesce(md5(string_agg(t::text, ',' order by id)), '') from auth.users t),
            (select coalesce(md5(string_agg(t::text, ',' order by id)), '') from auth.oauth_clients t),
            (select coalesce(md5(string_agg(t::text, ',' order by id)), '') from auth.custom_providers t),
            (select coalesce(md5(string_agg(concat(id, friendly_name, status), ',' order by id)), '') from auth.mfa_factors t),
            (select coalesce(md5(string_agg(concat(id, friendly_name), ',' order by id)), '') from auth.webauthn_credentials t),
            (select count(*) from auth.identities), (select count(*) from auth.sessions), (select count(*) from auth.refresh_tokens),
            (select count(*) from auth.one_time_tokens), (select count(*) from auth.outbox), (select count(*) from auth.flow_state),
            (select count(*) from auth.external_flows), (select count(*) from auth.user_keys),
            (select count(*) from auth.api_keys), (select count(*) from auth.audit_log_entries),
            (select coalesce(md5(string_agg(t::text, ',' order by id)), '') from auth.signing_keys t))
        """;

    public static Task<string> StateAsync(AuthHost host) => host.Store.ScalarAsync<string>(Fingerprint);

    /// <summary>The state once what was prepared is sent: a message leaves the outbox when it has gone out.</summary>
    public static async Task<string> SettledAsync(AuthHost host)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await host.Store.ScalarAsync<long>("select count(*) from auth.outbox where state = 'waiting'") > 0)
        {
            await Task.Delay(20, limit.Token);
        }
        return await StateAsync(host);
    }

    public static TheoryData<string> Names(IEnumerable<Call> calls) => [.. calls.Select(call => call.ToString())];

    public static Task RefusesAsync(BadInputFixture fixture, IEnumerable<Call> calls, string name) => RefusesAsync(fixture, calls.Single(call => call.ToString() == name));

    /// <summary>Sends what is wrong with a call, each by itself: refused in GoTrue's shape, and nothing has changed.</summary>
    private static async Task RefusesAsync(BadInputFixture fixture, Call call)
    {
        Scene scene = await fixture.UserAsync();
        (Call Call, string Body) right = await FillAsync(fixture, scene, call);
        string before = await SettledAsync(fixture.Host);
        foreach ((string what, byte[] body) in WrongBodies.Of(call, right.Body).ToArray())
        {
            (Call Call, string Body) now = right;
            byte[] wrong = body;
            if (call.PreparesEach)
            {
                now = await FillAsync(fixture, scene, call);
                before = await SettledAsync(fixture.Host);
                wrong = WrongBodies.Of(call, now.Body).First(one => one.What == what).Body;
            }
            Answer answer = await SendAsync(scene, now.Call, new ByteArrayContent(wrong));
            int status = (int)answer.Status;
            Assert.True(status is >= 400 and < 500 and not 401 and not 403 and not 404, $"{call} with {what}: {status} {answer.Body}");
            RequireShape(call, answer, what);
            Assert.True(await StateAsync(fixture.Host) == before, $"{call} with {what} changed something");
        }
        // A body without a length, in pieces, is bounded too.
        Answer endless = await SendAsync(scene, right.Call, new StreamContent(new MemoryStream(WrongBodies.Endless(call))), inPieces: true);
        Assert.True(endless.Refusal == "413 validation_failed", $"{call} without end: {endless.Refusal}");
        Assert.Equal(before, await StateAsync(fixture.Host));
        right = call.PreparesEach ? await FillAsync(fixture, scene, call) : right;
        Answer good = await SendAsync(scene, right.Call, new StringContent(right.Body));
        Assert.True((int)good.Status == call.Good, $"{call}: {(int)good.Status} {good.Body}");
    }

    private static async Task<(Call Call, string Body)> FillAsync(BadInputFixture fixture, Scene scene, Call call)
    {
        (string Name, string Value)[] prepared = call.Prepare is null ? [] : await call.Prepare(scene);
        (string Name, string Value)[] all =
        [
            ("me", scene.Email), ("user", scene.UserId), ("new", fixture.NewEmail()), ("issuer", fixture.IssuerUrl), ("uuid", Guid.NewGuid().ToString()), .. prepared,
        ];
        string Fill(string text) => all.Aggregate(text, (filled, one) => filled.Replace("{" + one.Name + "}", one.Value, StringComparison.Ordinal));
        return (call with { Path = Fill(call.Path) }, Fill(call.Body));
    }

    private static async Task<Answer> SendAsync(Scene scene, Call call, HttpContent body, bool inPieces = false)
    {
        AuthHost host = scene.Host;
        using var request = new HttpRequestMessage(new HttpMethod(call.Method), call.Path);
        request.Headers.Add("apikey", call.By == Sender.Admin ? host.Keys.SecretKey : host.Keys.PublishableKey);
        request.Headers.TransferEncodingChunked = inPieces ? true : null;
        if (call.By == Sender.User)
        {
            request.Headers.Add("Authorization", "Bearer " + scene.Token);
        }
        request.Content = body;
        request.Content.Headers.ContentType = new("application/json");
        HttpResponseMessage response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response);
    }

    private static void RequireShape(Call call, Answer answer, string what)
    {
        JsonElement json = answer.Json;
        if (call.MayBeOAuth && json.TryGetProperty("error", out JsonElement error))
        {
            Assert.True(error.GetString() is "invalid_request" or "invalid_grant", $"{what}: {error}");
            Assert.False(string.IsNullOrEmpty(json.GetProperty("error_description").GetString()), what);
            return;
        }
        Assert.Equal((int)answer.Status, json.GetProperty("code").GetInt32());
        string code = json.GetProperty("error_code").GetString()!;
        Assert.Contains(code, AuthErrors.Codes);
        Assert.Equal(code, answer.Header("x-sb-error-code"));
        Assert.False(string.IsNullOrEmpty(json.GetProperty("msg").GetString()), what);
    }
}
