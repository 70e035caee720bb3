using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Tenon.Server.Tests.Hosting;

/// <summary>What every answer carries, and what a server answers that is about to stop.</summary>
public sealed class RequestEdgeTests
{
    [Fact]
    public async Task Every_answer_has_an_id_of_its_own_refusals_too()
    {
        await using TestApp app = await TestApp.StartAsync(AppOfFiles.Notes);
        var ids = new HashSet<string>();
        foreach (string path in new[] { "/rest/v1/notes", "/rest/v1/nothing", "/auth/v1/nothing", "/storage/v1/object", "/health/live", "/nothing" })
        {
            using HttpResponseMessage answer = await app.Http.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.True(ids.Add(Assert.Single(answer.Headers.GetValues("X-Request-Id"))), path);
        }
    }

    [Fact]
    public async Task A_stopping_server_answers_503_on_open_connections_and_closes_them()
    {
        await using TestApp app = await TestApp.StartAsync(AppOfFiles.Notes);
        Assert.Equal(200, (await app.SendAsync("GET", "/rest/v1/notes")).Status);
        app.Host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        foreach (string path in new[] { "/rest/v1/notes", "/auth/v1/health", "/health/ready" })
        {
            using HttpResponseMessage answer = await app.Http.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(503, (int)answer.StatusCode);
            Assert.True(answer.Headers.ConnectionClose);
            Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter?.Delta);
            Assert.Contains("the server is shutting down", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
    }
}
