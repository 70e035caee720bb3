namespace Tenon.Core.Types.FullText;

/// <summary>
/// tsvector @@ tsquery. Outside a phrase a lexeme is there or not; inside one it has positions, or is everywhere but at some.
/// A lexeme without positions (stripped) is in no phrase.
/// </summary>
internal readonly ref struct TsMatch(TsVector vector)
{
    private readonly TsVector vector = vector;

    private enum Found
    {
        No,
        Maybe,
        Yes,
    }

    /// <summary>Where a part of a phrase ends, or (negated) where it does not; Width is how far before it begins.</summary>
    private readonly record struct Places(Found Found, int[] At, bool Negated, int Width)
    {
        public static readonly Places None = new(Found.No, [], false, 0);
        public static readonly Places Unknown = new(Found.Maybe, [], false, 0);
    }

    public static bool Matches(TsVector vector, TsQuery query) =>
        query.Root is { } root && new TsMatch(vector).Holds(root);

    private bool Holds(TsNode node) =>
        node.Operator switch
        {
            TsOperator.Lexeme => Has(node),
            TsOperator.Not => !Holds(node.Right!),
            TsOperator.And => Holds(node.Left!) && Holds(node.Right!),
            TsOperator.Or => Holds(node.Left!) || Holds(node.Right!),
            _ => Phrase(node).Found == Found.Yes,
        };

    private bool Has(TsNode node)
    {
        int index = vector.FirstFrom(node.Text);
        for (; index < vector.Lexemes.Length && Fits(node, vector.Lexemes[index].Text); index++)
        {
            if (HasWeight(node, vector.Lexemes[index]))
            {
                return true;
            }
        }
        return false;
    }

    private static bool Fits(TsNode node, string lexeme) => node.Prefix ? lexeme.StartsWith(node.Text, StringComparison.Ordinal) : lexeme == node.Text;

    // A stripped lexeme has every weight.
    private static bool HasWeight(TsNode node, in Lexeme lexeme) =>
        node.Weights == 0 || lexeme.Positions.Length == 0 || Array.Exists(lexeme.Positions, p => (node.Weights & (1 << p.Weight)) != 0);

    private Places Phrase(TsNode node)
    {
        switch (node.Operator)
        {
            case TsOperator.Lexeme:
                return PlacesOf(node);
            case TsOperator.Not:
                return Negated(Phrase(node.Right!));
            case TsOperator.Or:
                return Either(Phrase(node.Left!), Phrase(node.Right!));
            default:
                Places left = Phrase(node.Left!);
                return left.Found == Found.No ? Places.None : Both(node, left, Phrase(node.Right!));
        }
    }

    private Places PlacesOf(TsNode node)
    {
        List<int>? at = null;
        int index = vector.FirstFrom(node.Text);
        for (; index < vector.Lexemes.Length && Fits(node, vector.Lexemes[index].Text); index++)
        {
            LexemePosition[] positions = vector.Lexemes[index].Positions;
            if (positions.Length == 0)
            {
                return Places.Unknown;
            }
            foreach (LexemePosition position in positions)
            {
                if (node.Weights == 0 || (node.Weights & (1 << position.Weight)) != 0)
                {
                    (at ??= []).Add(position.At);
                }
            }
        }
        return at is null ? Places.None : new Places(Found.Yes, [.. at.Distinct().Order()], false, 0);
    }

    private static Places Negated(Places operand) =>
        operand.Found switch
        {
            Found.No => new Places(Found.Yes, [], true, 0),
            Found.Maybe => operand,
            _ when operand.At.Length == 0 => Places.None,
            _ => operand with { Negated = !operand.Negated },
        };

    private static Places Both(TsNode node, Places left, Places right)
    {
        if (right.Found == Found.No)
        {
            return Places.None;
        }
        if (left.Found == Found.Maybe || right.Found == Found.Maybe)
        {
            return Places.Unknown;
        }
        bool phrase = node.Operator == TsOperator.Phrase;
        int width = phrase ? node.Distance + left.Width + right.Width : Math.Max(left.Width, right.Width);
        int leftBy = phrase ? node.Distance + right.Width : width - left.Width;
        int rightBy = phrase ? 0 : width - right.Width;
        return (left.Negated, right.Negated) switch
        {
            (true, true) => new Places(Found.Yes, Merge(left, right, leftBy, rightBy, true, true, true), true, width),
            (true, false) => Positive(Merge(left, right, leftBy, rightBy, false, true, false), width),
            (false, true) => Positive(Merge(left, right, leftBy, rightBy, true, false, false), width),
            _ => Positive(Merge(left, right, leftBy, rightBy, false, false, true), width),
        };
    }

    private static Places Either(Places left, Places right)
    {
        if (left.Found == Found.No && right.Found == Found.No)
        {
            return Places.None;
        }
        if (left.Found == Found.Maybe || right.Found == Found.Maybe)
        {
            return Places.Unknown;
        }
        int width = Math.Max(left.Found == Found.No ? 0 : left.Width, right.Found == Found.No ? 0 : right.Width);
        int leftBy = width - (left.Found == Found.No ? 0 : left.Width);
        int rightBy = width - (right.Found == Found.No ? 0 : right.Width);
        return (left.Negated, right.Negated) switch
        {
            (true, true) => new Places(Found.Yes, Merge(left, right, leftBy, rightBy, false, false, true), true, width),
            (true, false) => new Places(Found.Yes, Merge(left, right, leftBy, rightBy, true, false, false), true, width),
            (false, true) => new Places(Found.Yes, Merge(left, right, leftBy, rightBy, false, true, false), true, width),
            _ => Positive(Merge(left, right, leftBy, rightBy, true, true, true), width),
        };
    }

    private static Places Positive(int[] at, int width) => at.Length == 0 ? Places.None : new Places(Found.Yes, at, false, width);

    /// <summary>The shifted positions of both, in order: those of the left only, of the right only, of both.</summary>
    private static int[] Merge(Places left, Places right, int leftBy, int rightBy, bool onlyLeft, bool onlyRight, bool both)
    {
        var merged = new List<int>();
        int i = 0, j = 0;
        while (i < left.At.Length || j < right.At.Length)
        {
            int a = i < left.At.Length ? left.At[i] + leftBy : int.MaxValue;
            int b = j < right.At.Length ? right.At[j] + rightBy : int.MaxValue;
            if (a < b ? onlyLeft : a > b ? onlyRight : both)
            {
                merged.Add(Math.Min(a, b));
            }
            i += a <= b ? 1 : 0;
            j += b <= a ? 1 : 0;
        }
        return [.. merged];
    }
}
