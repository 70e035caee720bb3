using System.Globalization;

namespace Tenon.Benchmarks.Load;

/// <summary>One figure to reach, at first and in the end, what was measured, and what of it is met.</summary>
internal sealed record Goal(string What, string First, string InTheEnd, string Measured, bool? FirstIsMet, bool? GoalIsMet)
{
    public string Met => (FirstIsMet, GoalIsMet) switch
    {
        (_, true) => "yes",
        (true, false) => "at first",
        (true, null) => "yes",
        (null, null) => "",
        _ => "NO",
    };
}

/// <summary>The figures to reach, drawn from the results of a run.</summary>
internal sealed class Goals(
    IReadOnlyList<Operation> operations, IReadOnlyDictionary<(string Operation, string Target), Measured> results)
{
    private const double MostBytesPerRow = 1;

    private readonly List<Goal> _own = [];

    public IReadOnlyList<Goal> All => [.. NotMeasured(), .. Speeds(), .. Above(), .. Peers(), .. OwnNormal(), .. Policy(), .. Tails(), .. Memory(), .. _own];

    /// <summary>Bytes a request allocates for 20 rows and for 200.</summary>
    public void Allocations(double few, double many)
    {
        var perRow = (many - few) / 180;
        var met = perRow < MostBytesPerRow;
        _own.Add(new Goal(
            "allocated bytes per row", "0", "0", Text($"{Math.Max(0, perRow):0.0} ({few:N0} a request of 20 rows, {many:N0} of 200)"), met, met));
    }

    public void Start(IReadOnlyDictionary<string, double> starts)
    {
        if (starts.TryGetValue(Operation.Tenon, out var milliseconds))
        {
            var raw = starts.TryGetValue("raw", out var its) ? Text($" (raw {its:N0} ms)") : "";
            _own.Add(Most("start to first answer", " ms", 1_000, 300, milliseconds, Text($"{milliseconds:N0} ms{raw}")));
        }
    }

    public void OwnTime(IReadOnlyDictionary<string, OwnTime> times)
    {
        Add("text to SQL, cached", " cached", 8, 4);
        Add("text to SQL, cold", " cold", 150, null);
        Add("token verification, cached", "token cached", null, 10);
        Add("token verification, cold", "token cold", null, 60);

        void Add(string what, string part, double? first, double? goal)
        {
            var isToken = part.StartsWith("token", StringComparison.Ordinal);
            var chosen = times.Where(t => t.Key.Contains(part, StringComparison.Ordinal))
                .Where(t => isToken == t.Key.StartsWith("token", StringComparison.Ordinal)).ToArray();
            var text = string.Join(", ", chosen.Select(t => Text($"{t.Key.Replace(part, "", StringComparison.Ordinal).Trim()} {t.Value.Micros:0.0} us").Trim()));
            _own.Add(Most(what, " us", first, goal, chosen.Max(t => t.Value.Micros), text));
        }
    }

    /// <summary>What a run of its own measured: rows sent out, connections held.</summary>
    public void Add(Goal goal) => _own.Add(goal);

    private static Goal Most(string what, string unit, double? first, double? goal, double measured, string text) =>
        new(
            what, first is { } f ? Text($"{f:N0}{unit}") : "", goal is { } g ? Text($"{g:N0}{unit}") : "", text,
            first is null ? null : measured <= first, goal is null ? null : measured <= goal);

    private IEnumerable<Goal> Speeds() =>
        from operation in operations
        from subject in operation.Subjects
        where subject is not { First: null, Goal: null } && Has(operation, subject)
        let measured = results[(operation.Name, subject.Server)]
        let ratio = measured.SpeedAgainst(results[(operation.Name, operation.Baseline)])
        let cheaper = measured.CheapnessAgainst(results[(operation.Name, operation.Baseline)])
        select new Goal(
            subject.Server == Operation.Tenon ? operation.Title : $"{operation.Title}, {subject.Server}",
            subject.First is { } first ? Text($"{first:0.00}x of {operation.Baseline}") : "",
            subject.Goal is { } goal ? Text($"{goal:0.00}x of {operation.Baseline}") : "",
            Text($"{ratio:0.00}x ({cheaper:0.00}x by processor time)"), ratio >= subject.First, ratio >= subject.Goal);

    /// <summary>Faster than the same endpoints by each library, in every operation that has them.</summary>
    private IEnumerable<Goal> Above() =>
        from library in (string[])["dapper", "efcore"]
        let ratios =
            (from operation in operations
            from other in operation.Others
            where other.EndsWith(library, StringComparison.Ordinal) && Has(operation, operation.Subjects[0]) && results.TryGetValue((operation.Name, other), out var its) && its.IsRight
            select (operation.Title, Ratio: Of(operation).SpeedAgainst(results[(operation.Name, other)]))).ToArray()
        where ratios.Length > 0
        let least = ratios.MinBy(r => r.Ratio)
        let name = library == "dapper" ? "Dapper" : "EF Core"
        select new Goal(
            $"against {name}, {ratios.Length} operations", "", $"above {name} in each", Text($"{least.Ratio:0.00}x in {least.Title}, the least"), null, least.Ratio > 1);

    private IEnumerable<Goal> Peers() =>
        from operation in operations
        where results.ContainsKey((operation.Name, PeerTarget.PostGraphile)) && Has(operation, operation.Subjects[0])
        let part = Of(operation).CpuMicros / results[(operation.Name, PeerTarget.PostGraphile)].CpuMicros
        select new Goal(
            $"{operation.Title}, processor time", "", "1/8 of PostGraphile", Text($"1/{1 / part:0.0}"), null, part <= 1 / 8.0);

    private IEnumerable<Goal> OwnNormal() =>
        from operation in operations
        where Has(operation, operation.Subjects[0]) && results.ContainsKey((operation.Name, "tenon-normal"))
        let ratio = Of(operation).SpeedAgainst(results[(operation.Name, "tenon-normal")])
        select new Goal(operation.Title, "", "0.90x of own NORMAL", Text($"{ratio:0.00}x"), null, ratio >= 0.9);

    private IEnumerable<Goal> Policy() =>
        from operation in operations
        where Has(operation, operation.Subjects[0]) && results.ContainsKey((operation.Name, "tenon-open"))
        let cost = (1 / Of(operation).CheapnessAgainst(results[(operation.Name, "tenon-open")]) - 1) * 100
        select Most("cost of an owner policy", " % CPU", 10, 5, cost, Text($"{cost:0} %"));

    private IEnumerable<Goal> Tails() =>
        from operation in operations
        where operation.Connections == 64 && operation.Engine != "mariadb" && Has(operation, operation.Subjects[0])
        let ratio = Of(operation).PercentileAgainst(results[(operation.Name, operation.Baseline)], 0.99)
        select new Goal(
            "p99, " + operation.Title, operation.Engine == "sqlite" ? Text($"2.00x of {operation.Baseline}") : "",
            Text($"1.00x of {operation.Baseline}"), Text($"{ratio:0.00}x"), operation.Engine == "sqlite" ? ratio <= 2 : null, ratio <= 1);

    private IEnumerable<Goal> Memory()
    {
        var used = results.Where(r => r.Key.Target == Operation.Tenon).Select(r => r.Value.ResidentMiB).ToArray();
        return used.Length == 0 ? [] : [Most("resident memory under load", " MiB", 150, 100, used.Max(), Text($"{used.Max():0} MiB"))];
    }

    /// <summary>Measured, and on both sides by right answers alone: a ratio to a server that answers errors says nothing.</summary>
    private bool Has(Operation operation, Subject subject) =>
        results.TryGetValue((operation.Name, subject.Server), out var own) && own.IsRight && results[(operation.Name, operation.Baseline)].IsRight;

    private IEnumerable<Goal> NotMeasured() =>
        from operation in operations
        from subject in operation.Subjects
        where subject is not { First: null, Goal: null } && results.ContainsKey((operation.Name, subject.Server)) && !Has(operation, subject)
        select new Goal($"{operation.Title}, {subject.Server}", "", "", "NOT MEASURED: wrong answers", null, false);

    private Measured Of(Operation operation) => results[(operation.Name, operation.Subjects[0].Server)];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
