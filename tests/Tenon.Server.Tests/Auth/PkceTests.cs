using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tenon.Server.Tests.Auth;

/// <summary>Links in the PKCE flow (RFC 7636), each condition on its own.</summary>
public sealed class PkceTests
{
    private const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    private const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    private static Task<Answer> ExchangeAsync(AuthHost host, string code, string verifier = Verifier) =>
        host.PostAsync("/auth/v1/token?grant_type=pkce", JsonSerializer.Serialize(new { auth_code = code, code_verifier = verifier }));

    private static async Task<string> CodeAsync(AuthHost host, string challenge = Challenge, string method = "S256", int mails = 1)
    {
        Answer asked = await host.PostAsync(
            "/auth/v1/otp",
            JsonSerializer.Serialize(new { email = "a@b.test", code_challenge = challenge, code_challenge_method = method })
        );
        Assert.Equal(HttpStatusCode.OK, asked.Status);
        JsonElement mail = (await host.MailsAsync("a@b.test", mails))[0];
        string link = WebUtility.HtmlDecode(mail.GetProperty("html").GetString()!).Split("href=\"")[1].Split('"')[0];
        Assert.Contains("token=pkce_", link, StringComparison.Ordinal);
        Answer go = await host.SendAsync("GET", new Uri(link).PathAndQuery);
        Assert.Equal(HttpStatusCode.SeeOther, go.Status);
        Assert.DoesNotContain("access_token", go.Header("Location"), StringComparison.Ordinal);
        return go.Header("Location")!.Split("?code=")[1];
    }

    [Fact]
    public async Task A_link_ends_in_a_code_that_its_verifier_exchanges_for_a_session()
    {
        Assert.Equal(Challenge, Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier))));
        await using AuthHost host = await AuthHost.StartAsync();
        Answer session = await ExchangeAsync(host, await CodeAsync(host));
        Assert.Equal("a@b.test", session.Json.GetProperty("user").GetProperty("email").GetString());
        Assert.Equal("authenticated", (await host.MeAsync(session.Text("access_token"))).Text("role"));
        Answer plain = await ExchangeAsync(host, await CodeAsync(host, Verifier, "plain", 2));
        Assert.Equal(HttpStatusCode.OK, plain.Status);
    }

    [Fact]
    public async Task A_code_works_once_also_for_fifty_at_once()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string code = await CodeAsync(host);
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => ExchangeAsync(host, code)));
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(49, answers.Count(answer => answer.Refusal == "400 flow_state_already_used"));
    }

    [Fact]
    public async Task A_wrong_verifier_is_refused_and_uses_the_code_up()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string code = await CodeAsync(host);
        Assert.Equal("400 bad_code_verifier", (await ExchangeAsync(host, code, new string('x', 43))).Refusal);
        Assert.Equal("400 flow_state_already_used", (await ExchangeAsync(host, code)).Refusal);
        string second = await CodeAsync(host, mails: 2);
        Assert.Equal("400 bad_code_verifier", (await ExchangeAsync(host, second, Challenge)).Refusal);
    }

    [Fact]
    public async Task An_unknown_a_late_and_an_empty_code_are_refused()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Assert.Equal("404 flow_state_not_found", (await ExchangeAsync(host, Guid.NewGuid().ToString())).Refusal);
        Assert.Equal("400 validation_failed", (await ExchangeAsync(host, "")).Refusal);
        Assert.Equal("400 validation_failed", (await ExchangeAsync(host, "x", "")).Refusal);
        string code = await CodeAsync(host);
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal("403 flow_state_expired", (await ExchangeAsync(host, code)).Refusal);
    }

    [Theory]
    [InlineData("short", "s256")]
    [InlineData(Challenge, "s512")]
    [InlineData(Challenge, "")]
    [InlineData("", "s256")]
    [InlineData("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c+", "s256")]
    public async Task A_challenge_that_is_none_is_refused_before_anything_is_sent(string challenge, string method)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string body = JsonSerializer.Serialize(new { email = "a@b.test", code_challenge = challenge, code_challenge_method = method });
        Assert.Equal("400 validation_failed", (await host.PostAsync("/auth/v1/otp", body)).Refusal);
        Assert.Equal(0L, await host.Store.ScalarAsync<long>("select count(*) from auth.one_time_tokens"));
    }

    [Fact]
    public async Task An_error_of_a_pkce_link_is_in_the_query_and_the_fragment()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer go = await host.SendAsync("GET", "/auth/v1/verify?token=pkce_0000&type=magiclink");
        string location = go.Header("Location")!;
        Assert.Contains("?error=access_denied&error_code=otp_expired", location, StringComparison.Ordinal);
        Assert.Contains("#error=access_denied&error_code=otp_expired", location, StringComparison.Ordinal);
    }
}
