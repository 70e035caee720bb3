using System.Net;
using System.Text.RegularExpressions;
using Tenon.Server.Auth;
using Tenon.Server.Tests.Auth;
using Tenon.Server.Tests.Auth.WebAuthn;

namespace Tenon.Server.Tests.Provider;

/// <summary>The puzzle on the provider's pages: shown by its public key, asked before a password and before a key.</summary>
public sealed class PuzzlePageTests
{
    [Theory]
    [InlineData("turnstile", "cf-turnstile-response", "https://challenges.cloudflare.com/turnstile/v0/api.js")]
    [InlineData("hcaptcha", "h-captcha-response", "https://js.hcaptcha.com/1/api.js")]
    public async Task Signing_in_on_a_page_needs_a_solved_puzzle(string provider, string field, string script)
    {
        await using PuzzleVerifier verifier = await PuzzleVerifier.StartAsync();
        await using ProviderHost host = await ProviderHost.OnSqliteAsync(options =>
        {
            options.PublicUrl = options.SiteUrl = SoftAuthenticator.Origin;
            options.Development = true;
            options.Captcha.Provider = provider;
            options.Captcha.SiteKey = "site-key-1";
            options.Captcha.Secret = "the-site-secret";
            options.Captcha.VerifyUri = verifier.Uri;
            options.Captcha.Enabled = true;
        });
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync("POST", "/auth/v1/admin/users", $$"""{"email":"ann@example.test","password":"{{ProviderHost.Password}}","email_confirm":true}""")).Status);
        var visitor = new Visitor(host);
        Answer page = await visitor.AuthorizeAsync(await host.ClientAsync());
        Assert.Contains("data-sitekey=\"site-key-1\"", page.Body, StringComparison.Ordinal);
        Assert.Contains($"src=\"{script}\"", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("the-site-secret", page.Body, StringComparison.Ordinal);
        Assert.Contains("frame-src https://", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Answer none = await visitor.SignInAsync(page, "ann@example.test");
        Assert.Equal(HttpStatusCode.BadRequest, none.Status);
        Assert.Contains("captcha", none.Body, StringComparison.Ordinal);
        (string, string)[] typed = [("email", "ann@example.test"), ("password", ProviderHost.Password)];
        Answer unsolved = await visitor.SubmitAsync(none, "/sign-in", [.. typed, (field, "guessed")]);
        Assert.Equal(HttpStatusCode.BadRequest, unsolved.Status);
        Assert.False(visitor.HasCookie("tenon-sign-in"));
        (string, string)[] form = [.. Visitor.HiddenOf(page.Body).DistinctBy(pair => pair.Item1).Where(pair => pair.Item1 != "answer")];
        Assert.Equal("400 captcha_failed", (await visitor.SendAsync("POST", "/auth/v1/oauth/passkey/options", form)).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await visitor.SendAsync("POST", "/auth/v1/oauth/passkey/options", [.. form, (field, "solved")])).Status);
        Answer consent = await visitor.SubmitAsync(unsolved, "/sign-in", [.. typed, (field, "solved")]);
        Assert.Contains("Allow Shop?", consent.Body, StringComparison.Ordinal);
        Assert.Empty(Regex.Matches(consent.Body, "<script"));
        Assert.Equal(3, verifier.Calls.Count);
        Assert.All(verifier.Calls, call => Assert.Equal("the-site-secret", call["secret"]));
    }

    [Fact]
    public void A_provider_that_cannot_show_the_puzzle_does_not_start()
    {
        var options = new AuthOptions { OAuthServer = { Enabled = true }, Captcha = { Enabled = true, Secret = "s" } };
        Assert.Contains("site_key", Assert.Throws<InvalidOperationException>(() => AuthFeature.Check(options)).Message, StringComparison.Ordinal);
    }
}
