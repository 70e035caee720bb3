using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Testing;

namespace Tenon.Server.Tests.Postgres;

/// <summary>Two servers over one PostgreSQL: what ends on one has ended on the other.</summary>
public sealed class NodesTests
{
    private const string Schema = "create table notes (id int primary key); grant select on notes to authenticated, service_role; insert into notes values (1);";
    private const string Password = "blue-giraffe-42";

    private sealed class Nodes : IAsyncDisposable
    {
        private readonly string folder;

        private Nodes(string folder, Keys keys, string url, TenonHost a, TenonHost b)
        {
            (this.folder, Keys, Url) = (folder, keys, url);
            (HostA, HostB) = (a, b);
            (A, B) = (new HttpClient { BaseAddress = new Uri(a.Url) }, new HttpClient { BaseAddress = new Uri(b.Url) });
        }

        public Keys Keys { get; }
        public string Url { get; }
        public TenonHost HostA { get; }
        public TenonHost HostB { get; }
        public HttpClient A { get; }
        public HttpClient B { get; }

        public static async Task<Nodes> StartAsync(Action<AuthOptions>? configure = null)
        {
            PrivatePostgres? server = PrivatePostgres.Shared;
            Assert.SkipWhen(server is null, "no PostgreSQL on this machine");
            string url = server.CreateDatabase();
            string folder = Directory.CreateTempSubdirectory("tenon-nodes-").FullName;
            Directory.CreateDirectory(Path.Combine(folder, "migrations"));
            await File.WriteAllTextAsync(Path.Combine(folder, "migrations", "1_app.sql"), Schema);
            Keys keys = Keys.Create(TimeProvider.System);
            async Task<TenonHost> Start()
            {
                var options = new BackendOptions { AppFolder = folder, DatabaseUrl = url, Keys = keys, Development = true, PoolSize = 4 };
                options.Auth.RateLimit.SignInSignUps = 1000;
                configure?.Invoke(options.Auth);
                return await TenonHost.StartAsync(options, "127.0.0.1", 0);
            }
            TenonHost a = await Start();
            return new Nodes(folder, keys, url, a, await Start());
        }

        public async Task<JsonElement> SignUpAsync(string email)
        {
            using HttpResponseMessage answer = await A.PostAsJsonAsync("/auth/v1/signup", new { email, password = Password });
            Assert.Equal(200, (int)answer.StatusCode);
            return await answer.Content.ReadFromJsonAsync<JsonElement>();
        }

        public Task<int> ReadAsync(HttpClient node, string token) => SendAsync(node, HttpMethod.Get, "/rest/v1/notes", token);

        public async Task<int> SendAsync(HttpClient node, HttpMethod method, string path, string token, object? body = null)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            request.Headers.Add("Authorization", "Bearer " + token);
            using HttpResponseMessage answer = await node.SendAsync(request, TestContext.Current.CancellationToken);
            return (int)answer.StatusCode;
        }

        public Task<int> AdminAsync(HttpMethod method, string path, object? body = null) => SendAsync(A, method, "/auth/v1/admin/" + path, Keys.SecretKey, body);

        /// <summary>The other node answers so, now or soon.</summary>
        public async Task UntilAsync(int status, string token)
        {
            int seen = 0;
            for (int i = 0; i < 600 && (seen = await ReadAsync(B, token)) != status; i++)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
            Assert.Equal(status, seen);
        }

        public async Task UntilJwksAreEqualAsync()
        {
            (string a, string b) = ("", "-");
            for (int i = 0; i < 600 && a != b; i++)
            {
                a = await A.GetStringAsync("/auth/v1/.well-known/jwks.json", TestContext.Current.CancellationToken);
                b = await B.GetStringAsync("/auth/v1/.well-known/jwks.json", TestContext.Current.CancellationToken);
                await Task.Delay(a == b ? 0 : 50, TestContext.Current.CancellationToken);
            }
            Assert.Equal(a, b);
        }

        public async Task SqlAsync(string text)
        {
            await using NpgsqlDataSource source = NpgsqlDataSource.Create(PrivatePostgres.Shared!.ConnectionTo(Url[(Url.LastIndexOf('/') + 1)..]));
            await using NpgsqlCommand command = source.CreateCommand(text);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            A.Dispose();
            B.Dispose();
            await HostA.DisposeAsync();
            await HostB.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    private const string DropCalls = """
        do $$ declare t record; begin
            for t in select tgname, tgrelid::regclass as place from pg_trigger where starts_with(tgname, 'tenon_tell_') loop
                execute format('drop trigger %I on %s', t.tgname, t.place);
            end loop;
        end $$
        """;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_ends_on_one_server_ends_on_the_other_also_when_no_call_comes(bool calls)
    {
        await using Nodes nodes = await Nodes.StartAsync();
        if (!calls)
        {
            await nodes.SqlAsync(DropCalls);
        }
        var tokens = new List<(string Token, string Id)>();
        foreach (string name in new[] { "revoked", "banned", "changed", "deleted", "demoted", "bysql", "stays" })
        {
            JsonElement session = await nodes.SignUpAsync($"{name}@example.test");
            tokens.Add((session.GetProperty("access_token").GetString()!, session.GetProperty("user").GetProperty("id").GetString()!));
            Assert.Equal(200, await nodes.ReadAsync(nodes.B, tokens[^1].Token));
        }
        Assert.Equal(204, await nodes.SendAsync(nodes.A, HttpMethod.Post, "/auth/v1/logout?scope=global", tokens[0].Token));
        Assert.Equal(200, await nodes.AdminAsync(HttpMethod.Put, "users/" + tokens[1].Id, new { ban_duration = "1h" }));
        Assert.Equal(200, await nodes.AdminAsync(HttpMethod.Put, "users/" + tokens[2].Id, new { password = "green-giraffe-43" }));
        Assert.Equal(200, await nodes.AdminAsync(HttpMethod.Delete, "users/" + tokens[3].Id));
        await nodes.SqlAsync($"update auth.users set role = 'nobody' where id = '{tokens[4].Id}'");
        await nodes.SqlAsync($"delete from auth.sessions where user_id = '{tokens[5].Id}'");
        foreach ((string token, _) in tokens.SkipLast(1))
        {
            await nodes.UntilAsync(401, token);
        }
        Assert.Equal(200, await nodes.ReadAsync(nodes.B, tokens[^1].Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Keys_made_and_withdrawn_on_one_server_hold_on_the_other(bool calls)
    {
        await using Nodes nodes = await Nodes.StartAsync();
        if (!calls)
        {
            await nodes.SqlAsync(DropCalls);
        }
        using var create = new HttpRequestMessage(HttpMethod.Post, "/auth/v1/admin/keys") { Content = JsonContent.Create(new { name = "second", type = "secret" }) };
        create.Headers.Add("apikey", nodes.Keys.SecretKey);
        using HttpResponseMessage made = await nodes.A.SendAsync(create, TestContext.Current.CancellationToken);
        string key = (await made.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("api_key").GetString()!;
        await nodes.UntilAsync(200, key);
        Assert.Equal(204, await nodes.AdminAsync(HttpMethod.Delete, "keys/second"));
        await nodes.UntilAsync(401, key);

        // The standby is published everywhere before it signs: the first token of a rotated key is good at once.
        Assert.Equal(200, await nodes.AdminAsync(HttpMethod.Post, "signing-keys/rotate"));
        string token = (await nodes.SignUpAsync("after@example.test")).GetProperty("access_token").GetString()!;
        Assert.Equal(200, await nodes.ReadAsync(nodes.B, token));
        await nodes.UntilJwksAreEqualAsync();
        Assert.Equal(200, await nodes.AdminAsync(HttpMethod.Post, "signing-keys/rotate"));
        await nodes.UntilJwksAreEqualAsync();
        string later = (await nodes.SignUpAsync("later@example.test")).GetProperty("access_token").GetString()!;
        Assert.Equal(200, await nodes.ReadAsync(nodes.B, later));
    }

    [Fact]
    public async Task A_session_begun_on_one_server_is_refreshed_on_the_other_and_a_single_session_holds_over_both()
    {
        await using Nodes nodes = await Nodes.StartAsync(auth => auth.Sessions.SinglePerUser = true);
        JsonElement first = await nodes.SignUpAsync("one@example.test");
        string token = first.GetProperty("access_token").GetString()!;
        using HttpResponseMessage refreshed = await nodes.B.PostAsJsonAsync("/auth/v1/token?grant_type=refresh_token", new { refresh_token = first.GetProperty("refresh_token").GetString() }, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)refreshed.StatusCode);
        Assert.Equal(200, await nodes.ReadAsync(nodes.B, token));
        using HttpResponseMessage again = await nodes.A.PostAsJsonAsync("/auth/v1/token?grant_type=password", new { email = "one@example.test", password = Password }, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)again.StatusCode);
        await nodes.UntilAsync(401, token);
    }
}
