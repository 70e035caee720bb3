using System.Text;
using Tenon.Core.Types.FullText;

namespace Tenon.Sources.Sqlite.Functions;

/// <summary>
/// What a full-text index holds of a tsvector, and which of its rows a tsquery can match at all. A lexeme is one token: signs
/// that would part it become one sign, case and positions are lost; so there are candidates too many, never too few.
/// </summary>
internal static class TextIndexTokens
{
    /// <summary>Stands for a sign that FTS5's tokenizer would part words at.</summary>
    private const char Sign = '\uE000';

    /// <summary>A token that every row has: the candidates of a query that can match whatever a row holds.</summary>
    private const string Everything = "\uE001";

    // FTS5 refuses expressions that are too deep; a query that large is asked of all rows.
    private const int MaxNodes = 200;

    public static void Register(SqliteConnection connection)
    {
        connection.CreateScalar("tn_text_lexemes", 1, FunctionTraits.Pure, (context, a) => context.Text(Lexemes(TsVector.Read(a[0].ToString()))));
        connection.CreateScalar("tn_text_candidates", 1, FunctionTraits.Pure, (context, a) =>
        {
            if (a[0].IsNull)
            {
                context.Null();
                return;
            }
            context.Text(Candidates(TsQuery.Read(a[0].ToString())));
        });
    }

    private static string Lexemes(TsVector vector)
    {
        var text = new StringBuilder(Everything);
        foreach (Lexeme lexeme in vector.Lexemes)
        {
            text.Append(' ');
            AppendToken(text, lexeme.Text);
        }
        return text.ToString();
    }

    private static void AppendToken(StringBuilder text, string lexeme)
    {
        foreach (char c in lexeme)
        {
            text.Append(char.IsAscii(c) && !char.IsAsciiLetterOrDigit(c) ? Sign : c);
        }
    }

    /// <summary>The query in FTS5's words.</summary>
    private static string Candidates(TsQuery query)
    {
        // An empty query matches nothing; no token is empty.
        string? expression = query.Root is null ? $"\"{Everything}{Everything}\"" : TsQuery.Count(query.Root) > MaxNodes ? null : Candidates(query.Root);
        return expression ?? $"\"{Everything}\"";
    }

    /// <summary>Null: any row may match.</summary>
    private static string? Candidates(TsNode node)
    {
        switch (node.Operator)
        {
            case TsOperator.Lexeme:
                var token = new StringBuilder("\"");
                AppendToken(token, node.Text);
                return node.Text.Length == 0 ? null : token.Append(node.Prefix ? "\" *" : "\"").ToString();
            case TsOperator.Not:
                return null;
            case TsOperator.Or:
                return Candidates(node.Left!) is { } left && Candidates(node.Right!) is { } right ? $"({left} OR {right})" : null;
            default:
                string? first = Candidates(node.Left!), second = Candidates(node.Right!);
                return first is null ? second
                    : second is null ? first
                    : $"({first} AND {second})";
        }
    }
}
