using System.Net;
using System.Text.Json;
using OtpNet;
using Tenon.Server.Auth;
using Tenon.Server.Tests.Auth.OAuth;

namespace Tenon.Server.Tests.Auth;

/// <summary>
/// Fifty requests at once with one code, link, state or token: exactly one gets what it stands for, on either engine. A few
/// rounds of each, a thousand with TENON_NIGHTLY=1.
/// </summary>
public abstract class OneTimeRaceTests
{
    private const int AtOnce = 50;
    private const string Number = "15005550006";
    private static readonly int Rounds = Environment.GetEnvironmentVariable("TENON_NIGHTLY") == "1" ? 1000 : 2;
    private static int users;

    internal abstract ISignInServer Server { get; }

    internal static void Configure(AuthOptions options, TestIssuer issuer)
    {
        options.EnableAnonymousSignIns = true;
        options.Email.EnableConfirmations = true;
        options.Email.Otp.MaxFrequency = TimeSpan.Zero;
        options.RateLimit.SignInSignUps = options.RateLimit.TokenVerifications = options.RateLimit.TokenRefresh = 100_000_000;
        options.RateLimit.AnonymousUsers = options.RateLimit.EmailSent = options.RateLimit.SmsSent = 100_000_000;
        options.Sms.EnableSignup = true;
        options.Sms.MaxFrequency = TimeSpan.Zero;
        options.Sms.TestOtp[Number] = "123456";
        options.AdditionalRedirectUrls.Add("https://app.test/**");
        options.External["acme"] = new AuthExternalOptions { Enabled = true, ClientId = "tenon,tenon-ios", Secret = "s3cret/+", Url = issuer.Url };
    }

    private static string NewEmail() => $"race{Interlocked.Increment(ref users)}@b.test";

    private static async Task<Answer[]> AllAtOnceAsync(Func<int, Task<Answer>> ask)
    {
        using var gate = new SemaphoreSlim(0);
        Task<Answer>[] all =
        [
            .. Enumerable.Range(0, AtOnce).Select(async i =>
            {
                await gate.WaitAsync(TestContext.Current.CancellationToken);
                return await ask(i);
            }),
        ];
        gate.Release(AtOnce);
        return await Task.WhenAll(all);
    }

    /// <summary>One is right, all others are refused, none is an accident.</summary>
    private static async Task<Answer> OneOfAsync(Func<int, Task<Answer>> ask)
    {
        Answer[] answers = await AllAtOnceAsync(ask);
        Assert.All(answers, answer => Assert.True((int)answer.Status is 200 or (>= 400 and < 500), answer.Body));
        return Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
    }

    private async Task<Answer> LinkAsync(string type, string email, string more = "")
    {
        Answer made = await Server.SendAsync("POST", "/auth/v1/admin/generate_link", $$"""{"type":"{{type}}","email":"{{email}}"{{more}}}""", Server.Keys.SecretKey, Server.Keys.SecretKey);
        Assert.True(made.Status == HttpStatusCode.OK, made.Body);
        return made;
    }

    private async Task<string> NewUserAsync()
    {
        string email = NewEmail();
        Answer made = await Server.SendAsync("POST", "/auth/v1/admin/users", $$"""{"email":"{{email}}","email_confirm":true}""", Server.Keys.SecretKey, Server.Keys.SecretKey);
        Assert.True(made.Status == HttpStatusCode.OK, made.Body);
        return email;
    }

    private async Task<string> AnonymousAsync() => (await Server.PostAsync("/auth/v1/signup", "{}")).Text("access_token");

    private Task<Answer> VerifyLinkAsync(string type, string token) => Server.PostAsync("/auth/v1/verify", $$"""{"type":"{{type}}","token_hash":"{{token}}"}""");

    [Theory]
    [InlineData("magiclink", "magiclink", true)]
    [InlineData("recovery", "recovery", true)]
    [InlineData("signup", "signup", false)]
    [InlineData("invite", "invite", false)]
    public async Task A_link_signs_in_once(string made, string shown, bool known)
    {
        for (int round = 0; round < Rounds; round++)
        {
            string token = (await LinkAsync(made, known ? await NewUserAsync() : NewEmail())).Text("hashed_token");
            await OneOfAsync(_ => VerifyLinkAsync(shown, token));
        }
    }

    [Fact]
    public async Task A_code_of_a_mail_signs_in_once()
    {
        for (int round = 0; round < Rounds; round++)
        {
            string email = await NewUserAsync();
            string code = (await LinkAsync("magiclink", email)).Text("email_otp");
            await OneOfAsync(_ => Server.PostAsync("/auth/v1/verify", $$"""{"type":"email","email":"{{email}}","token":"{{code}}"}"""));
        }
    }

    [Fact]
    public async Task A_code_of_a_text_message_signs_in_once()
    {
        for (int round = 0; round < Rounds; round++)
        {
            Assert.Equal(HttpStatusCode.OK, (await Server.PostAsync("/auth/v1/otp", $$"""{"phone":"{{Number}}"}""")).Status);
            await OneOfAsync(_ => Server.PostAsync("/auth/v1/verify", $$"""{"type":"sms","phone":"{{Number}}","token":"123456"}"""));
        }
    }

    [Fact]
    public async Task Each_half_of_a_change_of_address_counts_once()
    {
        for (int round = 0; round < Rounds; round++)
        {
            string email = await NewUserAsync();
            string target = $$""","new_email":"{{NewEmail()}}" """;
            string first = (await LinkAsync("email_change_current", email, target)).Text("hashed_token");
            string second = (await LinkAsync("email_change_new", email, target)).Text("hashed_token");
            Assert.False((await OneOfAsync(_ => VerifyLinkAsync("email_change", first))).Json.TryGetProperty("access_token", out _));
            Assert.True((await OneOfAsync(_ => VerifyLinkAsync("email_change", second))).Json.TryGetProperty("access_token", out _));
        }
    }

    [Fact]
    public async Task A_state_leads_to_one_code_and_the_code_to_one_session()
    {
        using var outside = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
        for (int round = 0; round < Rounds; round++)
        {
            Answer begun = await Server.SendAsync("GET", ExternalVisit.Path("acme", pkce: true));
            using HttpResponseMessage led = await outside.GetAsync(begun.Header("Location")!, TestContext.Current.CancellationToken);
            string callback = new Uri(led.Headers.Location!.OriginalString).PathAndQuery;
            Answer[] back = await AllAtOnceAsync(_ => Server.SendAsync("GET", callback));
            Assert.All(back, answer => Assert.Equal(HttpStatusCode.Found, answer.Status));
            Uri[] ends = [.. back.Select(answer => new Uri(answer.Header("Location")!))];
            Assert.Equal(AtOnce - 1, ends.Count(end => ExternalVisit.Refusal(end) == "302 bad_oauth_state"));
            string code = ExternalVisit.Query(Assert.Single(ends, end => ExternalVisit.Query(end).ContainsKey("code")))["code"];
            string body = JsonSerializer.Serialize(new { auth_code = code, code_verifier = ExternalVisit.Verifier });
            await OneOfAsync(_ => Server.PostAsync("/auth/v1/token?grant_type=pkce", body));
        }
    }

    [Fact]
    public async Task A_refresh_token_has_one_successor()
    {
        string token = (await Server.PostAsync("/auth/v1/signup", "{}")).Text("refresh_token");
        for (int round = 0; round < Rounds; round++)
        {
            Answer[] answers = await AllAtOnceAsync(_ => Server.PostAsync("/auth/v1/token?grant_type=refresh_token", $$"""{"refresh_token":"{{token}}"}"""));
            Assert.All(answers, answer => Assert.True(answer.Status == HttpStatusCode.OK, answer.Body));
            string next = Assert.Single(answers.Select(answer => answer.Text("refresh_token")).Distinct());
            Assert.NotEqual(token, next);
            token = next;
        }
    }

    [Fact]
    public async Task A_code_of_an_authenticator_app_and_a_recovery_code_count_once()
    {
        for (int round = 0; round < Rounds; round++)
        {
            string token = await AnonymousAsync();
            Answer factor = await Server.PostAsync("/auth/v1/factors", """{"factor_type":"totp"}""", token);
            string path = "/auth/v1/factors/" + factor.Text("id");
            string[] challenges = new string[AtOnce];
            for (int i = 0; i < AtOnce; i++)
            {
                challenges[i] = (await Server.PostAsync(path + "/challenge", "{}", token)).Text("id");
            }
            string code = new Totp(Base32Encoding.ToBytes(factor.Json.GetProperty("totp").GetProperty("secret").GetString()!)).ComputeTotp();
            Answer raised = await OneOfAsync(i => Server.PostAsync(path + "/verify", $$"""{"challenge_id":"{{challenges[i]}}","code":"{{code}}"}""", token));
            token = raised.Text("access_token");
            string recovery = (await Server.PostAsync("/auth/v1/factors/recovery-codes", "{}", token)).Json.GetProperty("codes")[0].GetString()!;
            await OneOfAsync(_ => Server.PostAsync("/auth/v1/factors/recovery-codes/verify", $$"""{"code":"{{recovery}}"}""", token));
        }
    }
}

/// <summary>True concurrency: several connections, READ COMMITTED.</summary>
public sealed class OneTimeRaceOnPostgresTests(OneTimeRaceOnPostgresTests.Fixture fixture) : OneTimeRaceTests, IClassFixture<OneTimeRaceOnPostgresTests.Fixture>
{
    public sealed class Fixture : IAsyncLifetime
    {
        private TestIssuer issuer = null!;

        internal AuthHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            issuer = await TestIssuer.StartAsync();
            Host = await AuthHost.StartAsync(options => Configure(options, issuer));
        }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            await issuer.DisposeAsync();
        }
    }

    internal override ISignInServer Server => fixture.Host;
}

/// <summary>One writer: waiting writes share a transaction, each in its savepoint.</summary>
public sealed class OneTimeRaceOnSqliteTests(OneTimeRaceOnSqliteTests.Fixture fixture) : OneTimeRaceTests, IClassFixture<OneTimeRaceOnSqliteTests.Fixture>
{
    public sealed class Fixture : IAsyncLifetime
    {
        private TestIssuer issuer = null!;

        internal EmbeddedHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            issuer = await TestIssuer.StartAsync();
            Host = await EmbeddedHost.StartAsync(options => Configure(options, issuer));
        }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            await issuer.DisposeAsync();
        }
    }

    internal override ISignInServer Server => fixture.Host;
}
