using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth;

/// <summary>The puzzle before sign-up, sign-in and mails, with a verifier of the test's own.</summary>
public sealed class CaptchaTests
{
    private static Task<AuthHost> StartAsync(PuzzleVerifier verifier, Action<AuthOptions>? also = null) =>
        AuthHost.StartAsync(o =>
        {
            o.Captcha.Enabled = true;
            o.Captcha.Secret = "the-site-secret";
            o.Captcha.VerifyUri = verifier.Uri;
            o.EnableAnonymousSignIns = true;
            also?.Invoke(o);
        });

    private static string With(string body, string token) =>
        body[..^1] + (body.Length > 2 ? "," : "") + "\"gotrue_meta_security\":{\"captcha_token\":\"" + token + "\"}}";

    public static TheoryData<string, string> Guarded =>
        new()
        {
            { "/auth/v1/signup", """{"email":"new@b.test","password":"blue-giraffe-42"}""" },
            { "/auth/v1/signup", "{}" },
            { "/auth/v1/token?grant_type=password", """{"email":"ann@b.test","password":"blue-giraffe-42"}""" },
            { "/auth/v1/otp", """{"email":"ann@b.test"}""" },
            { "/auth/v1/magiclink", """{"email":"ann@b.test"}""" },
            { "/auth/v1/recover", """{"email":"ann@b.test"}""" },
            { "/auth/v1/resend", """{"type":"signup","email":"ann@b.test"}""" },
            { "/auth/v1/passkeys/authentication/options", "{}" },
        };

    [Theory]
    [MemberData(nameof(Guarded))]
    public async Task A_guarded_call_needs_a_solved_puzzle_and_does_nothing_without(string path, string body)
    {
        await using PuzzleVerifier verifier = await PuzzleVerifier.StartAsync();
        await using AuthHost host = await StartAsync(verifier);
        Answer made = await host.AdminAsync("POST", "/auth/v1/admin/users", """{"email":"ann@b.test","password":"blue-giraffe-42","email_confirm":true}""");
        Assert.Equal(HttpStatusCode.OK, made.Status);

        Answer without = await host.PostAsync(path, body);
        Assert.Equal("400 captcha_failed", without.Refusal);
        Assert.Equal("captcha protection: request disallowed (no captcha_token found)", without.Text("msg"));
        Assert.Empty(verifier.Calls);
        Answer wrong = await host.PostAsync(path, With(body, "guess"));
        Assert.Equal("400 captcha_failed", wrong.Refusal);
        Assert.Equal("captcha protection: request disallowed (invalid-input-response)", wrong.Text("msg"));
        Assert.Equal("400 captcha_failed", (await host.PostAsync(path, body[..^1] + (body.Length > 2 ? "," : "") + "\"gotrue_meta_security\":{\"captcha_token\":7}}")).Refusal);
        Assert.Equal("400 validation_failed", (await host.PostAsync(path, body[..^1] + (body.Length > 2 ? "," : "") + "\"gotrue_meta_security\":\"solved\"}")).Refusal);
        Assert.Equal(0, await host.Store.ScalarAsync<long>("select count(*) from auth.outbox"));
        Assert.Equal(0, await host.Store.ScalarAsync<long>("select count(*) from auth.sessions"));
        Assert.Equal(1, await host.Store.ScalarAsync<long>("select count(*) from auth.users"));

        Answer solved = await host.PostAsync(path, With(body, " solved "));
        Assert.True(solved.Status == HttpStatusCode.OK, solved.Body);
        Dictionary<string, string> asked = verifier.Calls[^1];
        Assert.Equal(("the-site-secret", "solved", "127.0.0.1"), (asked["secret"], asked["response"], asked["remoteip"]));
    }

    [Fact]
    public async Task Refreshes_verifications_and_the_service_key_are_not_asked()
    {
        await using PuzzleVerifier verifier = await PuzzleVerifier.StartAsync();
        await using AuthHost host = await StartAsync(verifier);
        Answer session = await host.PostAsync("/auth/v1/signup", With("""{"email":"ann@b.test","password":"blue-giraffe-42"}""", "solved"));
        Assert.Equal(HttpStatusCode.OK, (await host.RefreshAsync(session.Text("refresh_token"))).Status);
        Assert.Equal("403 otp_expired", (await host.PostAsync("/auth/v1/verify", """{"type":"email","email":"ann@b.test","token":"123456"}""")).Refusal);
        Assert.Equal("404 flow_state_not_found", (await host.PostAsync("/auth/v1/token?grant_type=pkce", """{"auth_code":"11111111-1111-4111-8111-111111111111","code_verifier":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}""")).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await host.AdminAsync("POST", "/auth/v1/otp", """{"email":"ann@b.test"}""")).Status);
        // A user's own token is no service key.
        Assert.Equal("400 captcha_failed", (await host.PostAsync("/auth/v1/otp", """{"email":"ann@b.test"}""", session.Text("access_token"))).Refusal);
        Assert.Single(verifier.Calls);
    }

    [Fact]
    public async Task A_verifier_that_gives_no_usable_answer_lets_nobody_in()
    {
        await using PuzzleVerifier verifier = await PuzzleVerifier.StartAsync();
        await using AuthHost host = await StartAsync(verifier);
        string body = With("""{"email":"ann@b.test","password":"blue-giraffe-42"}""", "solved");
        foreach (string broken in new[] { "no JSON", "[]", new string(' ', 300_000) })
        {
            verifier.Broken = broken;
            Answer answer = await host.PostAsync("/auth/v1/signup", body);
            Assert.Equal("500 unexpected_failure", answer.Refusal);
            Assert.DoesNotContain("the-site-secret", answer.Body, StringComparison.Ordinal);
        }
        verifier.Broken = """{"success":"true"}""";
        Assert.Equal("400 captcha_failed", (await host.PostAsync("/auth/v1/signup", body)).Refusal);
        await verifier.DisposeAsync();
        Assert.Equal("500 unexpected_failure", (await host.PostAsync("/auth/v1/signup", body)).Refusal);
        Assert.Equal(0, await host.Store.ScalarAsync<long>("select count(*) from auth.users"));
    }

    [Fact]
    public void Settings_that_protect_nothing_stop_the_start()
    {
        var options = new AuthOptions { Development = true, Captcha = { Enabled = true, Provider = "recaptcha", Secret = "x" } };
        Assert.Contains("hcaptcha or turnstile", Assert.Throws<InvalidOperationException>(() => AuthFeature.Validate(options)).Message, StringComparison.Ordinal);
        options.Captcha.Provider = "hcaptcha";
        AuthFeature.Validate(options);
        options.Captcha.Secret = " ";
        Assert.Contains("needs secret", Assert.Throws<InvalidOperationException>(() => AuthFeature.Validate(options)).Message, StringComparison.Ordinal);
    }
}
