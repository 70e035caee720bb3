using System.Net;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Tests.Auth.WebAuthn;

namespace Tenon.Server.Tests.Auth;

/// <summary>The hook mfa_verification_attempt hears of every compared second factor and may reject it.</summary>
public sealed class FactorHookTests
{
    private const string Number = "15005550006";

    private static Task<AuthHost> StartAsync() =>
        AuthHost.StartAsync(options =>
        {
            options.Mfa.PhoneEnrollEnabled = true;
            options.Mfa.PhoneVerifyEnabled = true;
            options.Sms.TestOtp[Number] = "123456";
            options.Hooks[HookName.FactorVerification] = new AuthHookOptions { Enabled = true, Uri = "pg-functions://postgres/public/seen" };
        });

    private static Task WatchAsync(AuthHost host, string answer) =>
        host.Store.RunAsync(
            $"""
            create table if not exists public.attempts (n int generated always as identity, said text);
            create or replace function public.seen(event jsonb) returns jsonb language plpgsql as $$
            begin
                insert into public.attempts (said) values (concat(event->>'factor_type', ' ', event->>'valid'));
                {answer}
            end $$
            """
        );

    private static Task<string> SeenAsync(AuthHost host) =>
        host.Store.ScalarAsync<string>("select string_agg(said, ',' order by n) from public.attempts");

    private static async Task<(string Factor, string Challenge)> PhoneAsync(AuthHost host, string token)
    {
        Answer enrolled = await host.PostAsync("/auth/v1/factors", $$"""{"factor_type":"phone","phone":"{{Number}}"}""", token);
        return (enrolled.Text("id"), (await host.PostAsync($"/auth/v1/factors/{enrolled.Text("id")}/challenge", "{}", token)).Text("id"));
    }

    private static Task<Answer> VerifyAsync(AuthHost host, (string Factor, string Challenge) asked, string code, string token) =>
        host.PostAsync($"/auth/v1/factors/{asked.Factor}/verify", $$"""{"challenge_id":"{{asked.Challenge}}","code":"{{code}}"}""", token);

    [Fact]
    public async Task It_hears_of_right_and_wrong_answers_of_every_kind()
    {
        await using AuthHost host = await StartAsync();
        await WatchAsync(host, "return '{\"decision\": \"continue\"}';");
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        using var browser = new SoftAuthenticator();
        string key = await host.EnrolKeyAsync(token);
        await host.ProveKeyAsync(key, browser, token, new Lie { Origin = "https://evil.test" });
        Assert.Equal(HttpStatusCode.OK, (await host.ProveKeyAsync(key, browser, token)).Status);
        token = (await host.SignUpAsync("c@d.test")).Text("access_token");
        (string, string) phone = await PhoneAsync(host, token);
        Assert.Equal("422 mfa_verification_failed", (await VerifyAsync(host, phone, "654321", token)).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await VerifyAsync(host, phone, "123456", token)).Status);
        // A challenge that is used up is no attempt at a factor.
        Assert.Equal("422 mfa_factor_not_found", (await VerifyAsync(host, phone, "123456", token)).Refusal);
        await host.RaiseByTotpAsync((await host.SignUpAsync("e@f.test")).Text("access_token"));
        Assert.Equal("webauthn false,webauthn true,phone false,phone true,totp true", await SeenAsync(host));
    }

    [Fact]
    public async Task A_rejected_answer_raises_nothing_and_ends_the_users_sessions()
    {
        await using AuthHost host = await StartAsync();
        await WatchAsync(host, "return '{\"decision\": \"reject\", \"message\": \"Not today\"}';");
        Answer signedUp = await host.SignUpAsync("a@b.test");
        string token = signedUp.Text("access_token");
        (string, string) phone = await PhoneAsync(host, token);
        Answer rejected = await VerifyAsync(host, phone, "123456", token);
        Assert.Equal("403 mfa_verification_rejected", rejected.Refusal);
        Assert.Equal("Not today", rejected.Text("msg"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(token)).Status);
        Assert.Equal("400 refresh_token_not_found", (await host.RefreshAsync(signedUp.Text("refresh_token"))).Refusal);
        Assert.Equal(0, await host.Store.ScalarAsync<long>("select count(*) from auth.sessions"));
    }

    [Fact]
    public async Task Where_it_cannot_be_asked_a_right_answer_ends_the_session_and_a_wrong_one_is_counted()
    {
        await using AuthHost host = await StartAsync();
        await WatchAsync(host, "raise exception 'down';");
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        (string, string) phone = await PhoneAsync(host, token);
        Assert.Equal("500 unexpected_failure", (await VerifyAsync(host, phone, "654321", token)).Refusal);
        Assert.Equal(1, await host.Store.ScalarAsync<long>("select max(failures)::bigint from auth.mfa_factors"));
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(token)).Status);
        Assert.Equal("500 unexpected_failure", (await VerifyAsync(host, phone, "123456", token)).Refusal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(token)).Status);
        Assert.Equal(0, await host.Store.ScalarAsync<long>("select count(*) from auth.sessions"));
    }

    private static async Task<(string Token, string Fresh, string[] Codes)> CodesAsync(AuthHost host, string email)
    {
        string raised = (await host.RaiseByTotpAsync((await host.SignUpAsync(email)).Text("access_token"))).Text("access_token");
        Answer made = await host.PostAsync("/auth/v1/factors/recovery-codes", "{}", raised);
        return (raised, (await host.SignInAsync(email)).Text("access_token"), [.. made.Json.GetProperty("codes").EnumerateArray().Select(code => code.GetString()!)]);
    }

    private static Task<Answer> RecoverAsync(AuthHost host, string code, string token) =>
        host.PostAsync("/auth/v1/factors/recovery-codes/verify", $$"""{"code":"{{code}}"}""", token);

    [Fact]
    public async Task It_hears_of_recovery_codes_right_and_wrong_but_of_none_that_nobody_has()
    {
        await using AuthHost host = await StartAsync();
        await WatchAsync(host, "return '{\"decision\": \"continue\"}';");
        (_, string fresh, string[] codes) = await CodesAsync(host, "a@b.test");
        Assert.Equal("422 mfa_verification_failed", (await RecoverAsync(host, "2345678923456789", fresh)).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await RecoverAsync(host, codes[0], fresh)).Status);
        string without = (await host.SignUpAsync("c@d.test")).Text("access_token");
        Assert.Equal("422 mfa_verification_failed", (await RecoverAsync(host, codes[1], without)).Refusal);
        Assert.Equal("totp true,recovery_code false,recovery_code true", await SeenAsync(host));
    }

    [Theory]
    [InlineData("return '{\"decision\": \"reject\"}';", "403 mfa_verification_rejected", 0)]
    [InlineData("raise exception 'down';", "500 unexpected_failure", 1)]
    public async Task A_right_recovery_code_that_it_rejects_or_cannot_be_asked_of_raises_nothing(string answer, string refusal, int sessions)
    {
        await using AuthHost host = await StartAsync();
        await WatchAsync(host, "return '{\"decision\": \"continue\"}';");
        (_, string fresh, string[] codes) = await CodesAsync(host, "a@b.test");
        await WatchAsync(host, answer);
        Assert.Equal(refusal, (await RecoverAsync(host, codes[0], fresh)).Refusal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(fresh)).Status);
        // Rejected: all of the user's end. Not asked: this one does, the other goes on.
        Assert.Equal(sessions, await host.Store.ScalarAsync<long>("select count(*) from auth.sessions"));
        Assert.Equal(9, await host.Store.ScalarAsync<long>("select count(*) from auth.mfa_recovery_codes"));
    }
}
