using System.Text.Json;
using OtpNet;
using Tenon.Server.Tests.Auth.WebAuthn;

namespace Tenon.Server.Tests.Auth.BadInput;

/// <summary>Passkeys and second factors: enrolled, asked for, answered, renamed.</summary>
public sealed class KeyBadInputTests(BadInputFixture fixture) : IClassFixture<BadInputFixture>
{
    // What a browser tells besides, and nobody has to read.
    private static readonly string[] Unread = ["clientExtensionResults", "response.authenticatorData", "response.transports"];

    private static readonly Call[] All =
        [
            new("POST", "/auth/v1/factors", """{"factor_type":"totp","friendly_name":"{uuid}","issuer":"Shop"}""", Sender.User) { Kind = "totp" },
            new("POST", "/auth/v1/factors", $$"""{"factor_type":"phone","friendly_name":"{uuid}","phone":"{{BadInputFixture.Phone}}"}""", Sender.User) { Kind = "phone" },
            new("POST", "/auth/v1/factors", """{"factor_type":"webauthn","friendly_name":"{uuid}"}""", Sender.User) { Kind = "key" },
            new("POST", "/auth/v1/factors/{factor}/challenge", """{"channel":"sms"}""", Sender.User) { Kind = "phone", Prepare = PhoneAsync },
            new("POST", "/auth/v1/factors/{factor}/challenge", """{"webauthn":{"rpId":"localhost","rpOrigins":["http://localhost:54321"]}}""", Sender.User)
            {
                Kind = "key",
                Prepare = async scene => [("factor", await scene.Host.EnrolKeyAsync(scene.Token, Name()))],
            },
            new("POST", "/auth/v1/factors/{factor}/verify", """{"challenge_id":"{challenge}","code":"{code}"}""", Sender.User) { Kind = "totp", Prepare = TotpAsync },
            new("POST", "/auth/v1/factors/{factor}/verify", """{"challenge_id":"{challenge}","code":"123456"}""", Sender.User) { Kind = "phone", Prepare = PhoneChallengeAsync, PreparesEach = true },
            new("POST", "/auth/v1/factors/{factor}/verify", """{"challenge_id":"{challenge}","webauthn":{"type":"create","credential_response":{credential}}}""", Sender.User)
            {
                Kind = "key",
                Prepare = KeyChallengeAsync,
                PreparesEach = true,
                IsDeep = true,
                Free = [.. Unread.Select(name => "webauthn.credential_response." + name)],
            },
            new("POST", "/auth/v1/factors/recovery-codes/verify", """{"code":"abcdefgh23456789"}""", Sender.User) { Good = 422 },
            new("POST", "/auth/v1/passkeys/registration/verify", """{"challenge_id":"{challenge}","credential":{credential},"friendly_name":"telephone"}""", Sender.User)
            {
                Prepare = RegistrationAsync,
                PreparesEach = true,
                IsDeep = true,
                Free = [.. Unread.Select(name => "credential." + name)],
            },
            new("POST", "/auth/v1/passkeys/authentication/options", """{"gotrue_meta_security":{"captcha_token":"x"}}""") { Free = ["gotrue_meta_security"] },
            new("POST", "/auth/v1/passkeys/authentication/verify", """{"challenge_id":"{challenge}","credential":{credential}}""")
            {
                Prepare = AuthenticationAsync,
                PreparesEach = true,
                IsDeep = true,
                Free = ["credential.clientExtensionResults"],
            },
            new("PATCH", "/auth/v1/passkeys/{passkey}", """{"friendly_name":"telephone"}""", Sender.User) { Prepare = PasskeyAsync },
        ];

    public static TheoryData<string> Calls => BadInputs.Names(All);

    [Theory]
    [MemberData(nameof(Calls))]
    public Task Bad_input_is_refused_in_GoTrues_shape_and_changes_nothing(string call) => BadInputs.RefusesAsync(fixture, All, call);

    private static string Name() => Guid.NewGuid().ToString();

    private static async Task<(string, string)[]> PhoneAsync(Scene scene)
    {
        string body = $$"""{"factor_type":"phone","friendly_name":"{{Name()}}","phone":"{{BadInputFixture.Phone}}"}""";
        return [("factor", (await scene.Host.PostAsync("/auth/v1/factors", body, scene.Token)).Text("id"))];
    }

    private static async Task<(string, string)[]> PhoneChallengeAsync(Scene scene)
    {
        (string Name, string Value)[] made = await PhoneAsync(scene);
        Answer asked = await scene.Host.PostAsync($"/auth/v1/factors/{made[0].Value}/challenge", "{}", scene.Token);
        return [.. made, ("challenge", asked.Text("id"))];
    }

    private static async Task<(string, string)[]> TotpAsync(Scene scene)
    {
        Answer enrolled = await scene.Host.PostAsync("/auth/v1/factors", $$"""{"factor_type":"totp","friendly_name":"{{Name()}}"}""", scene.Token);
        string factor = enrolled.Text("id");
        Answer asked = await scene.Host.PostAsync($"/auth/v1/factors/{factor}/challenge", "{}", scene.Token);
        byte[] secret = Base32Encoding.ToBytes(enrolled.Json.GetProperty("totp").Text("secret"));
        return [("factor", factor), ("challenge", asked.Text("id")), ("code", new Totp(secret).ComputeTotp(scene.Host.Clock.GetUtcNow().UtcDateTime))];
    }

    private static async Task<(string, string)[]> KeyChallengeAsync(Scene scene)
    {
        using var browser = new SoftAuthenticator();
        string factor = await scene.Host.EnrolKeyAsync(scene.Token, Name());
        Answer asked = await scene.Host.ChallengeKeyAsync(factor, scene.Token);
        JsonElement options = asked.Json.GetProperty("webauthn").GetProperty("credential_options").GetProperty("publicKey");
        return [("factor", factor), ("challenge", asked.Text("id")), ("credential", browser.Create(options))];
    }

    private static async Task<(string, string)[]> RegistrationAsync(Scene scene)
    {
        using var browser = new SoftAuthenticator();
        Answer asked = await scene.Host.AskAsync("registration", scene.Token);
        return [("challenge", asked.Text("challenge_id")), ("credential", browser.Create(asked.Json.GetProperty("options")))];
    }

    private static async Task<(string, string)[]> AuthenticationAsync(Scene scene)
    {
        using var browser = new SoftAuthenticator();
        // A user of its own: the tenth passkey is the last.
        string token = (await scene.Host.SignUpAsync(Name() + "@b.test")).Text("access_token");
        await scene.Host.AddPasskeyAsync(browser, token);
        Answer asked = await scene.Host.AskAsync("authentication");
        return [("challenge", asked.Text("challenge_id")), ("credential", browser.Get(asked.Json.GetProperty("options")))];
    }

    private static async Task<(string, string)[]> PasskeyAsync(Scene scene)
    {
        using var browser = new SoftAuthenticator();
        return [("passkey", (await scene.Host.AddPasskeyAsync(browser, scene.Token)).Text("id"))];
    }
}
