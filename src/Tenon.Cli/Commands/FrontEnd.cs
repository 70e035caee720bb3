// The app's front end: found by [web]; its packages installed, built, or run by its own development server.
using System.Text.Json;
using System.Text.RegularExpressions;
using Tenon.Cli.Configuration;

namespace Tenon.Cli.Commands;

internal sealed partial class FrontEnd(Config config)
{
    private readonly string root = Path.Combine(config.Folder, config.Text("web.root"));

    public string Root => root;

    public bool NeedsBuild => File.Exists(Path.Combine(root, "package.json"));

    public string DevCommand => config.Text("web.dev_command");

    /// <summary>It has a server of its own for development: a command that package.json knows, or one that the app names.</summary>
    public bool HasDevServer =>
        DevCommand.Length > 0
        && (NpmScript().Match(DevCommand) is { Success: true } script
            ? NeedsBuild && HasScript(script.Groups[1].Value)
            : Directory.Exists(root) && config.Entries.Any(e => e.Path == "web.dev_command"));

    /// <summary>What is not installed and would be needed to run this command; null when all is there.</summary>
    public static string? Missing(string command) =>
        command.Split(' ', 2)[0] switch
        {
            var program when OnPath(program) => null,
            "npm" or "npx" or "node" => "Node.js",
            var program => program,
        };

    /// <summary>The folder to serve at /; it may be filled later. Null when the app has no front end.</summary>
    public string? Output
    {
        get
        {
            if (NeedsBuild)
            {
                return Path.Combine(root, config.Text("web.output"));
            }
            string pages = Directory.Exists(root) ? root : Path.Combine(config.Folder, "public");
            return Directory.Exists(pages) ? pages : null;
        }
    }

    /// <summary>Makes the folder so that it can be served before the build has filled it.</summary>
    public void PrepareOutput()
    {
        if (NeedsBuild)
        {
            Directory.CreateDirectory(Output!);
        }
    }

    /// <summary>Builds when sources are newer than the output; returns what to say about it.</summary>
    public async Task<string> BuildAsync(CancellationToken cancellation)
    {
        string index = Path.Combine(Output!, "index.html");
        if (File.Exists(index) && LastChange() <= File.GetLastWriteTimeUtc(index))
        {
            return "built before";
        }
        string build = config.Text("web.build_command");
        if (Missing(build) is { } missing)
        {
            return $"not built: {missing} is not installed (the API is served all the same)";
        }
        string installed = await InstallAsync(cancellation);
        return installed + await RunAsync(build, build, cancellation);
    }

    /// <summary>Installs the packages where there are none yet; returns what to say about it, or nothing.</summary>
    public async Task<string> InstallAsync(CancellationToken cancellation)
    {
        if (!NeedsBuild || Directory.Exists(Path.Combine(root, "node_modules")))
        {
            return "";
        }
        string install = File.Exists(Path.Combine(root, "package-lock.json")) ? "npm ci" : "npm install";
        return await RunAsync(install + " --no-audit --no-fund --loglevel=error", install, cancellation) + "    ";
    }

    /// <summary>When a source was last written; the earliest of times when there is none.</summary>
    public DateTime LastChange() => Sources().Select(File.GetLastWriteTimeUtc).DefaultIfEmpty(DateTime.MinValue).Max();

    private IEnumerable<string> Sources() =>
        Directory.EnumerateDirectories(root)
            .Where(d => Path.GetFileName(d) is not "node_modules" && Path.GetFullPath(d) != Path.GetFullPath(Output!))
            .SelectMany(d => Directory.EnumerateFiles(d, "*", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(root));

    private bool HasScript(string name)
    {
        try
        {
            using JsonDocument package = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(root, "package.json")));
            return package.RootElement.TryGetProperty("scripts", out JsonElement scripts) && scripts.TryGetProperty(name, out _);
        }
        catch (JsonException e)
        {
            throw new ConfigException($"{config.Text("web.root")}/package.json is not JSON: {e.Message}");
        }
    }

    private async Task<string> RunAsync(string command, string shown, CancellationToken cancellation)
    {
        long started = TimeProvider.System.GetTimestamp();
        await using var child = ChildProcess.Start(command, root, []);
        int code = await child.WaitAsync(cancellation);
        return code == 0
            ? $"{shown}  {Say.Seconds(TimeProvider.System.GetElapsedTime(started))}"
            : throw new IOException($"{shown} failed in {root}:\n{child.Output}");
    }

    public static bool OnPath(string program)
    {
        string[] names = OperatingSystem.IsWindows() ? [program + ".cmd", program + ".exe"] : [program];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => names.Any(n => File.Exists(Path.Combine(folder, n))));
    }

    [GeneratedRegex(@"^npm run ([\w:.-]+)")]
    private static partial Regex NpmScript();
}
