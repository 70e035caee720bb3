// The app's front end: found by [web], installed and built with npm when it has a package.json and Node is there.
using System.Diagnostics;
using System.Text;
using Tenon.Cli.Configuration;

namespace Tenon.Cli.Commands;

internal sealed class FrontEnd(Config config)
{
    private readonly string root = Path.Combine(config.Folder, config.Text("web.root"));

    public bool NeedsBuild => File.Exists(Path.Combine(root, "package.json"));

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
        if (File.Exists(index) && !Sources().Any(f => File.GetLastWriteTimeUtc(f) > File.GetLastWriteTimeUtc(index)))
        {
            return "built before";
        }
        if (!OnPath("npm"))
        {
            return "not built: Node.js is not installed (the API is served all the same)";
        }
        var said = new List<string>();
        if (!Directory.Exists(Path.Combine(root, "node_modules")))
        {
            string install = File.Exists(Path.Combine(root, "package-lock.json")) ? "npm ci" : "npm install";
            said.Add(await RunAsync(install + " --no-audit --no-fund --loglevel=error", install, cancellation));
        }
        string build = config.Text("web.build_command");
        said.Add(await RunAsync(build, build, cancellation));
        return string.Join("    ", said);
    }

    private IEnumerable<string> Sources() =>
        Directory.EnumerateDirectories(root)
            .Where(d => Path.GetFileName(d) is not "node_modules" && Path.GetFullPath(d) != Path.GetFullPath(Output!))
            .SelectMany(d => Directory.EnumerateFiles(d, "*", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(root));

    private async Task<string> RunAsync(string command, string shown, CancellationToken cancellation)
    {
        long started = TimeProvider.System.GetTimestamp();
        ProcessStartInfo info = OperatingSystem.IsWindows()
            ? new ProcessStartInfo("cmd.exe", ["/d", "/c", command])
            : new ProcessStartInfo("/bin/sh", ["-c", command]);
        info.WorkingDirectory = root;
        info.RedirectStandardInput = info.RedirectStandardOutput = info.RedirectStandardError = true;
        var output = new StringBuilder();
        using var process = new Process { StartInfo = info };
        process.OutputDataReceived += (_, line) => Keep(output, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(output, line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        if (process.ExitCode != 0)
        {
            throw new IOException($"{shown} failed in {root}:\n{output}");
        }
        return $"{shown}  {Say.Seconds(TimeProvider.System.GetElapsedTime(started))}";
    }

    private static void Keep(StringBuilder output, string? line)
    {
        lock (output)
        {
            output.AppendLine(line);
        }
    }

    public static bool OnPath(string program)
    {
        string[] names = OperatingSystem.IsWindows() ? [program + ".cmd", program + ".exe"] : [program];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => names.Any(n => File.Exists(Path.Combine(folder, n))));
    }
}
