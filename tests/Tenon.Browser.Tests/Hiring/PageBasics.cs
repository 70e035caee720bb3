// What every page must keep, at both widths: one heading of the first level, no level left out, a name for every
// control, no repeated id, nothing wider than the screen, landmarks, a document title.
using Microsoft.Playwright;

namespace Tenon.Browser.Tests.Hiring;

public sealed class PageBasics(Browser browser)
{
    public static TheoryData<string, string?> Pages => new()
    {
        { "/", null },
        { Demo.RolePage, null },
        { "/companies", null },
        { "/sign-in", null },
        { "/sign-up", null },
        { "/nowhere", null },
        { Demo.RolePage, Demo.Candidate },
        { "/profile", Demo.Candidate },
        { "/applications", Demo.Candidate },
        { "/security", Demo.Candidate },
        { "/hiring", Demo.Recruiter },
        { "/hiring/new", Demo.Recruiter },
        { Demo.ShortlistPage, Demo.Recruiter },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_page_is_sound_at_both_widths(string path, string? who)
    {
        foreach (var size in new[] { Size.Wide, Size.Narrow })
        {
            await using var visit = await browser.Visit(size);
            if (who is not null)
            {
                await visit.SignIn(who);
            }

            await visit.Page.GotoAsync(path);
            await visit.Page.Locator("h1").WaitForAsync();
            await visit.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            await Assertions.Expect(visit.Page.Locator(".skeleton")).ToHaveCountAsync(0);
            Assert.Empty(await visit.Page.EvaluateAsync<string[]>(Problems));
            visit.NothingWentWrong();
        }
    }

    private const string Problems = """
        () => {
          const found = [];
          const all = (s) => [...document.querySelectorAll(s)];
          const text = (e) => (e?.textContent ?? '').trim();
          const shown = (e) => e.getClientRects().length > 0;
          if (!document.documentElement.lang) found.push('no language');
          if (!/\S · Mortise$/.test(document.title)) found.push('title: ' + document.title);
          for (const landmark of ['header', 'main', 'nav', 'footer']) {
            if (all(landmark).length === 0) found.push('no ' + landmark);
          }
          const headings = all('h1,h2,h3,h4').filter(shown);
          if (headings.filter((h) => h.tagName === 'H1').length !== 1) found.push('not one h1');
          const inMain = headings.filter((h) => h.closest('main')).map((h) => Number(h.tagName[1]));
          inMain.forEach((level, i) => { if (level > (inMain[i - 1] ?? 0) + 1) found.push('heading level skipped at ' + text(headings[i])); });
          for (const e of all('input,select,textarea')) {
            if (!(e.labels?.length && text(e.labels[0])) && !e.ariaLabel) found.push('field without a label: ' + e.outerHTML);
          }
          for (const e of all('a,button')) {
            if (!(text(e) || e.ariaLabel)) found.push('control without a name: ' + e.outerHTML);
          }
          for (const e of all('img')) if (!e.hasAttribute('alt')) found.push('image without alt');
          for (const e of all('[role=img]')) if (!e.ariaLabel) found.push('picture without a name');
          for (const e of all('[tabindex]')) if (e.tabIndex > 0) found.push('tab order forced');
          const ids = all('[id]').map((e) => e.id);
          ids.filter((id, i) => ids.indexOf(id) !== i).forEach((id) => found.push('id twice: ' + id));
          for (const e of all('button,input:not([type=checkbox]),select')) {
            const box = e.getBoundingClientRect();
            if (shown(e) && box.height < 24) found.push('target lower than 24 px: ' + e.outerHTML.slice(0, 120));
          }
          const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
          if (wide > 0) found.push('wider than the screen by ' + wide);
          return found;
        }
        """;
}
