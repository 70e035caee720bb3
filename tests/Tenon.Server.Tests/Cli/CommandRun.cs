using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Tenon.Testing;

namespace Tenon.Server.Tests.Cli;

/// <summary>What a command said, and its exit code.</summary>
internal sealed record CommandRun(int Code, string Output, string Errors)
{
    public JsonElement Json => JsonElement.Parse(Output);

    /// <summary>Runs the built tool to its end.</summary>
    public static Task<CommandRun> RunAsync(params string[] arguments) => RunWithInputAsync("", arguments);

    public static Task<CommandRun> RunWithInputAsync(string input, params string[] arguments) => RunAsync(InfoOf(arguments), input);

    public static async Task<CommandRun> RunAsync(ProcessStartInfo info, string input = "")
    {
        using Process process = Process.Start(info)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"tenon {string.Join(' ', info.ArgumentList.Skip(1))} did not end");
        }
        return new CommandRun(process.ExitCode, await output, await errors);
    }

    public static Process Start(params string[] arguments) =>
        Process.Start(InfoOf(arguments)) ?? throw new InvalidOperationException("dotnet did not start");

    public static ProcessStartInfo InfoOf(params string[] arguments)
    {
        string configuration = AppContext.BaseDirectory.Contains("release", StringComparison.Ordinal) ? "release" : "debug";
        var info = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.ArgumentList.Add(Repository.PathTo($"artifacts/bin/Tenon.Cli/{configuration}/tenon.dll"));
        foreach (string argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }
        return info;
    }
}

/// <summary>An app folder of a test's own with a migrated database, and a development server on it when the test wants one.</summary>
internal sealed class CommandApp : IAsyncDisposable
{
    private const string Schema = """
        create table public.notes (
          id bigint generated always as identity primary key,
          owner uuid references auth.users (id) default auth.uid(),
          body text not null
        );
        alter table public.notes enable row level security;
        grant select, insert on public.notes to authenticated;
        create policy "own notes" on public.notes using (owner = auth.uid()) with check (owner = auth.uid());
        create function public.add_note(words text) returns bigint language plpgsql as $$
        declare made bigint;
        begin
          insert into public.notes (body) values (words) returning id into made;
          return made;
        end;
        $$;
        """;

    private readonly ConcurrentQueue<string?> said = new();
    private Process? server;

    private CommandApp(string folder) => Folder = folder;

    public string Folder { get; }

    public string Url { get; private set; } = "";

    public JsonElement DevFile => JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, ".tenon", "dev.json")));

    public static async Task<CommandApp> MakeAsync()
    {
        string folder = Directory.CreateTempSubdirectory("tenon-commands-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "tenon.toml"), "project_id = \"commands\"\n");
        Directory.CreateDirectory(Path.Combine(folder, "migrations"));
        await File.WriteAllTextAsync(Path.Combine(folder, "migrations", "1_notes.sql"), Schema);
        CommandRun up = await CommandRun.RunAsync("migrate", "up", folder);
        Assert.True(up.Code == 0, up.Errors);
        return new CommandApp(folder);
    }

    public async Task StartServerAsync()
    {
        server = CommandRun.Start("dev", Folder, "--port", LoopbackPort.Next().ToString(CultureInfo.InvariantCulture));
        server.OutputDataReceived += (_, line) => said.Enqueue(line.Data);
        server.ErrorDataReceived += (_, line) => said.Enqueue(line.Data);
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        using var http = new HttpClient();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await IsReadyAsync(http))
        {
            await Task.Delay(200, limit.Token);
        }
    }

    private async Task<bool> IsReadyAsync(HttpClient http)
    {
        Assert.False(server!.HasExited, $"tenon dev ended: {string.Join('\n', said)}");
        try
        {
            Url = DevFile.GetProperty("url").GetString()!;
            using HttpResponseMessage answer = await http.GetAsync(new Uri(Url + "/health/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception early) when (early is HttpRequestException or IOException or JsonException)
        {
            return false;
        }
    }

    public Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.RunAsync([.. arguments, Folder]);

    /// <summary>Status of a read of the notes with this token, on the running server.</summary>
    public async Task<(int Status, string Body)> ReadNotesAsync(string token, string? apikey = null)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, Url + "/rest/v1/notes?select=body");
        request.Headers.Add("apikey", apikey ?? DevFile.GetProperty("publishableKey").GetString());
        if (token.Length > 0)
        {
            request.Headers.Add("Authorization", "Bearer " + token);
        }
        using HttpResponseMessage answer = await http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (server is { HasExited: false })
        {
            using (Process interrupt = Process.Start("kill", ["-INT", server.Id.ToString(CultureInfo.InvariantCulture)]))
            {
                await interrupt.WaitForExitAsync();
            }
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            try
            {
                await server.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                server.Kill(entireProcessTree: true);
                await server.WaitForExitAsync(CancellationToken.None);
            }
        }
        server?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
