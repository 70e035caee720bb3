// A command of the app (install, build, development server) as a child that never outlives this process's interest in it:
// it leads a session of its own, so that all its descendants are ended together, also those whose parent has gone.
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Tenon.Cli.Commands;

internal sealed partial class ChildProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private const int Kill = 9;
    private const int MostOutput = 64 << 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Process process;
    private readonly bool leads;
    private readonly StringBuilder output = new();
    private readonly Action<string>? line;
    private int ended;

    private ChildProcess(Process process, bool leads, Action<string>? line) => (this.process, this.leads, this.line) = (process, leads, line);

    /// <summary>What it said, the last part of it.</summary>
    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString().Trim();
            }
        }
    }

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    /// <summary>Starts a shell command; its standard input stays open, so that a child that reads it sees this process end.</summary>
    public static ChildProcess Start(string command, string folder, IEnumerable<(string Name, string Value)> variables, Action<string>? line = null)
    {
        bool leads = OperatingSystem.IsLinux() && FrontEnd.OnPath("setsid");
        ProcessStartInfo info = OperatingSystem.IsWindows() ? new ProcessStartInfo("cmd.exe", ["/d", "/c", command])
            : leads ? new ProcessStartInfo("setsid", ["/bin/sh", "-c", command])
            : new ProcessStartInfo("/bin/sh", ["-c", command]);
        info.WorkingDirectory = folder;
        info.RedirectStandardInput = info.RedirectStandardOutput = info.RedirectStandardError = true;
        foreach ((string name, string value) in variables)
        {
            info.Environment[name] = value;
        }
        var child = new ChildProcess(new Process { StartInfo = info }, leads, line);
        child.process.OutputDataReceived += (_, said) => child.Keep(said.Data);
        child.process.ErrorDataReceived += (_, said) => child.Keep(said.Data);
        child.process.Start();
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        return child;
    }

    public async Task<int> WaitAsync(CancellationToken cancellation)
    {
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode;
    }

    /// <summary>Ends it and all its descendants: asked first, then made to.</summary>
    public async ValueTask DisposeAsync()
    {
        // Once only: later the number may be another process's.
        if (Interlocked.Exchange(ref ended, 1) == 1)
        {
            return;
        }
        if (leads)
        {
            // The group may live on after its leader.
            if (Signal(-process.Id, Terminate) == 0 && !process.HasExited)
            {
                await WaitBrieflyAsync();
            }
            _ = Signal(-process.Id, Kill);
        }
        else if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await WaitBrieflyAsync();
        }
        process.Dispose();
    }

    private async Task WaitBrieflyAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // It is killed next, or has been.
        }
    }

    private void Keep(string? said)
    {
        if (said is null)
        {
            return;
        }
        lock (output)
        {
            output.AppendLine(said);
            if (output.Length > MostOutput)
            {
                output.Remove(0, output.Length - MostOutput);
            }
        }
        line?.Invoke(said);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
