using Tenon.Core.Expressions.Parsing;

namespace Tenon.Sources.Postgres;

/// <summary>
/// A migration is one transaction of Tenon's: statements of the file that only begin or commit one are blanked out, so that
/// everything else keeps its place. Words inside function bodies are part of a string and stay.
/// </summary>
internal static class TransactionWords
{
    private static readonly string[] Words = ["begin", "start", "commit", "end", "transaction", "work"];

    public static string Blank(string text)
    {
        (Token[] tokens, _) = SqlLexer.Tokenize(text);
        char[]? blanked = null;
        int first = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            if (tokens[i].Kind != TokenKind.End && !tokens[i].Is(";"))
            {
                continue;
            }
            if (i > first && tokens[first..i].All(t => t.Kind == TokenKind.Word && Words.Contains(t.Text)))
            {
                blanked ??= text.ToCharArray();
                int end = Math.Min(tokens[i].End, text.Length);
                Array.Fill(blanked, ' ', tokens[first].Start, end - tokens[first].Start);
            }
            first = i + 1;
        }
        return blanked is null ? text : new string(blanked);
    }
}
