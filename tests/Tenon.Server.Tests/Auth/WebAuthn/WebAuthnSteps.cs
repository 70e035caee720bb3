using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using OtpNet;

namespace Tenon.Server.Tests.Auth.WebAuthn;

/// <summary>The calls of a page that uses keys, as steps of a test.</summary>
internal static class WebAuthnSteps
{
    extension(AuthHost)
    {
        public static JsonElement Claims(string token) => JsonElement.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]));
    }

    extension(ISignInServer host)
    {
        /// <summary>Ceremony: registration or authentication.</summary>
        public Task<Answer> AskAsync(string ceremony, string? token = null) => host.PostAsync($"/auth/v1/passkeys/{ceremony}/options", "{}", token);

        public Task<Answer> AnswerAsync(string ceremony, Answer asked, string credential, string? token = null) =>
            host.PostAsync($"/auth/v1/passkeys/{ceremony}/verify", $$"""{"challenge_id":"{{asked.Text("challenge_id")}}","credential":{{credential}}}""", token);

        public async Task<Answer> AddPasskeyAsync(SoftAuthenticator browser, string token, Lie? lie = null)
        {
            Answer asked = await host.AskAsync("registration", token);
            Assert.Equal(HttpStatusCode.OK, asked.Status);
            return await host.AnswerAsync("registration", asked, browser.Create(asked.Json.GetProperty("options"), lie), token);
        }

        public async Task<Answer> SignInByPasskeyAsync(SoftAuthenticator browser, Lie? lie = null)
        {
            Answer asked = await host.AskAsync("authentication");
            Assert.Equal(HttpStatusCode.OK, asked.Status);
            return await host.AnswerAsync("authentication", asked, browser.Get(asked.Json.GetProperty("options"), lie));
        }

        public async Task<string> EnrolKeyAsync(string token, string name = "key")
        {
            Answer answer = await host.PostAsync("/auth/v1/factors", $$"""{"factor_type":"webauthn","friendly_name":"{{name}}"}""", token);
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.Equal("webauthn", answer.Text("type"));
            return answer.Text("id");
        }

        public Task<Answer> ChallengeKeyAsync(string factor, string token) =>
            host.PostAsync($"/auth/v1/factors/{factor}/challenge", """{"webauthn":{"rpId":"localhost","rpOrigins":["http://localhost:54321"]}}""", token);

        /// <summary>Answers a factor's challenge with whatever it asks for.</summary>
        public Task<Answer> AnswerKeyAsync(string factor, Answer asked, SoftAuthenticator browser, string token, Lie? lie = null)
        {
            JsonElement webauthn = asked.Json.GetProperty("webauthn");
            JsonElement options = webauthn.GetProperty("credential_options").GetProperty("publicKey");
            string credential = webauthn.Text("type") == "create" ? browser.Create(options, lie) : browser.Get(options, lie);
            string body = $$$"""{"challenge_id":"{{{asked.Text("id")}}}","webauthn":{"type":"{{{webauthn.Text("type")}}}","credential_response":{{{credential}}}}}""";
            return host.PostAsync($"/auth/v1/factors/{factor}/verify", body, token);
        }

        public async Task<Answer> ProveKeyAsync(string factor, SoftAuthenticator browser, string token, Lie? lie = null)
        {
            Answer asked = await host.ChallengeKeyAsync(factor, token);
            Assert.Equal(HttpStatusCode.OK, asked.Status);
            return await host.AnswerKeyAsync(factor, asked, browser, token, lie);
        }
    }

    extension(AuthHost host)
    {
        public async Task<Answer> RaiseByTotpAsync(string token)
        {
            Answer enrolled = await host.PostAsync("/auth/v1/factors", """{"factor_type":"totp","friendly_name":"app"}""", token);
            string factor = enrolled.Text("id");
            string code = new Totp(Base32Encoding.ToBytes(enrolled.Json.GetProperty("totp").Text("secret"))).ComputeTotp(host.Clock.GetUtcNow().UtcDateTime);
            string challenge = (await host.PostAsync($"/auth/v1/factors/{factor}/challenge", "{}", token)).Text("id");
            Answer raised = await host.PostAsync($"/auth/v1/factors/{factor}/verify", $$"""{"challenge_id":"{{challenge}}","code":"{{code}}"}""", token);
            Assert.Equal(HttpStatusCode.OK, raised.Status);
            return raised;
        }
    }
}
