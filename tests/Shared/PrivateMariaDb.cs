// A MariaDB of the test run's own: made in a temporary folder, on a free port of the loopback address, without syncing,
// ended and deleted when the test process ends. Nothing is installed; without it tests are skipped.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Tenon.Testing;

internal sealed class PrivateMariaDb
{
    private static readonly Lazy<PrivateMariaDb?> Instance = new(StartOrNull);
    private static readonly ConcurrentBag<PrivateMariaDb> Started = [];

    private readonly string _directory;
    private readonly int _port;
    private Process? _server;
    private int _databases;
    private int _deleted;

    private PrivateMariaDb(string directory, int port) => (_directory, _port) = (directory, port);

    /// <summary>The instance of this process, started at the first call; null when the machine has no MariaDB.</summary>
    public static PrivateMariaDb? Shared => Instance.Value;

    /// <summary>A server of the test's own, which it may stop and start again.</summary>
    public static PrivateMariaDb? Own() => StartOrNull();

    public string UrlOf(string database) => string.Create(CultureInfo.InvariantCulture, $"mysql://tenon:a%20secret@127.0.0.1:{_port}/{database}");

    /// <summary>A new database after this script, as a mysql:// url.</summary>
    public string CreateDatabase(string script = "")
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _databases)}");
        Execute("", $"create database {name} character set utf8mb4");
        Execute(name, script);
        return UrlOf(name);
    }

    /// <summary>Runs statements as root in the database of this url, or of this name.</summary>
    public string Execute(string database, string script)
    {
        string name = database[(database.LastIndexOf('/') + 1)..];
        var start = new ProcessStartInfo("mariadb") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])["--no-defaults", "-uroot", "-h127.0.0.1", $"-P{_port}", "--protocol=tcp", "--skip-ssl", "--default-character-set=utf8mb4", "-N", "-B", name])
        {
            if (argument.Length > 0)
            {
                start.ArgumentList.Add(argument);
            }
        }

        using Process client = Process.Start(start)!;
        try
        {
            client.StandardInput.Write(script);
            client.StandardInput.Close();
        }
        catch (IOException)
        {
            // It found no server and has ended before it read anything; its exit code says so.
        }
        Task<string> error = client.StandardError.ReadToEndAsync();
        string output = client.StandardOutput.ReadToEnd();
        client.WaitForExit();
        return client.ExitCode == 0 ? output : throw new InvalidOperationException(error.Result);
    }

    private static PrivateMariaDb? StartOrNull()
    {
        if (Find("mariadbd") is null || Find("mariadb-install-db") is null)
        {
            return null;
        }

        string directory = Directory.CreateTempSubdirectory("tenon-mariadb-").FullName;
        if (IsRoot)
        {
            // The server refuses root; the folder goes to the user that owns MariaDB.
            Run("chown", "mysql", directory);
        }

        var server = new PrivateMariaDb(directory, LoopbackPort.Next());
        RunAsOwner("mariadb-install-db", "--no-defaults", $"--datadir={directory}/data", "--auth-root-authentication-method=normal", "--skip-test-db", "--force");
        Started.Add(server);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Delete();
        server.Start();
        server.Execute("", "create user tenon@'%' identified by 'a secret'; grant all on *.* to tenon@'%';");
        return server;
    }

    public void Start()
    {
        string[] arguments =
        [
            "--no-defaults", $"--datadir={_directory}/data", $"--port={_port}", "--bind-address=127.0.0.1", $"--socket={_directory}/s",
            $"--pid-file={_directory}/pid", "--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=32M", "--skip-name-resolve",
        ];
        _server = Process.Start(StartInfo("mariadbd", arguments))!;
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                Execute("", "select 1");
                return;
            }
            catch (InvalidOperationException) when (attempt < 300 && !_server.HasExited)
            {
                Thread.Sleep(100);
            }
        }
    }

    /// <summary>Ends the server; its data stays.</summary>
    public void Stop()
    {
        string pid = Path.Combine(_directory, "pid");
        if (_server is { HasExited: false } && File.Exists(pid))
        {
            using Process server = Process.GetProcessById(int.Parse(File.ReadAllText(pid).Trim(), CultureInfo.InvariantCulture));
            server.Kill();
            server.WaitForExit();
            _server.WaitForExit();
        }

        _server = null;
    }

    /// <summary>Ends every server that was started.</summary>
    public static void End()
    {
        foreach (PrivateMariaDb server in Started)
        {
            server.Delete();
        }
    }

    private void Delete()
    {
        if (Interlocked.Exchange(ref _deleted, 1) == 1)
        {
            return;
        }

        try
        {
            Stop();
        }
        finally
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private static bool IsRoot => Environment.UserName == "root";

    private static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin").FirstOrDefault(d => File.Exists(Path.Combine(d, program)));

    private static void RunAsOwner(string program, params string[] arguments)
    {
        using Process process = Process.Start(StartInfo(program, arguments))!;
        Demand(process, program);
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        Demand(process, program);
    }

    private static void Demand(Process process, string program)
    {
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}");
        }
    }

    // The output goes nowhere: a pipe that nobody reads would stop the server.
    private static ProcessStartInfo StartInfo(string program, string[] arguments)
    {
        string path = Path.Combine(Find(program)!, program);
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = "/tmp" };
        string[] owner = IsRoot ? ["runuser", "-u", "mysql", "--"] : [];
        foreach (string argument in (string[])["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1 </dev/null", .. owner, path, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }
}
