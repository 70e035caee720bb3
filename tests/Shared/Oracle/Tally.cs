using Xunit;

namespace Tenon.Testing;

/// <summary>How often each outcome came: an oracle whose requests are nearly all refused for the same reason compares nothing.</summary>
internal sealed class Tally
{
    private const int Enough = 400;

    private readonly Dictionary<string, int> counts = new(StringComparer.Ordinal);

    public void Add(string outcome) => counts[outcome] = counts.GetValueOrDefault(outcome) + 1;

    /// <summary>Each of these came in at least so many of a hundred cases; asked only of a whole run.</summary>
    public void Demand(params ReadOnlySpan<(string Outcome, int Percent)> wanted)
    {
        int all = counts.Values.Sum();
        foreach ((string outcome, int percent) in wanted)
        {
            Assert.True(all < Enough || counts.GetValueOrDefault(outcome) * 100 >= percent * all, $"too few {outcome}: {this}");
        }
    }

    public override string ToString() => string.Join(", ", counts.OrderByDescending(c => c.Value).Select(c => $"{c.Key}: {c.Value}"));
}
