// One server and one Chromium for the whole run. The tests are skipped, with the reason, where Node or Chromium is
// missing; TENON_BROWSER_TESTS_URL aims them at a server that runs already.
using Microsoft.Playwright;
using Tenon.Testing;

[assembly: AssemblyFixture(typeof(Tenon.Browser.Tests.Browser))]

namespace Tenon.Browser.Tests;

public sealed class Browser : IAsyncLifetime
{
    private const string Chromium = "/usr/bin/chromium";

    // Without these Chromium looks for its maker's hosts at every start.
    private static readonly string[] Switches =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    private TenonProcess? _server;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private string? _missing;

    public string Url { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _missing = !File.Exists(Chromium) ? $"{Chromium} is not installed"
            : !OnPath("npm") ? "npm is not installed"
            : null;
        if (_missing is not null)
        {
            return;
        }

        if (Environment.GetEnvironmentVariable("TENON_BROWSER_TESTS_URL") is { Length: > 0 } given)
        {
            Url = given.TrimEnd('/');
        }
        else
        {
            _server = await TenonProcess.StartDev("apps/hiring", ["--no-hot"], TestContext.Current.CancellationToken);
            Url = _server.Url;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = Switches });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    /// <summary>A visitor with an empty browser profile.</summary>
    internal async Task<Visit> Visit(Size size = Size.Wide, bool script = true)
    {
        if (_missing is not null)
        {
            Assert.Skip(_missing);
        }

        var context = await _browser!.NewContextAsync(new()
        {
            BaseURL = Url,
            ViewportSize = size == Size.Wide ? new() { Width = 1280, Height = 860 } : new() { Width = 360, Height = 760 },
            Locale = "en-GB",
            JavaScriptEnabled = script,
        });
        context.SetDefaultTimeout(30_000);
        Assertions.SetDefaultExpectTimeout(30_000);
        return new Visit(context, await context.NewPageAsync(), size);
    }

    /// <summary>The key that administers the server of this run; one that ran already keeps its own.</summary>
    internal string SecretKey()
    {
        if (_server is null)
        {
            Assert.Skip("the key of the server at TENON_BROWSER_TESTS_URL is not known");
        }

        return _server.SecretKey;
    }

    private static bool OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Any(directory => File.Exists(Path.Combine(directory, program)));
}

internal enum Size
{
    Wide = 1280,
    Narrow = 360,
}
