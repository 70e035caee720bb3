using Tenon.Server.Auth;
using Tenon.Server.Hosting;

namespace Tenon.Server.Tests.Hosting;

/// <summary>The built front end at /.</summary>
public sealed class FrontEndPagesTests
{
    [Theory]
    [InlineData(true, 200)]
    [InlineData(false, 404)]
    public async Task A_path_of_the_front_ends_own_router_answers_its_page_unless_that_is_switched_off(bool fallback, int status)
    {
        using AppOfFiles app = AppOfFiles.WithNotes(("public/index.html", "the page"), ("public/app.js", "the script"));
        var options = new BackendOptions
        {
            AppFolder = app.Path,
            DatabaseUrl = "sqlite:.tenon/data.db",
            Keys = Keys.Create(TimeProvider.System),
            StaticFiles = app.File("public"),
            SpaFallback = fallback,
        };
        await using TenonHost host = await TenonHost.StartAsync(options, "127.0.0.1", 0, cancellation: TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = new Uri(host.Url) };
        Assert.Equal("the page", await http.GetStringAsync("/", TestContext.Current.CancellationToken));
        Assert.Equal("the script", await http.GetStringAsync("/app.js", TestContext.Current.CancellationToken));
        using HttpResponseMessage page = await http.GetAsync("/roles/7", TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)page.StatusCode);
        using HttpResponseMessage file = await http.GetAsync("/no-such.js", TestContext.Current.CancellationToken);
        Assert.Equal(404, (int)file.StatusCode);
    }
}
