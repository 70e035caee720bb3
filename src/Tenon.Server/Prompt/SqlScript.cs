using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Parsing;

namespace Tenon.Server.Prompt;

/// <summary>One statement of a text: where it begins, and its words. Positions of its errors are offsets in the whole text.</summary>
internal readonly record struct ScriptStatement(int Start, string Text, string FirstWord);

/// <summary>A text of several statements, cut at its semicolons by the lexer's rules (not those inside strings and bodies).</summary>
internal static class SqlScript
{
    /// <summary>The statements before the first thing that cannot be read, and that thing's error.</summary>
    public static (ImmutableArray<ScriptStatement> Statements, Error? Error) Cut(string text)
    {
        (Token[] tokens, Error? error) = SqlLexer.Tokenize(text);
        var statements = ImmutableArray.CreateBuilder<ScriptStatement>();
        int first = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            bool ends = tokens[i].Kind == TokenKind.End || tokens[i].Is(";");
            if (tokens[i].Kind == TokenKind.Bad)
            {
                break;
            }
            if (ends && i > first)
            {
                int start = tokens[first].Start;
                statements.Add(new ScriptStatement(start, text[start..tokens[i - 1].End], tokens[first].Text));
            }
            first = ends ? i + 1 : first;
        }
        return (statements.DrainToImmutable(), error);
    }

    /// <summary>Is the last statement ended, so that a prompt may run what was typed?</summary>
    public static bool IsComplete(string text)
    {
        (Token[] tokens, Error? error) = SqlLexer.Tokenize(text);
        return error is null && tokens.Length > 1 && tokens[^2].Is(";");
    }
}
