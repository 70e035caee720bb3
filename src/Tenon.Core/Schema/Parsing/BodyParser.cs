using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Parsing;

namespace Tenon.Core.Schema.Parsing;

/// <summary>A function's body, which is a string in its file: positions in the body become positions in the file.</summary>
internal sealed class BodyParser : SqlParser
{
    private BodyParser(string source, Token[] tokens, Error? lexError)
        : base(source, tokens, lexError) { }

    public static Outcome<RoutineBody> Parse(string file, Token literal, string language)
    {
        if (PlainRange(file, literal) is { } range)
        {
            return ParseRange(file, range.Start, range.End, language);
        }
        // With doubled quotes or escapes in it the value is not a part of the file: read it by itself, then map back.
        Outcome<RoutineBody> body = ParseRange(literal.Text, 0, literal.Text.Length, language);
        return body.Error is { Position: { } position } error
            ? error with { Position = PositionInFile(file, literal, position) }
            : body;
    }

    /// <summary>A PL/pgSQL body that is not in a file.</summary>
    public static Outcome<RoutineBody> ParseBlock(string text) => ParseRange(text, 0, text.Length, "plpgsql");

    private static Outcome<RoutineBody> ParseRange(string text, int start, int end, string language)
    {
        (Token[] tokens, Error? error) = SqlLexer.Tokenize(text, start, end);
        var parser = new BodyParser(text, tokens, error);
        RoutineBody body = language == "sql" ? parser.SqlStatements() : parser.BlockOfFunction();
        return parser.Finish(body);
    }

    private static (int Start, int End)? PlainRange(string file, Token literal)
    {
        int length = literal.Text.Length;
        int around = literal.End - literal.Start - length;
        int start = literal.Start + around / 2;
        bool same = around >= 2 && string.CompareOrdinal(file, start, literal.Text, 0, length) == 0;
        return same ? (start, start + length) : null;
    }

    private static int PositionInFile(string file, Token literal, int position)
    {
        int at = literal.Start + 1;
        for (int i = 0; i < position && at < literal.End - 1; i++)
        {
            at += file[at] is '\'' or '\\' && at + 1 < literal.End - 1 && (file[at] == '\\' || file[at + 1] == '\'') ? 2 : 1;
        }
        return Math.Min(at, literal.End);
    }
}
