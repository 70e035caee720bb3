using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Testing;

namespace Tenon.Server.Tests.Postgres;

/// <summary>Two servers over one PostgreSQL.</summary>
internal sealed class Nodes : IAsyncDisposable
{
    public const string Password = "blue-giraffe-42";

    /// <summary>Takes the calls away that servers get when something ends.</summary>
    public const string DropCalls = """
        do $$ declare t record; begin
            for t in select tgname, tgrelid::regclass as place from pg_trigger where starts_with(tgname, 'tenon_tell_') loop
                execute format('drop trigger %I on %s', t.tgname, t.place);
            end loop;
        end $$
        """;

    private const string Schema = "create table notes (id int primary key); grant select on notes to authenticated, service_role; insert into notes values (1);";

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

    public async Task<long> ScalarAsync(string text)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(PrivatePostgres.Shared!.ConnectionTo(Url[(Url.LastIndexOf('/') + 1)..]));
        await using NpgsqlCommand command = source.CreateCommand(text);
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>Ends sessions and keys on one server in every way; says which the other still took after this time.</summary>
    public async Task<string> SlowEndsAsync(int round, TimeSpan limit)
    {
        var people = new Dictionary<string, (string Token, string Id)>();
        foreach (string name in (string[])["logout", "ban", "password", "deletion", "user key"])
        {
            JsonElement session = await SignUpAsync($"{name.Replace(' ', '-')}-{round}@example.test");
            people[name] = (session.GetProperty("access_token").GetString()!, session.GetProperty("user").GetProperty("id").GetString()!);
        }
        (string key, string keyId) = await MakeUserKeyAsync(people["user key"].Token);
        people["user key"] = (key, keyId);
        foreach ((string token, _) in people.Values)
        {
            Assert.Equal(200, await ReadAsync(B, token));
        }
        string owner = (await ReadKeyOwnerAsync(keyId)).ToString("D");
        var slow = new List<string>();
        foreach ((string name, (string token, string id)) in people)
        {
            long begun = TimeProvider.System.GetTimestamp();
            int done = name switch
            {
                "logout" => await SendAsync(A, HttpMethod.Post, "/auth/v1/logout?scope=global", token),
                "ban" => await AdminAsync(HttpMethod.Put, "users/" + id, new { ban_duration = "1h" }),
                "password" => await AdminAsync(HttpMethod.Put, "users/" + id, new { password = "green-giraffe-43" }),
                "deletion" => await AdminAsync(HttpMethod.Delete, "users/" + id),
                _ => await AdminAsync(HttpMethod.Delete, $"users/{owner}/keys/{id}"),
            };
            Assert.InRange(done, 200, 204);
            await UntilAsync(401, token);
            TimeSpan took = TimeProvider.System.GetElapsedTime(begun);
            if (took > limit)
            {
                slow.Add($"{name} {took.TotalSeconds:0.0} s");
            }
        }
        return string.Join(", ", slow);
    }

    private async Task<(string Key, string Id)> MakeUserKeyAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/auth/v1/keys") { Content = JsonContent.Create(new { name = "script", scopes = "*" }) };
        request.Headers.Add("Authorization", "Bearer " + token);
        using HttpResponseMessage answer = await A.SendAsync(request, TestContext.Current.CancellationToken);
        JsonElement made = await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        return (made.GetProperty("api_key").GetString()!, made.GetProperty("id").GetString()!);
    }

    private async Task<Guid> ReadKeyOwnerAsync(string id)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(PrivatePostgres.Shared!.ConnectionTo(Url[(Url.LastIndexOf('/') + 1)..]));
        await using NpgsqlCommand command = source.CreateCommand($"select user_id from auth.user_keys where id = '{id}'");
        return (Guid)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
