using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Tenon.Browser.Tests.Hiring;

public sealed partial class VisitorFlow(Browser browser)
{
    [Theory]
    [InlineData((int)Size.Wide)]
    [InlineData((int)Size.Narrow)]
    public async Task A_visitor_searches_filters_and_opens_a_role(int width)
    {
        await using var visit = await browser.Visit((Size)width);
        var page = visit.Page;
        await page.GotoAsync("/");
        var all = await Found(page);
        Assert.InRange(all, 50, 120);
        await visit.Screenshot("board");

        await visit.Choose("Skill", "SQL");
        await page.WaitForURLAsync(new Regex("skill=\\d+"));
        await Assertions.Expect(visit.Combo("Skill")).ToBeFocusedAsync();
        await page.GetByText("SQL", new() { Exact = true }).First.WaitForAsync();
        await Until(page, count => count > 0 && count < all);
        foreach (var card in await page.Locator(".role-card").AllAsync())
        {
            Assert.Contains("SQL", await card.Locator(".chip").AllInnerTextsAsync());
        }

        await page.GetByRole(AriaRole.Searchbox).FillAsync("no such role anywhere");
        await page.GetByText("No open role matches").WaitForAsync();
        await visit.Button("Clear filters").ClickAsync();
        await Until(page, count => count == all);
        await Assertions.Expect(visit.Combo("Skill")).ToHaveValueAsync("");

        var first = page.Locator(".role-card h3 a").First;
        var title = await first.InnerTextAsync();
        await first.ClickAsync();
        await visit.Heading(title, 1).WaitForAsync();
        await visit.Heading("Must have", 2).WaitForAsync();
        await visit.Heading("How well do you fit?", 2).WaitForAsync();
        Assert.DoesNotContain("€", await page.GetByRole(AriaRole.Main).InnerTextAsync(), StringComparison.Ordinal);
        await visit.Screenshot("role");
        visit.NothingWentWrong();
    }

    [Fact]
    public async Task A_visitor_pages_through_the_roles_and_the_address_can_be_shared()
    {
        await using var visit = await browser.Visit();
        var page = visit.Page;
        await page.GotoAsync("/");
        var first = await page.Locator(".role-card h3").First.InnerTextAsync();
        var firstLink = await page.Locator(".role-card h3 a").First.GetAttributeAsync("href");
        await visit.Button("Next").ClickAsync();
        await page.GetByText("Page 2 of").WaitForAsync();
        await Assertions.Expect(page.Locator(".role-card h3 a").First).Not.ToHaveAttributeAsync("href", firstLink!);

        await page.GotoAsync(page.Url);
        await page.GetByText("Page 2 of").WaitForAsync();
        await visit.Button("Previous").ClickAsync();
        await Assertions.Expect(page.Locator(".role-card h3").First).ToHaveTextAsync(first);
        visit.NothingWentWrong();
    }

    [Fact]
    public async Task A_visitor_who_wants_more_is_asked_to_sign_in()
    {
        await using var visit = await browser.Visit();
        foreach (var path in new[] { "/profile", "/applications", "/hiring", Demo.ShortlistPage })
        {
            await visit.Page.GotoAsync(path);
            await visit.Heading("Sign in", 1).WaitForAsync();
        }

        visit.NothingWentWrong();
    }

    [Fact]
    public async Task A_visitor_reaches_the_first_role_with_the_keyboard_alone()
    {
        await using var visit = await browser.Visit();
        var page = visit.Page;
        await page.GotoAsync("/");
        await page.Locator(".role-card").First.WaitForAsync();
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to the content", await Focused(page));
        var seen = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            seen.Add(await Focused(page));
            Assert.True(await page.EvaluateAsync<bool>(FocusIsVisible), $"no visible focus on {seen[^1]}");
        }

        var title = await page.Locator(".role-card h3").First.InnerTextAsync();
        string[] order = ["Mortise, home", "Roles", "Companies", "Sign in", "Join", "Make a profile", "I am hiring", "Search", "Skill", "City", title];
        Assert.Equal(order, seen.Where(order.Contains).Distinct());
    }

    private const string FocusIsVisible = """
        () => {
          const own = getComputedStyle(document.activeElement);
          const after = getComputedStyle(document.activeElement, '::after');
          return [own, after].some(s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2);
        }
        """;

    private static Task<string> Focused(IPage page) => page.EvaluateAsync<string>("""
        () => {
          const e = document.activeElement;
          return (e.getAttribute('aria-label') ?? e.labels?.[0]?.firstChild?.textContent ?? e.textContent).trim();
        }
        """);

    private static async Task<int> Found(IPage page)
    {
        var heading = page.GetByRole(AriaRole.Heading, new() { NameRegex = CountOfRoles(), Level = 2 });
        return int.Parse(CountOfRoles().Match(await heading.InnerTextAsync()).Groups[1].Value);
    }

    private static async Task Until(IPage page, Func<int, bool> wanted)
    {
        var count = 0;
        for (var i = 0; i < 600; i++)
        {
            if (wanted(count = await Found(page)))
            {
                return;
            }

            await page.WaitForTimeoutAsync(50);
        }

        Assert.Fail($"still {count} roles");
    }

    [GeneratedRegex(@"^(\d+) open roles?$")]
    private static partial Regex CountOfRoles();
}
