// Starts every server, compares their answers byte by byte, then measures in interleaved rounds.
using System.Diagnostics;

namespace Tenon.Benchmarks.Load;

/// <summary>What one server did for one operation over all rounds.</summary>
internal sealed record Measured(
    double PerSecond, double CpuMicros, double P50, double P99, double ResidentMiB, int Failures, string? FirstFailure,
    bool SameBytes);

internal sealed class Bench(BenchOptions options) : IDisposable
{
    private readonly string _directory = options.Data is { } kept
        ? Directory.CreateDirectory(kept).FullName
        : Directory.CreateTempSubdirectory("tenon-bench-").FullName;
    private readonly Dictionary<string, Target> _targets = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Operation, string Target), Measured> _results = [];

    public int Run()
    {
        var data = new Dataset(options.Rows);
        var operations = Operations.All.Where(Chosen).ToArray();
        if (operations.Length == 0)
        {
            throw new ArgumentException("--only names no operation: " + string.Join(", ", Operations.All.Select(o => o.Name)));
        }

        Prepare(data, operations);
        foreach (var operation in operations)
        {
            Note(operation.Title);
            Measure(operation, data);
        }

        var report = new Report(options, data, _targets, _results);
        Console.Write(report.Table(operations));
        if (options.Save)
        {
            var file = Path.Combine(options.Root, "benchmarks/results/summary.md");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, report.Markdown(operations));
        }

        return _results.Values.Any(r => r.Failures > 0 || !r.SameBytes) ? 1 : 0;
    }

    public void Dispose()
    {
        foreach (var target in _targets.Values)
        {
            target.Dispose();
        }

        if (options.Data is null)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private bool Chosen(Operation operation) => options.Only.Length > 0
        ? options.Only.Contains(operation.Name)
        : !options.Quick || operation.Connections == 64;

    private string[] TargetsOf(Operation operation)
    {
        string[] others = options.Quick && options.Only.Length == 0 ? [] : operation.Others;
        string[] subject = options.FloorOnly ? [] : [operation.Subject];
        return [operation.Baseline, .. subject, .. others];
    }

    private void Prepare(Dataset data, Operation[] operations)
    {
        var floor = Path.Combine(options.Root, "artifacts/bin/Floor/release/Floor.dll");
        var tenon = Path.Combine(options.Root, "artifacts/bin/Tenon.Cli/release/tenon.dll");
        var database = Path.Combine(_directory, "floor.db");
        var app = Path.Combine(_directory, "app");
        var wanted = operations.SelectMany(TargetsOf).Distinct().ToArray();
        if (!File.Exists(database))
        {
            Note($"floor database, {data.Total:N0} rows");
            using var load = Process.Start("dotnet", [floor, "load", "--db", database, "--rows", data.Items.ToString()]);
            load.WaitForExit();
        }

        if (!Directory.Exists(app) && wanted.Any(t => t.StartsWith("tenon", StringComparison.Ordinal)))
        {
            Note($"tenon database, {data.Total:N0} rows");
            TenonTarget.Prepare(Path.Combine(options.Root, "benchmarks/app"), app, tenon, data, _directory);
        }

        foreach (var name in wanted)
        {
            Target target = name switch
            {
                "raw" => new FloorTarget(name, floor, database, "raw", "full", jwt: false),
                "raw-normal" => new FloorTarget(name, floor, database, "raw", "normal", jwt: false),
                "raw-jwt" => new FloorTarget(name, floor, database, "raw", "full", jwt: true),
                "tenon" => new TenonTarget(name, tenon, app, "full"),
                "tenon-normal" => new TenonTarget(name, tenon, CopyOf(app), "normal"),
                _ => new FloorTarget(name, floor, database, name, "full", jwt: false),
            };
            target.Start(_directory);
            _targets[name] = target;
        }
    }

    // Two servers never share a database: one writer owns it.
    private string CopyOf(string app)
    {
        var copy = Path.Combine(_directory, "app-normal");
        using var process = Process.Start("cp", ["-r", app, copy]);
        process.WaitForExit();
        return copy;
    }

    private void Measure(Operation operation, Dataset data)
    {
        var targets = TargetsOf(operation);
        var probes = operation.Probes(data);
        var expected = Capture(_targets[targets[0]], probes);
        var rounds = targets.ToDictionary(t => t, _ => new List<(LoadResult Load, double Cpu)>());
        var own = new Dictionary<string, (Probe[] Probes, bool Same)>();
        foreach (var name in targets)
        {
            var captured = name == targets[0] ? expected : Capture(_targets[name], probes);
            own[name] = (captured, Same(expected, captured, operation, name));
            RunOnce(_targets[name], captured, operation, options.WarmUp, out _);
        }

        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var name in targets)
            {
                var result = RunOnce(_targets[name], own[name].Probes, operation, options.Seconds, out var cpu);
                rounds[name].Add((result, cpu));
            }
        }

        foreach (var name in targets)
        {
            var resident = ProcessMeter.ResidentMiB(_targets[name].ProcessId);
            _results[(operation.Name, name)] = Summary(rounds[name], resident, own[name].Same);
        }
    }

    private static Measured Summary(List<(LoadResult Load, double Cpu)> rounds, double resident, bool same)
    {
        var all = rounds.SelectMany(r => r.Load.Latencies).ToArray();
        Array.Sort(all);
        var firstFailure = rounds.Select(r => r.Load.FirstFailure).FirstOrDefault(f => f is not null);
        var joined = new LoadResult(all.Length, rounds.Sum(r => r.Load.Failures), 1, all, firstFailure);
        var speeds = rounds.Select(r => r.Load.PerSecond).Order().ToArray();
        var cpu = rounds.Sum(r => r.Cpu) / Math.Max(1, all.Length) * 1e6;
        return new Measured(
            speeds[speeds.Length / 2], cpu, joined.Percentile(0.5), joined.Percentile(0.99), resident, joined.Failures,
            firstFailure, same);
    }

    private LoadResult RunOnce(Target target, Probe[] probes, Operation operation, double seconds, out double cpu)
    {
        using var run = new LoadRun(target.Port, probes, operation.Connections);
        var before = 0.0;
        var after = 0.0;
        var result = run.Run(
            TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(seconds), options.Rate,
            () => before = ProcessMeter.CpuSeconds(target.ProcessId), () => after = ProcessMeter.CpuSeconds(target.ProcessId));
        cpu = after - before;
        return result;
    }

    private static Probe[] Capture(Target target, Probe[] probes)
    {
        using var exchange = new Exchange(target.Port);
        return Array.ConvertAll(probes, probe =>
        {
            if (probe.Insert)
            {
                return probe;
            }

            var (status, body) = exchange.Send(probe.Request);
            return status == probe.Status && body.Length > 2
                ? probe.Expecting(body)
                : throw new InvalidOperationException(
                    $"{target.Name} answered {status} {System.Text.Encoding.UTF8.GetString(body)} to " +
                    System.Text.Encoding.UTF8.GetString(probe.Request).Split("\r\n")[0]);
        });
    }

    private static bool Same(Probe[] expected, Probe[] own, Operation operation, string name)
    {
        for (var i = 0; i < own.Length; i++)
        {
            if (!own[i].Expected.AsSpan().SequenceEqual(expected[i].Expected))
            {
                Note($"{operation.Title}: {name} answers other bytes\n  {Text(expected[i])}\n  {Text(own[i])}");
                return false;
            }
        }

        return true;
    }

    private static string Text(Probe probe) =>
        System.Text.Encoding.UTF8.GetString(probe.Expected.AsSpan(0, Math.Min(300, probe.Expected.Length)));

    private static void Note(string text) => Console.Error.WriteLine("  " + text);
}
