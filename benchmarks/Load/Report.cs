using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Tenon.Benchmarks.Load;

/// <summary>The side-by-side table, on the terminal and as the summary file.</summary>
internal sealed class Report(
    BenchOptions options, Dataset data, Dictionary<string, Target> targets,
    Dictionary<(string Operation, string Target), Measured> results)
{
    private static readonly string[] Head =
        ["operation", "server", "req/s", "ratio", "to reach", "CPU us", "CPU ratio", "p50 us", "p99 us", "RSS MiB", "wrong"];

    public string Table(IReadOnlyList<Operation> operations)
    {
        var rows = Rows(operations);
        var widths = Head.Select((h, i) => Math.Max(h.Length, rows.Max(r => r[i].Length))).ToArray();
        var text = new StringBuilder().Append('\n');
        AppendLine(text, Head, widths);
        foreach (var row in rows)
        {
            AppendLine(text, row, widths);
        }

        text.Append('\n').Append(Notes(operations));
        return text.ToString();
    }

    public string Markdown(IReadOnlyList<Operation> operations)
    {
        var text = new StringBuilder();
        text.Append("# Benchmark summary\n\n");
        text.Append(CultureInfo.InvariantCulture,
            $"`./bench{(options.Quick ? " --quick" : "")}` on {Environment.ProcessorCount} cores, {ProcessMeter.Processor()}, ");
        text.Append(CultureInfo.InvariantCulture,
            $"{RuntimeInformation.FrameworkDescription}, {data.Total:N0} rows, {options.Rounds} interleaved rounds of {options.Seconds} s.\n");
        text.Append("Ratios are requests a second (and processor time) against the hand-written floor in the same run. Absolute figures do not carry over.\n\n");
        text.Append("| ").AppendJoin(" | ", Head).Append(" |\n|");
        text.AppendJoin("", Head.Select((_, i) => i < 2 ? "---|" : "--:|")).Append('\n');
        foreach (var row in Rows(operations))
        {
            text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
        }

        return text.Append('\n').Append(Notes(operations)).ToString();
    }

    private List<string[]> Rows(IReadOnlyList<Operation> operations)
    {
        var rows = new List<string[]>();
        foreach (var operation in operations)
        {
            var baseline = results[(operation.Name, operation.Baseline)];
            foreach (var name in (string[])[operation.Baseline, operation.Subject, .. operation.Others])
            {
                if (results.TryGetValue((operation.Name, name), out var r))
                {
                    rows.Add(Row(operation, name, r, baseline));
                }
            }
        }

        return rows;
    }

    private static string[] Row(Operation operation, string name, Measured r, Measured baseline)
    {
        var goal = name == operation.Subject && operation.Goal is { } g ? Text($"{g:0.00}x") : "";
        return
        [
            name == operation.Baseline ? operation.Title : "", name, Text($"{r.PerSecond:N0}"),
            Text($"{r.PerSecond / baseline.PerSecond:0.00}x"), goal, Text($"{r.CpuMicros:0.0}"),
            Text($"{baseline.CpuMicros / r.CpuMicros:0.00}x"), Text($"{r.P50:N0}"), Text($"{r.P99:N0}"),
            Text($"{r.ResidentMiB:0}"), r.Failures > 0 ? Text($"{r.Failures}") : r.SameBytes ? "" : "bytes",
        ];
    }

    private string Notes(IReadOnlyList<Operation> operations)
    {
        var text = new StringBuilder("Start to first answer: ");
        text.AppendJoin(", ", targets.Values.Select(t => Text($"{t.Name} {t.StartMilliseconds:0} ms"))).Append(".\n");
        if (results.TryGetValue(("get-jwt", "tenon"), out var owned) && results.TryGetValue(("get-jwt-open", "tenon"), out var open))
        {
            text.Append(Text($"Cost of an owner policy: {(owned.CpuMicros / open.CpuMicros - 1) * 100:0} % CPU (to reach: 10 %).\n"));
        }

        foreach (var operation in operations)
        {
            foreach (var ((_, name), r) in results.Where(r => r.Key.Operation == operation.Name && r.Value.FirstFailure is not null))
            {
                text.Append(Text($"{operation.Title}, {name}, first wrong answer: {r.FirstFailure}\n"));
            }
        }

        return text.ToString();
    }

    private static void AppendLine(StringBuilder text, string[] cells, int[] widths)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            text.Append(i < 2 ? cells[i].PadRight(widths[i]) : cells[i].PadLeft(widths[i])).Append("  ");
        }

        text.Length -= 2;
        text.Append('\n');
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
