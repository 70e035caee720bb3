using System.Net;
using System.Text.RegularExpressions;
using OtpNet;
using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>The provider's pages: what they hold off, and that they need nothing but HTML.</summary>
public sealed class PageTests(ProviderFixture fixture) : IClassFixture<ProviderFixture>
{
    private readonly ProviderHost host = fixture.Host;

    private async Task<(TestClient Client, string Email)> SetAsync(string data = "{}")
    {
        string email = ProviderFixture.NewEmail();
        await host.SignUpAsync(email, data);
        return (await host.ClientAsync(), email);
    }

    [Fact]
    public async Task Pages_are_not_framed_not_kept_and_load_nothing()
    {
        (TestClient client, string email) = await SetAsync();
        var visitor = new Visitor(host);
        Answer signIn = await visitor.AuthorizeAsync(client);
        Answer consent = await visitor.SignInAsync(signIn, email);
        Answer device = await visitor.GoAsync("/auth/v1/oauth/device");
        Answer error = await visitor.AuthorizeAsync(client, ("redirect_uri", "https://evil.test/"));
        foreach (Answer page in new[] { signIn, consent, device, error })
        {
            string policy = page.Header("Content-Security-Policy")!;
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("base-uri 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("script-src", policy, StringComparison.Ordinal);
            Assert.Equal(("DENY", "no-store", "nosniff", "no-referrer"), (page.Header("X-Frame-Options"), page.Header("Cache-Control"), page.Header("X-Content-Type-Options"), page.Header("Referrer-Policy")));
            Assert.DoesNotContain("<script", page.Body, StringComparison.OrdinalIgnoreCase);
            Assert.Matches("<html lang=\"en\">", page.Body);
            Assert.Single(Regex.Matches(page.Body, "<h1>"));
        }
        Assert.Contains("form-action 'self' https://client.test;", consent.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Contains("form-action 'self';", device.Header("Content-Security-Policy"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_field_has_a_label()
    {
        (TestClient client, _) = await SetAsync();
        Answer page = await new Visitor(host).AuthorizeAsync(client);
        foreach (Match field in Regex.Matches(page.Body, "<input id=\"([^\"]+)\""))
        {
            Assert.Contains($"<label for=\"{field.Groups[1].Value}\">", page.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_wrong_password_says_nothing_of_the_account_and_leaves_the_page()
    {
        (TestClient client, string email) = await SetAsync();
        var visitor = new Visitor(host);
        Answer page = await visitor.AuthorizeAsync(client);
        Answer wrong = await visitor.SignInAsync(page, email, "wrong-giraffe-42");
        Answer unknown = await visitor.SignInAsync(page, "nobody@example.test", "wrong-giraffe-42");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.Status);
        Assert.Contains("role=\"alert\"", wrong.Body, StringComparison.Ordinal);
        string Plain(Answer a, string address) => Regex.Replace(a.Body, "nonce=\"[^\"]*\"", "").Replace(address, "", StringComparison.Ordinal);
        Assert.Equal(Plain(wrong, email), Plain(unknown, "nobody@example.test"));
        Assert.Contains("Allow Shop?", (await visitor.SignInAsync(wrong, email)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Passwords_are_tried_under_the_limits_of_sign_in()
    {
        await using ProviderHost tight = await ProviderHost.OnSqliteAsync(options => options.RateLimit.SignInSignUps = 4);
        await tight.SignUpAsync("slow@example.test");
        TestClient client = await tight.ClientAsync();
        var visitor = new Visitor(tight);
        Answer page = await visitor.AuthorizeAsync(client);
        Answer last = page;
        for (int i = 0; i < 6; i++)
        {
            last = await visitor.SignInAsync(page, "slow@example.test", "wrong-giraffe-42");
        }
        Assert.Equal(HttpStatusCode.TooManyRequests, last.Status);
        Assert.NotNull(last.Header("Retry-After"));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await visitor.SignInAsync(page, "slow@example.test")).Status);
    }

    [Fact]
    public async Task A_form_of_another_browser_is_refused()
    {
        (TestClient client, string email) = await SetAsync();
        var victim = new Visitor(host);
        Answer page = await victim.AuthorizeAsync(client);
        var attacker = new Visitor(host);
        Answer forged = await attacker.SubmitAsync(page, "/sign-in", ("email", email), ("password", ProviderHost.Password));
        Assert.Equal(HttpStatusCode.Forbidden, forged.Status);
        Assert.False(attacker.HasCookie("tenon-sign-in"));
    }

    [Fact]
    public async Task A_form_token_of_another_request_is_refused()
    {
        (TestClient client, string email) = await SetAsync();
        var visitor = new Visitor(host);
        Answer one = await visitor.SignInAsync(await visitor.AuthorizeAsync(client), email);
        Answer two = await visitor.AuthorizeAsync(client, ("state", "other"));
        string Id(Answer page) => Regex.Match(page.Body, "name=\"authorization_id\" value=\"([^\"]+)\"").Groups[1].Value;
        string Form(Answer page) => Regex.Match(page.Body, "name=\"form\" value=\"([^\"]+)\"").Groups[1].Value;
        Answer crossed = await visitor.SendAsync("POST", "/auth/v1/oauth/consent", [("authorization_id", Id(one)), ("form", Form(two)), ("action", "approve")]);
        Assert.Equal(HttpStatusCode.Forbidden, crossed.Status);
        Answer none = await visitor.SendAsync("POST", "/auth/v1/oauth/consent", [("authorization_id", Id(one)), ("action", "approve")]);
        Assert.Equal(HttpStatusCode.Forbidden, none.Status);
    }

    [Fact]
    public async Task A_forged_cookie_signs_nobody_in()
    {
        (TestClient client, string email) = await SetAsync();
        var visitor = new Visitor(host);
        await visitor.ThroughAsync(client, email);
        using var request = new HttpRequestMessage(HttpMethod.Get, Visitor.AuthorizeUrl(client, ("prompt", "none")));
        request.Headers.Add("Cookie", $"tenon-sign-in={Guid.NewGuid():N}.{new string('A', 43)}");
        Assert.Contains("login_required", (await host.SendAsync(request)).Header("Location"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_others_wrote_is_text()
    {
        string email = ProviderFixture.NewEmail();
        await host.SignUpAsync(email);
        Answer made = await host.CallAsync("POST", "/auth/v1/admin/oauth/clients", """{"client_name":"<img src=x onerror=alert(1)>","redirect_uris":["https://client.test/callback"]}""");
        var client = new TestClient(made.Text("client_id"), made.Text("client_secret"), ProviderHost.Redirect);
        var visitor = new Visitor(host);
        Answer consent = await visitor.SignInAsync(await visitor.AuthorizeAsync(client), email);
        Assert.DoesNotContain("<img", consent.Body, StringComparison.Ordinal);
        Assert.Contains("&lt;img src=x onerror=alert(1)&gt;", consent.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_with_a_second_factor_shows_it()
    {
        (TestClient client, string email) = await SetAsync();
        Answer session = await host.CallAsync("POST", "/auth/v1/token?grant_type=password", $$"""{"email":"{{email}}","password":"{{ProviderHost.Password}}"}""", host.Keys.PublishableKey);
        string token = session.Text("access_token");
        Answer factor = await host.CallAsync("POST", "/auth/v1/factors", """{"factor_type":"totp","friendly_name":"phone"}""", token);
        byte[] secret = Base32Encoding.ToBytes(factor.Json.GetProperty("totp").GetProperty("secret").GetString()!);
        string path = "/auth/v1/factors/" + factor.Text("id");
        Answer challenge = await host.CallAsync("POST", path + "/challenge", "{}", token);
        Answer verified = await host.CallAsync("POST", path + "/verify", $$"""{"challenge_id":"{{challenge.Text("id")}}","code":"{{new Totp(secret).ComputeTotp()}}"}""", token);
        Assert.Equal(HttpStatusCode.OK, verified.Status);
        Answer codes = await host.CallAsync("POST", "/auth/v1/factors/recovery-codes", "{}", verified.Text("access_token"));
        string recovery = codes.Json.GetProperty("codes")[0].GetString()!;

        var visitor = new Visitor(host);
        Answer asked = await visitor.SignInAsync(await visitor.AuthorizeAsync(client), email);
        Assert.Contains("Enter your code", asked.Body, StringComparison.Ordinal);
        Assert.Equal("login_required", Visitor.Parameter(await visitor.AuthorizeAsync(client, ("prompt", "none")), "error"));
        Answer wrong = await visitor.SubmitAsync(asked, "/factor", ("code", "000000"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.Status);
        Answer consent = await visitor.SubmitAsync(wrong, "/factor", ("code", recovery));
        Assert.Contains("Allow Shop?", consent.Body, StringComparison.Ordinal);
        TokenAnswer tokens = await host.RedeemAsync(client, Visitor.Parameter(await visitor.SubmitAsync(consent, "/consent", ("action", "approve")), "code")!);
        Assert.Equal(("aal2", "aal2"), (tokens.AccessClaims.GetProperty("aal").GetString(), tokens.IdClaims.GetProperty("acr").GetString()));

        var next = new Visitor(host);
        Answer again = await next.SignInAsync(await next.AuthorizeAsync(client), email);
        Answer used = await next.SubmitAsync(again, "/factor", ("code", recovery));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, used.Status);
        Answer through = await next.SubmitAsync(used, "/factor", ("code", new Totp(secret).ComputeTotp(DateTime.UtcNow.AddSeconds(30))));
        Assert.True(through.Header("Location") is not null || through.Body.Contains("Invalid TOTP", StringComparison.Ordinal), through.Body);
    }

    [Fact]
    public async Task Another_account_may_be_used()
    {
        (TestClient client, string email) = await SetAsync();
        string other = ProviderFixture.NewEmail();
        (string id, _) = await host.SignUpAsync(other);
        var visitor = new Visitor(host);
        Answer consent = await visitor.SignInAsync(await visitor.AuthorizeAsync(client), email);
        Answer signIn = await visitor.SubmitAsync(consent, "/switch");
        Answer second = await visitor.SignInAsync(signIn, other);
        Answer back = await visitor.SubmitAsync(second, "/consent", ("action", "approve"));
        Assert.Equal(id, (await host.RedeemAsync(client, Visitor.Parameter(back, "code")!)).IdClaims.GetProperty("sub").GetString());
    }

    [Fact]
    public async Task A_banned_user_is_told_so_only_with_the_right_password()
    {
        (TestClient client, string email) = await SetAsync();
        Answer list = await host.CallAsync("GET", "/auth/v1/admin/users?filter=" + email);
        await host.CallAsync("PUT", "/auth/v1/admin/users/" + list.Json.GetProperty("users")[0].GetProperty("id").GetString(), """{"ban_duration":"24h"}""");
        var visitor = new Visitor(host);
        Answer page = await visitor.AuthorizeAsync(client);
        Assert.Contains("User is banned", (await visitor.SignInAsync(page, email)).Body, StringComparison.Ordinal);
        Assert.Contains("Invalid login credentials", (await visitor.SignInAsync(page, email, "wrong-giraffe-42")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_was_answered_or_never_was_has_no_page()
    {
        var visitor = new Visitor(host);
        Assert.Equal(HttpStatusCode.NotFound, (await visitor.GoAsync("/auth/v1/oauth/consent?authorization_id=nothing")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await visitor.GoAsync("/auth/v1/oauth/consent")).Status);
    }
}
