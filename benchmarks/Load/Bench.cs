// Starts every server, compares their answers byte by byte, then measures in interleaved rounds.
using System.Net.Sockets;
using System.Text;

namespace Tenon.Benchmarks.Load;

internal sealed class Bench(BenchOptions options) : IDisposable
{
    private readonly Servers _servers = new(options);
    private readonly Dictionary<(string Operation, string Target), Measured> _results = [];
    private bool _failed;

    public int Run()
    {
        var data = new Dataset(options.Rows);
        var operations = Operations.All.Where(Chosen).ToArray();
        if (operations.Length == 0)
        {
            throw new ArgumentException("--only names no operation: " + string.Join(", ", Operations.All.Select(o => o.Name)));
        }

        var engines = operations.Select(o => o.Engine).Distinct().Where(e => _servers.Provide(e, data)).ToArray();
        operations = [.. operations.Where(o => engines.Contains(o.Engine))];
        _servers.Start(operations.SelectMany(TargetsOf).Distinct(), data);
        for (var i = 0; i < operations.Length; i++)
        {
            Note($"{i + 1} of {operations.Length}: {operations[i].Title}");
            Try(operations[i].Title, () => Measure(operations[i], data));
        }

        var goals = new Goals(operations, _results);
        if (!options.FloorOnly)
        {
            MeasureOwn(goals, data);
        }

        var report = new Report(options, data, operations, _results, goals, _servers.Starts);
        Console.Write(report.Table());
        var wrong = _results.Where(r => !r.Value.IsRight).Select(r => $"{r.Key.Target} in {r.Key.Operation}").ToArray();
        if (options.Save)
        {
            report.Save();
        }

        return wrong.Length > 0
            ? throw new InvalidOperationException("WRONG ANSWERS, so that no ratio is given for them: " + string.Join(", ", wrong))
            : _failed ? 1 : 0;
    }

    // One that fails is said to, and the run goes on: half an hour of figures is not lost for one of them.
    private void Try(string what, Action measure)
    {
        try
        {
            measure();
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or SocketException or HttpRequestException)
        {
            _failed = true;
            Note($"{what} is left out: {e.Message}");
        }
    }

    public void Dispose() => _servers.Dispose();

    private bool Chosen(Operation operation) => options.Only.Length > 0
        ? options.Only.Contains(operation.Name)
        : options.Engines.Contains(operation.Engine) && (!options.Quick || operation.Connections == 64);

    private string[] TargetsOf(Operation operation)
    {
        string[] own = options.FloorOnly ? [] : [.. operation.Subjects.Select(s => s.Server)];
        string[] others = options.Quick ? [] : operation.Others;
        string[] peers = options.Peers && operation.Peers ? [PeerTarget.PostGraphile] : [];
        return [operation.Baseline, .. own, .. others, .. peers];
    }

    private void Measure(Operation operation, Dataset data)
    {
        var targets = TargetsOf(operation);
        var rounds = targets.ToDictionary(t => t, _ => new List<Round>());
        var own = new Dictionary<string, (Probe[] Probes, bool Same)>();
        Probe[]? expected = null;
        foreach (var name in targets)
        {
            var isPeer = name == PeerTarget.PostGraphile;
            var probes = isPeer ? PeerTarget.Probes(operation.Name, data) : operation.Probes(data, name);
            var captured = Capture(_servers[name], probes);
            expected ??= captured;
            own[name] = (captured, isPeer ? HasData(captured) : Same(expected, captured, operation, name));
            Loaded(name, captured, operation.Connections, options.WarmUp);
        }

        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var name in targets)
            {
                rounds[name].Add(Loaded(name, own[name].Probes, operation.Connections, options.Seconds));
            }
        }

        foreach (var name in targets)
        {
            var resident = ProcessMeter.ResidentMiB(_servers[name].ProcessId);
            var measured = new Measured(rounds[name], resident, own[name].Same);
            _results[(operation.Name, name)] = measured;
            if (measured.Failures > 0)
            {
                Note($"WRONG: {name} gave {measured.Failures} wrong answers in {operation.Title}, first {measured.FirstFailure}");
            }
        }
    }

    private Round Loaded(string name, Probe[] probes, int connections, double seconds)
    {
        var target = _servers[name];
        using var run = new LoadRun(target.Port, probes, connections);
        double cpu = 0, bytes = 0;
        var result = run.Run(
            TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(seconds), options.Rate,
            () => (cpu, bytes) = (ProcessMeter.CpuSeconds(target.ProcessId), target.AllocatedBytes()),
            () => (cpu, bytes) = (ProcessMeter.CpuSeconds(target.ProcessId) - cpu, target.AllocatedBytes() - bytes));
        return new Round(result, cpu, bytes);
    }

    /// <summary>What needs no hand-written counterpart: bytes per row, start, own time inside the process.</summary>
    private void MeasureOwn(Goals goals, Dataset data)
    {
        if (!_servers.Has(Operation.Tenon))
        {
            return;
        }

        if (options.Only.Length == 0 || options.Only.Contains("list"))
        {
            Note("allocations per row");
            double Bytes(int rows)
            {
                var probes = Capture(_servers[Operation.Tenon], Operations.Rows(data, rows));
                Loaded(Operation.Tenon, probes, 16, options.WarmUp / 2);
                var round = Loaded(Operation.Tenon, probes, 16, options.Seconds);
                return round.AllocatedBytes / round.Load.Requests;
            }

            Try("allocations per row", () => goals.Allocations(Bytes(20), Bytes(200)));
        }

        if (options.Only.Length == 0)
        {
            var held = new Held(_servers[Operation.Tenon]);
            var probe = Operations.Rows(data, 1)[0];
            Note("all rows out; idle connections");
            Try("all rows out", () => goals.Add(held.Export(data)));
            Try("idle connections", () => goals.Add(held.Idle(probe.Request, probe.Status)));
        }

        if (options.Only.Length == 0 || options.Only.Contains("sign-in"))
        {
            Try("sign-in", () => MeasureSignIns(goals));
        }

        goals.Start(_servers.Starts);
        if (options.Only.Length == 0)
        {
            Note("own time, from text to SQL");
            goals.OwnTime(MicroRun.Measure(options.Root));
        }
    }

    private void MeasureSignIns(Goals goals)
    {
        const int Sessions = 16;
        var samples = options.Quick ? 250 : 600;
        var rates = new List<string>();
        foreach (var engine in options.Engines.Where(e => e is "sqlite" or "postgres" && _servers.Runs(e)))
        {
            Note("sign-in, " + engine);
            using var signIns = new SignIns(_servers.SignIn(engine));
            signIns.MakeUsers(engine == "sqlite" ? samples : Sessions);
            rates.Add(FormattableString.Invariant($"{engine} {signIns.RefreshesPerSecond(Sessions, options.Seconds * 2):N0}"));
            if (engine == "sqlite")
            {
                goals.Add(signIns.Indistinguishable(samples));
                goals.Add(signIns.Together(users: 64));
            }
        }

        goals.Add(new Goal("refreshes a second", "", "", string.Join(", ", rates), null, null));
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
                    $"{target.Name} answered {status} {Encoding.UTF8.GetString(body)} to " +
                    Encoding.UTF8.GetString(probe.Request).Split("\r\n")[0]);
        });
    }

    // A peer has a dialect of its own: every answer must hold rows.
    private static bool HasData(Probe[] captured) => Array.TrueForAll(captured, p => p.Expected.AsSpan().IndexOf("\"name\":"u8) > 0);

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

    private static string Text(Probe probe) => Encoding.UTF8.GetString(probe.Expected.AsSpan(0, Math.Min(300, probe.Expected.Length)));

    private static void Note(string text) => Console.Error.WriteLine("  " + text);
}
