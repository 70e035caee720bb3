// A PostgreSQL of the test run's own: initialised in a temporary folder, on a free port of the loopback address,
// without fsync, stopped and deleted when the test process ends. Nothing is installed; without it tests are skipped.
using System.Diagnostics;
using System.Globalization;

namespace Tenon.Testing;

internal sealed class PrivatePostgres
{
    private static readonly Lazy<PrivatePostgres?> Instance = new(Start);

    private readonly string _binaries;
    private readonly string _directory;
    private readonly int _port;
    private int _databases;
    private int _stopped;

    private PrivatePostgres(string binaries, string directory, int port) =>
        (_binaries, _directory, _port) = (binaries, directory, port);

    /// <summary>The instance of this process, started at the first call; null when the machine has no PostgreSQL.</summary>
    public static PrivatePostgres? Shared => Instance.Value;

    /// <summary>The superuser's connection to the database "postgres"; create databases of your own from here.</summary>
    public string ConnectionString => ConnectionTo("postgres");

    public string ConnectionTo(string database) => string.Create(
        CultureInfo.InvariantCulture,
        $"Host=127.0.0.1;Port={_port};Username=postgres;Database={database};Timezone=UTC;Include Error Detail=true");

    /// <summary>A new, empty database as a postgres:// url: ordered by code point, letters known beyond ASCII.</summary>
    public string CreateDatabase()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _databases)}");
        RunAsOwner("createdb", "-h", "127.0.0.1", "-p", _port.ToString(CultureInfo.InvariantCulture), "-U", "postgres", "-T", "template0", "--lc-collate=C", "--lc-ctype=C.UTF-8", name);
        return string.Create(CultureInfo.InvariantCulture, $"postgres://postgres@127.0.0.1:{_port}/{name}");
    }

    /// <summary>The roles of the data API. They are the whole server's, and tests that run side by side make them at the same moment.</summary>
    public const string Roles = """
        do $$
        declare role text;
        begin
          foreach role in array array['anon nologin', 'authenticated nologin', 'service_role nologin bypassrls'] loop
            begin
              execute 'create role ' || role;
            exception when duplicate_object or unique_violation then
            end;
          end loop;
        end $$;

        """;

    private static PrivatePostgres? Start()
    {
        if (FindBinaries() is not { } binaries)
        {
            return null;
        }

        var directory = Directory.CreateTempSubdirectory("tenon-postgres-").FullName;
        if (IsRoot)
        {
            // initdb refuses root; the folder goes to the user that owns PostgreSQL.
            Run("chown", "postgres", directory);
        }

        var postgres = new PrivatePostgres(binaries, directory, LoopbackPort.Next());
        var data = Path.Combine(directory, "data");
        postgres.RunAsOwner("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => postgres.Stop();
        var settings = $"-p {postgres._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={directory} " +
            "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c timezone=UTC -c wal_level=logical";
        postgres.RunAsOwner("pg_ctl", "-D", data, "-w", "-l", Path.Combine(directory, "log"), "-o", settings, "start");
        return postgres;
    }

    private static bool IsRoot => Environment.UserName == "root";

    private static string? FindBinaries()
    {
        if (Environment.GetEnvironmentVariable("TENON_TEST_POSTGRES_BIN") is { Length: > 0 } given)
        {
            return given;
        }

        const string Debian = "/usr/lib/postgresql";
        var candidates = Directory.Exists(Debian)
            ? Directory.GetDirectories(Debian).OrderByDescending(d => d, StringComparer.Ordinal).Select(d => Path.Combine(d, "bin"))
            : [];
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return candidates.Concat(onPath).FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")));
    }

    /// <summary>Ends the shared instance, where there is one.</summary>
    public static void End()
    {
        if (Instance.IsValueCreated)
        {
            Instance.Value?.Stop();
        }
    }

    private void Stop()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 1)
        {
            return;
        }

        try
        {
            RunAsOwner("pg_ctl", "-D", Path.Combine(_directory, "data"), "-m", "immediate", "-w", "stop");
        }
        finally
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private void RunAsOwner(string program, params string[] arguments)
    {
        var path = Path.Combine(_binaries, program);
        if (IsRoot)
        {
            Run("runuser", ["-u", "postgres", "--", path, .. arguments]);
        }
        else
        {
            Run(path, arguments);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        // The server inherits the handles of pg_ctl, so its output must not be a pipe that is read to its end.
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = "/tmp" };
        foreach (var argument in (string[])["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1 </dev/null", program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
        }
    }
}
