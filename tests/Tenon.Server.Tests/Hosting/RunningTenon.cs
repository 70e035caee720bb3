using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Tenon.Testing;

namespace Tenon.Server.Tests.Hosting;

/// <summary>The built tool as a child process on an app folder of a test's own.</summary>
internal sealed class RunningTenon : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();

    private RunningTenon(Process process, int port)
    {
        this.process = process;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Limit };
        Port = port;
    }

    public HttpClient Http { get; }
    public int Port { get; }
    public int Id => process.Id;
    public string Output => Read(output);
    public string Errors => Read(errors);

    /// <summary>Starts a command on the folder; variables are set over those of this process, null removes one.</summary>
    public static RunningTenon Start(string command, string folder, int port, string[]? options = null, Dictionary<string, string?>? variables = null)
    {
        ProcessStartInfo info = Info(command, folder, port, options);
        foreach ((string name, string? value) in variables ?? [])
        {
            info.Environment[name] = value;
        }
        return Start(info, port);
    }

    /// <summary>A command that is no server.</summary>
    public static RunningTenon StartPlain(string[] arguments, Dictionary<string, string?> variables)
    {
        ProcessStartInfo info = Info(arguments);
        foreach ((string name, string? value) in variables)
        {
            info.Environment[name] = value;
        }
        return Start(info, 0);
    }

    /// <summary>As in a terminal: standard input and output are one.</summary>
    public static RunningTenon StartInTerminal(string command, string folder, int port)
    {
        ProcessStartInfo inner = Info(command, folder, port, null);
        string line = string.Join(' ', inner.ArgumentList.Prepend(inner.FileName).Select(a => $"'{a}'"));
        var info = new ProcessStartInfo("script", ["-qefc", line, "/dev/null"]);
        info.Environment.Remove("NO_COLOR");
        return Start(info, port);
    }

    /// <summary>Presses keys.</summary>
    public async Task TypeAsync(string keys)
    {
        await process.StandardInput.WriteAsync(keys);
        await process.StandardInput.FlushAsync();
    }

    private static ProcessStartInfo Info(string command, string folder, int port, string[]? options) =>
        Info([command, folder, "--port", port.ToString(CultureInfo.InvariantCulture), .. options ?? []]);

    private static ProcessStartInfo Info(string[] arguments)
    {
        string configuration = AppContext.BaseDirectory.Contains("release", StringComparison.Ordinal) ? "release" : "debug";
        var info = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : DotnetPath());
        string dll = Repository.PathTo($"artifacts/bin/Tenon.Cli/{configuration}/tenon.dll");
        foreach (string argument in (string[])[dll, .. arguments])
        {
            info.ArgumentList.Add(argument);
        }
        return info;
    }

    private static RunningTenon Start(ProcessStartInfo info, int port)
    {
        (info.RedirectStandardInput, info.RedirectStandardOutput, info.RedirectStandardError) = (true, true, true);
        var tenon = new RunningTenon(new Process { StartInfo = info }, port);
        tenon.process.OutputDataReceived += (_, line) => Keep(tenon.output, line.Data);
        tenon.process.ErrorDataReceived += (_, line) => Keep(tenon.errors, line.Data);
        tenon.process.Start();
        tenon.process.BeginOutputReadLine();
        tenon.process.BeginErrorReadLine();
        return tenon;
    }

    /// <summary>Starts and waits for the line that says Ready.</summary>
    public static async Task<RunningTenon> StartReadyAsync(string command, string folder, string[]? options = null, Dictionary<string, string?>? variables = null)
    {
        RunningTenon tenon = Start(command, folder, LoopbackPort.Next(), options, variables);
        try
        {
            await tenon.SaysAsync("Ready ");
            if (command == "dev")
            {
                using JsonDocument keys = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, ".tenon", "dev.json")));
                tenon.Http.DefaultRequestHeaders.Add("apikey", keys.RootElement.GetProperty("publishableKey").GetString());
            }
            return tenon;
        }
        catch
        {
            await tenon.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until it has said this on standard output or standard error.</summary>
    public async Task SaysAsync(string text, int times = 1)
    {
        await UntilAsync(() => Count(Output, text) + Count(Errors, text) >= times || process.HasExited, $"\"{text}\"");
        if (Count(Output, text) + Count(Errors, text) < times)
        {
            // The last lines may come after the end.
            await process.WaitForExitAsync();
            Assert.True(Count(Output, text) + Count(Errors, text) >= times, $"it ended without saying \"{text}\":\n{Output}\n{Errors}");
        }
    }

    public async Task UntilAsync(Func<bool> done, string what)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!done())
        {
            Assert.False(limit.IsCancellationRequested, $"waited in vain for {what}:\n{Output}\n{Errors}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    public Task<string> GetAsync(string path) => Http.GetStringAsync(path, TestContext.Current.CancellationToken);

    /// <summary>Whatever it answers; with a body as POST of JSON.</summary>
    public async Task<(int Status, string Body, string? RequestId)> AskAsync(string path, string? json = null)
    {
        using var request = new HttpRequestMessage(json is null ? HttpMethod.Get : HttpMethod.Post, path);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        string? id = answer.Headers.TryGetValues("X-Request-Id", out IEnumerable<string>? ids) ? ids.Single() : null;
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), id);
    }

    public void Signal(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Its exit code, once it has ended by itself or after a signal.</summary>
    public async Task<int> EndAsync(string? signal = null)
    {
        if (signal is not null)
        {
            Signal(signal);
        }
        using var limit = new CancellationTokenSource(Limit);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    private static string DotnetPath() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(f => Path.Combine(f, "dotnet")).FirstOrDefault(File.Exists) ?? "dotnet";

    private static int Count(string text, string part) => (text.Length - text.Replace(part, "", StringComparison.Ordinal).Length) / part.Length;

    private static void Keep(StringBuilder into, string? line)
    {
        lock (into)
        {
            into.AppendLine(line);
        }
    }

    private static string Read(StringBuilder from)
    {
        lock (from)
        {
            return from.ToString();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!process.HasExited)
        {
            Signal("TERM");
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        process.Dispose();
    }
}
