// Keys that prove themselves, in a real browser with a virtual authenticator: the whole way through supabase-js, the
// browser's own WebAuthn and the server.
using Microsoft.Playwright;

namespace Tenon.Browser.Tests.Hiring;

public sealed class PasskeyFlow(Browser browser)
{
    private const string Password = "long-enough";

    /// <summary>The same server by the name that browsers have WebAuthn for.</summary>
    private string Site => browser.Url.Replace("//127.0.0.1", "//localhost", StringComparison.Ordinal);

    [Fact]
    public async Task A_person_adds_a_passkey_signs_out_signs_in_by_it_and_manages_it()
    {
        await using var visit = await browser.Visit();
        var page = visit.Page;
        await using var keys = await VirtualAuthenticator.PluggedIn(page, transport: "internal", ofPerson: true);
        await SignUp(page, "pass");
        await page.GotoAsync(Site + "/security");
        await page.GetByText("No passkey yet.").WaitForAsync();
        await visit.Button("Add a passkey").ClickAsync();
        await page.GetByText("Passkey added.").WaitForAsync();
        var made = Assert.Single(await keys.Credentials());
        Assert.True(made.GetProperty("isResidentCredential").GetBoolean());
        Assert.Equal("localhost", made.GetProperty("rpId").GetString());
        await page.GetByLabel("Name, added today").FillAsync("My desk");
        await visit.Button("Rename").ClickAsync();
        await page.GetByText("Renamed to My desk.").WaitForAsync();
        await Assertions.Expect(page.GetByText("You came in by password: one factor.")).ToBeVisibleAsync();
        await visit.Screenshot("security-passkey");

        await SignOut(visit);
        await page.GotoAsync(Site + "/sign-in");
        await visit.Button("Use a passkey").ClickAsync();
        await visit.Button("Sign out").WaitForAsync();
        await page.GotoAsync(Site + "/security");
        await page.GetByLabel("Name, used today").WaitForAsync();
        await Assertions.Expect(page.GetByText("You came in by passkey: two factors.")).ToBeVisibleAsync();
        visit.NothingWentWrong();

        await visit.Button("Delete My desk").ClickAsync();
        await page.GetByText("Passkey deleted.").WaitForAsync();
        await SignOut(visit);
        await page.GotoAsync(Site + "/sign-in");
        await visit.Button("Use a passkey").ClickAsync();
        await page.GetByText("Credential verification failed").WaitForAsync();
        visit.ForgetErrors();
    }

    [Fact]
    public async Task A_security_key_is_the_second_factor_of_the_next_sign_in()
    {
        await using var visit = await browser.Visit();
        var page = visit.Page;
        await using var keys = await VirtualAuthenticator.PluggedIn(page, transport: "usb", ofPerson: false);
        var email = await SignUp(page, "key");
        await page.GotoAsync(Site + "/security");
        await visit.Button("Add a security key").ClickAsync();
        await page.GetByText("Security key added.").WaitForAsync();
        await page.GetByText("You came in by security key and password: two factors.").WaitForAsync();
        Assert.False(Assert.Single(await keys.Credentials()).GetProperty("isResidentCredential").GetBoolean());

        await SignOut(visit);
        await page.GotoAsync(Site + "/sign-in");
        await page.GetByLabel("E-mail").FillAsync(email);
        await page.GetByLabel("Password").FillAsync(Password);
        await page.Keyboard.PressAsync("Enter");
        await visit.Button("Sign out").WaitForAsync();
        await page.GotoAsync(Site + "/security");
        await page.GetByText("You came in by password: one factor.").WaitForAsync();
        await visit.Screenshot("security-key");
        await visit.Button("Use the security key").ClickAsync();
        await page.GetByText("Security key accepted.").WaitForAsync();
        await page.GetByText("You came in by security key and password: two factors.").WaitForAsync();
        await visit.Button("Remove it").ClickAsync();
        await visit.Button("Add a security key").WaitForAsync();
        visit.NothingWentWrong();
    }

    private async Task<string> SignUp(IPage page, string name)
    {
        var email = $"{Demo.NewName(name)}@example.test";
        await page.GotoAsync(Site + "/sign-up");
        await page.GetByLabel("Full name").FillAsync("Pat Key");
        await page.GetByLabel("E-mail").FillAsync(email);
        await page.GetByLabel("Password").FillAsync(Password);
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Your profile", Level = 1 }).WaitForAsync();
        return email;
    }

    private static async Task SignOut(Visit visit)
    {
        await visit.Button("Sign out").ClickAsync();
        await visit.Link("Join").WaitForAsync();
    }
}
