using Microsoft.Playwright;
using Tenon.Testing;

namespace Tenon.Browser.Tests.Hiring;

/// <summary>tenon dev as a front-end developer has it: the page follows its source, at Tenon's own address.</summary>
public sealed class HotReload(Browser browser)
{
    [Fact]
    public async Task A_changed_source_shows_in_the_open_page_without_a_reload()
    {
        await using var visit = await browser.Visit();
        var page = visit.Page;
        await using var tenon = await TenonProcess.StartDev("apps/hiring", [], TestContext.Current.CancellationToken);
        await page.GotoAsync(tenon.Url);
        await page.Locator(".role-card").First.WaitForAsync();
        // A page that is loaded anew forgets this.
        await page.EvaluateAsync("window.kept = 'since the first load'");

        var source = Path.Combine(tenon.Folder, "web", "src", "App.tsx");
        var text = await File.ReadAllTextAsync(source, TestContext.Current.CancellationToken);
        const string Before = "Every company and person here is fictional.";
        const string After = "All companies and persons here are made up.";
        Assert.Contains(Before, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(source, text.Replace(Before, After, StringComparison.Ordinal), TestContext.Current.CancellationToken);

        await page.GetByText(After).WaitForAsync();
        Assert.Equal("since the first load", await page.EvaluateAsync<string?>("window.kept"));
        visit.NothingWentWrong();
    }
}
