using System.Globalization;
using Microsoft.Playwright;

namespace Tenon.Browser.Tests.Hiring;

public sealed class CandidateFlow(Browser browser)
{
    [Theory]
    [InlineData((int)Size.Wide)]
    [InlineData((int)Size.Narrow)]
    public async Task A_candidate_signs_up_fills_the_profile_sees_the_own_fit_and_applies(int width)
    {
        await using var visit = await browser.Visit((Size)width);
        var page = visit.Page;
        await SignUp(visit, Demo.NewName("Nina"));
        await FillProfile(visit);
        await visit.Screenshot("profile");

        await page.GotoAsync(Demo.RolePage);
        await visit.Heading("Your fit", 2).WaitForAsync();
        await AssertPartsAddUp(page);
        await page.GetByText("missing must-have: ").First.WaitForAsync();
        await page.GetByLabel("A few words").FillAsync("I would like to build robots.");
        await visit.Button("Apply").ClickAsync();
        await page.GetByText("You applied today").WaitForAsync();
        await visit.Screenshot("my-fit");

        await visit.Link("Your applications").ClickAsync();
        await visit.Heading("Your applications", 1).WaitForAsync();
        await page.GetByText("Acme Robotics", new() { Exact = true }).WaitForAsync();
        await visit.Screenshot("applications");
        await visit.Button("Withdraw").ClickAsync();
        await page.Locator(".status.withdrawn").WaitForAsync();
        await Assertions.Expect(visit.Button("Withdraw")).ToHaveCountAsync(0);
        visit.NothingWentWrong();
    }

    [Fact]
    public async Task A_profile_is_still_there_after_a_reload_and_a_new_sign_in()
    {
        await using var visit = await browser.Visit();
        var page = visit.Page;
        var email = await SignUp(visit, Demo.NewName("Otto"));
        await FillProfile(visit);
        await page.ReloadAsync();
        await Assertions.Expect(page.GetByLabel("Headline")).ToHaveValueAsync("Engineer, happiest close to users");
        await Assertions.Expect(visit.Combo("City")).ToHaveValueAsync("Potsdam, Germany");
        await visit.Button("Sign out").ClickAsync();
        await visit.Link("Join").WaitForAsync();

        await page.GotoAsync("/sign-in");
        await page.GetByLabel("E-mail").FillAsync(email);
        await page.GetByLabel("Password").FillAsync("wrong-pass");
        await page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.GetByRole(AriaRole.Alert).WaitForAsync();
        visit.ForgetErrors();
        await page.GetByLabel("Password").FillAsync("long-enough");
        await page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await visit.Link("Profile").ClickAsync();
        // The board that was open before asks for skills too.
        await Assertions.Expect(page.GetByLabel("Headline")).ToHaveValueAsync("Engineer, happiest close to users");
        await page.GetByText("SQL", new() { Exact = true }).WaitForAsync();
        visit.NothingWentWrong();
    }

    internal static async Task<string> SignUp(Visit visit, string firstName)
    {
        var email = $"{firstName.ToLowerInvariant()}@example.test";
        await visit.Page.GotoAsync("/sign-up");
        await visit.Page.GetByLabel("Full name").FillAsync($"{firstName} New");
        await visit.Page.GetByLabel("E-mail").FillAsync(email);
        await visit.Page.GetByLabel("Password").FillAsync("long-enough");
        await visit.Page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button, new() { Name = "Make a profile" }).ClickAsync();
        await visit.Heading("Your profile", 1).WaitForAsync();
        await Assertions.Expect(visit.Page.GetByLabel("Shown name")).ToHaveValueAsync($"{firstName} N.");
        return email;
    }

    internal static async Task FillProfile(Visit visit)
    {
        var page = visit.Page;
        await page.GetByLabel("Headline").FillAsync("Engineer, happiest close to users");
        await visit.Choose("City", "Potsdam");
        await page.GetByLabel("Years of experience").FillAsync("6");
        await visit.Button("Save profile").ClickAsync();
        await page.GetByText("Saved.").WaitForAsync();
        foreach (var skill in new[] { "SQL", "computer programming" })
        {
            await visit.Choose("Add a skill", skill);
            await page.GetByText($"{skill} added.").WaitForAsync();
        }

        await page.GetByLabel("Level of SQL").SelectOptionAsync("5");
        await page.GetByText("SQL: level 5.").WaitForAsync();
    }

    internal static async Task AssertPartsAddUp(IPage page)
    {
        await page.Locator(".fit-parts tbody td").First.WaitForAsync();
        var cells = await page.Locator(".fit-parts tbody td").AllInnerTextsAsync();
        var parts = cells.Select(cell => decimal.Parse(cell.Split(' ')[0], CultureInfo.InvariantCulture)).ToList();
        var score = decimal.Parse(await page.Locator(".fit-score strong").InnerTextAsync(), CultureInfo.InvariantCulture);
        Assert.Equal(5, parts.Count);
        Assert.Equal(score, parts.Sum());
    }
}
