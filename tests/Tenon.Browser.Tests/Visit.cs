// One person's browser: a page, what went wrong on it, and the screenshots that are kept as test output.
using System.Globalization;
using Microsoft.Playwright;
using Tenon.Testing;

namespace Tenon.Browser.Tests;

internal sealed class Visit : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly Size _size;
    private readonly List<string> _errors = [];

    public Visit(IBrowserContext context, IPage page, Size size)
    {
        (_context, Page, _size) = (context, page, size);
        page.PageError += (_, error) => _errors.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _errors.Add($"{message.Text} {message.Location}");
            }
        };
    }

    public IPage Page { get; }

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Combo(string name) => Page.GetByRole(AriaRole.Combobox, new() { Name = name });

    public ILocator Heading(string name, int level) =>
        Page.GetByRole(AriaRole.Heading, new() { Name = name, Level = level });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });

    /// <summary>Types into a typeahead and takes the first suggestion with the keyboard alone.</summary>
    public async Task Choose(string field, string text)
    {
        await Combo(field).FillAsync(text);
        await Page.GetByRole(AriaRole.Option).First.WaitForAsync();
        await Page.Keyboard.PressAsync("Enter");
    }

    public async Task SignIn(string email)
    {
        await Page.GotoAsync("/sign-in");
        await Page.GetByLabel("E-mail").FillAsync(email);
        await Page.GetByLabel("Password").FillAsync("tenon-dev");
        await Page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Button("Sign out").WaitForAsync();
    }

    /// <summary>Keeps a picture of the whole page in artifacts/test-output.</summary>
    public async Task Screenshot(string name)
    {
        var folder = Repository.PathTo("artifacts/test-output");
        Directory.CreateDirectory(folder);
        var width = ((int)_size).ToString(CultureInfo.InvariantCulture);
        await Page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"hiring-{name}-{width}.png"), FullPage = true });
    }

    /// <summary>No script error, no failed request and no error on the console in this visit.</summary>
    public void NothingWentWrong() => Assert.Empty(_errors);

    /// <summary>A step that must be refused by the server leaves its error on the console; it is expected.</summary>
    public void ForgetErrors() => _errors.Clear();

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
