// Statements that nobody waits for any more, where every connection of the pool is busy with one.
using Tenon.Server.Tests.Hosting;
using Tenon.Server.Tests.Threats;
using Tenon.Sources;

namespace Tenon.Server.Tests.MariaDb;

public sealed class AbandonedStatementTests
{
    private const string Script = """
        create table numbers (id int primary key);
        insert into numbers select seq from seq_1_to_3000;
        create view heavy as select count(*) as n from numbers a, numbers b, numbers c where a.id + b.id + c.id = 7;
        """;

    private const string Policies = """
        grant select on numbers, heavy to anon;
        alter table numbers enable row level security;
        create policy everyone on numbers using (true);
        alter table heavy enable row level security;
        create policy everyone on heavy using (true);
        """;

    [Fact]
    public async Task Statements_that_hold_the_whole_pool_end_when_their_clients_leave()
    {
        const int size = 2;
        string url = AttachedMariaDb.Server().CreateDatabase(Script);
        await using TestApp app = await StartAsync(new AttachedOptions("crm", url) { Policies = Policies, PoolSize = size, Timeout = TimeSpan.FromMinutes(3) });
        for (int round = 0; round < 3; round++)
        {
            using var leaving = new CancellationTokenSource();
            Task<int>[] asked = [.. Enumerable.Range(0, size).Select(_ => StatusAsync(app, "heavy", leaving.Token))];
            await DatabaseWork.UntilAsync(() => Task.FromResult(DatabaseWork.RunningInMariaDb(url) == size));
            await leaving.CancelAsync();
            foreach (Task<int> one in asked)
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
            }
            await DatabaseWork.UntilAsync(() => Task.FromResult(DatabaseWork.RunningInMariaDb(url) == 0));
            // Both connections serve again, and no kill meets who comes next.
            for (int i = 0; i < 4 * size; i++)
            {
                Assert.Equal(200, await StatusAsync(app, "numbers?limit=1", TestContext.Current.CancellationToken));
            }
        }
    }

    [Fact]
    public async Task A_statement_past_its_time_ends_while_others_wait_for_its_connection()
    {
        string url = AttachedMariaDb.Server().CreateDatabase(Script);
        await using TestApp app = await StartAsync(new AttachedOptions("crm", url) { Policies = Policies, PoolSize = 1, Timeout = TimeSpan.FromSeconds(2) });
        Task<int> heavy = StatusAsync(app, "heavy", TestContext.Current.CancellationToken);
        await DatabaseWork.UntilAsync(() => Task.FromResult(DatabaseWork.RunningInMariaDb(url) == 1));
        Task<int> waiting = StatusAsync(app, "numbers?limit=1", TestContext.Current.CancellationToken);
        Assert.Equal(500, await heavy);
        await waiting;
        Assert.Equal(200, await StatusAsync(app, "numbers?limit=1", TestContext.Current.CancellationToken));
        await DatabaseWork.UntilAsync(() => Task.FromResult(DatabaseWork.RunningInMariaDb(url) == 0));
    }

    private static Task<TestApp> StartAsync(AttachedOptions source) =>
        TestApp.StartAsync("select 1;", configure: o => o with { Engines = AttachedMariaDb.Engines, Sources = [source], StatementTimeout = TimeSpan.FromMinutes(3), Rest = o.Rest with { RequestTimeout = TimeSpan.FromMinutes(3) } });

    private static async Task<int> StatusAsync(TestApp app, string path, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/rest/v1/" + path);
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        request.Headers.Add("Accept-Profile", "crm");
        using HttpResponseMessage answer = await app.Http.SendAsync(request, cancellation);
        return (int)answer.StatusCode;
    }
}
