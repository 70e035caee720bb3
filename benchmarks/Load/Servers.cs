using System.Diagnostics;

namespace Tenon.Benchmarks.Load;

/// <summary>The servers under measurement and their databases.</summary>
internal sealed class Servers(BenchOptions options) : IDisposable
{
    private readonly string _directory = options.Data is { } kept
        ? Directory.CreateDirectory(kept).FullName
        : Directory.CreateTempSubdirectory("tenon-bench-").FullName;

    private readonly Dictionary<string, Target> _targets = new(StringComparer.Ordinal);

    public Target this[string name] => _targets[name];

    /// <summary>Milliseconds from process start to the first answer, the median of several starts.</summary>
    public SortedDictionary<string, double> Starts { get; } = new(StringComparer.Ordinal);

    public void Start(IEnumerable<string> names, Dataset data)
    {
        var wanted = names.ToArray();
        var floor = Path.Combine(options.Root, "artifacts/bin/Floor/release/Floor.dll");
        var tenon = Path.Combine(options.Root, "artifacts/bin/Tenon.Cli/release/tenon.dll");
        var meter = Path.Combine(options.Root, "artifacts/bin/Meter/release/Meter.dll");
        var database = Path.Combine(_directory, "floor.db");
        var app = Path.Combine(_directory, "app");
        if (!File.Exists(database))
        {
            Console.Error.WriteLine($"  floor database, {data.Total:N0} rows");
            using var load = Process.Start("dotnet", [floor, "load", "--db", database, "--rows", data.Items.ToString()]);
            load.WaitForExit();
        }

        if (!options.FloorOnly && !Directory.Exists(app))
        {
            Console.Error.WriteLine($"  tenon database, {data.Total:N0} rows");
            TenonTarget.Prepare(Path.Combine(options.Root, "benchmarks/app"), app, tenon, data, _directory);
        }

        foreach (var name in wanted)
        {
            _targets[name] = name switch
            {
                "raw-jwt" => new FloorTarget(name, floor, database, "raw", "full", jwt: true),
                "tenon" => new TenonTarget(name, tenon, app, "full"),
                "tenon-open" => _targets["tenon"],
                "tenon-normal" => new TenonTarget(name, tenon, CopyOf(app), "normal"),
                _ => new FloorTarget(name, floor, database, name, "full", jwt: false),
            };
        }

        foreach (var target in _targets.Values.Distinct())
        {
            if (target.Name is "raw" or Operation.Subject)
            {
                Starts[target.Name] = target.MedianStart(_directory, times: 5);
            }

            target.Start(_directory, meter);
        }
    }

    public void Dispose()
    {
        foreach (var target in _targets.Values.Distinct())
        {
            target.Dispose();
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
