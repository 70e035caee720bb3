using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Tenon.Benchmarks.Load;

/// <summary>The side-by-side table and the figures to reach: on the terminal, in the summary file, in the README.</summary>
internal sealed class Report(
    BenchOptions options, Dataset data, IReadOnlyList<Operation> operations,
    IReadOnlyDictionary<(string Operation, string Target), Measured> results, Goals goals,
    IReadOnlyDictionary<string, double> starts)
{
    private const string Begin = "<!-- figures: ./bench --save writes what stands between these lines -->";
    private const string End = "<!-- end of figures -->";

    private static readonly string[] Head =
    [
        "operation", "server", "req/s", "ratio", "at first", "goal", "CPU us", "CPU ratio", "p50 us", "p99 us", "bytes", "RSS MiB",
        "wrong",
    ];

    private static readonly string[] GoalHead = ["figure", "at first", "goal", "measured", "met"];

    public string Table() => $"\n{Plain(Head, Rows(), 2)}\n{Plain(GoalHead, GoalRows(), 5)}\n{Notes()}";

    /// <summary>Writes the summary of this version, and the figures to reach into the README.</summary>
    public void Save()
    {
        var version = typeof(Report).Assembly.GetName().Version!.ToString(3);
        var file = Path.Combine(options.Root, $"benchmarks/results/{version}.md");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, $"# Benchmark of {version}\n\n{Conditions()}\n\n{Legend}\n\n{Markdown(Head, Rows(), 2)}\n" +
            $"## Figures to reach\n\n{Markdown(GoalHead, GoalRows(), 5)}\n{Notes()}");
        var readme = Path.Combine(options.Root, "README.md");
        var text = File.ReadAllText(readme);
        var from = text.IndexOf(Begin, StringComparison.Ordinal);
        var to = text.IndexOf(End, StringComparison.Ordinal);
        if (from < 0 || to < from)
        {
            throw new InvalidOperationException("README.md has lost the marks between which the figures stand");
        }

        File.WriteAllText(readme, $"{text[..(from + Begin.Length)]}\n{Conditions()}\n\n{Markdown(GoalHead, GoalRows(), 5)}\n" +
            $"All rows: [benchmarks/results/{version}.md](benchmarks/results/{version}.md).\n{text[to..]}");
    }

    private const string Legend =
        "Ratios are against the hand-written server named first, round by round in the same run: requests a second, and " +
        "processor time of the server per request (above 1 is cheaper). `bytes` is what the server allocates for one request. " +
        "Neither side writes a request log. Absolute figures do not carry over to other machines.";

    private string Conditions() => Text(
        $"`./bench{(options.Quick ? " --quick" : "")} --save` on {Environment.ProcessorCount} cores, {ProcessMeter.Processor()}, ") + Text(
        $"{RuntimeInformation.FrameworkDescription}, {data.Total:N0} rows, {options.Rounds} interleaved rounds of {options.Seconds} s.");

    private List<string[]> Rows()
    {
        var rows = new List<string[]>();
        foreach (var operation in operations)
        {
            foreach (var name in (string[])[operation.Baseline, .. operation.Subjects.Select(s => s.Server), .. operation.Others, PeerTarget.PostGraphile])
            {
                if (results.TryGetValue((operation.Name, name), out var measured))
                {
                    rows.Add(Row(operation, name, measured, results[(operation.Name, operation.Baseline)]));
                }
            }
        }

        return rows;
    }

    private static string[] Row(Operation operation, string name, Measured r, Measured baseline)
    {
        var compares = r.IsRight && baseline.IsRight;
        var subject = operation.Subjects.FirstOrDefault(s => s.Server == name);
        return
        [
            name == operation.Baseline ? operation.Title : "", name, Text($"{r.PerSecond:N0}"), compares ? Text($"{r.SpeedAgainst(baseline):0.00}x") : "wrong",
            Reach(subject?.First), Reach(subject?.Goal), Text($"{r.CpuMicros:0.0}"),
            compares ? Text($"{r.CheapnessAgainst(baseline):0.00}x") : "wrong", Text($"{r.Percentile(0.5):N0}"), Text($"{r.Percentile(0.99):N0}"),
            Text($"{r.AllocatedBytes:N0}"), Text($"{r.ResidentMiB:0}"),
            r.Failures > 0 ? Text($"{r.Failures}") : r.SameBytes ? "" : "bytes",
        ];
    }

    private List<string[]> GoalRows() => [.. goals.All.Select(g => (string[])[g.What, g.First, g.InTheEnd, g.Measured, g.Met])];

    private static string Reach(double? ratio) => ratio is { } r ? Text($"{r:0.00}x") : "";

    private string Notes()
    {
        var text = new StringBuilder();
        text.Append("Start to first answer, median of five: ");
        text.AppendJoin(", ", starts.Select(s => Text($"{s.Key} {s.Value:0} ms"))).Append(".\n");
        foreach (var ((name, server), measured) in results.Where(r => r.Value.FirstFailure is not null))
        {
            text.Append(Text($"{name}, {server}, first wrong answer: {measured.FirstFailure}\n"));
        }

        return text.ToString();
    }

    private static string Plain(string[] head, List<string[]> rows, int left)
    {
        var widths = head.Select((h, i) => rows.Select(r => r[i].Length).Append(h.Length).Max()).ToArray();
        var text = new StringBuilder();
        foreach (var row in rows.Prepend(head))
        {
            var cells = row.Select((cell, i) => i < left ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]));
            text.Append(string.Join("  ", cells).TrimEnd()).Append('\n');
        }

        return text.ToString();
    }

    private static string Markdown(string[] head, List<string[]> rows, int left)
    {
        var text = new StringBuilder("| ").AppendJoin(" | ", head).Append(" |\n|");
        text.AppendJoin("", head.Select((_, i) => i < left ? "---|" : "--:|")).Append('\n');
        foreach (var row in rows)
        {
            text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
        }

        return text.ToString();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
