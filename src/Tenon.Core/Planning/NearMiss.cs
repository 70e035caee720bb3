namespace Tenon.Core.Planning;

/// <summary>The name somebody probably meant: few edits away, measured against its length.</summary>
internal static class NearMiss
{
    private const double Enough = 0.5;
    private const int LongestName = 128;

    public static string? Find(string wanted, IEnumerable<string> names)
    {
        string? best = null;
        double bestScore = 0;
        foreach (string name in names)
        {
            double score = Similarity(wanted, name);
            if (score < Enough)
            {
                continue;
            }
            if (score > bestScore || (score == bestScore && best is not null && string.CompareOrdinal(name, best) < 0))
            {
                (best, bestScore) = (name, score);
            }
        }
        return best;
    }

    private static double Similarity(string a, string b)
    {
        int longest = Math.Max(a.Length, b.Length);
        if (longest == 0 || longest > LongestName)
        {
            return 0;
        }
        return 1 - (double)Distance(a, b) / longest;
    }

    // Edits (insert, delete, replace) by the usual table, one row kept.
    private static int Distance(string a, string b)
    {
        Span<int> row = stackalloc int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++)
        {
            row[j] = j;
        }
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                int replace = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                row[j] = Math.Min(replace, Math.Min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
