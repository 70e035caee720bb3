// The two flows of signed-in people with the keyboard alone: no pointer, and no focus set from outside the page.
using Microsoft.Playwright;

namespace Tenon.Browser.Tests.Hiring;

public sealed class KeyboardFlow(Browser browser)
{
    private const int MostStops = 120;

    [Theory]
    [InlineData((int)Size.Wide)]
    [InlineData((int)Size.Narrow)]
    public async Task A_candidate_signs_up_fills_the_profile_and_applies_by_keyboard(int width)
    {
        await using var visit = await browser.Visit((Size)width);
        var page = visit.Page;
        await page.GotoAsync("/");
        await page.Locator(".role-card").First.WaitForAsync();
        await PressOn(page, "Join");
        await page.GetByLabel("Full name").WaitForAsync();
        await TypeInto(page, "Full name", "Kay Board");
        await TypeInto(page, "E-mail", $"{Demo.NewName("kay")}@example.test");
        await TypeInto(page, "Password", "long-enough");
        await page.Keyboard.PressAsync("Enter");
        await visit.Heading("Your profile", 1).WaitForAsync();
        await Assertions.Expect(page.GetByLabel("Shown name")).ToHaveValueAsync("Kay B.");
        await TypeInto(page, "Headline", "Keys only");
        await Pick(page, "City", "Potsdam");
        await PressOn(page, "Save profile");
        await page.GetByText("Saved.").WaitForAsync();
        await Pick(page, "Add a skill", "SQL");
        await page.GetByText("SQL added.").WaitForAsync();

        await page.GotoAsync(Demo.RolePage);
        await visit.Heading("Your fit", 2).WaitForAsync();
        await visit.Button("Apply").WaitForAsync();
        await TypeInto(page, "A few words", "I would like to build robots.");
        await PressOn(page, "Apply");
        await page.GetByText("You applied today").WaitForAsync();
        await Assertions.Expect(page.Locator(".applied")).ToBeFocusedAsync();
        await PressOn(page, "Your applications");
        await visit.Heading("Your applications", 1).WaitForAsync();
        visit.NothingWentWrong();
    }

    [Theory]
    [InlineData((int)Size.Wide)]
    [InlineData((int)Size.Narrow)]
    public async Task A_recruiter_signs_in_posts_a_role_and_opens_a_candidate_by_keyboard(int width)
    {
        await using var visit = await browser.Visit((Size)width);
        var page = visit.Page;
        await page.GotoAsync("/sign-in");
        await page.GetByLabel("E-mail").WaitForAsync();
        await TypeInto(page, "E-mail", Demo.Recruiter);
        await TypeInto(page, "Password", "tenon-dev");
        await page.Keyboard.PressAsync("Enter");
        await visit.Button("Sign out").WaitForAsync();
        await PressOn(page, "Hiring");
        await visit.Link("Post a role").WaitForAsync();
        await PressOn(page, "Post a role");
        await page.GetByLabel("Title").WaitForAsync();
        var title = Demo.NewName("Keys");
        await TypeInto(page, "Title", title);
        await Pick(page, "Occupation", "data analyst");
        await TypeInto(page, "What the work is", "Find out what our robots do all day.");
        await Pick(page, "City", "Berlin");
        await Pick(page, "Add a skill", "SQL");
        await PressOn(page, "Post and see the shortlist");
        await visit.Heading(title, 1).WaitForAsync();
        var first = page.Locator(".ranked h3 a").First;
        await first.WaitForAsync();
        var name = await first.InnerTextAsync();
        await PressOn(page, name);
        await visit.Heading(name, 1).WaitForAsync();
        visit.NothingWentWrong();
    }

    private static async Task TypeInto(IPage page, string label, string text)
    {
        await Reach(page, label);
        await page.Keyboard.TypeAsync(text);
    }

    private static async Task Pick(IPage page, string label, string text)
    {
        await TypeInto(page, label, text);
        await page.GetByRole(AriaRole.Option).First.WaitForAsync();
        await page.Keyboard.PressAsync("Enter");
    }

    private static async Task PressOn(IPage page, string name)
    {
        await Reach(page, name);
        await page.Keyboard.PressAsync("Enter");
    }

    /// <summary>Presses Tab until what has this label or text has the focus.</summary>
    private static async Task Reach(IPage page, string name)
    {
        var seen = new List<string>();
        for (var i = 0; i < MostStops; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            seen.Add(await page.EvaluateAsync<string>(Focused));
            if (seen[^1].StartsWith(name, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"Tab does not reach {name}: {string.Join(" | ", seen.Distinct())}");
    }

    private const string Focused = """
        () => {
          const e = document.activeElement;
          if (!e || e === document.body) return '';
          return (e.getAttribute('aria-label') ?? e.labels?.[0]?.firstChild?.textContent ?? e.textContent ?? '').trim();
        }
        """;
}
