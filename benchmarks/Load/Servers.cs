using System.Diagnostics;
using System.Globalization;

namespace Tenon.Benchmarks.Load;

/// <summary>The servers under measurement and their databases.</summary>
internal sealed class Servers(BenchOptions options) : IDisposable
{
    private readonly string _directory = options.Data is { } kept
        ? Directory.CreateDirectory(kept).FullName
        : Directory.CreateTempSubdirectory("tenon-bench-").FullName;

    public const string Source = "shop";

    private static readonly (string, string) Full = ("TENON__DB__SYNCHRONOUS", "full");

    private readonly string _floor = Path.Combine(options.Root, "artifacts/bench/floor/Floor.dll");
    private readonly string _tenon = Path.Combine(options.Root, "artifacts/bench/tenon/tenon.dll");
    private readonly string _meter = Path.Combine(options.Root, "artifacts/bin/Meter/release/Meter.dll");
    private readonly Dictionary<string, Target> _targets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DatabaseServer> _databases = new(StringComparer.Ordinal);

    private string Database => Path.Combine(_directory, "floor.db");

    public Target this[string name] => _targets[name];

    /// <summary>Milliseconds from process start to the first answer, the median of several starts.</summary>
    public SortedDictionary<string, double> Starts { get; } = new(StringComparer.Ordinal);

    public bool Has(string name) => _targets.ContainsKey(name);

    /// <summary>False where the engine is not installed: its operations are left out, and said to be.</summary>
    public bool Provide(string engine, Dataset data)
    {
        var folder = Path.Combine(_directory, engine);
        if (engine == "sqlite")
        {
            return true;
        }

        // A server that an earlier run left in --data is not taken up again.
        foreach (var left in (string[])[folder, AppOf(engine)])
        {
            if (Directory.Exists(left))
            {
                Directory.Delete(left, recursive: true);
            }
        }

        DatabaseServer? server = engine == "postgres" ? PostgresServer.Start(folder) : MariaDbServer.Start(folder);
        if (server is null)
        {
            Console.Error.WriteLine($"  {engine} is not installed: its rows are left out");
            return false;
        }

        _databases[engine] = server;
        TenonTarget.CopyApp(Path.Combine(options.Root, "benchmarks/app"), AppOf(engine));
        if (server is MariaDbServer)
        {
            Attach(AppOf(engine), server.Url);
        }

        using var target = new TenonTarget(engine + "-load", _tenon, AppOf(engine), UrlOf(engine));
        target.Migrate();
        Console.Error.WriteLine($"  {engine} database, {data.Total:N0} rows");
        LoadFloor(server.FloorDatabase, data);
        return true;
    }

    public void Start(IEnumerable<string> names, Dataset data)
    {
        var wanted = names.ToArray();
        if (wanted.Any(n => Operation.EngineOf(n) == "sqlite"))
        {
            PrepareSqlite(data);
        }

        foreach (var name in wanted)
        {
            _targets[name] = Make(name);
        }

        foreach (var target in _targets.Values.Distinct())
        {
            if (target.Name is "raw" or Operation.Tenon)
            {
                Starts[target.Name] = target.MedianStart(_directory, times: 5);
            }

            target.Start(_directory, _meter);
        }
    }

    public bool Runs(string engine) => engine == "sqlite" || _databases.ContainsKey(engine);

    /// <summary>A started server on an app of its own, for sign-in.</summary>
    public Target SignIn(string engine)
    {
        var name = "sign-in-" + engine;
        var app = Path.Combine(_directory, "app-" + name);
        TenonTarget.CopyApp(Path.Combine(options.Root, "benchmarks/app"), app);
        File.WriteAllText(Path.Combine(app, "migrations/9000_no_mail.sql"), SignIns.Migration);
        var target = new TenonTarget(name, _tenon, app, [UrlOf(engine), .. SignIns.Settings]);
        target.Migrate();
        target.Start(_directory);
        _targets[name] = target;
        return target;
    }

    private void PrepareSqlite(Dataset data)
    {
        if (!File.Exists(Database))
        {
            Console.Error.WriteLine($"  floor database, {data.Total:N0} rows");
            LoadFloor(Database, data);
        }

        if (!options.FloorOnly && !Directory.Exists(AppOf("sqlite")))
        {
            Console.Error.WriteLine($"  tenon database, {data.Total:N0} rows");
            TenonTarget.Prepare(Path.Combine(options.Root, "benchmarks/app"), AppOf("sqlite"), _tenon, data, _directory);
        }
    }

    private Target Make(string name) => name switch
    {
        "raw-jwt" => new FloorTarget(name, _floor, Database, "raw", jwt: true),
        "tenon" => new TenonTarget(name, _tenon, AppOf("sqlite"), Full),
        "tenon-open" => _targets["tenon"],
        "tenon-normal" => new TenonTarget(name, _tenon, CopyOf(AppOf("sqlite")), ("TENON__DB__SYNCHRONOUS", "normal")),
        "postgres-compiled" => new TenonTarget(name, _tenon, AppOf("postgres"), UrlOf("postgres")),
        "postgres-native" => new TenonTarget(name, _tenon, AppOf("postgres"), UrlOf("postgres"), ("TENON__DB__SECURITY", "native")),
        PeerTarget.PostGraphile => new PeerTarget(name, InstalledPeers(), _databases["postgres"].Url),
        "mariadb" => new TenonTarget(name, _tenon, AppOf("mariadb")),
        _ when Operation.EngineOf(name) is var engine and not "sqlite" =>
            new FloorTarget(name, _floor, _databases[engine].FloorDatabase, name[(engine.Length + 1)..]),
        _ => new FloorTarget(name, _floor, Database, name),
    };

    private string InstalledPeers()
    {
        var folder = Path.Combine(options.Root, "benchmarks/peers");
        PeerTarget.Install(folder);
        return folder;
    }

    // The source's tables answer under their own profile; the main database beside them is an empty SQLite.
    private void Attach(string app, string url)
    {
        TenonTarget.CopyApp(Path.Combine(options.Root, "benchmarks/sources"), Path.Combine(app, "sources"));
        File.AppendAllText(Path.Combine(app, "tenon.toml"), $"\n[sources.{Source}]\nurl = \"{url}\"\nwritable = true\npool_size = 20\n");
    }

    private (string, string) UrlOf(string engine) => engine == "postgres" ? ("TENON__DB__URL", _databases[engine].Url) : Full;

    private string AppOf(string engine) => Path.Combine(_directory, engine == "sqlite" ? "app" : "app-" + engine);

    private void LoadFloor(string database, Dataset data)
    {
        using var load = Process.Start("dotnet", [_floor, "load", "--db", database, "--rows", data.Items.ToString(CultureInfo.InvariantCulture)]);
        load.WaitForExit();
        if (load.ExitCode != 0)
        {
            throw new InvalidOperationException("the rows could not be loaded");
        }
    }

    public void Dispose()
    {
        foreach (var target in _targets.Values.Distinct())
        {
            target.Dispose();
        }

        foreach (var database in _databases.Values)
        {
            database.Dispose();
        }

        if (options.Data is null)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    // Two servers never share a database: one writer owns it.
    private string CopyOf(string app)
    {
        var copy = Path.Combine(_directory, "app-normal");
        if (Directory.Exists(copy))
        {
            Directory.Delete(copy, recursive: true);
        }

        using var process = Process.Start("cp", ["-r", app, copy]);
        process.WaitForExit();
        return copy;
    }
}
