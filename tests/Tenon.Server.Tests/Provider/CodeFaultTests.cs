using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>What redeeming a code refuses, each condition alone (RFC 6749 §5.2, RFC 7636 §4.6, RFC 9700 §2.1.1).</summary>
public sealed class CodeFaultTests(ProviderFixture fixture) : IClassFixture<ProviderFixture>
{
    private readonly ProviderHost host = fixture.Host;

    private async Task<(TestClient Client, string Code, string Email)> CodeAsync(bool isPublic = false)
    {
        string email = ProviderFixture.NewEmail();
        await host.SignUpAsync(email);
        TestClient client = await host.ClientAsync(isPublic);
        return (client, await new Visitor(host).CodeAsync(client, email), email);
    }

    private static void Refused(TokenAnswer answer, string error)
    {
        Assert.Equal(error, answer.Error);
        Assert.Equal(error == "invalid_client" ? HttpStatusCode.Unauthorized : HttpStatusCode.BadRequest, answer.Answer.Status);
        Assert.Equal("no-store", answer.Answer.Header("Cache-Control")!.Split(',')[0]);
    }

    [Fact]
    public async Task Another_client_cannot_redeem_it()
    {
        (TestClient client, string code, _) = await CodeAsync();
        TestClient other = await host.ClientAsync();
        Refused(await host.RedeemAsync(other, code), "invalid_grant");
        Assert.True((await host.RedeemAsync(client, code)).Ok);
    }

    [Fact]
    public async Task A_wrong_secret_is_refused()
    {
        (TestClient client, string code, _) = await CodeAsync();
        Refused(await host.RedeemAsync(client with { Secret = "wrong" }, code), "invalid_client");
    }

    [Fact]
    public async Task A_confidential_client_without_its_secret_is_refused()
    {
        (TestClient client, string code, _) = await CodeAsync();
        Refused(await host.RedeemAsync(client with { Secret = null }, code), "invalid_client");
    }

    [Fact]
    public async Task A_public_client_that_shows_a_secret_is_refused()
    {
        (TestClient client, string code, _) = await CodeAsync(isPublic: true);
        Refused(await host.RedeemAsync(client with { Secret = "any" }, code), "invalid_client");
    }

    [Fact]
    public async Task A_public_client_redeems_with_its_verifier_alone()
    {
        (TestClient client, string code, _) = await CodeAsync(isPublic: true);
        Assert.True((await host.RedeemAsync(client, code)).Ok);
    }

    [Fact]
    public async Task The_secret_may_come_in_the_body()
    {
        (TestClient client, string code, _) = await CodeAsync();
        TokenAnswer tokens = await host.TokenAsync(
            null,
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", client.RedirectUri),
            ("code_verifier", ProviderHost.Verifier),
            ("client_id", client.Id),
            ("client_secret", client.Secret)
        );
        Assert.True(tokens.Ok, tokens.Answer.Body);
    }

    [Fact]
    public async Task Another_redirect_address_is_refused()
    {
        (TestClient client, string code, _) = await CodeAsync();
        Refused(await host.RedeemAsync(client, code, redirect: "https://client.test/other"), "invalid_grant");
    }

    [Fact]
    public async Task A_missing_redirect_address_is_refused()
    {
        (TestClient client, string code, _) = await CodeAsync();
        TokenAnswer answer = await host.TokenAsync(client, ("grant_type", "authorization_code"), ("code", code), ("code_verifier", ProviderHost.Verifier));
        Assert.False(answer.Ok);
        Assert.Contains(answer.Error, new[] { "invalid_grant", "invalid_request" });
    }

    [Fact]
    public async Task A_wrong_verifier_is_refused()
    {
        (TestClient client, string code, _) = await CodeAsync();
        Refused(await host.RedeemAsync(client, code, ProviderHost.Verifier + "x"), "invalid_grant");
    }

    [Fact]
    public async Task A_missing_verifier_is_refused()
    {
        (TestClient client, string code, _) = await CodeAsync();
        TokenAnswer answer = await host.RedeemAsync(client, code, verifier: null);
        Assert.False(answer.Ok);
        Assert.Contains(answer.Error, new[] { "invalid_grant", "invalid_request" });
    }

    [Fact]
    public async Task The_challenge_itself_is_no_verifier()
    {
        (TestClient client, string code, _) = await CodeAsync();
        Refused(await host.RedeemAsync(client, code, ProviderHost.Challenge()), "invalid_grant");
    }

    [Fact]
    public async Task Three_wrong_verifiers_withdraw_a_code()
    {
        (TestClient client, string code, _) = await CodeAsync();
        for (int i = 0; i < 3; i++)
        {
            Refused(await host.RedeemAsync(client, code, $"{ProviderHost.Verifier}{i}"), "invalid_grant");
        }
        Refused(await host.RedeemAsync(client, code), "invalid_grant");
    }

    [Fact]
    public async Task Two_wrong_verifiers_do_not()
    {
        (TestClient client, string code, _) = await CodeAsync();
        for (int i = 0; i < 2; i++)
        {
            Refused(await host.RedeemAsync(client, code, $"{ProviderHost.Verifier}{i}"), "invalid_grant");
        }
        Assert.True((await host.RedeemAsync(client, code)).Ok);
    }

    [Fact]
    public async Task A_code_that_comes_again_is_refused_and_ends_what_the_first_got()
    {
        (TestClient client, string code, _) = await CodeAsync();
        TokenAnswer first = await host.RedeemAsync(client, code);
        Assert.Equal(HttpStatusCode.OK, (await host.UserInfoAsync(first.Access)).Status);
        Refused(await host.RedeemAsync(client, code), "invalid_grant");
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.UserInfoAsync(first.Access)).Status);
        Refused(await host.RefreshAsync(client, first.Refresh), "invalid_grant");
    }

    [Theory]
    [InlineData("not-a-code")]
    [InlineData("")]
    public async Task Something_else_than_a_code_is_refused(string code)
    {
        TestClient client = await host.ClientAsync();
        Assert.False((await host.RedeemAsync(client, code)).Ok);
    }

    [Fact]
    public async Task A_refresh_token_is_no_code_and_a_code_no_refresh_token()
    {
        (TestClient client, string code, string email) = await CodeAsync();
        TokenAnswer tokens = await host.RedeemAsync(client, await new Visitor(host).CodeAsync(client, email));
        Refused(await host.RefreshAsync(client, code), "invalid_grant");
        Refused(await host.RedeemAsync(client, tokens.Refresh), "invalid_grant");
        Refused(await host.RefreshAsync(client, tokens.Access), "invalid_grant");
    }

    [Fact]
    public async Task A_code_of_a_sign_in_that_has_ended_is_refused()
    {
        string email = ProviderFixture.NewEmail();
        (_, string token) = await host.SignUpAsync(email);
        TestClient client = await host.ClientAsync();
        string code = await new Visitor(host).CodeAsync(client, email);
        Assert.Equal(HttpStatusCode.NoContent, (await host.CallAsync("POST", "/auth/v1/logout?scope=global", token: token)).Status);
        Refused(await host.RedeemAsync(client, code), "invalid_grant");
    }

    [Fact]
    public async Task A_code_of_a_banned_user_is_refused()
    {
        string email = ProviderFixture.NewEmail();
        (string id, _) = await host.SignUpAsync(email);
        TestClient client = await host.ClientAsync();
        string code = await new Visitor(host).CodeAsync(client, email);
        await host.CallAsync("PUT", "/auth/v1/admin/users/" + id, """{"ban_duration":"24h"}""");
        Refused(await host.RedeemAsync(client, code), "invalid_grant");
    }

    [Theory]
    [InlineData("password")]
    [InlineData("implicit")]
    [InlineData("urn:ietf:params:oauth:grant-type:token-exchange")]
    [InlineData("")]
    public async Task Grants_that_are_not_offered_are_refused(string grant)
    {
        TestClient client = await host.ClientAsync();
        TokenAnswer answer = await host.TokenAsync(client, ("grant_type", grant), ("username", "a@example.test"), ("password", ProviderHost.Password));
        Assert.Contains(answer.Error, new[] { "unsupported_grant_type", "invalid_request" });
    }

    [Fact]
    public async Task Credentials_in_the_address_are_not_taken()
    {
        (TestClient client, string code, _) = await CodeAsync();
        string query = $"?grant_type=authorization_code&code={code}&redirect_uri={Uri.EscapeDataString(client.RedirectUri)}&code_verifier={ProviderHost.Verifier}&client_id={client.Id}&client_secret={client.Secret}";
        Assert.False((await host.TokenAsync(null)).Ok);
        Answer byQuery = await host.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/auth/v1/oauth/token" + query) { Content = new FormUrlEncodedContent([]) });
        Assert.Equal(HttpStatusCode.BadRequest, byQuery.Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/auth/v1/oauth/token" + query))).Status);
    }

    [Fact]
    public async Task A_body_past_its_bound_is_refused()
    {
        TestClient client = await host.ClientAsync();
        Answer answer = await host.FormAsync("token", client, ("grant_type", "authorization_code"), ("code", new string('x', 100_000)));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Status);
    }

    [Fact]
    public async Task A_code_grows_old_after_a_minute_and_a_refresh_token_after_its_days()
    {
        await using ProviderHost own = await ProviderHost.OnPostgresAsync();
        await own.SignUpAsync("old@example.test");
        TestClient client = await own.ClientAsync();
        string code = await new Visitor(own).CodeAsync(client, "old@example.test");
        own.Clock!.Advance(TimeSpan.FromSeconds(61));
        Refused(await own.RedeemAsync(client, code), "invalid_grant");
        TokenAnswer tokens = await own.RedeemAsync(client, await new Visitor(own).CodeAsync(client, "old@example.test"));
        own.Clock.Advance(TimeSpan.FromHours(1) + TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.Unauthorized, (await own.UserInfoAsync(tokens.Access)).Status);
        own.Clock.Advance(TimeSpan.FromDays(30));
        Refused(await own.RefreshAsync(client, tokens.Refresh), "invalid_grant");
    }
}
