namespace Tenon.Core.Types.FullText;

/// <summary>
/// ts_rank: how well a text fits a query, from how often and how near to each other the lexemes stand. The arithmetic is in
/// single precision at the same places as PostgreSQL's, so that the figures are equal.
/// </summary>
internal static class TsRank
{
    /// <summary>Weights of D, C, B and A where a call gives none.</summary>
    public static readonly float[] Weights = [0.1f, 0.2f, 0.4f, 1.0f];

    private const int Far = TsVector.LastPosition + 1;

    [Flags]
    private enum Norm
    {
        LogLength = 1,
        Length = 2,
        Unique = 8,
        LogUnique = 16,
        Itself = 32,
    }

    public static float Of(TsVector vector, TsQuery query, float[] weights, int normalization)
    {
        if (query.Root is not { } root || vector.Lexemes.Length == 0)
        {
            return 0;
        }
        TsNode[] lexemes = Operands(root);
        bool near = root.Operator is TsOperator.And or TsOperator.Phrase && lexemes.Length > 1;
        float rank = near ? Near(vector, lexemes, weights) : Often(vector, lexemes, weights);
        return Normalized(rank < 0 ? 1e-20f : rank, vector, (Norm)normalization);
    }

    private static float Normalized(float rank, TsVector vector, Norm norm)
    {
        int length = vector.Lexemes.Sum(l => Math.Max(l.Positions.Length, 1));
        int unique = vector.Lexemes.Length;
        if (norm.HasFlag(Norm.LogLength))
        {
            rank = (float)(rank / (Math.Log(length + 1) / Math.Log(2.0)));
        }
        if (norm.HasFlag(Norm.Length) && length > 0)
        {
            rank /= length;
        }
        if (norm.HasFlag(Norm.Unique))
        {
            rank /= unique;
        }
        if (norm.HasFlag(Norm.LogUnique))
        {
            rank = (float)(rank / (Math.Log(unique + 1) / Math.Log(2.0)));
        }
        return norm.HasFlag(Norm.Itself) ? rank / (rank + 1) : rank;
    }

    /// <summary>The lexemes of a query, each once, in the order of their bytes.</summary>
    private static TsNode[] Operands(TsNode root)
    {
        var found = new List<TsNode>();
        var open = new Stack<TsNode>([root]);
        while (open.TryPop(out TsNode? node))
        {
            if (node.Operator == TsOperator.Lexeme)
            {
                found.Add(node);
                continue;
            }
            if (node.Left is not null)
            {
                open.Push(node.Left);
            }
            open.Push(node.Right!);
        }
        TsNode[] sorted = [.. found.OrderBy(n => n.Text, Comparer<string>.Create(static (a, b) => CodePoints.Compare(a, b)))];
        return [.. sorted.Where((n, i) => i == 0 || n.Text != sorted[i - 1].Text)];
    }

    private static IEnumerable<Lexeme> Entries(TsVector vector, TsNode node)
    {
        int index = vector.FirstFrom(node.Text);
        while (index < vector.Lexemes.Length && (node.Prefix ? vector.Lexemes[index].Text.StartsWith(node.Text, StringComparison.Ordinal) : vector.Lexemes[index].Text == node.Text))
        {
            yield return vector.Lexemes[index++];
        }
    }

    private static float Often(TsVector vector, TsNode[] lexemes, float[] weights)
    {
        LexemePosition[] none = [new LexemePosition(0, 0)];
        float rank = 0;
        foreach (TsNode node in lexemes)
        {
            foreach (Lexeme entry in Entries(vector, node))
            {
                LexemePosition[] positions = entry.Positions.Length == 0 ? none : entry.Positions;
                float sum = 0, best = -1;
                int at = 0;
                for (int i = 0; i < positions.Length; i++)
                {
                    float weight = weights[positions[i].Weight];
                    sum += weight / ((i + 1) * (i + 1));
                    if (weight > best)
                    {
                        (best, at) = (weight, i);
                    }
                }
                // The sum of 1/i² over all i is π²/6.
                rank = (float)(rank + ((best + sum - (best / ((at + 1) * (at + 1)))) / 1.64493406685));
            }
        }
        return lexemes.Length > 0 ? rank / lexemes.Length : rank;
    }

    private static float Near(TsVector vector, TsNode[] lexemes, float[] weights)
    {
        LexemePosition[] none = [new LexemePosition(TsVector.LastPosition, 0)];
        var seen = new LexemePosition[]?[lexemes.Length];
        float rank = -1;
        for (int i = 0; i < lexemes.Length; i++)
        {
            foreach (Lexeme entry in Entries(vector, lexemes[i]))
            {
                LexemePosition[] here = entry.Positions.Length == 0 ? none : entry.Positions;
                seen[i] = here;
                for (int k = 0; k < i; k++)
                {
                    if (seen[k] is { } there)
                    {
                        rank = Pairs(rank, here, there, ReferenceEquals(here, none) || ReferenceEquals(there, none), weights);
                    }
                }
            }
        }
        return rank;
    }

    private static float Pairs(float rank, LexemePosition[] here, LexemePosition[] there, bool unplaced, float[] weights)
    {
        foreach (LexemePosition a in here)
        {
            foreach (LexemePosition b in there)
            {
                int distance = Math.Abs(a.At - b.At);
                if (distance == 0 && !unplaced)
                {
                    continue;
                }
                float pair = (float)Math.Sqrt(weights[a.Weight] * weights[b.Weight] * Weight(distance == 0 ? Far : distance));
                rank = rank < 0 ? pair : (float)(1.0 - ((1.0 - rank) * (1.0 - pair)));
            }
        }
        return rank;
    }

    private static float Weight(int distance) =>
        distance > 100 ? 1e-30f : (float)(1.0 / (1.005 + (0.05 * Math.Exp((distance / 1.5) - 2))));
}
