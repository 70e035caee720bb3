using System.Globalization;
using System.Net;
using System.Text.Json;
using OtpNet;
using Tenon.Server.Auth;
using Tenon.Server.Tests.Auth.OAuth;

namespace Tenon.Server.Tests.Auth;

/// <summary>
/// Fifty requests at once with one code, link, state or token: exactly one gets what it stands for, on either engine
/// (<see cref="Race"/>).
/// </summary>
public abstract class OneTimeRaceTests
{
    private const string Number = "15005550006";
    private static readonly int Rounds = Race.Rounds(2);
    private static int users;

    internal abstract EmbeddedHost Server { get; }

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
        for (int i = 0; i < Rounds; i++)
        {
            options.Sms.TestOtp[NumberOf("1500600", i)] = options.Sms.TestOtp[NumberOf("1500700", i)] = "123456";
        }
        options.Email.SecurePasswordChange = true;
        options.JwtExpiry = TimeSpan.FromDays(1);
        options.AdditionalRedirectUrls.Add("https://app.test/**");
        options.External["acme"] = new AuthExternalOptions { Enabled = true, ClientId = "tenon,tenon-ios", Secret = "s3cret/+", Url = issuer.Url };
    }

    private static string NumberOf(string prefix, int i) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{i:0000}");

    private static string NewEmail() => $"race{Interlocked.Increment(ref users)}@b.test";

    /// <summary>One is right, all others are refused, none is an accident.</summary>
    private static async Task<Answer> OneOfAsync(Func<int, Task<Answer>> ask)
    {
        Answer[] answers = await Race.AllAtOnceAsync(ask);
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
    public async Task A_code_of_a_new_number_changes_it_once()
    {
        for (int round = 0; round < Rounds; round++)
        {
            string number = NumberOf("1500600", round);
            string token = await AnonymousAsync();
            Answer pending = await Server.SendAsync("PUT", "/auth/v1/user", $$"""{"phone":"{{number}}"}""", token);
            Assert.True(pending.Text("new_phone") == number, pending.Body);
            Answer changed = await OneOfAsync(_ => Server.PostAsync("/auth/v1/verify", $$"""{"type":"phone_change","phone":"{{number}}","token":"123456"}"""));
            Assert.Equal(number, changed.Json.GetProperty("user").Text("phone"));
        }
    }

    [Fact]
    public async Task A_code_of_reauthentication_sets_one_password()
    {
        string[] tokens = new string[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            string phone = NumberOf("1500700", round);
            Assert.Equal(HttpStatusCode.OK, (await Server.PostAsync("/auth/v1/otp", $$"""{"phone":"{{phone}}"}""")).Status);
            tokens[round] = (await Server.PostAsync("/auth/v1/verify", $$"""{"type":"sms","phone":"{{phone}}","token":"123456"}""")).Text("access_token");
        }
        // A session older than a day is asked for a code.
        await Server.RunAsync("update auth.sessions set created_at = created_at - interval '25 hours'");
        foreach (string token in tokens)
        {
            Assert.Equal("400 reauthentication_needed", (await Server.SendAsync("PUT", "/auth/v1/user", """{"password":"blue-giraffe-42"}""", token)).Refusal);
            Assert.Equal(HttpStatusCode.OK, (await Server.SendAsync("GET", "/auth/v1/reauthenticate", token: token)).Status);
            await OneOfAsync(i => Server.SendAsync("PUT", "/auth/v1/user", $$"""{"password":"blue-giraffe-{{i}}","nonce":"123456"}""", token));
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
            Answer[] back = await Race.AllAtOnceAsync(_ => Server.SendAsync("GET", callback));
            Assert.All(back, answer => Assert.Equal(HttpStatusCode.Found, answer.Status));
            Uri[] ends = [.. back.Select(answer => new Uri(answer.Header("Location")!))];
            Assert.Equal(Race.AtOnce - 1, ends.Count(end => ExternalVisit.Refusal(end) == "302 bad_oauth_state"));
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
            Answer[] answers = await Race.AllAtOnceAsync(_ => Server.PostAsync("/auth/v1/token?grant_type=refresh_token", $$"""{"refresh_token":"{{token}}"}"""));
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
            string[] challenges = new string[Race.AtOnce];
            for (int i = 0; i < Race.AtOnce; i++)
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

/// <summary>A server of a class, beside it the issuer its users come from.</summary>
public abstract class RaceFixture(bool postgres) : IAsyncLifetime
{
    private TestIssuer issuer = null!;

    internal EmbeddedHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        issuer = await TestIssuer.StartAsync();
        Host = await (postgres ? EmbeddedHost.OnPostgresAsync(Configure) : EmbeddedHost.StartAsync(Configure));
    }

    private void Configure(AuthOptions options) => OneTimeRaceTests.Configure(options, issuer);

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await issuer.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>True concurrency: several connections, READ COMMITTED.</summary>
public sealed class OneTimeRaceOnPostgresTests(OneTimeRaceOnPostgresTests.Fixture fixture) : OneTimeRaceTests, IClassFixture<OneTimeRaceOnPostgresTests.Fixture>
{
    public sealed class Fixture() : RaceFixture(postgres: true);

    internal override EmbeddedHost Server => fixture.Host;
}

/// <summary>One writer: waiting writes share a transaction, each in its savepoint.</summary>
public sealed class OneTimeRaceOnSqliteTests(OneTimeRaceOnSqliteTests.Fixture fixture) : OneTimeRaceTests, IClassFixture<OneTimeRaceOnSqliteTests.Fixture>
{
    public sealed class Fixture() : RaceFixture(postgres: false);

    internal override EmbeddedHost Server => fixture.Host;
}
