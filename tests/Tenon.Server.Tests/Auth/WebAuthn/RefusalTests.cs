using System.Net;
using System.Text.Json;

namespace Tenon.Server.Tests.Auth.WebAuthn;

/// <summary>One host for all refusals: each case has users and keys of its own.</summary>
public sealed class RefusalHost : IAsyncLifetime
{
    private int users;

    internal AuthHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await AuthHost.StartAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    internal async Task<string> NewUserAsync() => (await Host.SignUpAsync($"u{Interlocked.Increment(ref users)}@b.test")).Text("access_token");
}

/// <summary>
/// What WebAuthn §7.1 and §7.2 and the promises of this server refuse: each condition by an answer that is wrong in it alone.
/// The same key, used honestly, is accepted right after, so that nothing but the lie is what was refused.
/// </summary>
public sealed class RefusalTests(RefusalHost shared) : IClassFixture<RefusalHost>
{
    private const string NotVerified = "400 webauthn_verification_failed";

    private static readonly Dictionary<string, Lie> BothLies = new()
    {
        ["wrong origin"] = new() { Origin = "https://evil.test" },
        ["origin with another port"] = new() { Origin = "http://localhost:54322" },
        ["subdomain of the origin"] = new() { Origin = "http://evil.localhost:54321" },
        ["cross-origin"] = new() { CrossOrigin = true },
        ["wrong RP ID"] = new() { RpId = "evil.test" },
        ["another challenge"] = new() { Challenge = new byte[32] },
        ["empty challenge"] = new() { Challenge = [] },
        ["user not present"] = new() { NotPresent = true },
        ["user not verified"] = new() { NotVerified = true },
        ["backed up without being eligible"] = new() { BackedUpOnly = true },
        ["credential of another type"] = new() { CredentialType = "password" },
    };

    private static readonly Dictionary<string, Lie> RegistrationLies = new(BothLies)
    {
        ["client data of an assertion"] = new() { Type = "webauthn.get" },
        ["no key in it"] = new() { NoKey = true },
        ["key of an algorithm that was not offered"] = new() { Algorithm = -8 },
        ["credential id that is not the key's"] = new() { CredentialId = new byte[32] },
    };

    private static readonly Dictionary<string, Lie> AssertionLies = new(BothLies)
    {
        ["client data of a registration"] = new() { Type = "webauthn.create" },
        ["tampered signature"] = new() { TamperedSignature = true },
        ["tampered client data"] = new() { TamperedClientData = true },
        ["tampered authenticator data"] = new() { TamperedAuthenticatorData = true },
        ["unknown credential"] = new() { CredentialId = new byte[32] },
        ["backup eligibility changed"] = new() { NowBackupEligible = true },
        ["user handle of another user"] = new() { UserHandle = "7e0f4c52-91a5-4d3a-9f4e-0c5e3f9d8a11" },
    };

    private static readonly Dictionary<string, Lie> SignInLies = new(AssertionLies) { ["no user handle"] = new() { NoUserHandle = true } };

    public static TheoryData<string> OfRegistration => [.. RegistrationLies.Keys];

    public static TheoryData<string> OfSignIn => [.. SignInLies.Keys];

    public static TheoryData<string> OfFactorRegistration => [.. RegistrationLies.Keys.Where(name => name != "user not verified")];

    public static TheoryData<string> OfFactor => [.. AssertionLies.Keys.Where(name => name != "user not verified")];

    private AuthHost Host => shared.Host;

    [Theory]
    [MemberData(nameof(OfRegistration))]
    public async Task A_passkey_is_not_added_by_an_answer_with(string lie)
    {
        string token = await shared.NewUserAsync();
        using var browser = new SoftAuthenticator();
        Answer refused = await Host.AddPasskeyAsync(browser, token, RegistrationLies[lie]);
        Assert.Equal(NotVerified, refused.Refusal);
        Assert.Empty((await Host.SendAsync("GET", "/auth/v1/passkeys", token: token)).Json.EnumerateArray());
        Assert.Equal(HttpStatusCode.OK, (await Host.AddPasskeyAsync(browser, token)).Status);
    }

    [Theory]
    [MemberData(nameof(OfSignIn))]
    public async Task Nobody_signs_in_by_an_answer_with(string lie)
    {
        using var browser = new SoftAuthenticator();
        await Host.AddPasskeyAsync(browser, await shared.NewUserAsync());
        Answer refused = await Host.SignInByPasskeyAsync(browser, SignInLies[lie]);
        Assert.Equal(NotVerified, refused.Refusal);
        Assert.Equal(HttpStatusCode.OK, (await Host.SignInByPasskeyAsync(browser)).Status);
    }

    [Theory]
    [MemberData(nameof(OfFactorRegistration))]
    public async Task A_security_key_is_not_enrolled_by_an_answer_with(string lie)
    {
        string token = await shared.NewUserAsync();
        using var browser = new SoftAuthenticator();
        string factor = await Host.EnrolKeyAsync(token);
        Assert.Equal("422 mfa_verification_failed", (await Host.ProveKeyAsync(factor, browser, token, RegistrationLies[lie])).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await Host.ProveKeyAsync(factor, browser, token)).Status);
    }

    [Theory]
    [MemberData(nameof(OfFactor))]
    public async Task A_session_is_not_raised_by_an_answer_with(string lie)
    {
        string token = await shared.NewUserAsync();
        using var browser = new SoftAuthenticator();
        string factor = await Host.EnrolKeyAsync(token);
        await Host.ProveKeyAsync(factor, browser, token);
        Assert.Equal("422 mfa_verification_failed", (await Host.ProveKeyAsync(factor, browser, token, AssertionLies[lie])).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await Host.ProveKeyAsync(factor, browser, token)).Status);
    }

    [Theory]
    [InlineData(3u)]
    [InlineData(2u)]
    [InlineData(0u)]
    public async Task A_counter_that_has_not_grown_is_refused_and_noted(uint count)
    {
        using var browser = new SoftAuthenticator { Counter = 2 };
        Answer added = await Host.AddPasskeyAsync(browser, await shared.NewUserAsync());
        Assert.Equal(HttpStatusCode.OK, (await Host.SignInByPasskeyAsync(browser)).Status);
        Assert.Equal(3u, browser.Counter);
        Assert.Equal(NotVerified, (await Host.SignInByPasskeyAsync(browser, new Lie { Count = count })).Refusal);
        const string noted = "select count(*) from auth.audit_log_entries where action = 'webauthn_counter_refused' and actor_id = ";
        Assert.Equal(1, await Host.Store.ScalarAsync<long>($"{noted}(select user_id from auth.webauthn_credentials where id = '{added.Text("id")}')"));
        Assert.Equal(HttpStatusCode.OK, (await Host.SignInByPasskeyAsync(browser)).Status);
    }

    [Fact]
    public async Task A_key_without_a_counter_shows_nought_each_time()
    {
        using var browser = new SoftAuthenticator { Counter = 0 };
        await Host.AddPasskeyAsync(browser, await shared.NewUserAsync());
        Assert.Equal(HttpStatusCode.OK, (await Host.SignInByPasskeyAsync(browser)).Status);
        Assert.Equal(HttpStatusCode.OK, (await Host.SignInByPasskeyAsync(browser)).Status);
    }

    [Fact]
    public async Task The_counter_of_a_security_key_must_grow_as_well()
    {
        string token = await shared.NewUserAsync();
        using var browser = new SoftAuthenticator { Counter = 5 };
        string factor = await Host.EnrolKeyAsync(token);
        await Host.ProveKeyAsync(factor, browser, token);
        Assert.Equal("422 mfa_verification_failed", (await Host.ProveKeyAsync(factor, browser, token, new Lie { Count = 5 })).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await Host.ProveKeyAsync(factor, browser, token)).Status);
    }

    [Fact]
    public async Task A_challenge_is_answered_once_rightly_or_wrongly()
    {
        using var browser = new SoftAuthenticator();
        await Host.AddPasskeyAsync(browser, await shared.NewUserAsync());
        Answer asked = await Host.AskAsync("authentication");
        string credential = browser.Get(asked.Json.GetProperty("options"));
        Assert.Equal(HttpStatusCode.OK, (await Host.AnswerAsync("authentication", asked, credential)).Status);
        Assert.Equal("400 webauthn_challenge_not_found", (await Host.AnswerAsync("authentication", asked, credential)).Refusal);
        Answer again = await Host.AskAsync("authentication");
        string wrong = browser.Get(again.Json.GetProperty("options"), new Lie { TamperedSignature = true });
        Assert.Equal(NotVerified, (await Host.AnswerAsync("authentication", again, wrong)).Refusal);
        string right = browser.Get(again.Json.GetProperty("options"));
        Assert.Equal("400 webauthn_challenge_not_found", (await Host.AnswerAsync("authentication", again, right)).Refusal);
    }

    [Fact]
    public async Task The_signature_of_one_challenge_does_not_answer_another()
    {
        using var browser = new SoftAuthenticator();
        await Host.AddPasskeyAsync(browser, await shared.NewUserAsync());
        Answer first = await Host.AskAsync("authentication");
        Answer second = await Host.AskAsync("authentication");
        Assert.Equal(NotVerified, (await Host.AnswerAsync("authentication", second, browser.Get(first.Json.GetProperty("options")))).Refusal);
    }

    [Fact]
    public async Task A_challenge_is_of_one_ceremony_one_user_and_one_session()
    {
        string token = await shared.NewUserAsync();
        string stranger = await shared.NewUserAsync();
        using var browser = new SoftAuthenticator();
        Answer asked = await Host.AskAsync("registration", token);
        string credential = browser.Create(asked.Json.GetProperty("options"));
        Assert.Equal("400 webauthn_challenge_not_found", (await Host.AnswerAsync("registration", asked, credential, stranger)).Refusal);
        Assert.Equal("400 webauthn_challenge_not_found", (await Host.AnswerAsync("authentication", asked, credential)).Refusal);
        string email = AuthHost.Claims(token).Text("email");
        string elsewhere = (await Host.SignInAsync(email)).Text("access_token");
        Assert.Equal("400 webauthn_challenge_not_found", (await Host.AnswerAsync("registration", asked, credential, elsewhere)).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await Host.AnswerAsync("registration", asked, credential, token)).Status);
        Answer signIn = await Host.AskAsync("authentication");
        Assert.Equal("400 webauthn_challenge_not_found", (await Host.AnswerAsync("registration", signIn, credential, token)).Refusal);
    }

    [Fact]
    public async Task A_credential_is_one_users_once()
    {
        string token = await shared.NewUserAsync();
        string stranger = await shared.NewUserAsync();
        using var browser = new SoftAuthenticator();
        await Host.AddPasskeyAsync(browser, token);
        Assert.Equal("422 webauthn_credential_exists", (await Host.AddPasskeyAsync(browser, token)).Refusal);
        Assert.Equal("422 webauthn_credential_exists", (await Host.AddPasskeyAsync(browser, stranger)).Refusal);
        string factor = await Host.EnrolKeyAsync(stranger);
        Assert.Equal("422 webauthn_credential_exists", (await Host.ProveKeyAsync(factor, browser, stranger)).Refusal);
        Answer asked = await Host.AskAsync("registration", token);
        Assert.Single(asked.Json.GetProperty("options").GetProperty("excludeCredentials").EnumerateArray());
    }

    [Fact]
    public async Task A_passkey_is_no_second_factor_and_a_second_factor_no_passkey()
    {
        string token = await shared.NewUserAsync();
        using var passkey = new SoftAuthenticator();
        using var key = new SoftAuthenticator();
        await Host.AddPasskeyAsync(passkey, token);
        string factor = await Host.EnrolKeyAsync(token);
        await Host.ProveKeyAsync(factor, key, token);
        Assert.Equal(NotVerified, (await Host.SignInByPasskeyAsync(key)).Refusal);
        Assert.Equal("422 mfa_verification_failed", (await Host.ProveKeyAsync(factor, passkey, token)).Refusal);
    }

    [Fact]
    public async Task Another_users_key_does_not_answer_a_factors_challenge()
    {
        string mine = await shared.NewUserAsync();
        string theirs = await shared.NewUserAsync();
        using var myKey = new SoftAuthenticator();
        using var theirKey = new SoftAuthenticator();
        string myFactor = await Host.EnrolKeyAsync(mine);
        string theirFactor = await Host.EnrolKeyAsync(theirs);
        await Host.ProveKeyAsync(myFactor, myKey, mine);
        await Host.ProveKeyAsync(theirFactor, theirKey, theirs);
        Assert.Equal("422 mfa_verification_failed", (await Host.ProveKeyAsync(myFactor, theirKey, mine)).Refusal);
        Answer asked = await Host.ChallengeKeyAsync(myFactor, mine);
        Assert.Equal("404 mfa_factor_not_found", (await Host.AnswerKeyAsync(myFactor, asked, myKey, theirs)).Refusal);
        Assert.Equal("422 mfa_factor_not_found", (await Host.AnswerKeyAsync(theirFactor, asked, theirKey, theirs)).Refusal);
    }

    [Fact]
    public async Task Bodies_that_are_not_answers_are_refused_as_such()
    {
        string token = await shared.NewUserAsync();
        const string path = "/auth/v1/passkeys/authentication/verify";
        string id = Guid.NewGuid().ToString();
        Assert.Equal("400 validation_failed", (await Host.PostAsync(path, "{}")).Refusal);
        Assert.Equal("400 validation_failed", (await Host.PostAsync(path, """{"challenge_id":"x","credential":{}}""")).Refusal);
        Assert.Equal("400 validation_failed", (await Host.PostAsync(path, $$"""{"challenge_id":"{{id}}","credential":"x"}""")).Refusal);
        Assert.Equal("400 validation_failed", (await Host.PostAsync(path, $$"""{"challenge_id":"{{id}}"}""")).Refusal);
        Assert.Equal("400 webauthn_challenge_not_found", (await Host.PostAsync(path, $$"""{"challenge_id":"{{id}}","credential":{} }""")).Refusal);
        string factor = await Host.EnrolKeyAsync(token);
        string challenge = (await Host.ChallengeKeyAsync(factor, token)).Text("id");
        foreach (string webauthn in new[] { "null", "{}", """{"type":"request","credential_response":{}}""", """{"type":"create"}""", """{"type":"create","credential_response":1}""" })
        {
            Answer answer = await Host.PostAsync($"/auth/v1/factors/{factor}/verify", $$$"""{"challenge_id":"{{{challenge}}}","webauthn":{{{webauthn}}}}""", token);
            Assert.Equal("400 validation_failed", answer.Refusal);
        }
    }

    [Fact]
    public async Task An_answer_with_any_member_spoiled_is_refused_and_never_an_accident()
    {
        using var browser = new SoftAuthenticator();
        await Host.AddPasskeyAsync(browser, await shared.NewUserAsync());
        string[] members = ["id", "type", "response.clientDataJSON", "response.authenticatorData", "response.signature", "response.userHandle", "response"];
        string[] spoils = ["null", "1", "\"\"", "\"%%%\"", "\"AAAA\"", "[]", "{}", "\"\\ud800\""];
        foreach (string member in members)
        {
            foreach (string spoil in spoils)
            {
                Answer asked = await Host.AskAsync("authentication");
                Answer refused = await Host.AnswerAsync("authentication", asked, Spoil(browser.Get(asked.Json.GetProperty("options")), member, spoil));
                Assert.True(refused.Refusal == NotVerified, $"{member} = {spoil}: {refused.Refusal}");
            }
        }
    }

    private static string Spoil(string credential, string member, string spoil)
    {
        string name = member.Split('.')[^1];
        string old = member.Split('.').Aggregate(JsonElement.Parse(credential), (element, part) => element.GetProperty(part)).GetRawText();
        return credential.Replace($"\"{name}\":{old}", $"\"{name}\":{spoil}", StringComparison.Ordinal);
    }
}
