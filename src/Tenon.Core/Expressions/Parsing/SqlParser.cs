using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Parsing;

/// <summary>
/// PostgreSQL's SQL to the two trees, by its grammar and precedence: recursive descent, with precedence climbing for
/// operators. Pure and linear; the tree's height is bounded so that no reader of it can run out of stack.
/// </summary>
internal partial class SqlParser : TokenReader
{
    protected SqlParser(string source, Token[] tokens, Error? lexError)
        : base(source, tokens, lexError) { }

    private static SqlParser Over(string text)
    {
        (Token[] tokens, Error? error) = SqlLexer.Tokenize(text);
        return new(text, tokens, error);
    }

    /// <summary>One scalar expression and nothing behind it.</summary>
    public static Outcome<Expr> ParseExpression(string text)
    {
        SqlParser parser = Over(text);
        Expr result = parser.Expression();
        return parser.Finish(result);
    }

    /// <summary>One query; a semicolon may follow.</summary>
    public static Outcome<Select> ParseSelect(string text)
    {
        SqlParser parser = Over(text);
        Select result = parser.SelectQuery();
        parser.Accept(";");
        return parser.Finish(result);
    }

    /// <summary>One select, values, insert, update or delete; a semicolon may follow.</summary>
    public static Outcome<Statement> ParseStatement(string text)
    {
        SqlParser parser = Over(text);
        Statement result = parser.RowStatement();
        parser.Accept(";");
        return parser.Finish(result);
    }

    /// <summary>A type as it is written behind :: or a column's name.</summary>
    public static Outcome<TypeSyntax> ParseType(string text)
    {
        SqlParser parser = Over(text);
        TypeSyntax result = parser.TypeName();
        return parser.Finish(result);
    }

    protected Outcome<T> Finish<T>(T result)
    {
        if (Error is null && !AtEnd)
        {
            Unexpected();
        }
        return Error is { } error ? error : result;
    }

    /// <summary>What a rule returns once the parser has failed; nobody sees it.</summary>
    private static readonly Expr Nothing = new LiteralExpr("");

    protected static string SpellingOf(Span span, string source) => source.Substring(span.Start, span.Length);
}
