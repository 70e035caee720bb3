using System.Globalization;
using System.Text;

namespace Tenon.Core.Types.FullText;

/// <summary>
/// Cuts a text into tokens as PostgreSQL's default text parser does. The machine backtracks, so the work is bounded: a text
/// made to cost more than some steps a character is given up (<see cref="GaveUp"/>).
/// </summary>
internal sealed class TokenScanner
{
    private const int StepsPerCharacter = 64;
    private const int StepsAtLeast = 65_536;

    /// <summary>One place to come back to.</summary>
    private struct Place
    {
        public int At;
        public int Length;
        public int State;

        /// <summary>The rule that was tried here; -1: none yet.</summary>
        public int Tried;
    }

    private sealed class Budget(long steps)
    {
        public long Left = steps;
    }

    private readonly string text;
    private readonly Stack<Place> tries = new();
    private readonly Budget budget;
    private Place here;
    private bool ignoring;
    private bool wantsHost;
    private Rune rune;
    private int width;

    public TokenScanner(string text)
        : this(text, 0, new Budget(Math.Max(StepsAtLeast, (long)text.Length * StepsPerCharacter))) { }

    private TokenScanner(string text, int from, Budget budget)
    {
        this.text = text;
        this.budget = budget;
        here = new Place { At = from, State = TokenStates.Base, Tried = -1 };
    }

    public TokenKind Kind { get; private set; }
    public int Start { get; private set; }
    public int Length { get; private set; }
    public ReadOnlySpan<char> Token => text.AsSpan(Start, Length);

    /// <summary>The text asked for more steps than it may have; what was found is not all.</summary>
    public bool GaveUp => budget.Left < 0;

    /// <summary>The next token; false at the end.</summary>
    public bool Next()
    {
        tries.Clear();
        return here.At < text.Length && Scan();
    }

    private bool Scan()
    {
        Start = here.At;
        here.Tried = -1;
        while (here.At <= text.Length && --budget.Left >= 0)
        {
            Look();
            TokenRule[] rules = TokenStates.All[here.State];
            int index = here.Tried + 1;
            here.Tried = -1;
            while (!Holds(rules[index]))
            {
                index++;
            }
            ref readonly TokenRule rule = ref rules[index];
            Run(rule.Hook);
            if (rule.Move >= TokenMove.Accept)
            {
                Accept(rule);
                return true;
            }
            if (!Move(rule, index))
            {
                return false;
            }
        }
        return false;
    }

    private void Accept(in TokenRule rule)
    {
        Kind = rule.Kind;
        Length = here.Length;
        here.Length = 0;
        here.State = rule.Next;
        if (rule.Move == TokenMove.AcceptAll)
        {
            tries.Clear();
        }
        else if (rule.Move == TokenMove.AcceptCommit)
        {
            tries.TryPop(out _);
        }
    }

    /// <summary>False when the text ended inside a token that none of the rules accepts.</summary>
    private bool Move(in TokenRule rule, int index)
    {
        switch (rule.Move)
        {
            case TokenMove.Fail:
                here = tries.Pop();
                return here.At < text.Length;
            case TokenMove.Try:
                tries.Push(here with { Tried = index });
                break;
            case TokenMove.Commit:
                tries.Pop();
                break;
            case TokenMove.Merge:
                Place tried = tries.Pop();
                (here.State, here.Tried) = (tried.State, tried.Tried);
                break;
        }
        if (rule.Next >= 0)
        {
            here.State = rule.Next;
        }
        if (rule.Move == TokenMove.Again)
        {
            return true;
        }
        if (here.At >= text.Length)
        {
            return false;
        }
        here.At += width;
        here.Length += width;
        return true;
    }

    private void Look()
    {
        width = 0;
        if (here.At < text.Length)
        {
            Rune.DecodeFromUtf16(text.AsSpan(here.At), out rune, out width);
        }
    }

    private void Run(TokenHook hook)
    {
        switch (hook)
        {
            case TokenHook.Tag:
                ReadOnlySpan<char> tag = text.AsSpan(Start, here.Length);
                ignoring = tag.Equals("<script", StringComparison.OrdinalIgnoreCase) || tag.Equals("<style", StringComparison.OrdinalIgnoreCase)
                    || (ignoring && !tag.Equals("</script", StringComparison.OrdinalIgnoreCase) && !tag.Equals("</style", StringComparison.OrdinalIgnoreCase));
                break;
            case TokenHook.Address:
                wantsHost = true;
                here.At -= here.Length;
                break;
            case TokenHook.Parts:
                here.At -= here.Length;
                break;
            case TokenHook.Sign:
                here.At -= here.Length;
                here.Length = 0;
                break;
        }
    }

    private bool Holds(in TokenRule rule)
    {
        switch (rule.Test)
        {
            case CharTest.Always:
                return true;
            case CharTest.End:
                return width == 0;
            case CharTest.Ignoring:
                return ignoring;
            case CharTest.StopsHost:
                bool stops = wantsHost;
                wantsHost = false;
                return stops;
            case CharTest.IsHost:
                return Ahead(TokenStates.Base, TokenKind.Host, host: true);
            case CharTest.IsUrlPath:
                return Ahead(TokenStates.Path, TokenKind.UrlPath, host: false);
            default:
                return width > 0 ? Is(rule.Test, rule.Literal, rune) : rule.Test == CharTest.NotAlnum;
        }
    }

    /// <summary>Does a token of this kind follow? Then it becomes part of the present one.</summary>
    private bool Ahead(int state, TokenKind kind, bool host)
    {
        var ahead = new TokenScanner(text, here.At, budget) { wantsHost = host };
        if (state != TokenStates.Base)
        {
            ahead.tries.Push(ahead.here);
            ahead.here.State = state;
        }
        if (here.At >= text.Length || !ahead.Scan() || ahead.Kind != kind)
        {
            return false;
        }
        here.At += ahead.Length;
        here.Length += ahead.Length;
        return true;
    }

    private static bool Is(CharTest test, char literal, Rune c) =>
        test switch
        {
            CharTest.Literal => c.Value == literal,
            CharTest.AsciiLetter => c.IsAscii && char.IsAsciiLetter((char)c.Value),
            CharTest.Alpha => IsAlpha(c),
            CharTest.Digit => c.IsAscii && char.IsAsciiDigit((char)c.Value),
            CharTest.Alnum => IsAlnum(c),
            CharTest.NotAlnum => !IsAlnum(c),
            CharTest.HexDigit => c.IsAscii && char.IsAsciiHexDigit((char)c.Value),
            CharTest.Space => IsSpace(c),
            CharTest.Special => IsSpecial(c),
            CharTest.UrlChar => c.Value is > 0x20 and < 0x7F and not ('"' or '<' or '>' or '\\' or '^' or '`' or '{' or '|' or '}'),
            _ => throw new InvalidOperationException($"{test} asks no character"),
        };

    public static bool IsAlnum(Rune c) => (c.IsAscii && char.IsAsciiDigit((char)c.Value)) || IsAlpha(c);

    /// <summary>Letters, and what counts as one: digits of other scripts, letter-like numbers, vowel signs.</summary>
    public static bool IsAlpha(Rune c) =>
        c.IsAscii
            ? char.IsAsciiLetter((char)c.Value)
            : Rune.GetUnicodeCategory(c) switch
            {
                UnicodeCategory.UppercaseLetter
                or UnicodeCategory.LowercaseLetter
                or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter
                or UnicodeCategory.OtherLetter
                or UnicodeCategory.LetterNumber
                or UnicodeCategory.DecimalDigitNumber => true,
                _ => c.Value is >= 0x24B6 and <= 0x24E9,
            };

    public static bool IsSpace(Rune c) =>
        c.Value is ' ' or (>= 9 and <= 13) or 0x1680 or (>= 0x2000 and <= 0x2006) or (>= 0x2008 and <= 0x200A) or 0x2028 or 0x2029 or 0x205F or 0x3000;

    /// <summary>Marks that take no room of their own: they belong to the word before them.</summary>
    private static bool IsSpecial(Rune c) =>
        !c.IsAscii
        && Rune.GetUnicodeCategory(c)
            is UnicodeCategory.NonSpacingMark
                or UnicodeCategory.EnclosingMark
                or UnicodeCategory.SpacingCombiningMark;
}
