using System.Globalization;
using System.Text;
using Tenon.Core.Errors;

namespace Tenon.Core.Types.FullText;

/// <summary>
/// Texts to tsqueries, in PostgreSQL's four notations: with operators (to_tsquery, and without a configuration tsquery's own
/// input), plain words, a phrase, and what people type into a search box.
/// </summary>
internal sealed class TsQueryParser
{
    private const int MaxDepth = 200;
    private const int MaxDistance = 16384;

    private readonly string text;
    private readonly SearchConfiguration? configuration;
    private readonly LexemeReader reader;
    private readonly bool web;
    private int depth;
    private int nodes;

    private TsQueryParser(string text, SearchConfiguration? configuration, bool web)
    {
        this.text = text;
        this.configuration = configuration;
        this.web = web;
        reader = new LexemeReader(text, web ? LexemeForm.Web : LexemeForm.Query);
    }

    public static Outcome<TsQuery> Standard(string text, SearchConfiguration? configuration)
    {
        try
        {
            var parser = new TsQueryParser(text, configuration, web: false);
            return TsQuery.Of(parser.Whole());
        }
        catch (TenonException refused)
        {
            return refused.Error;
        }
    }

    public static Outcome<TsQuery> Web(string text, SearchConfiguration configuration)
    {
        try
        {
            var parser = new TsQueryParser(text, configuration, web: true);
            return TsQuery.Of(parser.WebWhole());
        }
        catch (TenonException refused)
        {
            return refused.Error;
        }
    }

    /// <summary>plainto_tsquery joins the words by And, phraseto_tsquery by Phrase.</summary>
    public static Outcome<TsQuery> Plain(string text, SearchConfiguration configuration, TsOperator between)
    {
        if (text.Length == 0)
        {
            return TsQuery.Empty;
        }
        try
        {
            return TsQuery.Of(new TsQueryParser(text, configuration, web: false).Words(text, 0, false, between));
        }
        catch (TenonException refused)
        {
            return refused.Error;
        }
    }

    private TenonException Wrong(string what = "syntax error in tsquery") => new Error(ErrorCodes.SyntaxError, $"{what}: \"{text}\"").ToException();

    private bool Ended => reader.At >= text.Length;

    private char Current => text[reader.At];

    private void SkipSpace()
    {
        while (!Ended && Rune.DecodeFromUtf16(text.AsSpan(reader.At), out Rune rune, out int width) == System.Buffers.OperationStatus.Done && TokenScanner.IsSpace(rune))
        {
            reader.At += width;
        }
    }

    private TsNode Counted(TsNode node)
    {
        if (++nodes > TsQuery.MaxNodes)
        {
            throw new Error(ErrorCodes.ProgramLimitExceeded, "tsquery is too large", $"A query may have {TsQuery.MaxNodes} words and operators.").ToException();
        }
        return node;
    }

    // ---- with operators ----

    private TsNode? Whole()
    {
        SkipSpace();
        if (Ended)
        {
            return null;
        }
        TsNode root = Expression(0);
        return Ended ? root : throw Wrong();
    }

    /// <summary>Operators of at least this priority, from left to right.</summary>
    private TsNode Expression(int least)
    {
        if (++depth > MaxDepth)
        {
            throw new Error(ErrorCodes.StatementTooComplex, "tsquery is nested too deeply", $"At most {MaxDepth} levels are read.").ToException();
        }
        TsNode left = Operand();
        while (true)
        {
            SkipSpace();
            if (Ended || Current == ')')
            {
                break;
            }
            TsOperator op = Current switch { '&' => TsOperator.And, '|' => TsOperator.Or, '<' => TsOperator.Phrase, _ => throw Wrong() };
            if (TsQuery.Priority(op) < least)
            {
                break;
            }
            int distance = op == TsOperator.Phrase ? Distance() : 0;
            reader.At += op == TsOperator.Phrase ? 0 : 1;
            TsNode right = Expression(TsQuery.Priority(op) + 1);
            left = Counted(TsNode.Of(op, left, right, distance));
        }
        depth--;
        return left;
    }

    private TsNode Operand()
    {
        SkipSpace();
        if (Ended)
        {
            throw Wrong("no operand in tsquery");
        }
        switch (Current)
        {
            case '!':
                reader.At++;
                // Binds tighter than any other operator.
                return Counted(TsNode.Negation(Expression(TsQuery.Priority(TsOperator.Not))));
            case '(':
                reader.At++;
                TsNode inner = Expression(0);
                if (Ended)
                {
                    throw Wrong();
                }
                reader.At++;
                return inner;
            case ':':
                throw Wrong();
            default:
                return Word();
        }
    }

    private TsNode Word()
    {
        if (!reader.Next(out string word).TryGet(out _, out Error error))
        {
            throw error.ToException();
        }
        (int weights, bool prefix) = Modifiers();
        return configuration is null ? Counted(AsIs(word, weights, prefix)) : Words(word, weights, prefix, TsOperator.Phrase);
    }

    private static TsNode AsIs(string word, int weights, bool prefix)
    {
        int bytes = Encoding.UTF8.GetByteCount(word);
        return bytes >= TsVector.MaxWordBytes
            ? throw new Error(ErrorCodes.ProgramLimitExceeded, $"word is too long in tsquery: \"{word}\"").ToException()
            : new TsNode(TsOperator.Lexeme) { Text = word, Weights = weights, Prefix = prefix };
    }

    private (int Weights, bool Prefix) Modifiers()
    {
        int weights = 0;
        bool prefix = false;
        if (Ended || Current != ':')
        {
            return (0, false);
        }
        reader.At++;
        while (!Ended)
        {
            int bit = Current switch { 'a' or 'A' => 8, 'b' or 'B' => 4, 'c' or 'C' => 2, 'd' or 'D' => 1, _ => 0 };
            if (bit == 0 && Current != '*')
            {
                break;
            }
            weights |= bit;
            prefix |= bit == 0;
            reader.At++;
        }
        return (weights, prefix);
    }

    /// <summary>&lt;-&gt; or &lt;N&gt;.</summary>
    private int Distance()
    {
        int at = reader.At + 1;
        int start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }
        bool dash = at == start && at < text.Length && text[at] == '-';
        if (at == start && !dash)
        {
            throw Wrong();
        }
        int distance = 1;
        if (!dash && (!int.TryParse(text.AsSpan(start, at - start), CultureInfo.InvariantCulture, out distance) || distance > MaxDistance))
        {
            throw new Error(
                ErrorCodes.InvalidParameterValue,
                $"distance in phrase operator must be an integer value between zero and {MaxDistance} inclusive"
            ).ToException();
        }
        at += dash ? 1 : 0;
        if (at >= text.Length || text[at] != '>')
        {
            throw Wrong();
        }
        reader.At = at + 1;
        return distance;
    }

    // ---- words ----

    /// <summary>What a configuration makes of a piece of text: its lexemes, and a mark for each stop word between them.</summary>
    private TsNode Words(string piece, int weights, bool prefix, TsOperator between)
    {
        var found = new List<(string Text, int At)>();
        int position = 0;
        if (TsVector.Words(piece, configuration!, ref position, found) is { } error)
        {
            throw error.ToException();
        }
        if (found.Count == 0)
        {
            return TsNode.Stop;
        }
        TsNode? joined = null;
        int before = 0;
        foreach ((string lexeme, int at) in found)
        {
            for (int missing = before + 1; missing < at; missing++)
            {
                joined = Join(joined, TsNode.Stop, between);
            }
            joined = Join(joined, AsIs(lexeme, weights, prefix), between);
            before = at;
        }
        return joined!;
    }

    private TsNode Join(TsNode? left, TsNode right, TsOperator between) =>
        Counted(left is null ? right : TsNode.Of(between, left, right, between == TsOperator.Phrase ? 1 : 0));

    // ---- a search box ----

    // Nothing is wrong here: what makes no sense is left out. Words are joined by And, "or" between two of them means Or, a
    // dash negates what follows, quotation marks make a phrase.

    private TsNode? WebWhole()
    {
        TsNode? either = null;
        TsNode? all = null;
        int negations = 0;
        bool any = false;
        while (WebOperand(ref negations) is { } operand)
        {
            any = true;
            for (; negations > 0; negations--)
            {
                operand = Counted(TsNode.Negation(operand));
            }
            all = all is null ? operand : Counted(TsNode.Of(TsOperator.And, all, operand));
            SkipSpace();
            while (!Ended && LexemeReader.IsOperator(Current))
            {
                reader.At++;
                SkipSpace();
            }
            if (WebOr())
            {
                either = either is null ? all : Counted(TsNode.Of(TsOperator.Or, either, all));
                all = null;
            }
        }
        if (!any)
        {
            return null;
        }
        return either is null ? all
            : all is null ? either
            : Counted(TsNode.Of(TsOperator.Or, either, all));
    }

    private TsNode? WebOperand(ref int negations)
    {
        while (true)
        {
            SkipSpace();
            if (Ended)
            {
                return null;
            }
            switch (Current)
            {
                case '-':
                    negations++;
                    reader.At++;
                    break;
                case '"':
                    int close = text.IndexOf('"', reader.At + 1);
                    int end = close < 0 ? text.Length : close;
                    string phrase = text[(reader.At + 1)..end];
                    reader.At = Math.Min(end + 1, text.Length);
                    return Words(phrase, 0, false, TsOperator.Phrase);
                case var c when LexemeReader.IsOperator(c):
                    reader.At++;
                    break;
                default:
                    if (!reader.Next(out string word).TryGet(out _, out Error error))
                    {
                        throw error.ToException();
                    }
                    return Words(word, 0, false, TsOperator.Phrase);
            }
        }
    }

    /// <summary>The word "or" with something behind it.</summary>
    private bool WebOr()
    {
        ReadOnlySpan<char> rest = text.AsSpan(reader.At);
        if (!web || rest.Length < 3 || !rest.StartsWith("or", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }
        Rune.DecodeFromUtf16(rest[2..], out Rune next, out int width);
        if (next.Value is '-' or '_' || TokenScanner.IsAlnum(next))
        {
            return false;
        }
        for (int at = 2 + width; at < rest.Length; at += width)
        {
            Rune.DecodeFromUtf16(rest[at..], out next, out width);
            if (!TokenScanner.IsSpace(next))
            {
                reader.At += 2;
                return true;
            }
        }
        return false;
    }
}
