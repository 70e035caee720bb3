using System.Text;
using Tenon.Core.Errors;

namespace Tenon.Core.Expressions.Parsing;

/// <summary>
/// Text to tokens by PostgreSQL's lexical rules, in one pass. Where the text cannot be read further the last token but one
/// is Bad and <see cref="Error"/> says why: the parser reports it only when it gets there.
/// </summary>
internal sealed partial class SqlLexer
{
    private const string OperatorCharacters = "~!@#^&|`?+-*/%<>=";
    private const int MaxNameBytes = 63;

    private readonly string text;
    private readonly int end;
    private readonly List<Token> tokens = [];
    private int at;

    private SqlLexer(string text, int start, int end)
    {
        this.text = text;
        this.end = end;
        at = start;
    }

    private Error? Error { get; set; }

    public static (Token[] Tokens, Error? Error) Tokenize(string text) => Tokenize(text, 0, text.Length);

    /// <summary>Reads a part of a text, a function's body in its file: positions are those of the whole.</summary>
    public static (Token[] Tokens, Error? Error) Tokenize(string text, int start, int end)
    {
        var lexer = new SqlLexer(text, start, end);
        while (lexer.Error is null && lexer.SkipBlank())
        {
            lexer.ReadToken();
        }
        lexer.tokens.Add(new(TokenKind.End, end, end, ""));
        return ([.. lexer.tokens], lexer.Error);
    }

    private char Here => at < end ? text[at] : '\0';

    private char Next => at + 1 < end ? text[at + 1] : '\0';

    /// <summary>Skips blanks and comments; false at the end.</summary>
    private bool SkipBlank()
    {
        while (at < end)
        {
            if (text[at] is ' ' or '\t' or '\n' or '\r' or '\f' or '\v')
            {
                at++;
            }
            else if (Here == '-' && Next == '-')
            {
                int line = text.IndexOf('\n', at, end - at);
                at = line < 0 ? end : line + 1;
            }
            else if (Here == '/' && Next == '*')
            {
                if (!SkipComment())
                {
                    return false;
                }
            }
            else
            {
                return true;
            }
        }
        return false;
    }

    private bool SkipComment()
    {
        int start = at, depth = 0;
        while (at < end)
        {
            if (Here == '/' && Next == '*')
            {
                depth++;
                at += 2;
            }
            else if (Here == '*' && Next == '/')
            {
                at += 2;
                if (--depth == 0)
                {
                    return true;
                }
            }
            else
            {
                at++;
            }
        }
        Fail(start, "unterminated /* comment");
        return false;
    }

    private void ReadToken()
    {
        char c = Here;
        if (IsNameStart(c))
        {
            ReadWordOrPrefixedString();
        }
        else if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Next)))
        {
            ReadNumber();
        }
        else if (c == '\'')
        {
            ReadString(at, escapes: false);
        }
        else if (c == '"')
        {
            ReadQuotedName();
        }
        else if (c == '$')
        {
            ReadDollar();
        }
        else if ("()[],;.:".Contains(c))
        {
            ReadSymbol();
        }
        else if (OperatorCharacters.Contains(c))
        {
            ReadOperator();
        }
        else
        {
            int width = char.IsHighSurrogate(c) && char.IsLowSurrogate(Next) ? 2 : 1;
            Fail(at, "syntax error", text.Substring(at, width));
        }
    }

    private void ReadWordOrPrefixedString()
    {
        char c = Here;
        if (Next == '\'' && c is 'e' or 'E' or 'n' or 'N' or 'b' or 'B' or 'x' or 'X' && Next == '\'')
        {
            int start = at++;
            if (c is 'b' or 'B' or 'x' or 'X')
            {
                Refuse(start, "bit string", "Write a bytea as '\\x…' and a number in decimal.");
                return;
            }
            ReadString(start, escapes: c is 'e' or 'E');
            return;
        }
        if (c is 'u' or 'U' && Next == '&' && at + 2 < end && text[at + 2] is '\'' or '"')
        {
            Refuse(at, "the U& form of strings and names", "Write the characters themselves, or E'\\u00e9'.");
            return;
        }
        int from = at;
        while (at < end && IsNamePart(text[at]))
        {
            at++;
        }
        tokens.Add(new(TokenKind.Word, from, at, Truncate(Fold(text.AsSpan(from, at - from)))));
    }

    private void ReadNumber()
    {
        int start = at;
        SkipDigits();
        if (Here == '.' && Next != '.')
        {
            at++;
            SkipDigits();
        }
        if (Here is 'e' or 'E')
        {
            int sign = Next is '+' or '-' ? 2 : 1;
            if (at + sign < end && char.IsAsciiDigit(text[at + sign]))
            {
                at += sign;
                SkipDigits();
            }
        }
        if (at < end && IsNameStart(Here))
        {
            Fail(start, "trailing junk after numeric literal", text[start..(at + 1)]);
            return;
        }
        tokens.Add(new(TokenKind.Number, start, at, text[start..at]));
    }

    private void SkipDigits()
    {
        while (at < end && char.IsAsciiDigit(text[at]))
        {
            at++;
        }
    }

    private void ReadQuotedName()
    {
        int start = at++;
        var name = new StringBuilder();
        while (true)
        {
            if (at >= end)
            {
                Fail(start, "unterminated quoted identifier");
                return;
            }
            if (text[at] == '"')
            {
                if (Next != '"')
                {
                    break;
                }
                at++;
            }
            name.Append(text[at++]);
        }
        at++;
        if (name.Length == 0)
        {
            Fail(start, "zero-length delimited identifier", "\"\"");
            return;
        }
        tokens.Add(new(TokenKind.QuotedName, start, at, Truncate(name.ToString())));
    }

    private void ReadDollar()
    {
        int start = at;
        if (char.IsAsciiDigit(Next))
        {
            at++;
            SkipDigits();
            tokens.Add(new(TokenKind.Placeholder, start, at, text[(start + 1)..at]));
            return;
        }
        int tag = at + 1;
        while (tag < end && IsNamePart(text[tag]) && text[tag] != '$')
        {
            tag++;
        }
        if (tag >= end || text[tag] != '$')
        {
            Fail(start, "syntax error", "$");
            return;
        }
        string delimiter = text[start..(tag + 1)];
        int close = text.IndexOf(delimiter, tag + 1, end - tag - 1, StringComparison.Ordinal);
        if (close < 0)
        {
            Fail(start, "unterminated dollar-quoted string");
            return;
        }
        at = close + delimiter.Length;
        tokens.Add(new(TokenKind.String, start, at, text[(tag + 1)..close]));
    }

    private void ReadSymbol()
    {
        int length = (Here, Next) is (':', ':') or (':', '=') or ('.', '.') ? 2 : 1;
        tokens.Add(new(TokenKind.Symbol, at, at + length, text.Substring(at, length)));
        at += length;
    }

    // The longest run of operator characters, cut before a comment; more than one character must not end in + or - unless
    // one of ~ ! @ # ^ & | ` ? % is among them.
    private void ReadOperator()
    {
        int start = at, stop = at;
        bool special = false;
        while (stop < end && OperatorCharacters.Contains(text[stop]) && !IsCommentStart(stop))
        {
            special |= "~!@#^&|`?%".Contains(text[stop]);
            stop++;
        }
        while (!special && stop - start > 1 && text[stop - 1] is '+' or '-' && stop - start > 1)
        {
            stop--;
        }
        at = stop;
        string spelling = text[start..stop];
        TokenKind kind = spelling == "=>" ? TokenKind.Symbol : TokenKind.Operator;
        tokens.Add(new(kind, start, stop, spelling == "!=" ? "<>" : spelling));
    }

    private bool IsCommentStart(int i) =>
        i + 1 < end && ((text[i] == '-' && text[i + 1] == '-') || (text[i] == '/' && text[i + 1] == '*'));

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_' || c >= 0x80;

    private static bool IsNamePart(char c) => IsNameStart(c) || char.IsAsciiDigit(c) || c == '$';

    // PostgreSQL folds ASCII only, and cuts names at 63 bytes.
    private static string Fold(ReadOnlySpan<char> word) =>
        string.Create(
            word.Length,
            word,
            static (to, from) =>
            {
                for (int i = 0; i < from.Length; i++)
                {
                    to[i] = char.IsAsciiLetterUpper(from[i]) ? (char)(from[i] | 0x20) : from[i];
                }
            }
        );

    private static string Truncate(string name)
    {
        if (name.Length * 3 <= MaxNameBytes || Encoding.UTF8.GetByteCount(name) <= MaxNameBytes)
        {
            return name;
        }
        int bytes = 0, length = 0;
        foreach (Rune rune in name.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > MaxNameBytes)
            {
                break;
            }
            length += rune.Utf16SequenceLength;
        }
        return name[..length];
    }

    private void Fail(int start, string message, string? near = null)
    {
        near ??= text[start..Math.Min(end, start + 60)];
        SetError(start, new(ErrorCodes.SyntaxError, $"{message} at or near \"{near}\""));
    }

    private void Refuse(int start, string what, string hint) =>
        SetError(start, new(ErrorCodes.FeatureNotSupported, $"{what} is not supported", null, hint));

    private void SetError(int start, Error error)
    {
        Error = error with { Position = start };
        tokens.Add(new(TokenKind.Bad, start, end, ""));
        at = end;
    }
}
