using System.Net;
using Xunit;

namespace Tenon.Server.Tests.Hosting;

/// <summary>Pages of every origin may call the API: what a browser asks before, and what it needs to see in the answers.</summary>
public sealed class OriginTests : IClassFixture<OriginTests.Fixture>
{
    private const string Origin = "https://front.example";

    private readonly TestApp app;

    public OriginTests(Fixture fixture) => app = fixture.App;

    public sealed class Fixture : IAsyncLifetime
    {
        internal TestApp App { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            App = await TestApp.StartAsync("create table notes (id int primary key); grant select on notes to anon;");

        public async ValueTask DisposeAsync() => await App.DisposeAsync();
    }

    [Theory]
    [InlineData("/rest/v1/notes", "PATCH")]
    [InlineData("/auth/v1/token", "POST")]
    public async Task A_browser_may_send_what_it_asks_for(string path, string method)
    {
        using var ask = new HttpRequestMessage(HttpMethod.Options, path);
        ask.Headers.Add("Origin", Origin);
        ask.Headers.Add("Access-Control-Request-Method", method);
        ask.Headers.Add("Access-Control-Request-Headers", "apikey,x-client-info");
        using HttpResponseMessage answer = await app.Http.SendAsync(ask, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("*", One(answer, "Access-Control-Allow-Origin"));
        Assert.Equal(method, One(answer, "Access-Control-Allow-Methods"));
        Assert.Equal("apikey,x-client-info", One(answer, "Access-Control-Allow-Headers"));
    }

    [Theory]
    [InlineData("/rest/v1/notes", 200)]
    [InlineData("/rest/v1/nothing", 404)]
    public async Task Answers_and_errors_show_their_headers_to_the_page(string path, int status)
    {
        using var get = new HttpRequestMessage(HttpMethod.Get, path);
        get.Headers.Add("apikey", app.Keys.PublishableKey);
        get.Headers.Add("Origin", Origin);
        using HttpResponseMessage answer = await app.Http.SendAsync(get, TestContext.Current.CancellationToken);
        Assert.Equal((status, "*"), ((int)answer.StatusCode, One(answer, "Access-Control-Allow-Origin")));
        Assert.Contains("Content-Range", One(answer, "Access-Control-Expose-Headers").Split(','));
    }

    [Fact]
    public async Task Without_an_origin_nothing_is_said_of_origins()
    {
        using var get = new HttpRequestMessage(HttpMethod.Get, "/rest/v1/notes");
        get.Headers.Add("apikey", app.Keys.PublishableKey);
        using HttpResponseMessage answer = await app.Http.SendAsync(get, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.DoesNotContain(answer.Headers, h => h.Key.StartsWith("Access-Control", StringComparison.Ordinal));
    }

    private static string One(HttpResponseMessage answer, string header) => Assert.Single(answer.Headers.GetValues(header));
}
