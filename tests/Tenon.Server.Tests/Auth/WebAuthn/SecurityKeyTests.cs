using System.Net;
using System.Text.Json;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth.WebAuthn;

/// <summary>Security keys as a second factor.</summary>
public sealed class SecurityKeyTests
{
    [Fact]
    public async Task A_security_key_is_enrolled_by_its_first_challenge_and_asked_by_the_next()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        using var browser = new SoftAuthenticator();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string factor = await host.EnrolKeyAsync(token, "desk");
        Answer asked = await host.ChallengeKeyAsync(factor, token);
        Assert.Equal("webauthn", asked.Text("type"));
        Assert.True(asked.Json.GetProperty("expires_at").GetInt64() > 0);
        JsonElement webauthn = asked.Json.GetProperty("webauthn");
        Assert.Equal("create", webauthn.Text("type"));
        JsonElement create = webauthn.GetProperty("credential_options").GetProperty("publicKey");
        Assert.Equal("preferred", create.GetProperty("authenticatorSelection").Text("userVerification"));
        Answer raised = await host.AnswerKeyAsync(factor, asked, browser, token);
        Assert.Equal(HttpStatusCode.OK, raised.Status);
        JsonElement claims = AuthHost.Claims(raised.Text("access_token"));
        Assert.Equal("aal2", claims.Text("aal"));
        Assert.Equal("mfa/webauthn,password", string.Join(',', claims.GetProperty("amr").EnumerateArray().Select(e => e.Text("method"))));
        JsonElement listed = Assert.Single(raised.Json.GetProperty("user").GetProperty("factors").EnumerateArray());
        Assert.Equal("webauthn verified", $"{listed.Text("factor_type")} {listed.Text("status")}");

        string low = (await host.SignInAsync("a@b.test")).Text("access_token");
        Answer request = await host.ChallengeKeyAsync(factor, low);
        Assert.Equal("request", request.Json.GetProperty("webauthn").Text("type"));
        JsonElement get = request.Json.GetProperty("webauthn").GetProperty("credential_options").GetProperty("publicKey");
        Assert.Single(get.GetProperty("allowCredentials").EnumerateArray());
        // A key that cannot verify its user is a second factor none the less: the first one was the password.
        Answer again = await host.AnswerKeyAsync(factor, request, browser, low, new Lie { NotVerified = true, NoUserHandle = true });
        Assert.Equal("aal2", AuthHost.Claims(again.Text("access_token")).Text("aal"));
    }

    [Fact]
    public async Task A_security_key_goes_only_at_aal2_and_its_key_with_it()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        using var browser = new SoftAuthenticator();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string factor = await host.EnrolKeyAsync(token);
        string raised = (await host.ProveKeyAsync(factor, browser, token)).Text("access_token");
        string low = (await host.SignInAsync("a@b.test")).Text("access_token");
        Assert.Equal("422 insufficient_aal", (await host.SendAsync("DELETE", $"/auth/v1/factors/{factor}", token: low)).Refusal);
        Assert.Equal("403 insufficient_aal", (await host.PostAsync("/auth/v1/factors", """{"factor_type":"webauthn"}""", low)).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync("DELETE", $"/auth/v1/factors/{factor}", token: raised)).Status);
        Assert.Equal(0, await host.Store.ScalarAsync<long>("select count(*) from auth.webauthn_credentials"));
        // Free again: it may be enrolled anew.
        string anew = await host.EnrolKeyAsync(low);
        Assert.Equal(HttpStatusCode.OK, (await host.ProveKeyAsync(anew, browser, low)).Status);
    }

    [Fact]
    public async Task Recovery_codes_open_the_account_when_the_key_is_lost()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        using var browser = new SoftAuthenticator();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string factor = await host.EnrolKeyAsync(token);
        string raised = (await host.ProveKeyAsync(factor, browser, token)).Text("access_token");
        string code = (await host.PostAsync("/auth/v1/factors/recovery-codes", "{}", raised)).Json.GetProperty("codes")[0].GetString()!;
        string low = (await host.SignInAsync("a@b.test")).Text("access_token");
        Answer opened = await host.PostAsync("/auth/v1/factors/recovery-codes/verify", $$"""{"code":"{{code}}"}""", low);
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync("DELETE", $"/auth/v1/factors/{factor}", token: opened.Text("access_token"))).Status);
    }

    [Fact]
    public async Task A_challenge_expires_and_is_answered_from_the_address_and_the_session_that_asked()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.TrustedProxies.Add("127.0.0.0/8"));
        using var browser = new SoftAuthenticator();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string elsewhere = (await host.SignInAsync("a@b.test")).Text("access_token");
        string factor = await host.EnrolKeyAsync(token);
        Answer asked = await host.ChallengeKeyAsync(factor, token);
        Assert.Equal("422 mfa_factor_not_found", (await host.AnswerKeyAsync(factor, asked, browser, elsewhere)).Refusal);
        JsonElement options = asked.Json.GetProperty("webauthn").GetProperty("credential_options").GetProperty("publicKey");
        string body = $$$"""{"challenge_id":"{{{asked.Text("id")}}}","webauthn":{"type":"create","credential_response":{{{browser.Create(options)}}}}}""";
        Answer far = await host.SendAsync("POST", $"/auth/v1/factors/{factor}/verify", body, token, headers: h => h.Add("X-Forwarded-For", "203.0.113.9"));
        Assert.Equal("422 mfa_ip_address_mismatch", far.Refusal);
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal("422 mfa_challenge_expired", (await host.AnswerKeyAsync(factor, asked, browser, token)).Refusal);
        using var passkey = new SoftAuthenticator();
        Answer registration = await host.AskAsync("registration", token);
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        Answer late = await host.AnswerAsync("registration", registration, passkey.Create(registration.Json.GetProperty("options")), token);
        Assert.Equal("400 webauthn_challenge_expired", late.Refusal);
    }

    [Fact]
    public async Task Switched_off_security_keys_are_refused()
    {
        var set = new AuthOptions[1];
        await using AuthHost host = await AuthHost.StartAsync(o => set[0] = o);
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string factor = await host.EnrolKeyAsync(token);
        set[0].Mfa.WebAuthnVerifyEnabled = false;
        Assert.Equal("422 mfa_webauthn_verify_not_enabled", (await host.ChallengeKeyAsync(factor, token)).Refusal);
        set[0].Mfa.WebAuthnEnrollEnabled = false;
        Assert.Equal("422 mfa_webauthn_enroll_not_enabled", (await host.PostAsync("/auth/v1/factors", """{"factor_type":"webauthn"}""", token)).Refusal);
        await using AuthHost nowhere = await AuthHost.StartAsync(o => o.SiteUrl = "http://intranet.test");
        string other = (await nowhere.SignUpAsync("a@b.test")).Text("access_token");
        Assert.Equal("422 mfa_webauthn_enroll_not_enabled", (await nowhere.PostAsync("/auth/v1/factors", """{"factor_type":"webauthn"}""", other)).Refusal);
    }
}
