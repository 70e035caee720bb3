using System.Diagnostics;
using System.Globalization;

namespace Tenon.Testing;

/// <summary>
/// Plays generated cases and shrinks the first that fails. A group is one setting and several requests, each from choices of
/// its own; every request counts as a case. 500 cases from a fixed seed in the normal run, so that a red run is a change's
/// own doing; 10,000 from a new seed with TENON_NIGHTLY=1. TENON_ORACLE_SEED and TENON_ORACLE_GROUP play one group again, on
/// one engine with TENON_ORACLE_ENGINE.
/// </summary>
internal static class Oracle
{
    private const int UsualSeed = 20261128;
    private const int ShrinkingTries = 400;
    private static readonly TimeSpan ShrinkingTime = TimeSpan.FromMinutes(2);

    public static bool Nightly => Environment.GetEnvironmentVariable("TENON_NIGHTLY") == "1";

    /// <summary>The one engine to play on; null for all.</summary>
    public static string? Engine => Environment.GetEnvironmentVariable("TENON_ORACLE_ENGINE");

    public static int Cases => Number("TENON_ORACLE_CASES") ?? (Nightly ? 10_000 : 500);

    /// <summary>
    /// play: the choices of the setting and of each request; what went wrong, or null. Returns "" when all is well, else what
    /// the smallest failing case did and how to play the group again.
    /// </summary>
    public static async Task<string> PlayAsync(int requests, Func<Draws, IReadOnlyList<Draws>, Task<string?>> play)
    {
        int seed = Number("TENON_ORACLE_SEED") ?? (Nightly ? Random.Shared.Next() : UsualSeed);
        int groups = (Cases + requests - 1) / requests;
        (int first, int last) = Number("TENON_ORACLE_GROUP") is { } one ? (one, one) : (0, groups - 1);
        for (int group = first; group <= last; group++)
        {
            var random = new Random(HashCodeOf(seed, group));
            var draws = Enumerable.Range(0, requests + 1).Select(_ => new Draws(new Random(random.Next()))).ToArray();
            if (await play(draws[0], draws[1..]) is not { } failure)
            {
                continue;
            }
            string again = string.Create(CultureInfo.InvariantCulture, $"TENON_ORACLE_SEED={seed} TENON_ORACLE_GROUP={group}");
            (string smallest, int tries) = await ShrinkAsync([.. draws.Select(d => d.Made.ToList())], failure, play);
            return string.Create(CultureInfo.InvariantCulture, $"{smallest}\n\nagain with {again} (shrunk in {tries} tries)");
        }
        return "";
    }

    // HashCode.Combine differs from process to process.
    private static int HashCodeOf(int seed, int group) => unchecked((seed * 31) ^ (group * 0x61C88647));

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : null;

    // ---- shrinking ----

    private static async Task<(string Failure, int Tries)> ShrinkAsync(
        List<List<int>> choices, string failure, Func<Draws, IReadOnlyList<Draws>, Task<string?>> play)
    {
        var clock = Stopwatch.StartNew();
        int tries = 0;
        bool smaller = true;
        while (smaller)
        {
            smaller = false;
            foreach (List<List<int>> candidate in Simpler(choices))
            {
                if (tries == ShrinkingTries || clock.Elapsed > ShrinkingTime)
                {
                    return (failure, tries);
                }
                tries++;
                Draws[] draws = [.. candidate.Select(c => new Draws(c))];
                if (await play(draws[0], draws[1..]) is { } still)
                {
                    // What was drawn, not what was given: choices that nothing asked for are gone.
                    (choices, failure, smaller) = ([.. draws.Select(d => d.Made.ToList())], still, true);
                    break;
                }
            }
        }
        return (failure, tries);
    }

    /// <summary>Without a request, without a span of choices, with a choice at zero or at half.</summary>
    private static IEnumerable<List<List<int>>> Simpler(List<List<int>> choices)
    {
        for (int i = choices.Count - 1; i > 0; i--)
        {
            yield return [.. choices.Where((_, at) => at != i)];
        }
        for (int i = choices.Count - 1; i >= 0; i--)
        {
            List<int> part = choices[i];
            foreach (int length in new[] { 64, 16, 8, 4, 2, 1 }.Where(l => l <= part.Count))
            {
                for (int start = 0; start + length <= part.Count; start += length)
                {
                    yield return With(choices, i, [.. part[..start], .. part[(start + length)..]]);
                }
            }
            for (int at = 0; at < part.Count; at++)
            {
                if (part[at] > 0)
                {
                    yield return With(choices, i, [.. part[..at], 0, .. part[(at + 1)..]]);
                }
            }
        }
    }

    private static List<List<int>> With(List<List<int>> choices, int index, List<int> part)
    {
        List<List<int>> changed = [.. choices];
        changed[index] = part;
        return changed;
    }
}
