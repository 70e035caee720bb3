namespace Tenon.Benchmarks.Load;

/// <summary>One round: what the load saw, and what the server process spent meanwhile.</summary>
internal sealed record Round(LoadResult Load, double CpuSeconds, double AllocatedBytes);

/// <summary>What one server did for one operation over all rounds.</summary>
internal sealed class Measured(IReadOnlyList<Round> rounds, double residentMiB, bool sameBytes)
{
    private readonly int[] _latencies = [.. rounds.SelectMany(r => r.Load.Latencies).Order()];

    public double PerSecond => Median(rounds.Select(r => r.Load.PerSecond));

    public double CpuMicros => rounds.Sum(r => r.CpuSeconds) * 1e6 / Requests;

    public double AllocatedBytes => rounds.Sum(r => r.AllocatedBytes) / Requests;

    public double ResidentMiB => residentMiB;

    public bool SameBytes => sameBytes;

    public int Failures => rounds.Sum(r => r.Load.Failures);

    /// <summary>Every answer was the expected one.</summary>
    public bool IsRight => Failures == 0 && SameBytes;

    public string? FirstFailure => rounds.Select(r => r.Load.FirstFailure).FirstOrDefault(f => f is not null);

    private int Requests => Math.Max(1, _latencies.Length);

    public double Percentile(double p) =>
        _latencies.Length == 0 ? 0 : _latencies[Math.Min(_latencies.Length - 1, (int)(_latencies.Length * p))];

    /// <summary>Requests a second against another server's, round by round: what disturbs the machine disturbs both.</summary>
    public double SpeedAgainst(Measured other) => Against(other, r => r.Load.PerSecond);

    /// <summary>The other's processor time a request against ours: above 1 is cheaper.</summary>
    public double CheapnessAgainst(Measured other) => 1 / Against(other, r => r.CpuSeconds / Math.Max(1, r.Load.Requests));

    public double PercentileAgainst(Measured other, double p) => Against(other, r => r.Load.Percentile(p));

    private double Against(Measured other, Func<Round, double> of) =>
        Median(rounds.Zip(other.Rounds, (mine, its) => of(mine) / of(its)));

    private IReadOnlyList<Round> Rounds => rounds;

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
