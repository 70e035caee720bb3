// A Tenon server as a user starts it: `tenon dev` on a copy of an app folder, on a free port, ended with the test.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Tenon.Testing;

namespace Tenon.Conformance.Servers;

internal sealed class ServerUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly StringBuilder _output = new();
    private readonly int _port = LoopbackPort.Next();
    private Process? _process;

    private ServerUnderTest(string folder) => Folder = folder;

    public string Folder { get; }

    public Uri Url { get; private set; } = null!;

    public string AnonKey { get; private set; } = "";

    public string ServiceKey { get; private set; } = "";

    public string PublishableKey { get; private set; } = "";

    public string SecretKey { get; private set; } = "";

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts on a copy of an app folder, changed by <paramref name="change"/> before the start.</summary>
    public static async Task<ServerUnderTest> StartAsync(string app, Action<string>? change = null)
    {
        var folder = Directory.CreateTempSubdirectory("tenon-app-").FullName;
        Copy(app, folder);
        change?.Invoke(folder);
        var server = new ServerUnderTest(folder);
        try
        {
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the server on the same folder, after <see cref="KillAsync"/>.</summary>
    public async Task StartAgainAsync()
    {
        var keys = Path.Combine(Folder, ".tenon", "dev.json");
        Directory.CreateDirectory(Path.GetDirectoryName(keys)!);
        File.Delete(keys);
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        foreach (var argument in (string[])[CliAssembly, "dev", Folder, "--port", _port.ToString(CultureInfo.InvariantCulture)])
        {
            start.ArgumentList.Add(argument);
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(StartLimit);
        while (!await ReadyAsync(keys))
        {
            if (_process.HasExited || limit.IsCancellationRequested)
            {
                throw new InvalidOperationException("the server did not start:\n" + Output);
            }

            await Task.Delay(20, CancellationToken.None);
        }
    }

    /// <summary>Ends the process at once, as a power cut does: SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        _process = null;
    }

    public HttpClient Client(string key, string? token = null)
    {
        var client = new HttpClient { BaseAddress = Url };
        client.DefaultRequestHeaders.Add("apikey", key);
        client.DefaultRequestHeaders.Authorization = new("Bearer", token ?? key);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private static string CliAssembly
    {
        get
        {
            // artifacts/bin/<project>/<configuration>/: the server of the same configuration lies beside the tests.
            var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
            return Repository.PathTo($"artifacts/bin/Tenon.Cli/{configuration}/tenon.dll");
        }
    }

    private async Task<bool> ReadyAsync(string keys)
    {
        if (!File.Exists(keys))
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(await File.ReadAllTextAsync(keys));
            var root = document.RootElement;
            Url = new Uri(root.GetProperty("url").GetString()!);
            AnonKey = root.GetProperty("anonKey").GetString()!;
            ServiceKey = root.GetProperty("serviceKey").GetString()!;
            PublishableKey = root.GetProperty("publishableKey").GetString()!;
            SecretKey = root.GetProperty("secretKey").GetString()!;
            using var client = new HttpClient { BaseAddress = Url };
            using var answer = await client.GetAsync("/health/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or IOException)
        {
            // Half-written keys, or not listening yet; the caller asks again until its limit.
            return false;
        }
    }

    private void Append(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(from, file);
            if (!relative.StartsWith(".tenon", StringComparison.Ordinal))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(to, relative))!);
                File.Copy(file, Path.Combine(to, relative));
            }
        }
    }
}
