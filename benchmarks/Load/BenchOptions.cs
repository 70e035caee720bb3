namespace Tenon.Benchmarks.Load;

/// <summary>The command line of ./bench.</summary>
internal sealed record BenchOptions(
    bool Quick, bool Save, bool FloorOnly, bool Peers, int Rows, int Rounds, double Seconds, double WarmUp, double Rate,
    string[] Only, string[] Engines, string? Data, string Root)
{
    public const string Help = """
        ./bench [options]   Tenon beside hand-written endpoints over the same rows, in one run.

          --quick           fewer rows, rounds and seconds, and SQLite only; under three minutes
          --engines a,b     of sqlite, postgres, mariadb (all; quick: sqlite); one that is not installed is left out
          --only a,b        these operations only (get, get-jwt, list, embed, insert, patch, postgres-get, ...); sign-in beside one of them
          --rows N          rows of the main table (1000000; quick: 100000)
          --rounds N        rounds, interleaved over the servers (7; quick: 4)
          --seconds N       measured seconds of one round (2; quick: 0.8)
          --rate N          open loop at N requests a second instead of a closed loop
          --data DIR        keep the databases there and use them again (one DIR per --rows)
          --peers           PostGraphile on the same PostgreSQL rows, too (Node; npm installs it)
          --floor-only      leave Tenon out
          --save            write benchmarks/results/VERSION.md and the figures in README.md
          --help            this text

        Every answer is checked: status and bytes. Ratios are against "raw" of the same run, round by round: requests a
        second, and processor time per request, which other load on the machine disturbs less. Higher is better in both.
        Quote figures of a quiet machine only.
        """;

    public static BenchOptions Parse(string[] args)
    {
        var flags = args.Where(a => a.StartsWith("--", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        foreach (var flag in flags.Where(f => !Known.Contains(f)))
        {
            throw new ArgumentException($"{flag} is not an option; see ./bench --help");
        }

        string? Value(string name)
        {
            var at = Array.IndexOf(args, name);
            return at < 0 ? null : at + 1 < args.Length ? args[at + 1] : throw new ArgumentException(name + " needs a value");
        }

        double Number(string name, double fallback) => Value(name) is { } text
            ? double.Parse(text, System.Globalization.CultureInfo.InvariantCulture)
            : fallback;

        var quick = flags.Contains("--quick");
        return new BenchOptions(
            quick, flags.Contains("--save"), flags.Contains("--floor-only"), flags.Contains("--peers"),
            (int)Number("--rows", quick ? 100_000 : 1_000_000), (int)Number("--rounds", quick ? 4 : 7),
            Number("--seconds", quick ? 0.8 : 2), Number("--warm-up", quick ? 2.5 : 4), Number("--rate", 0),
            Value("--only")?.Split(',') ?? [],
            Value("--engines")?.Split(',') ?? (quick ? ["sqlite"] : ["sqlite", "postgres", "mariadb"]), Value("--data"), Path.GetFullPath(Value("--root") ?? "."));
    }

    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "--quick", "--peers", "--only", "--engines", "--rows", "--rounds", "--seconds", "--rate", "--floor-only", "--save", "--data", "--help", "--root", "--warm-up",
    };
}
