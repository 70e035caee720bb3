using System.Diagnostics;
using System.Globalization;
using Tenon.Testing;

namespace Tenon.Server.Tests.Hosting;

/// <summary>Folders that cannot be written and disks that are full: one line, exit code 1, nothing half-written.</summary>
public sealed class BadPlaceTests
{
    private const int Nobody = 65534;

    [Fact]
    public async Task A_folder_that_may_not_be_written_is_named()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "rights are those of Linux");
        using AppOfFiles app = AppOfFiles.WithNotes();
        Allow(app.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        (int code, string errors) = await RunAsync(AsNobody("dev", app.Path));
        Assert.Equal(1, code);
        Assert.Equal($"tenon: {app.File(".tenon")} cannot be made; give the user who runs tenon the right to write in {app.Path}", errors.Trim());
        Allow(app.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.False(Directory.Exists(app.File(".tenon")));
    }

    [Fact]
    public async Task A_database_that_may_not_be_written_is_named_by_serve()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "rights are those of Linux");
        using AppOfFiles app = AppOfFiles.WithNotes();
        await using (await RunningTenon.StartReadyAsync("serve", app.Path, variables: AppOfFiles.Production())) { }
        const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        Allow(app.Path, ReadOnly);
        Allow(app.File(".tenon"), ReadOnly);
        Allow(app.File(".tenon/data.db"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        ProcessStartInfo info = AsNobody("serve", app.Path, "--port", LoopbackPort.Next().ToString(CultureInfo.InvariantCulture));
        foreach ((string name, string? value) in AppOfFiles.Production())
        {
            info.Environment[name] = value;
        }
        (int code, string errors) = await RunAsync(info);
        Assert.Equal(1, code);
        string line = Assert.Single(errors.Trim().Split('\n'));
        Assert.StartsWith($"tenon: the database in {app.File(".tenon")} cannot be opened: ", line, StringComparison.Ordinal);
        Assert.EndsWith("see that the disk has space and that the user who runs tenon may write there", line, StringComparison.Ordinal);
        Allow(app.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Allow(app.File(".tenon"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task A_full_disk_is_said_and_leaves_nothing_half_written()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && await CanMountAsync(), "a small disk cannot be mounted here");
        using AppOfFiles app = AppOfFiles.WithNotes(("migrations/0002_big.sql", Big));
        // A disk of its own of 1 MiB in a mount namespace of its own: it goes with the process.
        string script = $"mkdir -p {app.Path}/.tenon && mount -t tmpfs -o size=1m tmpfs {app.Path}/.tenon && dotnet {Tool} dev {app.Path}; echo code $?; ls {app.Path}/.tenon";
        var info = new ProcessStartInfo("unshare", ["-m", "--propagation", "private", "/bin/sh", "-c", script]);
        (int code, string errors, string output) = await RunBothAsync(info);
        Assert.Equal(0, code);
        Assert.Contains("code 1", output, StringComparison.Ordinal);
        string line = Assert.Single(errors.Trim().Split('\n'), l => l.StartsWith("tenon: ", StringComparison.Ordinal));
        Assert.Contains("no space left on device", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        string[] left = output[output.IndexOf("code 1", StringComparison.Ordinal)..].Split('\n');
        Assert.Equal(["data.db.lock"], left.Where(f => f.StartsWith("data.db", StringComparison.Ordinal)));
    }

    private static void Allow(string path, UnixFileMode rights)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, rights);
        }
    }

    private static string Big => string.Concat(Enumerable.Range(10, 3000).Select(i => $"insert into public.notes values ({i}, '{new string('x', 1000)}');\n"));

    private static string Tool
    {
        get
        {
            string configuration = AppContext.BaseDirectory.Contains("release", StringComparison.Ordinal) ? "release" : "debug";
            return Repository.PathTo($"artifacts/bin/Tenon.Cli/{configuration}/tenon.dll");
        }
    }

    // Nothing is forbidden to root, so root steps down first.
    private static ProcessStartInfo AsNobody(params string[] arguments) =>
        Environment.IsPrivilegedProcess
            ? new ProcessStartInfo("setpriv", [$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "env", "DOTNET_CLI_HOME=/tmp", "dotnet", Tool, .. arguments])
            : new ProcessStartInfo("dotnet", [Tool, .. arguments]);

    private static async Task<bool> CanMountAsync()
    {
        (int code, _) = await RunAsync(new ProcessStartInfo("unshare", ["-m", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]));
        return code == 0;
    }

    private static async Task<(int Code, string Errors)> RunAsync(ProcessStartInfo info)
    {
        (int code, string errors, _) = await RunBothAsync(info);
        return (code, errors);
    }

    private static async Task<(int Code, string Errors, string Output)> RunBothAsync(ProcessStartInfo info)
    {
        (info.RedirectStandardInput, info.RedirectStandardOutput, info.RedirectStandardError) = (true, true, true);
        using Process process = Process.Start(info)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, errors, await output);
    }
}
