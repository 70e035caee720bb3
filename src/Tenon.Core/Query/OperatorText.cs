namespace Tenon.Core.Query;

/// <summary>
/// Reads [not.]operator[(any|all)]. off the front of a filter's text. Used by the parser and by <see cref="RequestShape"/>,
/// so that both cut the value at the same place.
/// </summary>
internal static class OperatorText
{
    /// <summary>What was read; on failure Length is where reading stopped.</summary>
    internal readonly ref struct Result
    {
        public bool Found { get; init; }
        public bool Negated { get; init; }
        public FilterOperator Operator { get; init; }
        public Quantifier Quantifier { get; init; }
        public ReadOnlySpan<char> Language { get; init; }

        /// <summary>Characters up to and including the dot before the value.</summary>
        public int Length { get; init; }
    }

    public static Result Read(ReadOnlySpan<char> text)
    {
        int at = 0;
        bool negated = text.StartsWith("not.");
        if (negated)
        {
            at = 4;
        }
        int furthest = at;
        int wordEnd = at;
        while (wordEnd < text.Length && char.IsAsciiLetterLower(text[wordEnd]))
        {
            wordEnd++;
        }
        ReadOnlySpan<char> word = text[at..wordEnd];
        if (Find(word) is not { } op)
        {
            return new Result { Negated = negated, Length = furthest + LongestPrefix(word) };
        }
        if (wordEnd < text.Length && text[wordEnd] == '.')
        {
            return new Result { Found = true, Negated = negated, Operator = op, Length = wordEnd + 1 };
        }
        return ReadParenthesised(text, wordEnd, op, negated);
    }

    private static Result ReadParenthesised(ReadOnlySpan<char> text, int at, FilterOperator op, bool negated)
    {
        var failed = new Result { Negated = negated, Length = at };
        if (at >= text.Length || text[at] != '(' || !(TakesQuantifier(op) || TakesLanguage(op)))
        {
            return failed;
        }
        int close = text[at..].IndexOf(')');
        ReadOnlySpan<char> inner = close < 0 ? text[(at + 1)..] : text[(at + 1)..(at + close)];
        Quantifier quantifier = inner is "any" ? Quantifier.Any : inner is "all" ? Quantifier.All : Quantifier.None;
        bool good = TakesLanguage(op) ? IsLanguage(inner) : quantifier != Quantifier.None;
        if (close < 0 || !good)
        {
            return new Result { Negated = negated, Length = at + 1 };
        }
        int dot = at + close + 1;
        if (dot >= text.Length || text[dot] != '.')
        {
            return new Result { Negated = negated, Length = dot };
        }
        return new Result
        {
            Found = true,
            Negated = negated,
            Operator = op,
            Quantifier = TakesLanguage(op) ? Quantifier.None : quantifier,
            Language = TakesLanguage(op) ? inner : default,
            Length = dot + 1,
        };
    }

    public static bool TakesLanguage(FilterOperator op) =>
        op is >= FilterOperator.FullText and <= FilterOperator.FullTextWeb;

    /// <summary>The value stays in the text (it decides the SQL), nothing is cut.</summary>
    public static bool KeepsValue(FilterOperator op) => op == FilterOperator.Is;

    private static bool TakesQuantifier(FilterOperator op) =>
        op
            is FilterOperator.Equal
                or FilterOperator.Greater
                or FilterOperator.GreaterOrEqual
                or FilterOperator.Less
                or FilterOperator.LessOrEqual
                or FilterOperator.Like
                or FilterOperator.ILike
                or FilterOperator.Match
                or FilterOperator.IMatch;

    private static bool IsLanguage(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsLetterOrDigit(c) && c is not ('_' or ' ' or '$'))
            {
                return false;
            }
        }
        return text.Length > 0;
    }

    private static FilterOperator? Find(ReadOnlySpan<char> word) =>
        word switch
        {
            "eq" => FilterOperator.Equal,
            "neq" => FilterOperator.NotEqual,
            "gt" => FilterOperator.Greater,
            "gte" => FilterOperator.GreaterOrEqual,
            "lt" => FilterOperator.Less,
            "lte" => FilterOperator.LessOrEqual,
            "like" => FilterOperator.Like,
            "ilike" => FilterOperator.ILike,
            "match" => FilterOperator.Match,
            "imatch" => FilterOperator.IMatch,
            "in" => FilterOperator.In,
            "is" => FilterOperator.Is,
            "isdistinct" => FilterOperator.IsDistinct,
            "fts" => FilterOperator.FullText,
            "plfts" => FilterOperator.FullTextPlain,
            "phfts" => FilterOperator.FullTextPhrase,
            "wfts" => FilterOperator.FullTextWeb,
            "cs" => FilterOperator.Contains,
            "cd" => FilterOperator.ContainedIn,
            "ov" => FilterOperator.Overlaps,
            "sl" => FilterOperator.StrictlyLeft,
            "sr" => FilterOperator.StrictlyRight,
            "nxr" => FilterOperator.NotRightOf,
            "nxl" => FilterOperator.NotLeftOf,
            "adj" => FilterOperator.Adjacent,
            _ => null,
        };

    // "eqq.1" fails behind "eq", "xyz.1" at its start: the longest operator that the word begins with says where.
    private static int LongestPrefix(ReadOnlySpan<char> word)
    {
        for (int length = word.Length - 1; length >= 2; length--)
        {
            if (Find(word[..length]) is not null)
            {
                return length;
            }
        }
        return 0;
    }
}
