using System.Diagnostics;
using System.Globalization;

namespace Tenon.Benchmarks.Load;

/// <summary>A database server of the benchmark's own: in the folder of the run, on loopback, as durable as it is by default.</summary>
internal abstract class DatabaseServer : IDisposable
{
    protected DatabaseServer(string folder, string owner)
    {
        Folder = Directory.CreateDirectory(folder).FullName;
        Owner = owner;
        if (Environment.UserName == "root")
        {
            // Both servers refuse root.
            Run("chown", owner, Folder);
            Run("chmod", "o+x", Path.GetDirectoryName(Folder)!);
        }
    }

    /// <summary>Room for the pools of all servers under measurement at once, twenty connections each, and for what they do beside.</summary>
    protected const int MostConnections = 400;

    protected string Folder { get; }

    protected string Port { get; } = Target.FreePort().ToString(CultureInfo.InvariantCulture);

    private string Owner { get; }

    /// <summary>What the floor's --db takes.</summary>
    public abstract string FloorDatabase { get; }

    /// <summary>What tenon.toml takes.</summary>
    public abstract string Url { get; }

    public abstract void Dispose();

    protected ProcessStartInfo AsOwner(string program, params string[] arguments)
    {
        var start = Environment.UserName == "root"
            ? new ProcessStartInfo("runuser", ["-u", Owner, "--", program, .. arguments])
            : new ProcessStartInfo(program, arguments);
        start.WorkingDirectory = Folder;
        return start;
    }

    protected void RunAsOwner(string program, params string[] arguments)
    {
        var start = AsOwner("/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1 </dev/null", program, .. arguments]);
        using var process = Process.Start(start)!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{Path.GetFileName(program)} ended with {process.ExitCode}");
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
    }
}

internal sealed class PostgresServer : DatabaseServer
{
    private readonly string _binaries;

    private PostgresServer(string folder, string binaries) : base(folder, "postgres") => _binaries = binaries;

    public override string FloorDatabase =>
        $"postgres;Host=127.0.0.1;Port={Port};Username=postgres;Database=bench;Timezone=UTC;Maximum Pool Size=20;Max Auto Prepare=20";

    public override string Url => $"postgres://postgres@127.0.0.1:{Port}/bench";

    /// <summary>Started with an empty database; null where PostgreSQL is not installed.</summary>
    public static PostgresServer? Start(string folder)
    {
        const string Debian = "/usr/lib/postgresql";
        var places = Directory.Exists(Debian) ? Directory.GetDirectories(Debian).Order(StringComparer.Ordinal).Reverse() : [];
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        var found = places.Select(d => Path.Combine(d, "bin")).Concat(path).FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")));
        if (found is null)
        {
            return null;
        }

        var server = new PostgresServer(folder, found);
        var data = Path.Combine(server.Folder, "data");
        server.RunAsOwner(Path.Combine(found, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C");
        var settings = $"-p {server.Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={server.Folder} " +
            // All servers of the run keep their pools open beside each other: together more than the 100 that are the default.
            $"-c timezone=UTC -c shared_buffers=512MB -c max_wal_size=4GB -c max_connections={MostConnections}";
        server.RunAsOwner(Path.Combine(found, "pg_ctl"), "-D", data, "-w", "-l", Path.Combine(server.Folder, "log"), "-o", settings, "start");
        server.RunAsOwner(
            Path.Combine(found, "createdb"), "-h", "127.0.0.1", "-p", server.Port, "-U", "postgres", "-T", "template0",
            "--lc-collate=C", "--lc-ctype=C.UTF-8", "bench");
        return server;
    }

    public override void Dispose() =>
        RunAsOwner(Path.Combine(_binaries, "pg_ctl"), "-D", Path.Combine(Folder, "data"), "-m", "fast", "-w", "stop");
}

internal sealed class MariaDbServer : DatabaseServer
{
    private Process? _process;

    private MariaDbServer(string folder) : base(folder, "mysql")
    {
    }

    public override string FloorDatabase =>
        $"mariadb;Server=127.0.0.1;Port={Port};User ID=bench;Password=bench;Database=bench;Maximum Pool Size=20;DateTimeKind=Utc";

    public override string Url => $"mysql://bench:bench@127.0.0.1:{Port}/bench";

    /// <summary>Started with an empty database; null where MariaDB is not installed.</summary>
    public static MariaDbServer? Start(string folder)
    {
        if (!File.Exists("/usr/sbin/mariadbd"))
        {
            return null;
        }

        var server = new MariaDbServer(folder);
        server.RunAsOwner(
            "mariadb-install-db", "--no-defaults", $"--datadir={server.Folder}/data", "--auth-root-authentication-method=normal", "--skip-test-db");
        File.WriteAllText(
            Path.Combine(server.Folder, "init.sql"),
            "create database if not exists bench character set utf8mb4;\n" +
            "create user if not exists bench@'%' identified by 'bench';\ngrant all on *.* to bench@'%';\n");
        var start = server.AsOwner(
            "/usr/sbin/mariadbd", "--no-defaults", $"--datadir={server.Folder}/data", $"--port={server.Port}", "--bind-address=127.0.0.1",
            $"--socket={server.Folder}/s", $"--pid-file={server.Folder}/pid", "--innodb-buffer-pool-size=512M", "--skip-name-resolve",
            $"--max-connections={MostConnections}",
            "--max-allowed-packet=64M", "--default-time-zone=+00:00", $"--init-file={server.Folder}/init.sql", $"--log-error={server.Folder}/log");
        server._process = Process.Start(start);
        server.RunAsOwner(
            "/bin/sh", "-c", $"for i in $(seq 300); do mariadb --no-defaults -h127.0.0.1 -P{server.Port} -ubench -pbench bench -e 'select 1' && exit 0; sleep 0.1; done; exit 1");
        return server;
    }

    public override void Dispose()
    {
        if (_process is { HasExited: false })
        {
            _ = Kernel.Signal(int.Parse(File.ReadAllText(Path.Combine(Folder, "pid")), CultureInfo.InvariantCulture), Kernel.Terminate);
            _process.WaitForExit();
        }

        _process?.Dispose();
    }
}
