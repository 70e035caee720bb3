using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Tenon.Core.Errors;

namespace Tenon.Core.Types.FullText;

internal enum TsOperator
{
    /// <summary>A lexeme.</summary>
    Lexeme,

    /// <summary>A stop word, on its way out.</summary>
    Stop,
    Or,
    And,
    Phrase,
    Not,
}

/// <summary>One node of a tsquery. Weights are bits: A is 8, D is 1, none means any. A negation has its operand on the right.</summary>
internal sealed record TsNode(TsOperator Operator)
{
    public static readonly TsNode Stop = new(TsOperator.Stop);

    public TsNode? Left { get; init; }
    public TsNode? Right { get; init; }

    /// <summary>Of a phrase: how far the right is from the left.</summary>
    public int Distance { get; init; }
    public string Text { get; init; } = "";
    public int Weights { get; init; }
    public bool Prefix { get; init; }

    public static TsNode Of(TsOperator op, TsNode left, TsNode right, int distance = 0) => new(op) { Left = left, Right = right, Distance = distance };

    public static TsNode Negation(TsNode operand) => new(TsOperator.Not) { Right = operand };
}

/// <summary>PostgreSQL's tsquery: lexemes with &amp;, |, ! and &lt;-&gt;; an empty one has no root and matches nothing.</summary>
internal sealed class TsQuery
{
    /// <summary>Nodes of one query; deeper trees would overflow the stack of whoever walks them.</summary>
    public const int MaxNodes = 4_000;

    private const int Remembered = 1_000;
    private const int RememberedLength = 10_000;
    private static readonly ConcurrentDictionary<string, TsQuery> Known = new(StringComparer.Ordinal);

    public static readonly TsQuery Empty = new(null);

    private TsQuery(TsNode? root) => Root = root;

    public TsNode? Root { get; }

    /// <summary>Without its stop words, and within the bound.</summary>
    public static Outcome<TsQuery> Of(TsNode? root)
    {
        if (root is null)
        {
            return Empty;
        }
        return Count(root) > MaxNodes
            ? new Error(ErrorCodes.ProgramLimitExceeded, "tsquery is too large", $"A query may have {MaxNodes} words and operators.")
            : new TsQuery(StopWords.Removed(root));
    }

    public static int Count(TsNode? root)
    {
        int count = 0;
        var open = new Stack<TsNode>();
        for (TsNode? node = root; node is not null; node = open.TryPop(out TsNode? next) ? next : null)
        {
            count++;
            if (node.Left is not null)
            {
                open.Push(node.Left);
            }
            if (node.Right is not null)
            {
                open.Push(node.Right);
            }
        }
        return count;
    }

    /// <summary>tsquery's input: words stay as they are.</summary>
    public static Outcome<TsQuery> Parse(string text) => TsQueryParser.Standard(text, null);

    /// <summary>A value that was written by us, remembered in its parsed form.</summary>
    public static TsQuery Read(string stored)
    {
        if (Known.TryGetValue(stored, out TsQuery? known))
        {
            return known;
        }
        TsQuery query = Parse(stored).Value;
        if (Known.Count < Remembered && stored.Length <= RememberedLength)
        {
            Known[stored] = query;
        }
        return query;
    }

    public Datum ToDatum() => Datum.Of(ToString());

    public override string ToString()
    {
        var text = new StringBuilder();
        if (Root is not null)
        {
            Append(text, Root, 0, false);
        }
        return text.ToString();
    }

    public static int Priority(TsOperator op) => op switch { TsOperator.Or => 1, TsOperator.And => 2, TsOperator.Phrase => 3, _ => 4 };

    private static void Append(StringBuilder text, TsNode node, int outer, bool rightOfPhrase)
    {
        if (node.Operator == TsOperator.Lexeme)
        {
            AppendLexeme(text, node);
            return;
        }
        int priority = Priority(node.Operator);
        bool parentheses = priority < outer || (node.Operator == TsOperator.Phrase && rightOfPhrase);
        text.Append(parentheses ? "( " : "");
        if (node.Operator == TsOperator.Not)
        {
            text.Append('!');
            Append(text, node.Right!, priority, false);
        }
        else
        {
            Append(text, node.Left!, priority, false);
            string between = node.Operator switch
            {
                TsOperator.Or => " | ",
                TsOperator.And => " & ",
                _ => node.Distance == 1 ? " <-> " : string.Create(CultureInfo.InvariantCulture, $" <{node.Distance}> "),
            };
            text.Append(between);
            Append(text, node.Right!, priority, node.Operator == TsOperator.Phrase);
        }
        text.Append(parentheses ? " )" : "");
    }

    private static void AppendLexeme(StringBuilder text, TsNode node)
    {
        TsVector.AppendQuoted(text, node.Text);
        if (node.Prefix || node.Weights != 0)
        {
            text.Append(':').Append(node.Prefix ? "*" : "");
            for (int bit = 3; bit >= 0; bit--)
            {
                text.Append((node.Weights & (1 << bit)) != 0 ? ((char)('D' - bit)).ToString() : "");
            }
        }
    }

    // ---- stop words ----

    /// <summary>
    /// Takes the stop words out. The room they took in a phrase is added to the distance of the phrase around it: cat, a stop
    /// word, dog is 'cat' &lt;2&gt; 'dog'.
    /// </summary>
    private static class StopWords
    {
        /// <summary>What is left, and how much room was lost on either side of it (the same on both where nothing is left).</summary>
        private readonly record struct Rest(TsNode? Node, int Before, int After);

        public static TsNode? Removed(TsNode root) => Clean(root).Node;

        private static Rest Clean(TsNode node)
        {
            switch (node.Operator)
            {
                case TsOperator.Lexeme:
                    return new Rest(node, 0, 0);
                case TsOperator.Stop:
                    return default;
                case TsOperator.Not:
                    Rest operand = Clean(node.Right!);
                    return operand.Node is null ? operand : operand with { Node = node with { Right = operand.Node } };
                default:
                    Rest left = Clean(node.Left!);
                    Rest right = Clean(node.Right!);
                    return node.Operator == TsOperator.Phrase ? Phrase(node, left, right) : Other(node, left, right);
            }
        }

        private static Rest Phrase(TsNode node, Rest left, Rest right)
        {
            if (left.Node is null)
            {
                int lost = left.Before + node.Distance + right.Before;
                return new Rest(right.Node, lost, right.Node is null ? lost : right.After);
            }
            return right.Node is null
                ? new Rest(left.Node, left.Before, left.After + node.Distance + right.After)
                : new Rest(
                    node with { Left = left.Node, Right = right.Node, Distance = node.Distance + left.After + right.Before },
                    left.Before,
                    right.After
                );
        }

        private static Rest Other(TsNode node, Rest left, Rest right)
        {
            if (left.Node is null && right.Node is null)
            {
                int lost = Math.Max(left.Before, right.Before);
                return new Rest(null, lost, lost);
            }
            return left.Node is null ? right
                : right.Node is null ? left
                : new Rest(node with { Left = left.Node, Right = right.Node }, 0, 0);
        }
    }
}
