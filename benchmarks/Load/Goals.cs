using System.Globalization;

namespace Tenon.Benchmarks.Load;

/// <summary>One figure to reach, what was measured, and whether it is met.</summary>
internal sealed record Goal(string What, string ToReach, string Measured, bool IsMet);

/// <summary>The figures to reach, drawn from the results of a run.</summary>
internal sealed class Goals(
    IReadOnlyList<Operation> operations, IReadOnlyDictionary<(string Operation, string Target), Measured> results)
{
    private const double MostBytesPerRow = 1;

    private readonly List<Goal> _own = [];

    public IReadOnlyList<Goal> All => [.. Speeds(), .. OwnNormal(), .. Policy(), .. Tails(), .. Memory(), .. _own];

    /// <summary>Bytes a request allocates for 20 rows and for 200.</summary>
    public void Allocations(double few, double many)
    {
        var perRow = (many - few) / 180;
        _own.Add(new Goal(
            "allocated bytes per row", "0", Text($"{Math.Max(0, perRow):0.0} ({few:N0} a request of 20 rows, {many:N0} of 200)"),
            perRow < MostBytesPerRow));
    }

    public void Start(IReadOnlyDictionary<string, double> starts)
    {
        if (starts.TryGetValue(Operation.Subject, out var milliseconds))
        {
            var raw = starts.TryGetValue("raw", out var its) ? Text($" (raw {its:N0} ms)") : "";
            _own.Add(new Goal("start to first answer", "1,000 ms", Text($"{milliseconds:N0} ms{raw}"), milliseconds <= 1_000));
        }
    }

    public void OwnTime(IReadOnlyDictionary<string, OwnTime> times)
    {
        Add("text to SQL, cached", " cached", 8);
        Add("text to SQL, cold", " cold", 150);
        Add("token verification", "token", null);

        void Add(string what, string part, double? most)
        {
            var chosen = times.Where(t => t.Key.Contains(part, StringComparison.Ordinal))
                .Where(t => (most is null) == t.Key.StartsWith("token", StringComparison.Ordinal)).ToArray();
            var text = string.Join(", ", chosen.Select(t => Text($"{t.Key.Replace(part, "", StringComparison.Ordinal).Trim()} {t.Value.Micros:0.0} us")));
            _own.Add(new Goal(
                what, most is { } m ? Text($"{m:0} us") : "", text, most is null || chosen.All(t => t.Value.Micros <= most)));
        }
    }

    private IEnumerable<Goal> Speeds() =>
        from operation in operations
        where operation.Goal is not null && Has(operation)
        let ratio = Of(operation).SpeedAgainst(results[(operation.Name, operation.Baseline)])
        let cheaper = Of(operation).CheapnessAgainst(results[(operation.Name, operation.Baseline)])
        select new Goal(
            operation.Title, Text($"{operation.Goal:0.00}x of {operation.Baseline}"),
            Text($"{ratio:0.00}x ({cheaper:0.00}x by processor time)"), ratio >= operation.Goal);

    private IEnumerable<Goal> OwnNormal() =>
        from operation in operations
        where Has(operation) && results.ContainsKey((operation.Name, "tenon-normal"))
        let ratio = Of(operation).SpeedAgainst(results[(operation.Name, "tenon-normal")])
        select new Goal(operation.Title, "0.90x of own NORMAL", Text($"{ratio:0.00}x"), ratio >= 0.9);

    private IEnumerable<Goal> Policy() =>
        from operation in operations
        where Has(operation) && results.ContainsKey((operation.Name, "tenon-open"))
        let cost = 1 / Of(operation).CheapnessAgainst(results[(operation.Name, "tenon-open")]) - 1
        select new Goal("cost of an owner policy", "10 % CPU", Text($"{cost * 100:0} %"), cost <= 0.1);

    private IEnumerable<Goal> Tails() =>
        from operation in operations
        where operation.Connections == 64 && Has(operation)
        let ratio = Of(operation).PercentileAgainst(results[(operation.Name, operation.Baseline)], 0.99)
        select new Goal("p99, " + operation.Title, Text($"2.00x of {operation.Baseline}"), Text($"{ratio:0.00}x"), ratio <= 2);

    private IEnumerable<Goal> Memory()
    {
        var used = results.Where(r => r.Key.Target == Operation.Subject).Select(r => r.Value.ResidentMiB).ToArray();
        return used.Length == 0 ? [] : [new Goal("resident memory under load", "150 MiB", Text($"{used.Max():0} MiB"), used.Max() <= 150)];
    }

    private bool Has(Operation operation) => results.ContainsKey((operation.Name, Operation.Subject));

    private Measured Of(Operation operation) => results[(operation.Name, Operation.Subject)];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
