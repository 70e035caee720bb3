using System.Net;
using System.Net.Sockets;
using Npgsql;
using Tenon.Core.Policies;
using Tenon.Server.Tests.Hosting;
using Tenon.Testing;

namespace Tenon.Server.Tests.Postgres;

/// <summary>The database goes away, or has no connection left: said so, for the data API and for sign-in, and healed by itself.</summary>
public sealed class LostDatabaseTests
{
    private const string Schema = """
        create table cities (id int primary key, name text unique);
        alter table cities enable row level security;
        create policy everybody on cities using (true) with check (id < 100);
        grant select, insert on cities to anon, service_role;
        insert into cities values (1, 'Bern');
        create function hold() returns int language sql volatile as 'select 1 from pg_sleep(60)';
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task While_the_database_is_away_everything_answers_503_and_heals(bool native)
    {
        await using var line = new Line();
        await using TestApp app = await StartAsync(line, native);
        await app.SignUpAsync("ann@example.test");
        Assert.Equal(200, (await app.SendAsync("GET", "/rest/v1/cities")).Status);

        line.Cut();
        (int status, string body) = await app.SendAsync("GET", "/rest/v1/cities");
        Assert.True(status == 503 && body.Contains("08006", StringComparison.Ordinal), $"{status} {body}");
        (status, body) = await app.SendAsync("POST", "/rest/v1/cities", null, """{"id":2}""");
        Assert.True(status == 503 && body.Contains("08006", StringComparison.Ordinal), $"{status} {body}");
        Assert.DoesNotContain("127.0.0.1", body, StringComparison.Ordinal);
        (status, body) = await SignInAsync(app);
        Assert.True(status == 503, $"{status} {body}");
        await EventuallyAsync(async () => (await app.SendAsync("GET", "/health/ready")).Status == 503);
        Assert.Equal(200, (await app.SendAsync("GET", "/health/live")).Status);

        line.Mend();
        Assert.Equal((200, """[{"id":1,"name":"Bern"}]"""), await app.SendAsync("GET", "/rest/v1/cities"));
        Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/cities", null, """{"id":2}""")).Status);
        Assert.Equal(200, (await SignInAsync(app)).Status);
        await EventuallyAsync(async () => (await app.SendAsync("GET", "/health/ready")).Status == 200);
    }

    [Fact]
    public async Task A_pool_without_a_free_connection_answers_504_and_heals()
    {
        await using var line = new Line();
        await using TestApp app = await StartAsync(line, native: false, poolSize: 1);
        await app.SignUpAsync("ann@example.test");
        using var leaving = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/rest/v1/rpc/hold");
        request.Headers.Add("apikey", app.Keys.PublishableKey);
        Task<HttpResponseMessage> held = app.Http.SendAsync(request, leaving.Token);
        await EventuallyAsync(async () => await line.CountAsync("select count(*) from pg_stat_activity where state = 'active' and query like '%hold%' and pid <> pg_backend_pid()") > 0);

        Task<(int Status, string Body)> read = app.SendAsync("GET", "/rest/v1/cities");
        Task<(int Status, string Body)> signIn = SignInAsync(app);
        Assert.True(await read is (504, var said) && said.Contains("PGRST003", StringComparison.Ordinal), (await read).ToString());
        Assert.True((await signIn).Status == 503, (await signIn).ToString());

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held);
        await EventuallyAsync(async () => (await app.SendAsync("GET", "/rest/v1/cities")).Status == 200);
        Assert.Equal(200, (await SignInAsync(app)).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_the_database_says_in_detail_is_told_to_the_service_role_alone(bool native)
    {
        await using var line = new Line();
        await using TestApp app = await StartAsync(line, native);
        const string Twice = """{"id":2,"name":"Bern"}""";
        (int status, string body) = await app.SendAsync("POST", "/rest/v1/cities", null, Twice);
        Assert.Equal(409, status);
        Assert.Contains("\"details\":null", body, StringComparison.Ordinal);
        (status, body) = await SendAsServiceAsync(app, Twice);
        Assert.Equal(409, status);
        Assert.Contains("\"details\":\"Key (name)=(Bern) already exists.\"", body, StringComparison.Ordinal);
    }

    private static async Task<(int, string)> SendAsServiceAsync(TestApp app, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/rest/v1/cities") { Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("apikey", app.Keys.SecretKey);
        using HttpResponseMessage answer = await app.Http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static Task<(int Status, string Body)> SignInAsync(TestApp app) =>
        app.SendAsync("POST", "/auth/v1/token?grant_type=password", null, """{"email":"ann@example.test","password":"correct-horse-7"}""");

    private static Task<TestApp> StartAsync(Line line, bool native, int poolSize = 4) =>
        TestApp.StartAsync(Schema, configure: o => o with { DatabaseUrl = line.Url, Security = native ? Enforcement.Native : null, PoolSize = poolSize, StatementTimeout = TimeSpan.FromMinutes(2) });

    private static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await holds())
        {
            await Task.Delay(100, limit.Token);
        }
    }

    /// <summary>A database behind a line that can be cut: connections end, and new ones are ended as they come.</summary>
    private sealed class Line : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource stop = new();
        private readonly List<TcpClient> open = [];
        private readonly string database;
        private readonly int port;
        private readonly Task accepting;
        private bool cut;

        public Line()
        {
            Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
            var behind = new UriBuilder(PrivatePostgres.Shared!.CreateDatabase());
            port = behind.Port;
            database = behind.Path.Trim('/');
            listener.Start();
            behind.Port = ((IPEndPoint)listener.LocalEndpoint).Port;
            Url = behind.Uri.ToString();
            accepting = AcceptAsync();
        }

        public string Url { get; }

        public void Cut()
        {
            lock (open)
            {
                cut = true;
                open.ForEach(c => c.Dispose());
                open.Clear();
            }
        }

        public void Mend()
        {
            lock (open)
            {
                cut = false;
            }
        }

        public async Task<long> CountAsync(string sql)
        {
            await using var source = NpgsqlDataSource.Create(PrivatePostgres.Shared!.ConnectionTo(database) + ";Pooling=false");
            await using NpgsqlCommand command = source.CreateCommand(sql);
            return (long)(await command.ExecuteScalarAsync())!;
        }

        private async Task AcceptAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                TcpClient near;
                try
                {
                    near = await listener.AcceptTcpClientAsync(stop.Token);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
                var far = new TcpClient { NoDelay = true };
                near.NoDelay = true;
                await far.ConnectAsync(IPAddress.Loopback, port);
                lock (open)
                {
                    if (cut)
                    {
                        near.Dispose();
                        far.Dispose();
                        continue;
                    }
                    open.AddRange([near, far]);
                }
                _ = PumpAsync(near, far);
                _ = PumpAsync(far, near);
            }
        }

        private static async Task PumpAsync(TcpClient from, TcpClient to)
        {
            try
            {
                await from.GetStream().CopyToAsync(to.GetStream());
            }
            catch (Exception ended) when (ended is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // One side hung up, or the line was cut.
            }
            finally
            {
                from.Dispose();
                to.Dispose();
            }
        }

        public async ValueTask DisposeAsync()
        {
            Cut();
            await stop.CancelAsync();
            await accepting;
            listener.Dispose();
            stop.Dispose();
        }
    }
}
