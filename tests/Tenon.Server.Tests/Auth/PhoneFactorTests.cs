using System.Net;
using System.Text.Json;
using Tenon.Server.Auth;
using Tenon.Server.Tests.Auth.WebAuthn;

namespace Tenon.Server.Tests.Auth;

/// <summary>Telephones as a second factor: a code by text message for each challenge.</summary>
public sealed class PhoneFactorTests
{
    private const string Number = "41791234567";

    private static void On(AuthOptions options)
    {
        options.Mfa.PhoneEnrollEnabled = true;
        options.Mfa.PhoneVerifyEnabled = true;
    }

    private static Task<Answer> EnrolAsync(AuthHost host, string token, string number = "+41 79 123 45 67", string name = "phone") =>
        host.PostAsync("/auth/v1/factors", JsonSerializer.Serialize(new { factor_type = "phone", phone = number, friendly_name = name }), token);

    private static Task<Answer> ChallengeAsync(AuthHost host, string factor, string token) =>
        host.PostAsync($"/auth/v1/factors/{factor}/challenge", "{}", token);

    private static Task<Answer> VerifyAsync(AuthHost host, string factor, Answer asked, string code, string token) =>
        host.PostAsync($"/auth/v1/factors/{factor}/verify", JsonSerializer.Serialize(new { challenge_id = asked.Text("id"), code }), token);

    private static async Task<string> CodeAsync(AuthHost host, int count = 1) => (await host.MailsAsync(Number, count))[0].Text("code");

    /// <summary>One digit other than the right code.</summary>
    private static string Wrong(string code) => (char)('0' + ((code[0] - '0' + 1) % 10)) + code[1..];

    [Fact]
    public async Task A_telephone_is_enrolled_proven_and_raises_the_session()
    {
        await using AuthHost host = await AuthHost.StartAsync(On);
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Answer enrolled = await EnrolAsync(host, token);
        Assert.Equal("phone", enrolled.Text("type"));
        Assert.Equal("+41 79 123 45 67", enrolled.Text("phone"));
        string factor = enrolled.Text("id");
        await host.DrainAsync();
        Assert.Empty(await host.MailsAsync(Number, 0));
        Answer asked = await ChallengeAsync(host, factor, token);
        Assert.Equal("phone", asked.Text("type"));
        string code = await CodeAsync(host);
        Assert.Equal($"Your code is {code}", (await host.MailsAsync(Number))[0].Text("text"));
        Assert.Equal(0, await host.Store.ScalarAsync<long>($"select count(*) from auth.mfa_challenges where code_hash like '%{code}%'"));
        Answer raised = await VerifyAsync(host, factor, asked, $" {code} ", token);
        JsonElement claims = AuthHost.Claims(raised.Text("access_token"));
        Assert.Equal("aal2", claims.Text("aal"));
        Assert.Equal("mfa/phone,password", string.Join(',', claims.GetProperty("amr").EnumerateArray().Select(e => e.Text("method"))));
        JsonElement listed = Assert.Single(raised.Json.GetProperty("user").GetProperty("factors").EnumerateArray());
        Assert.Equal($"phone verified {Number}", $"{listed.Text("factor_type")} {listed.Text("status")} {listed.Text("phone")}");
        Assert.Equal("422 mfa_factor_not_found", (await VerifyAsync(host, factor, asked, code, token)).Refusal);
        Assert.Equal("422 mfa_verified_factor_exists", (await EnrolAsync(host, raised.Text("access_token"), name: "again")).Refusal);
        string low = (await host.SignInAsync("a@b.test")).Text("access_token");
        Assert.Equal("422 insufficient_aal", (await host.SendAsync("DELETE", $"/auth/v1/factors/{factor}", token: low)).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync("DELETE", $"/auth/v1/factors/{factor}", token: raised.Text("access_token"))).Status);
    }

    [Fact]
    public async Task A_code_answers_its_own_challenge_within_five_minutes_and_five_guesses()
    {
        await using AuthHost host = await AuthHost.StartAsync(On);
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string factor = (await EnrolAsync(host, token)).Text("id");
        Answer first = await ChallengeAsync(host, factor, token);
        string old = await CodeAsync(host);
        Answer second = await ChallengeAsync(host, factor, token);
        string fresh = await CodeAsync(host, 2);
        if (old != fresh)
        {
            Assert.Equal("422 mfa_verification_failed", (await VerifyAsync(host, factor, second, old, token)).Refusal);
        }
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal("422 mfa_challenge_expired", (await VerifyAsync(host, factor, first, old, token)).Refusal);
        Answer third = await ChallengeAsync(host, factor, token);
        string code = await CodeAsync(host, 3);
        for (int i = 0; i < 5; i++)
        {
            // The factor rests after some of these; later guesses come when it is awake again.
            await VerifyAsync(host, factor, third, Wrong(code), token);
            host.Clock.Advance(TimeSpan.FromSeconds(i < 3 ? 0 : i == 3 ? 61 : 121));
        }
        Assert.Equal("422 mfa_verification_failed", (await VerifyAsync(host, factor, third, code, token)).Refusal);
    }

    [Fact]
    public async Task Wrong_codes_make_the_factor_rest_over_challenges()
    {
        await using AuthHost host = await AuthHost.StartAsync(On);
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string factor = (await EnrolAsync(host, token)).Text("id");
        for (int i = 1; i <= 5; i++)
        {
            Answer asked = await ChallengeAsync(host, factor, token);
            Assert.Equal("422 mfa_verification_failed", (await VerifyAsync(host, factor, asked, Wrong(await CodeAsync(host, i)), token)).Refusal);
        }
        Answer last = await ChallengeAsync(host, factor, token);
        string code = await CodeAsync(host, 6);
        Assert.Equal("429 over_request_rate_limit", (await VerifyAsync(host, factor, last, code, token)).Refusal);
        host.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(HttpStatusCode.OK, (await VerifyAsync(host, factor, last, code, token)).Status);
    }

    [Fact]
    public async Task Of_fifty_wrong_codes_at_once_five_are_compared()
    {
        await using AuthHost host = await AuthHost.StartAsync(On);
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string factor = (await EnrolAsync(host, token)).Text("id");
        Answer asked = await ChallengeAsync(host, factor, token);
        string wrong = Wrong(await CodeAsync(host));
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => VerifyAsync(host, factor, asked, wrong, token)));
        Assert.Equal(5, answers.Count(answer => answer.Refusal == "422 mfa_verification_failed"));
        Assert.Equal(45, answers.Count(answer => answer.Refusal == "429 over_request_rate_limit"));
    }

    [Fact]
    public async Task Text_messages_are_limited_by_time_by_client_and_by_number()
    {
        await using AuthHost host = await AuthHost.StartAsync(options =>
        {
            On(options);
            options.Sms.MaxFrequency = TimeSpan.FromMinutes(1);
            options.RateLimit.SmsSent = 2;
        });
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string factor = (await EnrolAsync(host, token)).Text("id");
        Assert.Equal(HttpStatusCode.OK, (await ChallengeAsync(host, factor, token)).Status);
        Answer soon = await ChallengeAsync(host, factor, token);
        Assert.Equal("429 over_sms_send_rate_limit", soon.Refusal);
        Assert.NotNull(soon.Header("Retry-After"));
        host.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("429 over_sms_send_rate_limit", (await ChallengeAsync(host, factor, token)).Refusal);
        await host.DrainAsync();
        Assert.Single(await host.MailsAsync(Number));
    }

    [Fact]
    public async Task Of_two_telephones_begun_with_one_number_the_later_stays()
    {
        await using AuthHost host = await AuthHost.StartAsync(On);
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string old = (await EnrolAsync(host, token)).Text("id");
        string factor = (await EnrolAsync(host, token, Number)).Text("id");
        Assert.Equal("404 mfa_factor_not_found", (await ChallengeAsync(host, old, token)).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await ChallengeAsync(host, factor, token)).Status);
    }

    [Fact]
    public async Task Test_numbers_have_their_code_and_nothing_is_sent()
    {
        await using AuthHost host = await AuthHost.StartAsync(options =>
        {
            On(options);
            options.Sms.TestOtp[Number] = "123456";
        });
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        string factor = (await EnrolAsync(host, token)).Text("id");
        Answer asked = await ChallengeAsync(host, factor, token);
        await host.DrainAsync();
        Assert.Empty(await host.MailsAsync(Number, 0));
        Assert.Equal(HttpStatusCode.OK, (await VerifyAsync(host, factor, asked, "123456", token)).Status);
    }

    [Fact]
    public async Task Refusals_have_their_codes()
    {
        await using AuthHost closed = await AuthHost.StartAsync();
        string token = (await closed.SignUpAsync("a@b.test")).Text("access_token");
        Assert.Equal("422 mfa_phone_enroll_not_enabled", (await EnrolAsync(closed, token)).Refusal);
        await using AuthHost half = await AuthHost.StartAsync(o => o.Mfa.PhoneEnrollEnabled = true);
        token = (await half.SignUpAsync("a@b.test")).Text("access_token");
        string factor = (await EnrolAsync(half, token)).Text("id");
        Assert.Equal("422 mfa_phone_verify_not_enabled", (await ChallengeAsync(half, factor, token)).Refusal);
        await using AuthHost host = await AuthHost.StartAsync(On);
        token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Assert.Equal("400 validation_failed", (await EnrolAsync(host, token, "12;drop")).Refusal);
        Assert.Equal("400 validation_failed", (await EnrolAsync(host, token, "")).Refusal);
        factor = (await EnrolAsync(host, token)).Text("id");
        Answer pigeon = await host.PostAsync($"/auth/v1/factors/{factor}/challenge", """{"channel":"pigeon"}""", token);
        Assert.Equal("400 validation_failed", pigeon.Refusal);
        Answer asked = await ChallengeAsync(host, factor, token);
        Answer none = await host.PostAsync($"/auth/v1/factors/{factor}/verify", $$"""{"challenge_id":"{{asked.Text("id")}}"}""", token);
        Assert.Equal("400 validation_failed", none.Refusal);
    }

    [Fact]
    public void Production_without_a_sender_does_not_start_with_telephones_on()
    {
        var options = new AuthOptions();
        On(options);
        var e = Assert.Throws<InvalidOperationException>(() => AuthFeature.Validate(options));
        Assert.Contains("[auth.sms]", e.Message, StringComparison.Ordinal);
        options.Development = true;
        AuthFeature.Validate(options);
    }
}
