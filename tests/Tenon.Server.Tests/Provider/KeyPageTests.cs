using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Pages;
using Tenon.Server.Tests.Auth;
using Tenon.Server.Tests.Auth.WebAuthn;

namespace Tenon.Server.Tests.Provider;

/// <summary>Passkeys, security keys and telephones on the provider's pages, as their script and a person use them.</summary>
public sealed class KeyPageTests(KeyPageTests.Fixture fixture) : IClassFixture<KeyPageTests.Fixture>
{
    private const string Number = "15005550006";
    private static int users;
    private readonly ProviderHost host = fixture.Host;

    public sealed class Fixture : IAsyncLifetime
    {
        internal ProviderHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await ProviderHost.OnSqliteAsync(Configure);

        public ValueTask DisposeAsync() => Host.DisposeAsync();

        private static void Configure(AuthOptions options)
        {
            // An address that browsers have WebAuthn for.
            options.PublicUrl = options.SiteUrl = SoftAuthenticator.Origin;
            options.Development = true;
            options.Mfa.PhoneEnrollEnabled = options.Mfa.PhoneVerifyEnabled = true;
            options.Sms.TestOtp[Number] = "123456";
            options.Sms.MaxFrequency = TimeSpan.Zero;
            options.RateLimit.SmsSent = 1000;
        }
    }

    private async Task<(TestClient Client, string Email, string Token)> SetAsync()
    {
        string email = $"key{Interlocked.Increment(ref users)}@example.test";
        (_, string token) = await host.SignUpAsync(email, "{}");
        return (await host.ClientAsync(), email, token);
    }

    private Task<Answer> CallAsync(string path, string json, string token) => host.CallAsync("POST", "/auth/v1" + path, json, token);

    private async Task<string> AddPasskeyAsync(SoftAuthenticator browser, string token)
    {
        Answer asked = await CallAsync("/passkeys/registration/options", "{}", token);
        string body = $$"""{"challenge_id":"{{asked.Text("challenge_id")}}","credential":{{browser.Create(asked.Json.GetProperty("options"))}}}""";
        return (await CallAsync("/passkeys/registration/verify", body, token)).Text("id");
    }

    private async Task<string> AddKeyAsync(SoftAuthenticator browser, string token)
    {
        string factor = (await CallAsync("/factors", """{"factor_type":"webauthn","friendly_name":"Blue <key>"}""", token)).Text("id");
        Answer asked = await CallAsync($"/factors/{factor}/challenge", "{}", token);
        string credential = browser.Create(asked.Json.GetProperty("webauthn").GetProperty("credential_options").GetProperty("publicKey"));
        string body = $$$"""{"challenge_id":"{{{asked.Text("id")}}}","webauthn":{"type":"create","credential_response":{{{credential}}}}}""";
        Assert.Equal(HttpStatusCode.OK, (await CallAsync($"/factors/{factor}/verify", body, token)).Status);
        return factor;
    }

    /// <summary>What keys.js does: asks by the page's form, lets the key sign, puts the answer into the form.</summary>
    private static async Task<string> SignedAsync(Visitor visitor, Answer page, SoftAuthenticator browser, Lie? lie = null)
    {
        Match form = Regex.Match(page.Body, """<form method="post" action="([^"]*)" data-options="([^"]*)" hidden>(.*?)</form>""", RegexOptions.Singleline);
        Assert.True(form.Success, page.Body);
        Answer told = await visitor.SendAsync("POST", form.Groups[2].Value, Visitor.HiddenOf(form.Groups[3].Value));
        Assert.True(told.Status == HttpStatusCode.OK, told.Body);
        JsonElement options = told.Json.TryGetProperty("options", out JsonElement own) ? own : told.Json.GetProperty("webauthn").GetProperty("credential_options").GetProperty("publicKey");
        string challenge = told.Json.TryGetProperty("challenge_id", out JsonElement id) ? id.GetString()! : told.Text("id");
        return $$"""{"challenge_id":"{{challenge}}","credential":{{browser.Get(options, lie)}}}""";
    }

    [Fact]
    public async Task A_passkey_signs_in_on_the_page()
    {
        (TestClient client, string email, string token) = await SetAsync();
        using var browser = new SoftAuthenticator();
        await AddPasskeyAsync(browser, token);
        var visitor = new Visitor(host);
        Answer page = await visitor.AuthorizeAsync(client);
        Answer wrong = await visitor.SubmitAsync(page, "/passkey", ("answer", await SignedAsync(visitor, page, browser, new Lie { TamperedSignature = true })));
        Assert.Contains("Credential verification failed", wrong.Body, StringComparison.Ordinal);
        string answer = await SignedAsync(visitor, wrong, browser);
        Answer consent = await visitor.SubmitAsync(wrong, "/passkey", ("answer", answer));
        Assert.Contains("Allow Shop?", consent.Body, StringComparison.Ordinal);
        Assert.Contains(email, consent.Body, StringComparison.Ordinal);
        Answer back = await visitor.SubmitAsync(consent, "/consent", ("action", "approve"));
        TokenAnswer tokens = await host.RedeemAsync(client, Visitor.Parameter(back, "code")!);
        Assert.Equal(("aal2", "passkey"), (tokens.AccessClaims.Text("aal"), tokens.AccessClaims.GetProperty("amr")[0].Text("method")));
        var other = new Visitor(host);
        Answer replayed = await other.SubmitAsync(await other.AuthorizeAsync(client), "/passkey", ("answer", answer));
        Assert.Contains("challenge", replayed.Body, StringComparison.OrdinalIgnoreCase);
        Assert.False(other.HasCookie("tenon-sign-in"));
    }

    [Fact]
    public async Task An_account_whose_only_second_factor_is_a_security_key_gets_through()
    {
        (TestClient client, string email, string token) = await SetAsync();
        using var browser = new SoftAuthenticator();
        using var stranger = new SoftAuthenticator();
        await AddKeyAsync(browser, token);
        var visitor = new Visitor(host);
        Answer asked = await visitor.SignInAsync(await visitor.AuthorizeAsync(client), email);
        Assert.Contains("Use your security key Blue &lt;key&gt;", asked.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("authenticator app", asked.Body, StringComparison.Ordinal);
        Answer wrong = await visitor.SubmitAsync(asked, "/factor", ("answer", await SignedAsync(visitor, asked, stranger)));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.Status);
        Answer consent = await visitor.SubmitAsync(wrong, "/factor", ("answer", await SignedAsync(visitor, wrong, browser)));
        Assert.Contains("Allow Shop?", consent.Body, StringComparison.Ordinal);
        TokenAnswer tokens = await host.RedeemAsync(client, Visitor.Parameter(await visitor.SubmitAsync(consent, "/consent", ("action", "approve")), "code")!);
        Assert.Equal(("aal2", "mfa/webauthn"), (tokens.AccessClaims.Text("aal"), tokens.AccessClaims.GetProperty("amr")[0].Text("method")));
    }

    [Fact]
    public async Task A_telephone_is_sent_a_code_without_script()
    {
        (TestClient client, string email, string token) = await SetAsync();
        string factor = (await CallAsync("/factors", $$"""{"factor_type":"phone","friendly_name":"mine","phone":"{{Number}}"}""", token)).Text("id");
        string challenge = (await CallAsync($"/factors/{factor}/challenge", "{}", token)).Text("id");
        Assert.Equal(HttpStatusCode.OK, (await CallAsync($"/factors/{factor}/verify", $$"""{"challenge_id":"{{challenge}}","code":"123456"}""", token)).Status);
        var visitor = new Visitor(host);
        Answer asked = await visitor.SignInAsync(await visitor.AuthorizeAsync(client), email);
        Assert.Contains("telephone ending in 06", asked.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(Number, asked.Body, StringComparison.Ordinal);
        Answer sent = await visitor.SubmitAsync(asked, "/factor", ("send", "1"));
        Answer wrong = await visitor.SubmitAsync(sent, "/factor", ("code", "000000"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.Status);
        Answer consent = await visitor.SubmitAsync(wrong, "/factor", ("code", "123456"));
        Assert.Contains("Allow Shop?", consent.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_are_asked_for_by_the_page_of_this_browser_and_of_this_account_alone()
    {
        (TestClient client, string email, string token) = await SetAsync();
        using var browser = new SoftAuthenticator();
        string factor = await AddKeyAsync(browser, token);
        var visitor = new Visitor(host);
        Answer page = await visitor.AuthorizeAsync(client);
        string Field(string name) => Regex.Match(page.Body, $"name=\"{name}\" value=\"([^\"]+)\"").Groups[1].Value;
        (string, string)[] right = [("authorization_id", Field("authorization_id")), ("form", Field("form")), ("factor", factor)];
        foreach (string path in new[] { "passkey/options", "factor/options" })
        {
            Assert.Equal("400 validation_failed", (await new Visitor(host).SendAsync("POST", "/auth/v1/oauth/" + path, right)).Refusal);
            Assert.Equal("400 validation_failed", (await visitor.SendAsync("POST", "/auth/v1/oauth/" + path, right[..1])).Refusal);
        }
        // Nobody is signed in here yet, and then somebody else.
        Assert.Equal("404 mfa_factor_not_found", (await visitor.SendAsync("POST", "/auth/v1/oauth/factor/options", right)).Refusal);
        (_, string other, string otherToken) = await SetAsync();
        await AddKeyAsync(new SoftAuthenticator(), otherToken);
        await visitor.SignInAsync(page, other);
        Assert.Equal("404 mfa_factor_not_found", (await visitor.SendAsync("POST", "/auth/v1/oauth/factor/options", right)).Refusal);
        Assert.NotEqual(email, other);
    }

    [Fact]
    public async Task The_page_loads_one_script_of_this_server_and_no_other()
    {
        (TestClient client, _, _) = await SetAsync();
        Answer page = await new Visitor(host).AuthorizeAsync(client);
        string policy = page.Header("Content-Security-Policy")!;
        string nonce = Regex.Match(policy, "script-src 'nonce-([^']+)'; connect-src 'self'; form-action").Groups[1].Value;
        Assert.Contains($"<script nonce=\"{nonce}\" src=\"{SoftAuthenticator.Origin}/auth/v1/oauth/keys.js\" defer></script>", page.Body, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(page.Body, "<script"));
        Assert.DoesNotMatch("unsafe|\\son[a-z]+=", policy + page.Body);
        Answer script = await new Visitor(host).SendAsync("GET", "/auth/v1/oauth/keys.js");
        Assert.Equal(("text/javascript; charset=utf-8", "nosniff"), (script.Header("Content-Type"), script.Header("X-Content-Type-Options")));
        Assert.Contains("navigator.credentials.get", script.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#1d4ed8")]
    [InlineData("#ffff00")]
    [InlineData("#ffffff")]
    [InlineData("#000000")]
    [InlineData("#767676")]
    [InlineData("#777777")]
    [InlineData("#00ff7f")]
    [InlineData("#FF6347")]
    public void Every_accent_leaves_text_that_can_be_read(string colour)
    {
        PageTheme theme = PageTheme.Of(new AuthOAuthServerOptions { Color = colour, BackgroundColor = colour });
        Assert.Equal((colour, colour), (theme.Accent, theme.Background));
        Assert.True(PageTheme.Contrast(theme.OnAccent, theme.Accent) >= 4.5);
        Assert.True(PageTheme.Contrast(theme.Link, "#ffffff") >= 4.5);
    }

    [Fact]
    public void Contrast_is_that_of_WCAG()
    {
        Assert.Equal(21, PageTheme.Contrast("#000000", "#ffffff"), 3);
        Assert.Equal(4.54, PageTheme.Contrast("#767676", "#ffffff"), 2);
        Assert.Equal(4.48, PageTheme.Contrast("#777777", "#ffffff"), 2);
    }

    [Fact]
    public async Task Colours_name_and_picture_of_the_configuration_are_on_every_page_and_break_out_of_none()
    {
        await using ProviderHost themed = await ProviderHost.OnSqliteAsync(options =>
        {
            options.OAuthServer.Color = "#ffff00";
            options.OAuthServer.BackgroundColor = "#123456";
            options.OAuthServer.Name = "A </title><script>alert(1)</script> & \"B\"";
            options.OAuthServer.LogoUrl = "https://cdn.test/l.png?a=\"onerror=\"alert(1)";
        });
        await themed.SignUpAsync("look@example.test");
        var visitor = new Visitor(themed);
        Answer signIn = await visitor.AuthorizeAsync(await themed.ClientAsync());
        foreach (Answer page in new[] { signIn, await visitor.SignInAsync(signIn, "look@example.test"), await visitor.GoAsync("/auth/v1/oauth/device") })
        {
            Assert.Contains("--accent: #ffff00; --on-accent: #000000; --link: #111827; --back: #123456;", page.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("<script", page.Body, StringComparison.Ordinal);
            Assert.DoesNotMatch("<img[^>]*onerror=\"", page.Body);
            Assert.Contains("img-src 'self' https://cdn.test;", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("red")]
    [InlineData("#fff")]
    [InlineData("#12345g")]
    [InlineData("#123456; } body { display: none")]
    [InlineData("#123456\n")]
    public void A_colour_that_is_none_does_not_start(string colour)
    {
        var options = new AuthOptions { OAuthServer = { Enabled = true, Color = colour } };
        Assert.Contains("#rrggbb", Assert.Throws<InvalidOperationException>(() => AuthFeature.Check(options)).Message, StringComparison.Ordinal);
    }
}
