using Tenon.Core.Expressions.Parsing;

namespace Tenon.Sources.Postgres;

/// <summary>
/// A migration is one transaction of Tenon's: statements of the file that only begin or commit one are blanked out, so that
/// everything else keeps its place. Words inside function bodies are part of a string and stay. So is "create schema if not
/// exists" of a schema that is there: PostgreSQL asks for the right to make one all the same.
/// </summary>
internal static class TransactionWords
{
    private static readonly string[] Words = ["begin", "start", "commit", "end", "transaction", "work"];

    public static string Blank(string text, IReadOnlyCollection<string>? schemas = null)
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
            if (i > first && (tokens[first..i].All(t => t.Kind == TokenKind.Word && Words.Contains(t.Text)) || MakesAgain(tokens.AsSpan(first, i - first), schemas)))
            {
                blanked ??= text.ToCharArray();
                int end = Math.Min(tokens[i].End, text.Length);
                Array.Fill(blanked, ' ', tokens[first].Start, end - tokens[first].Start);
            }
            first = i + 1;
        }
        return blanked is null ? text : new string(blanked);
    }

    private static bool MakesAgain(ReadOnlySpan<Token> statement, IReadOnlyCollection<string>? schemas) =>
        statement is [var create, var schema, var @if, var not, var exists, var name]
        && create.Is("create") && schema.Is("schema") && @if.Is("if") && not.Is("not") && exists.Is("exists")
        && schemas is not null
        && schemas.Contains(name.Text);
}
