// The built CLI as a child process: `tenon dev` on a copy of an app folder, so that a run leaves nothing behind in the
// repository and starts from the seed every time.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tenon.Testing;

internal sealed class TenonProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly string _folder;
    private readonly StringBuilder _output = new();

    private TenonProcess(Process process, string folder) => (_process, _folder) = (process, folder);

    public string Url { get; private set; } = "";

    /// <summary>The copy of the app it runs on.</summary>
    public string Folder => _folder;

    /// <summary>The key that administers it.</summary>
    public string SecretKey { get; private set; } = "";

    /// <summary>Copies the app, starts it and waits until it answers; throws with the process's own words if it does not.</summary>
    public static async Task<TenonProcess> StartDev(string app, string[] options, CancellationToken cancellation, int? port = null, params (string Name, string Value)[] variables)
    {
        var cli = FindCli();
        var folder = Directory.CreateTempSubdirectory("tenon-browser-").FullName;
        CopyFolder(Repository.PathTo(app), folder);
        var info = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var argument in (string[])[ cli, "dev", folder, "--port", (port ?? LoopbackPort.Next()).ToString(CultureInfo.InvariantCulture), .. options])
        {
            info.ArgumentList.Add(argument);
        }

        // Off by default: the demo apps are no identity provider, the tests of one need it.
        info.Environment["TENON__AUTH__OAUTH_SERVER__ENABLED"] = "true";
        // All tests of a run sign in from one address; thirty in five minutes are fewer than they need.
        info.Environment["TENON__AUTH__RATE_LIMIT__SIGN_IN_SIGN_UPS"] = "1000";
        foreach (var (name, value) in variables)
        {
            info.Environment[name] = value;
        }

        var process = Process.Start(info) ?? throw new InvalidOperationException("dotnet did not start");
        var tenon = new TenonProcess(process, folder);
        process.OutputDataReceived += (_, line) => tenon.Keep(line.Data);
        process.ErrorDataReceived += (_, line) => tenon.Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await tenon.UntilReady(cancellation);
            return tenon;
        }
        catch
        {
            await tenon.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // Ctrl-C first: the product promises to leave nothing running after it.
            using (var kill = Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]))
            {
                await kill.WaitForExitAsync();
            }

            using var limit = new CancellationTokenSource(StopLimit);
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync(CancellationToken.None);
            }
        }

        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task UntilReady(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StartLimit);
        using var http = new HttpClient();
        var written = Path.Combine(_folder, ".tenon", "dev.json");
        try
        {
            while (true)
            {
                if (_process.HasExited)
                {
                    throw new InvalidOperationException($"tenon dev ended with {_process.ExitCode}:\n{_output}");
                }

                if (File.Exists(written) && await Answers(http, written, limit.Token))
                {
                    return;
                }

                await Task.Delay(200, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"tenon dev was not ready after {StartLimit}:\n{_output}");
        }
    }

    /// <summary>Ready is: the address is written, the health check says so, and the front end's page is served.</summary>
    private async Task<bool> Answers(HttpClient http, string written, CancellationToken cancellation)
    {
        try
        {
            using var keys = JsonDocument.Parse(await File.ReadAllTextAsync(written, cancellation));
            Url = keys.RootElement.GetProperty("url").GetString()!.TrimEnd('/');
            SecretKey = keys.RootElement.GetProperty("secretKey").GetString()!;
            using var health = await http.GetAsync(new Uri(Url + "/health/ready"), cancellation);
            using var page = await http.GetAsync(new Uri(Url + "/"), cancellation);
            return health.IsSuccessStatusCode && page.IsSuccessStatusCode
                && page.Content.Headers.ContentType?.MediaType == "text/html";
        }
        catch (Exception early) when (early is HttpRequestException or JsonException or IOException)
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }

    private static string FindCli()
    {
        var configuration = AppContext.BaseDirectory.Contains("release", StringComparison.Ordinal) ? "release" : "debug";
        var path = Repository.PathTo($"artifacts/bin/Tenon.Cli/{configuration}/tenon.dll");
        return File.Exists(path) ? path : throw new FileNotFoundException("Build src/Tenon.Cli first", path);
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (var directory in Directory.EnumerateDirectories(from))
        {
            var name = Path.GetFileName(directory);
            if (name is not (".tenon" or "dist" or "node_modules"))
            {
                var target = Path.Combine(to, name);
                if (new DirectoryInfo(directory).LinkTarget is { } link)
                {
                    Directory.CreateSymbolicLink(target, link);
                    continue;
                }

                Directory.CreateDirectory(target);
                CopyFolder(directory, target);
            }
        }

        foreach (var file in Directory.EnumerateFiles(from))
        {
            var target = Path.Combine(to, Path.GetFileName(file));
            if (new FileInfo(file).LinkTarget is { } link)
            {
                File.CreateSymbolicLink(target, link);
            }
            else
            {
                File.Copy(file, target);
            }
        }
    }
}
