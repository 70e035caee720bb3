using System.Globalization;
using System.Text;

namespace Tenon.Server.Auth.Mail.Templates;

internal enum TokenKind
{
    Word,

    /// <summary>.A.B; the text is A.B.</summary>
    Field,

    /// <summary>The same, written right behind a variable or a parenthesis.</summary>
    Attached,
    Variable,
    Text,
    Number,
    Sign,
    End,
}

internal readonly record struct TemplateToken(TokenKind Kind, string Text);

/// <summary>The words of one action, between {{ and }}.</summary>
internal static class TemplateLexer
{
    public static List<TemplateToken> Read(string action, int line)
    {
        var tokens = new List<TemplateToken>();
        int i = 0;
        while (i < action.Length)
        {
            char c = action[i];
            if (char.IsWhiteSpace(c))
            {
                i++;
                continue;
            }
            i = c switch
            {
                '"' or '`' => Quoted(action, i, tokens, line),
                '.' when i + 1 < action.Length && IsWord(action[i + 1]) => Fields(action, i, tokens),
                '.' => Sign(action, i, 1, tokens),
                '$' => Run(action, i, i + 1, TokenKind.Variable, tokens),
                ':' when i + 1 < action.Length && action[i + 1] == '=' => Sign(action, i, 2, tokens),
                '|' or '(' or ')' or ',' or '=' => Sign(action, i, 1, tokens),
                '-' when i + 1 < action.Length && char.IsAsciiDigit(action[i + 1]) => Number(action, i, tokens),
                _ when char.IsAsciiDigit(c) => Number(action, i, tokens),
                _ when IsWord(c) => Run(action, i, i, TokenKind.Word, tokens),
                _ => throw new TemplateException($"line {line}: \"{c}\" is not expected in an action"),
            };
        }
        tokens.Add(new TemplateToken(TokenKind.End, ""));
        return tokens;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    private static int Sign(string text, int start, int length, List<TemplateToken> tokens)
    {
        tokens.Add(new TemplateToken(TokenKind.Sign, text.Substring(start, length)));
        return start + length;
    }

    private static int Run(string text, int start, int from, TokenKind kind, List<TemplateToken> tokens)
    {
        int end = from;
        while (end < text.Length && IsWord(text[end]))
        {
            end++;
        }
        // A variable keeps its $.
        tokens.Add(new TemplateToken(kind, text[start..end]));
        return end;
    }

    private static int Fields(string text, int start, List<TemplateToken> tokens)
    {
        int end = start;
        while (end + 1 < text.Length && text[end] == '.' && IsWord(text[end + 1]))
        {
            end++;
            while (end < text.Length && IsWord(text[end]))
            {
                end++;
            }
        }
        bool attached = start > 0 && (IsWord(text[start - 1]) || text[start - 1] is ')' or '$');
        tokens.Add(new TemplateToken(attached ? TokenKind.Attached : TokenKind.Field, text[(start + 1)..end]));
        return end;
    }

    private static int Number(string text, int start, List<TemplateToken> tokens)
    {
        int end = start + 1;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
        {
            end++;
        }
        tokens.Add(new TemplateToken(TokenKind.Number, text[start..end]));
        return end;
    }

    private static int Quoted(string text, int start, List<TemplateToken> tokens, int line)
    {
        var value = new StringBuilder();
        char quote = text[start];
        for (int i = start + 1; i < text.Length; i++)
        {
            if (text[i] == quote)
            {
                tokens.Add(new TemplateToken(TokenKind.Text, value.ToString()));
                return i + 1;
            }
            if (text[i] == '\\' && quote == '"' && i + 1 < text.Length)
            {
                i++;
                value.Append(text[i] switch { 'n' => '\n', 't' => '\t', char other => other });
                continue;
            }
            value.Append(text[i]);
        }
        throw new TemplateException(string.Create(CultureInfo.InvariantCulture, $"line {line}: a string is not closed"));
    }
}
