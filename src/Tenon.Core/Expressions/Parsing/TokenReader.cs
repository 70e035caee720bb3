using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Parsing;

/// <summary>
/// The cursor under all parsers of SQL. The first failure is kept and moves the cursor to the end, where nothing matches
/// any more: every rule runs out by itself, so no rule has to look after its callees and no exception is thrown.
/// </summary>
internal abstract class TokenReader
{
    /// <summary>Nesting that the parsers' own recursion allows.</summary>
    public const int MaxDepth = 200;

    private readonly Error? lexError;
    private int position;
    private int[]? closing;

    protected TokenReader(string source, Token[] tokens, Error? lexError)
    {
        Source = source;
        Tokens = tokens;
        this.lexError = lexError;
    }

    protected string Source { get; }

    protected Token[] Tokens { get; }

    public Error? Error { get; private set; }

    protected int Depth { get; private set; }

    protected int Position => position;

    protected Token Current => Tokens[position];

    protected bool AtEnd => Current.Kind == TokenKind.End;

    protected Token Ahead(int count) => Tokens[Math.Min(position + count, Tokens.Length - 1)];

    protected bool At(string text) => Current.Is(text);

    protected bool At(string first, string second) => Current.Is(first) && Ahead(1).Is(second);

    protected bool AtAny(params ReadOnlySpan<string> texts)
    {
        foreach (string text in texts)
        {
            if (Current.Is(text))
            {
                return true;
            }
        }
        return false;
    }

    protected Token Take()
    {
        Token token = Current;
        if (position < Tokens.Length - 1)
        {
            position++;
        }
        return token;
    }

    protected bool Accept(string text)
    {
        if (!Current.Is(text))
        {
            return false;
        }
        position++;
        return true;
    }

    protected bool Accept(string first, string second)
    {
        if (!At(first, second))
        {
            return false;
        }
        position += 2;
        return true;
    }

    protected bool Accept(string first, string second, string third)
    {
        if (!At(first, second) || !Ahead(2).Is(third))
        {
            return false;
        }
        position += 3;
        return true;
    }

    protected void Expect(string text)
    {
        if (!Accept(text))
        {
            Unexpected();
        }
    }

    protected void Expect(string first, string second)
    {
        Expect(first);
        Expect(second);
    }

    /// <summary>Goes back to a position seen before; not after a failure.</summary>
    protected void Rewind(int to)
    {
        if (Error is null)
        {
            position = to;
        }
    }

    /// <summary>From a token's start to the end of the last token taken.</summary>
    protected Span Since(int start) => new(start, position == 0 ? 0 : Math.Max(0, Tokens[position - 1].End - start));

    // ---- failing ----

    /// <summary>The token here does not fit: PostgreSQL's own words, or the lexer's when it could not read this.</summary>
    protected void Unexpected() => Unexpected(Current);

    protected void Unexpected(Token token)
    {
        if (token.Kind == TokenKind.Bad && lexError is not null)
        {
            Fail(lexError);
            return;
        }
        string message =
            token.Kind == TokenKind.End
                ? "syntax error at end of input"
                : $"syntax error at or near \"{Source[token.Start..Math.Min(token.End, token.Start + 60)]}\"";
        Fail(new Error(ErrorCodes.SyntaxError, message) { Position = token.Start });
    }

    protected void Fail(ErrorCode code, string message, int at, string? hint = null) =>
        Fail(new Error(code, message, null, hint) { Position = at });

    /// <summary>PostgreSQL has it, Tenon cannot carry it: names it and says what to write instead.</summary>
    protected void Refuse(string what, int at, string? hint) =>
        Fail(ErrorCodes.FeatureNotSupported, $"{what} is not supported", at, hint);

    protected void Fail(Error error)
    {
        Error ??= error;
        position = Tokens.Length - 1;
    }

    /// <summary>One level deeper; false (and failed) past the bound. Every true needs a <see cref="Leave"/>.</summary>
    protected bool Enter()
    {
        Depth++;
        if (Depth <= MaxDepth)
        {
            return Error is null;
        }
        TooComplex();
        return false;
    }

    protected void Leave() => Depth--;

    protected void TooComplex() =>
        Fail(ErrorCodes.StatementTooComplex, "statement is nested too deeply", Current.Start, $"At most {MaxDepth} levels are allowed.");

    // ---- names ----

    /// <summary>A column, table, alias or constraint: any word but a reserved one or one kept for functions.</summary>
    protected string Name() => NameOf(KeywordKind.ColumnName);

    /// <summary>A name behind a dot or AS: any word.</summary>
    protected string Label()
    {
        if (Current.Kind is TokenKind.Word or TokenKind.QuotedName)
        {
            return Take().Text;
        }
        Unexpected();
        return "";
    }

    protected string NameOf(KeywordKind allowed)
    {
        if (IsName(Current, allowed))
        {
            return Take().Text;
        }
        Unexpected();
        return "";
    }

    protected static bool IsName(Token token, KeywordKind allowed = KeywordKind.ColumnName)
    {
        if (token.Kind != TokenKind.Word)
        {
            return token.Kind == TokenKind.QuotedName;
        }
        KeywordKind kind = Keywords.KindOf(token.Text);
        return kind == KeywordKind.Free || kind == allowed;
    }

    /// <summary>[[source.]schema.]name, "" for what is not written.</summary>
    protected QualifiedName Qualified(KeywordKind allowed = KeywordKind.ColumnName)
    {
        Token first = Current;
        string one = NameOf(allowed);
        if (!Accept("."))
        {
            return new("", one);
        }
        string two = Label();
        if (!Accept("."))
        {
            return new(one, two);
        }
        string three = Label();
        if (At("."))
        {
            Fail(ErrorCodes.SyntaxError, $"improper qualified name (too many dotted names): {one}.{two}.{three}", first.Start);
        }
        return new(one, two, three);
    }

    protected ImmutableArray<QualifiedName> QualifiedList()
    {
        var names = ImmutableArray.CreateBuilder<QualifiedName>();
        do
        {
            names.Add(Qualified());
        } while (Accept(","));
        return names.DrainToImmutable();
    }

    protected ImmutableArray<string> NameList()
    {
        var names = ImmutableArray.CreateBuilder<string>();
        do
        {
            names.Add(Name());
        } while (Accept(","));
        return names.DrainToImmutable();
    }

    /// <summary>( name, … )</summary>
    protected ImmutableArray<string> ParenthesizedNames()
    {
        Expect("(");
        ImmutableArray<string> names = NameList();
        Expect(")");
        return names;
    }

    protected string StringLiteral()
    {
        if (Current.Kind == TokenKind.String)
        {
            return Take().Text;
        }
        Unexpected();
        return "";
    }

    // ---- parentheses ----

    /// <summary>Index of the token that closes the parenthesis at <paramref name="open"/>; the end when nothing does.</summary>
    protected int ClosingOf(int open)
    {
        closing ??= MatchParentheses();
        return closing[open];
    }

    private int[] MatchParentheses()
    {
        int[] matches = new int[Tokens.Length];
        Array.Fill(matches, Tokens.Length - 1);
        var open = new Stack<int>();
        for (int i = 0; i < Tokens.Length; i++)
        {
            if (Tokens[i].Is("("))
            {
                open.Push(i);
            }
            else if (Tokens[i].Is(")") && open.TryPop(out int start))
            {
                matches[start] = i;
            }
        }
        return matches;
    }
}
