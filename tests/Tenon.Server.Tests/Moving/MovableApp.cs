using System.Text;
using System.Text.Json;
using Npgsql;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;

namespace Tenon.Server.Tests.Moving;

/// <summary>An app folder of a test's own whose database can be served, moved and served again.</summary>
internal sealed class MovableApp : IAsyncDisposable
{
    private readonly string[] seeds;

    private MovableApp(string folder, string appFolder, string[] seeds)
    {
        Folder = folder;
        this.seeds = seeds;
        AppFolder = appFolder;
        Url = "sqlite:" + Path.Combine(folder, ".tenon", "data.db");
    }

    /// <summary>Thrown away at the end; the app's own folder may be another, which is only read.</summary>
    public string Folder { get; }
    public string AppFolder { get; }
    public string Url { get; set; }
    public Keys Keys { get; } = Keys.Create(TimeProvider.System);

    /// <summary>The access token of who signed in last.</summary>
    public string Token { get; private set; } = "";

    public static async Task<MovableApp> MakeAsync(string[] migrations, string? seed)
    {
        string folder = Directory.CreateTempSubdirectory("tenon-move-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "migrations"));
        for (int i = 0; i < migrations.Length; i++)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "migrations", $"{i + 1}_app.sql"), migrations[i]);
        }
        await File.WriteAllTextAsync(Path.Combine(folder, "seed.sql"), seed ?? "");
        return new MovableApp(folder, folder, ["seed.sql"]);
    }

    public static Task<MovableApp> OfAsync(string appFolder, string[] seeds) =>
        Task.FromResult(new MovableApp(Directory.CreateTempSubdirectory("tenon-move-").FullName, appFolder, seeds));

    private BackendOptions Options =>
        new()
        {
            AppFolder = AppFolder,
            DatabaseUrl = Url,
            Keys = Keys,
            SeedPaths = seeds,
            Development = true,
            KeepData = true,
        };

    public Task<TenonHost> StartAsync() => TenonHost.StartAsync(Options, "127.0.0.1", 0);

    public Task<MoveReport> MoveAsync(string url, bool trial = false) => MoveAsync(url, trial, null, TestContext.Current.CancellationToken);

    public Task<MoveReport> MoveAsync(string url, bool trial, Action<StartStep>? progress, CancellationToken cancellation)
    {
        var here = Options.MainDatabase(TimeProvider.System);
        return new DatabaseMove(here, here with { Url = url, Folder = Folder }, TimeProvider.System, progress).RunAsync(trial, cancellation);
    }

    // ---- requests ----

    public async Task<(int Status, string Body)> SendAsync(TenonHost host, string method, string path, string? token = null, string? json = null, string? prefer = null)
    {
        using var http = new HttpClient { BaseAddress = new Uri(host.Url) };
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("apikey", token == Keys.SecretKey ? Keys.SecretKey : Keys.PublishableKey);
        if (token is { Length: > 0 } && token != Keys.SecretKey)
        {
            request.Headers.Add("Authorization", "Bearer " + token);
        }
        if (prefer is not null)
        {
            request.Headers.Add("Prefer", prefer);
        }
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Status and body of each question, asked as who signed in and as a stranger.</summary>
    public async Task<List<string>> AskAsync(TenonHost host, string[] questions)
    {
        var answers = new List<string>();
        foreach (string question in questions)
        {
            foreach (string? token in new[] { Token, null })
            {
                (int status, string body) = await SendAsync(host, "GET", question, token);
                answers.Add($"{status} {body.Replace(new Uri(host.Url).Authority, "host", StringComparison.Ordinal)}");
            }
        }
        return answers;
    }

    public Task<string> SignUpAsync(TenonHost host, string email, string password) =>
        SessionAsync(host, "/auth/v1/signup", $$"""{"email":"{{email}}","password":"{{password}}"}""");

    public Task<string> PasswordAsync(TenonHost host, string email, string password) =>
        SessionAsync(host, "/auth/v1/token?grant_type=password", $$"""{"email":"{{email}}","password":"{{password}}"}""");

    public Task<string> RefreshAsync(TenonHost host, string refresh) =>
        SessionAsync(host, "/auth/v1/token?grant_type=refresh_token", $$"""{"refresh_token":"{{refresh}}"}""");

    /// <summary>The refresh token of the session that was answered.</summary>
    private async Task<string> SessionAsync(TenonHost host, string path, string json)
    {
        (int status, string body) = await SendAsync(host, "POST", path, null, json);
        Assert.True(status == 200, body);
        JsonElement session = JsonElement.Parse(body);
        Token = session.GetProperty("access_token").GetString()!;
        return session.GetProperty("refresh_token").GetString()!;
    }

    // ---- the database itself ----

    public async Task ExecuteAsync(string url, string sql) => await ScalarAsync(url, sql);

    public async Task<object?> ScalarAsync(string url, string sql)
    {
        var uri = new Uri(url);
        await using var source = NpgsqlDataSource.Create(Tenon.Testing.PrivatePostgres.Shared!.ConnectionTo(uri.AbsolutePath.Trim('/')) + ";Pooling=false");
        await using NpgsqlCommand command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
