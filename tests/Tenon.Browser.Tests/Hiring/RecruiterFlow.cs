using Microsoft.Playwright;

namespace Tenon.Browser.Tests.Hiring;

public sealed class RecruiterFlow(Browser browser)
{
    [Theory]
    [InlineData((int)Size.Wide)]
    [InlineData((int)Size.Narrow)]
    public async Task A_recruiter_posts_a_role_and_sees_the_shortlist_with_reasons_at_once(int width)
    {
        await using var visit = await browser.Visit((Size)width);
        var page = visit.Page;
        var title = Demo.NewName("Analyst");
        await visit.SignIn(Demo.Recruiter);
        await visit.Link("Hiring").ClickAsync();
        await visit.Heading("Acme Robotics", 1).WaitForAsync();
        await page.GetByText("€").First.WaitForAsync();
        await visit.Screenshot("hiring");

        await visit.Link("Post a role").ClickAsync();
        await page.GetByLabel("Title").FillAsync(title);
        await visit.Choose("Occupation", "data analyst");
        await page.GetByLabel("What the work is").FillAsync("Find out what our robots do all day.");
        await visit.Choose("City", "Berlin");
        await visit.Choose("Add a skill", "SQL");
        await visit.Choose("Add a skill", "statistics");
        await page.GetByText("Usual for this occupation:").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "+ business intelligence" }).ClickAsync();
        await page.GetByLabel("Need of business intelligence").SelectOptionAsync("nice");
        await visit.Screenshot("post");
        await visit.Button("Post and see the shortlist").ClickAsync();

        await visit.Heading(title, 1).WaitForAsync();
        await page.Locator(".ranked").First.WaitForAsync();
        Assert.InRange(await page.Locator(".ranked").CountAsync(), 10, 40);
        Assert.Contains("of 2 must-have skills", await page.Locator(".ranked-score").First.InnerTextAsync(), StringComparison.Ordinal);
        await page.GetByText("€50,000 to €65,000").WaitForAsync();
        await visit.Screenshot("shortlist");

        var name = await page.Locator(".ranked h3 a").First.InnerTextAsync();
        await page.Locator(".ranked h3 a").First.ClickAsync();
        await visit.Heading(name, 1).WaitForAsync();
        await page.Locator(".fit").WaitForAsync();
        await CandidateFlow.AssertPartsAddUp(page);
        await page.GetByText("Has not applied to this role").WaitForAsync();
        await visit.Screenshot("candidate");
        visit.NothingWentWrong();
    }

    [Fact]
    public async Task Contact_data_opens_when_both_sides_agree_and_not_before()
    {
        var name = Demo.NewName("Pia");
        await using var candidate = await browser.Visit();
        var email = await CandidateFlow.SignUp(candidate, name);
        await CandidateFlow.FillProfile(candidate);
        await candidate.Page.GotoAsync(Demo.RolePage);
        await candidate.Button("Apply").ClickAsync();
        await candidate.Page.GetByText("You applied today").WaitForAsync();

        await using var recruiter = await browser.Visit();
        await recruiter.SignIn(Demo.Recruiter);
        await recruiter.Page.GotoAsync(Demo.ShortlistPage);
        await recruiter.Page.GetByLabel("Only who applied").CheckAsync();
        await recruiter.Link($"{name} N.").ClickAsync();
        await recruiter.Button("Shortlist").ClickAsync();
        await recruiter.Button("Invite to interview").WaitForAsync();
        await recruiter.Button("Ask for contact").ClickAsync();
        await recruiter.Page.GetByText("You have asked.").WaitForAsync();
        await recruiter.Page.ReloadAsync();
        await recruiter.Page.GetByText("You have asked.").WaitForAsync();
        Assert.Equal(0, await recruiter.Page.GetByText(email).CountAsync());

        await candidate.Page.GotoAsync("/applications");
        await candidate.Page.Locator(".status.shortlisted").WaitForAsync();
        await candidate.Page.GetByLabel("Acme Robotics asked for your contact data: share it").CheckAsync();
        await Assertions.Expect(candidate.Page.GetByLabel("Acme Robotics asked")).ToBeCheckedAsync();

        await recruiter.Page.ReloadAsync();
        await recruiter.Page.GetByText(email).WaitForAsync();
        candidate.NothingWentWrong();
        recruiter.NothingWentWrong();
    }

    [Fact]
    public async Task An_interviewer_sees_the_shortlist_but_no_salary_and_no_decisions()
    {
        await using var visit = await browser.Visit();
        await visit.SignIn(Demo.Interviewer);
        await visit.Page.GotoAsync("/hiring");
        await visit.Page.Locator(".card").First.WaitForAsync();
        Assert.DoesNotContain("€", await visit.Page.GetByRole(AriaRole.Main).InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await visit.Link("Post a role").CountAsync());

        await visit.Page.GotoAsync(Demo.ShortlistPage);
        await visit.Page.Locator(".ranked").First.WaitForAsync();
        Assert.DoesNotContain("€", await visit.Page.GetByRole(AriaRole.Main).InnerTextAsync(), StringComparison.Ordinal);
        await visit.Page.GetByLabel("Only who applied").CheckAsync();
        await visit.Page.Locator(".ranked h3 a").First.ClickAsync();
        await visit.Heading("Application", 2).WaitForAsync();
        await visit.Page.GetByText("Shown to owners and recruiters").WaitForAsync();
        Assert.Equal(0, await visit.Button("Reject").CountAsync());
        visit.NothingWentWrong();
    }
}
