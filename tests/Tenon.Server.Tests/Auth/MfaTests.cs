using System.Net;
using System.Text.Json;
using OtpNet;

namespace Tenon.Server.Tests.Auth;

public sealed class MfaTests
{
    private const string Password = "blue-giraffe-42";

    private sealed record Enrolled(string Token, string Factor, byte[] Secret);

    private static async Task<Enrolled> EnrolAsync(AuthHost host, string token, string name = "phone")
    {
        Answer answer = await host.PostAsync("/auth/v1/factors", $$"""{"factor_type":"totp","friendly_name":"{{name}}","issuer":"Acme"}""", token);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return new Enrolled(token, answer.Text("id"), Base32Encoding.ToBytes(answer.Json.GetProperty("totp").Text("secret")));
    }

    private static string Code(AuthHost host, Enrolled enrolled, int steps = 0) =>
        new Totp(enrolled.Secret).ComputeTotp(host.Clock.GetUtcNow().UtcDateTime.AddSeconds(30 * steps));

    private static async Task<string> ChallengeAsync(AuthHost host, Enrolled enrolled, string? token = null)
    {
        Answer answer = await host.PostAsync($"/auth/v1/factors/{enrolled.Factor}/challenge", "{}", token ?? enrolled.Token);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("totp", answer.Text("type"));
        return answer.Text("id");
    }

    private static Task<Answer> VerifyAsync(AuthHost host, Enrolled enrolled, string challenge, string code, string? token = null) =>
        host.PostAsync(
            $"/auth/v1/factors/{enrolled.Factor}/verify",
            $$"""{"challenge_id":"{{challenge}}","code":"{{code}}"}""",
            token ?? enrolled.Token
        );

    private static async Task<Answer> RaiseAsync(AuthHost host, Enrolled enrolled, string? token = null)
    {
        string challenge = await ChallengeAsync(host, enrolled, token);
        Answer raised = await VerifyAsync(host, enrolled, challenge, Code(host, enrolled), token);
        Assert.Equal(HttpStatusCode.OK, raised.Status);
        return raised;
    }

    private static JsonElement Claims(string token)
    {
        string part = token.Split('.')[1];
        return JsonElement.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(part));
    }

    [Fact]
    public async Task A_verified_code_raises_the_session_and_ends_the_others_that_have_none()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string elsewhere = (await host.SignInAsync("a@b.test")).Text("access_token");
        Enrolled enrolled = await EnrolAsync(host, token);
        Answer raised = await RaiseAsync(host, enrolled);
        JsonElement claims = Claims(raised.Text("access_token"));
        Assert.Equal("aal2", claims.Text("aal"));
        Assert.Equal("totp,password", string.Join(',', claims.GetProperty("amr").EnumerateArray().Select(e => e.Text("method"))));
        Assert.Equal(Claims(token).Text("session_id"), claims.Text("session_id"));
        JsonElement factor = Assert.Single(raised.Json.GetProperty("user").GetProperty("factors").EnumerateArray());
        Assert.Equal("verified", factor.Text("status"));
        Assert.False(factor.TryGetProperty("sealed_secret", out _));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(elsewhere)).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(raised.Text("access_token"))).Status);
        Answer refreshed = await host.RefreshAsync(raised.Text("refresh_token"));
        Assert.Equal("aal2", Claims(refreshed.Text("access_token")).Text("aal"));
    }

    [Fact]
    public async Task A_user_with_a_factor_makes_API_keys_at_aal2_only()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Enrolled enrolled = await EnrolAsync(host, (await host.SignUpAsync("a@b.test")).Text("access_token"));
        Answer raised = await RaiseAsync(host, enrolled);
        string below = (await host.SignInAsync("a@b.test")).Text("access_token");
        Assert.Equal("403 insufficient_aal", (await host.PostAsync("/auth/v1/keys", """{"name":"k","scopes":"*"}""", below)).Refusal);
        Answer made = await host.PostAsync("/auth/v1/keys", """{"name":"k","scopes":{"orders":["select"]}}""", raised.Text("access_token"));
        Assert.Equal(HttpStatusCode.OK, made.Status);
        Assert.Equal("""{"orders":["select"]}""", made.Json.GetProperty("scopes").GetRawText().Replace(" ", "", StringComparison.Ordinal));
        // Elsewhere than at the data API a key is nobody.
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(made.Text("api_key"))).Status);
    }

    [Fact]
    public async Task A_code_is_accepted_once_and_only_for_its_step_and_the_next()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Enrolled enrolled = await EnrolAsync(host, (await host.SignUpAsync("a@b.test")).Text("access_token"));
        string challenge = await ChallengeAsync(host, enrolled);
        Assert.Equal("422 mfa_verification_failed", (await VerifyAsync(host, enrolled, challenge, Code(host, enrolled, -2))).Refusal);
        Assert.Equal("422 mfa_verification_failed", (await VerifyAsync(host, enrolled, challenge, Code(host, enrolled, 2))).Refusal);
        string code = Code(host, enrolled);
        Assert.Equal(HttpStatusCode.OK, (await VerifyAsync(host, enrolled, challenge, code)).Status);
        Assert.Equal("422 mfa_factor_not_found", (await VerifyAsync(host, enrolled, challenge, code)).Refusal);
        string again = await ChallengeAsync(host, enrolled);
        Assert.Equal("422 mfa_verification_failed", (await VerifyAsync(host, enrolled, again, code)).Refusal);
        host.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(HttpStatusCode.OK, (await VerifyAsync(host, enrolled, again, Code(host, enrolled, -1))).Status);
    }

    [Fact]
    public async Task Of_fifty_at_once_with_one_code_exactly_one_is_raised()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.RateLimit.TokenVerifications = 1000);
        Enrolled enrolled = await EnrolAsync(host, (await host.SignUpAsync("a@b.test")).Text("access_token"));
        var challenges = new List<string>();
        for (int i = 0; i < 50; i++)
        {
            challenges.Add(await ChallengeAsync(host, enrolled));
        }
        string code = Code(host, enrolled);
        Answer[] answers = await Task.WhenAll(challenges.Select(challenge => VerifyAsync(host, enrolled, challenge, code)));
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Wrong_codes_make_the_factor_rest_and_nobody_elses()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.RateLimit.TokenVerifications = 1000);
        Enrolled mine = await EnrolAsync(host, (await host.SignUpAsync("a@b.test")).Text("access_token"));
        Enrolled other = await EnrolAsync(host, (await host.SignUpAsync("c@d.test")).Text("access_token"));
        string challenge = await ChallengeAsync(host, mine);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal("422 mfa_verification_failed", (await VerifyAsync(host, mine, challenge, "abcdef")).Refusal);
        }
        Answer resting = await VerifyAsync(host, mine, challenge, Code(host, mine));
        Assert.Equal("429 over_request_rate_limit", resting.Refusal);
        Assert.NotNull(resting.Header("Retry-After"));
        await RaiseAsync(host, other);
        host.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(HttpStatusCode.OK, (await VerifyAsync(host, mine, challenge, Code(host, mine))).Status);
    }

    [Fact]
    public async Task Of_fifty_wrong_codes_at_once_five_are_compared()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Enrolled enrolled = await EnrolAsync(host, (await host.SignUpAsync("a@b.test")).Text("access_token"));
        string challenge = await ChallengeAsync(host, enrolled);
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => VerifyAsync(host, enrolled, challenge, "abcdef")));
        Assert.Equal(5, answers.Count(answer => answer.Refusal == "422 mfa_verification_failed"));
        Assert.Equal(45, answers.Count(answer => answer.Refusal == "429 over_request_rate_limit"));
        host.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(HttpStatusCode.OK, (await VerifyAsync(host, enrolled, challenge, Code(host, enrolled))).Status);
    }

    [Fact]
    public async Task Of_fifty_wrong_recovery_codes_at_once_five_are_compared()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Enrolled enrolled = await EnrolAsync(host, (await host.SignUpAsync("a@b.test")).Text("access_token"));
        string raised = (await RaiseAsync(host, enrolled)).Text("access_token");
        await host.PostAsync("/auth/v1/factors/recovery-codes", "{}", raised);
        Answer[] answers = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(_ => host.PostAsync("/auth/v1/factors/recovery-codes/verify", """{"code":"2222222222222222"}""", raised))
        );
        Assert.Equal(5, answers.Count(answer => answer.Refusal == "422 mfa_verification_failed"));
        Assert.Equal(45, answers.Count(answer => answer.Refusal == "429 mfa_recovery_codes_locked"));
    }

    [Fact]
    public async Task A_challenge_expires_and_belongs_to_its_factor_and_its_user()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Enrolled mine = await EnrolAsync(host, (await host.SignUpAsync("a@b.test")).Text("access_token"));
        Enrolled other = await EnrolAsync(host, (await host.SignUpAsync("c@d.test")).Text("access_token"));
        string challenge = await ChallengeAsync(host, mine);
        Assert.Equal("422 mfa_factor_not_found", (await VerifyAsync(host, other, challenge, Code(host, other))).Refusal);
        Assert.Equal("404 mfa_factor_not_found", (await VerifyAsync(host, mine, challenge, Code(host, mine), other.Token)).Refusal);
        Answer foreign = await host.PostAsync($"/auth/v1/factors/{mine.Factor}/challenge", "{}", other.Token);
        Assert.Equal("404 mfa_factor_not_found", foreign.Refusal);
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal("422 mfa_challenge_expired", (await VerifyAsync(host, mine, challenge, Code(host, mine))).Refusal);
    }

    [Fact]
    public async Task A_challenge_is_answered_from_the_address_that_asked()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.TrustedProxies.Add("127.0.0.0/8"));
        Enrolled enrolled = await EnrolAsync(host, (await host.SignUpAsync("a@b.test")).Text("access_token"));
        string challenge = await ChallengeAsync(host, enrolled);
        Answer answer = await host.SendAsync(
            "POST",
            $"/auth/v1/factors/{enrolled.Factor}/verify",
            $$"""{"challenge_id":"{{challenge}}","code":"{{Code(host, enrolled)}}"}""",
            enrolled.Token,
            headers: h => h.Add("X-Forwarded-For", "203.0.113.9")
        );
        Assert.Equal("422 mfa_ip_address_mismatch", answer.Refusal);
    }

    [Fact]
    public async Task A_password_alone_neither_adds_nor_takes_a_factor_of_who_has_one()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Enrolled enrolled = await EnrolAsync(host, (await host.SignUpAsync("a@b.test")).Text("access_token"));
        string raised = (await RaiseAsync(host, enrolled)).Text("access_token");
        string low = (await host.SignInAsync("a@b.test")).Text("access_token");
        Answer second = await host.PostAsync("/auth/v1/factors", """{"factor_type":"totp","friendly_name":"thief"}""", low);
        Assert.Equal("403 insufficient_aal", second.Refusal);
        Assert.Equal("422 insufficient_aal", (await host.SendAsync("DELETE", $"/auth/v1/factors/{enrolled.Factor}", token: low)).Refusal);
        Answer removed = await host.SendAsync("DELETE", $"/auth/v1/factors/{enrolled.Factor}", token: raised);
        Assert.Equal(enrolled.Factor, removed.Text("id"));
        Answer user = await host.SendAsync("GET", "/auth/v1/user", token: raised);
        Assert.False(user.Json.TryGetProperty("factors", out _));
        Assert.Equal("404 mfa_factor_not_found", (await host.SendAsync("DELETE", $"/auth/v1/factors/{enrolled.Factor}", token: raised)).Refusal);
    }

    [Fact]
    public async Task Names_are_free_once_room_is_bounded_and_types_are_known()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.Mfa.MaxEnrolledFactors = 2);
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        await EnrolAsync(host, token, "one");
        Assert.Equal("422 mfa_factor_name_conflict", (await host.PostAsync("/auth/v1/factors", """{"factor_type":"totp","friendly_name":"one"}""", token)).Refusal);
        await EnrolAsync(host, token, "two");
        Assert.Equal("422 too_many_enrolled_mfa_factors", (await host.PostAsync("/auth/v1/factors", """{"factor_type":"totp"}""", token)).Refusal);
        Assert.Equal("400 validation_failed", (await host.PostAsync("/auth/v1/factors", """{"factor_type":"carrier pigeon"}""", token)).Refusal);
        Assert.Equal("422 mfa_phone_enroll_not_enabled", (await host.PostAsync("/auth/v1/factors", """{"factor_type":"phone"}""", token)).Refusal);
        Assert.Equal("401 no_authorization", (await host.PostAsync("/auth/v1/factors", """{"factor_type":"totp"}""")).Refusal);
    }

    [Fact]
    public async Task Switched_off_factors_are_refused()
    {
        await using AuthHost off = await AuthHost.StartAsync(o => o.Mfa.TotpEnrollEnabled = false);
        string token = (await off.SignUpAsync("a@b.test")).Text("access_token");
        Assert.Equal("422 mfa_totp_enroll_not_enabled", (await off.PostAsync("/auth/v1/factors", """{"factor_type":"totp"}""", token)).Refusal);
        await using AuthHost unverifiable = await AuthHost.StartAsync(o => o.Mfa.TotpVerifyEnabled = false);
        Enrolled enrolled = await EnrolAsync(unverifiable, (await unverifiable.SignUpAsync("a@b.test")).Text("access_token"));
        Answer challenge = await unverifiable.PostAsync($"/auth/v1/factors/{enrolled.Factor}/challenge", "{}", enrolled.Token);
        Assert.Equal("422 mfa_totp_verify_not_enabled", challenge.Refusal);
    }

    [Fact]
    public async Task A_recovery_code_raises_a_session_once_and_a_new_set_replaces_the_old()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Enrolled enrolled = await EnrolAsync(host, (await host.SignUpAsync("a@b.test")).Text("access_token"));
        Assert.Equal("403 insufficient_aal", (await host.PostAsync("/auth/v1/factors/recovery-codes", "{}", enrolled.Token)).Refusal);
        string raised = (await RaiseAsync(host, enrolled)).Text("access_token");
        Assert.Equal("404 mfa_factor_not_found", (await host.SendAsync("GET", "/auth/v1/factors/recovery-codes", token: raised)).Refusal);
        Answer made = await host.PostAsync("/auth/v1/factors/recovery-codes", "{}", raised);
        string[] codes = [.. made.Json.GetProperty("codes").EnumerateArray().Select(code => code.GetString()!)];
        Assert.Equal(10, codes.Distinct().Count());
        Assert.Equal("422 mfa_verified_factor_exists", (await host.PostAsync("/auth/v1/factors/recovery-codes", "{}", raised)).Refusal);

        string low = (await host.SignInAsync("a@b.test")).Text("access_token");
        string typed = string.Join('-', codes[0].ToUpperInvariant().Chunk(4).Select(chunk => new string(chunk)));
        Answer used = await host.PostAsync("/auth/v1/factors/recovery-codes/verify", $$"""{"code":" {{typed}} "}""", low);
        Assert.Equal("aal2", Claims(used.Text("access_token")).Text("aal"));
        Answer twice = await host.PostAsync("/auth/v1/factors/recovery-codes/verify", $$"""{"code":"{{codes[0]}}"}""", used.Text("access_token"));
        Assert.Equal("422 mfa_verification_failed", twice.Refusal);
        Answer status = await host.SendAsync("GET", "/auth/v1/factors/recovery-codes", token: used.Text("access_token"));
        Assert.Equal(9, status.Json.GetProperty("remaining").GetInt32());

        Answer anew = await host.PostAsync("/auth/v1/factors/recovery-codes/regenerate", "{}", used.Text("access_token"));
        Assert.Equal(made.Text("id"), anew.Text("id"));
        Answer old = await host.PostAsync("/auth/v1/factors/recovery-codes/verify", $$"""{"code":"{{codes[1]}}"}""", used.Text("access_token"));
        Assert.Equal("422 mfa_verification_failed", old.Refusal);
    }

    [Fact]
    public async Task Guessing_recovery_codes_is_locked()
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.RateLimit.TokenVerifications = 1000);
        Enrolled enrolled = await EnrolAsync(host, (await host.SignUpAsync("a@b.test")).Text("access_token"));
        string raised = (await RaiseAsync(host, enrolled)).Text("access_token");
        Answer made = await host.PostAsync("/auth/v1/factors/recovery-codes", "{}", raised);
        string right = made.Json.GetProperty("codes")[0].GetString()!;
        for (int i = 0; i < 5; i++)
        {
            Answer wrong = await host.PostAsync("/auth/v1/factors/recovery-codes/verify", """{"code":"2222222222222222"}""", raised);
            Assert.Equal("422 mfa_verification_failed", wrong.Refusal);
        }
        Answer locked = await host.PostAsync("/auth/v1/factors/recovery-codes/verify", $$"""{"code":"{{right}}"}""", raised);
        Assert.Equal("429 mfa_recovery_codes_locked", locked.Refusal);
    }

    [Fact]
    public async Task The_service_key_lists_renames_and_takes_factors()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer signedUp = await host.SignUpAsync("a@b.test");
        string user = signedUp.Json.GetProperty("user").Text("id");
        Enrolled enrolled = await EnrolAsync(host, signedUp.Text("access_token"));
        string raised = (await RaiseAsync(host, enrolled)).Text("access_token");
        string path = $"/auth/v1/admin/users/{user}/factors";
        Assert.Equal("403 not_admin", (await host.SendAsync("GET", path, token: raised)).Refusal);
        JsonElement listed = Assert.Single((await host.AdminAsync("GET", path)).Json.EnumerateArray());
        Assert.Equal(enrolled.Factor, listed.Text("id"));
        Answer renamed = await host.AdminAsync("PUT", $"{path}/{enrolled.Factor}", """{"friendly_name":"spare"}""");
        Assert.Equal("spare", renamed.Text("friendly_name"));
        Assert.Equal(HttpStatusCode.OK, (await host.AdminAsync("DELETE", $"{path}/{enrolled.Factor}")).Status);
        Assert.Equal("404 mfa_factor_not_found", (await host.AdminAsync("DELETE", $"{path}/{enrolled.Factor}")).Refusal);
        Answer low = await host.RefreshAsync((await host.SignInAsync("a@b.test", Password)).Text("refresh_token"));
        Assert.Equal("aal1", Claims(low.Text("access_token")).Text("aal"));
    }
}
