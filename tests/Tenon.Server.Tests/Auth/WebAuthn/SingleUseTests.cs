using System.Net;
using System.Text.Json;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth.WebAuthn;

/// <summary>
/// Fifty requests at once with the answer to one challenge: exactly one gets what it stands for, on either engine
/// (<see cref="Race"/>).
/// </summary>
public sealed class SingleUseTests
{
    private static readonly int Rounds = Race.Rounds(20);

    private static void Configure(AuthOptions options)
    {
        options.EnableAnonymousSignIns = true;
        options.RateLimit.SignInSignUps = 100_000_000;
        options.RateLimit.TokenVerifications = 100_000_000;
        options.RateLimit.AnonymousUsers = 100_000;
        options.Mfa.PhoneEnrollEnabled = true;
        options.Mfa.PhoneVerifyEnabled = true;
        options.Sms.TestOtp["15005550006"] = "123456";
    }

    [Fact]
    public async Task A_challenge_of_a_passkey_signs_in_once_on_PostgreSQL()
    {
        await using EmbeddedHost host = await EmbeddedHost.OnPostgresAsync(Configure);
        await SignInAsync(host);
    }

    [Fact]
    public async Task A_challenge_of_a_passkey_signs_in_once_on_SQLite()
    {
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(Configure);
        await SignInAsync(host);
    }

    [Fact]
    public async Task A_challenge_of_a_security_key_raises_once_on_PostgreSQL()
    {
        await using EmbeddedHost host = await EmbeddedHost.OnPostgresAsync(Configure);
        await RaiseByKeyAsync(host);
    }

    [Fact]
    public async Task A_challenge_of_a_security_key_raises_once_on_SQLite()
    {
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(Configure);
        await RaiseByKeyAsync(host);
    }

    [Fact]
    public async Task A_code_of_a_telephone_raises_once_on_PostgreSQL()
    {
        await using EmbeddedHost host = await EmbeddedHost.OnPostgresAsync(Configure);
        await RaiseByPhoneAsync(host);
    }

    [Fact]
    public async Task A_code_of_a_telephone_raises_once_on_SQLite()
    {
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(Configure);
        await RaiseByPhoneAsync(host);
    }

    [Fact]
    public async Task A_registration_adds_one_passkey_on_PostgreSQL()
    {
        await using EmbeddedHost host = await EmbeddedHost.OnPostgresAsync(Configure);
        await RegisterAsync(host);
    }

    [Fact]
    public async Task A_registration_adds_one_passkey_on_SQLite()
    {
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(Configure);
        await RegisterAsync(host);
    }

    private static async Task<string> NewUserAsync(ISignInServer host) => (await host.PostAsync("/auth/v1/signup", "{}")).Text("access_token");

    /// <summary>All others are told that the challenge is gone.</summary>
    private static async Task OnceAsync(string gone, Func<Task<Answer>> request)
    {
        Answer[] answers = await Race.AllAtOnceAsync(_ => request());
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer => Assert.Equal(gone, answer.Refusal));
    }

    private static async Task SignInAsync(ISignInServer host)
    {
        using var browser = new SoftAuthenticator();
        using var plain = new SoftAuthenticator { Counter = 0 };
        await host.AddPasskeyAsync(browser, await NewUserAsync(host));
        await host.AddPasskeyAsync(plain, await NewUserAsync(host));
        for (int round = 0; round < Rounds; round++)
        {
            // A key without a counter too: then the challenge alone holds.
            SoftAuthenticator used = round % 2 == 0 ? browser : plain;
            Answer asked = await host.AskAsync("authentication");
            string credential = used.Get(asked.Json.GetProperty("options"));
            await OnceAsync("400 webauthn_challenge_not_found", () => host.AnswerAsync("authentication", asked, credential));
        }
    }

    private static async Task RaiseByKeyAsync(ISignInServer host)
    {
        using var browser = new SoftAuthenticator();
        string token = await NewUserAsync(host);
        string factor = await host.EnrolKeyAsync(token);
        for (int round = 0; round < Rounds; round++)
        {
            // The first round enrols it.
            Answer asked = await host.ChallengeKeyAsync(factor, token);
            JsonElement webauthn = asked.Json.GetProperty("webauthn");
            JsonElement options = webauthn.GetProperty("credential_options").GetProperty("publicKey");
            string type = webauthn.Text("type");
            Assert.Equal(round == 0 ? "create" : "request", type);
            string credential = type == "create" ? browser.Create(options) : browser.Get(options);
            string body = $$$"""{"challenge_id":"{{{asked.Text("id")}}}","webauthn":{"type":"{{{type}}}","credential_response":{{{credential}}} } }""";
            Answer[] answers = await Race.AllAtOnceAsync(_ => host.PostAsync($"/auth/v1/factors/{factor}/verify", body, token));
            Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
            // In the first round latecomers may find a factor that is asked otherwise by now.
            Assert.All(
                answers.Where(answer => answer.Status != HttpStatusCode.OK),
                answer => Assert.True(answer.Refusal == "422 mfa_factor_not_found" || (round == 0 && answer.Refusal == "400 validation_failed"), answer.Body)
            );
        }
    }

    private static async Task RaiseByPhoneAsync(ISignInServer host)
    {
        string token = await NewUserAsync(host);
        string factor = (await host.PostAsync("/auth/v1/factors", """{"factor_type":"phone","phone":"15005550006"}""", token)).Text("id");
        for (int round = 0; round < Rounds; round++)
        {
            string challenge = (await host.PostAsync($"/auth/v1/factors/{factor}/challenge", "{}", token)).Text("id");
            string body = $$"""{"challenge_id":"{{challenge}}","code":"123456"}""";
            await OnceAsync("422 mfa_factor_not_found", () => host.PostAsync($"/auth/v1/factors/{factor}/verify", body, token));
        }
    }

    private static async Task RegisterAsync(ISignInServer host)
    {
        for (int round = 0; round < Rounds; round++)
        {
            string token = await NewUserAsync(host);
            using var browser = new SoftAuthenticator();
            Answer asked = await host.AskAsync("registration", token);
            string credential = browser.Create(asked.Json.GetProperty("options"));
            await OnceAsync("400 webauthn_challenge_not_found", () => host.AnswerAsync("registration", asked, credential, token));
            Assert.Equal(1, (await host.SendAsync("GET", "/auth/v1/passkeys", token: token)).Json.GetArrayLength());
        }
    }
}
