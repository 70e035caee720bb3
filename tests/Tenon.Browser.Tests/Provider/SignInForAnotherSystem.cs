using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using Tenon.Browser.Tests.Hiring;

namespace Tenon.Browser.Tests.Provider;

/// <summary>The identity provider in a real browser, script switched off: a second application signs its user in through it.</summary>
public sealed class SignInForAnotherSystem(Browser browser)
{
    private static async Task<(string Id, string Secret)> Register(HttpClient admin, string url)
    {
        using var answer = await admin.PostAsJsonAsync(
            "/auth/v1/admin/oauth/clients",
            new { client_name = "Second application", redirect_uris = new[] { url + "/signin-oidc" }, post_logout_redirect_uris = new[] { url + "/signout-callback-oidc" } }
        );
        answer.EnsureSuccessStatusCode();
        var made = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (made.GetProperty("client_id").GetString()!, made.GetProperty("client_secret").GetString()!);
    }

    /// <summary>Registers a client at a server, once its address is known.</summary>
    internal static Func<string, Task<(string Id, string Secret)>> Registering(string server, string secretKey) =>
        async url =>
        {
            using var admin = new HttpClient { BaseAddress = new Uri(server) };
            admin.DefaultRequestHeaders.Add("apikey", secretKey);
            return await Register(admin, url);
        };

    [Fact]
    public async Task A_second_application_signs_its_user_in_through_Tenon_and_out_again()
    {
        await using var visit = await browser.Visit(script: false);
        await using var app = await SecondApplication.Start(browser.Url + "/auth/v1", Registering(browser.Url, browser.SecretKey()));
        var page = visit.Page;

        await page.GotoAsync(app.Url);
        await visit.Heading("Sign in", 1).WaitForAsync();
        Assert.StartsWith(browser.Url + "/auth/v1/oauth/consent", page.Url, StringComparison.Ordinal);
        await visit.Screenshot("provider-sign-in");
        await page.GetByLabel("E-mail address").FillAsync(Demo.Candidate);
        await page.GetByLabel("Password").FillAsync("wrong-password-1");
        await visit.Button("Sign in").ClickAsync();
        await page.GetByRole(AriaRole.Alert).WaitForAsync();
        await page.GetByLabel("Password").FillAsync("tenon-dev");
        visit.ForgetErrors();
        await visit.Button("Sign in").ClickAsync();

        await visit.Heading("Allow Second application?", 1).WaitForAsync();
        await visit.Screenshot("provider-consent");
        await visit.Button("Allow").ClickAsync();
        await Assertions.Expect(page.Locator("#who")).ToHaveTextAsync(Demo.Candidate);
        Assert.Equal(app.Url + "/", page.Url);

        await visit.Link("Sign out").ClickAsync();
        await visit.Heading("Bye", 1).WaitForAsync();
        await page.GotoAsync(app.Url);
        await visit.Heading("Sign in", 1).WaitForAsync();
        visit.NothingWentWrong();
    }
}
