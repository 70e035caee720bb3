using System.Net.Http.Headers;
using Tenon.Core.Policies;
using Tenon.Server.Tests.Hosting;
using Tenon.Testing;
using Xunit;

namespace Tenon.Server.Tests.Postgres;

/// <summary>An export goes on past db.statement_timeout at the pace of its client; a statement that gives nothing does not.</summary>
public sealed class ExportTests
{
    // 80 MB: more than sockets hold between a client that waits and the database.
    private const int Rows = 40_000;

    private static readonly string Schema = $"""
        create table wide (id int primary key, pad text not null);
        insert into wide select n, repeat('x', 2000) from generate_series(1, {Rows}) n;
        create view slow as select id, pg_sleep(60)::text as slept from wide where id < 3;
        grant select on wide, slow to service_role;
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_export_is_bounded_by_the_age_of_its_snapshot_not_by_the_statement_timeout(bool native)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string url = PrivatePostgres.Shared!.CreateDatabase();
        await using TestApp app = await TestApp.StartAsync(
            Schema,
            configure: o => o with
            {
                DatabaseUrl = url,
                Security = native ? Enforcement.Native : null,
                StatementTimeout = TimeSpan.FromSeconds(3),
            }
        );
        using HttpResponseMessage answer = await GetAsync(app, "/rest/v1/wide?select=id,pad");
        Assert.Equal(200, (int)answer.StatusCode);
        await using Stream body = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        // Longer than a statement may run.
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        Assert.Equal(Rows, await CountAsync(body));

        using HttpResponseMessage slow = await GetAsync(app, "/rest/v1/slow?select=id,slept");
        Assert.Equal(500, (int)slow.StatusCode);
        Assert.Contains("57014", await slow.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> GetAsync(TestApp app, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("apikey", app.Keys.ServiceRoleKey);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", app.Keys.ServiceRoleKey);
        return await app.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    private static async Task<int> CountAsync(Stream body)
    {
        byte[] buffer = new byte[1 << 16];
        int rows = 0;
        int read;
        while ((read = await body.ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0)
        {
            rows += buffer.AsSpan(0, read).Count((byte)'{');
        }
        return rows;
    }
}
