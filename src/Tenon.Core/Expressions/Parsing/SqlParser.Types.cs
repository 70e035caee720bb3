using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Parsing;

// Types as written. The spellings of one or more words that SQL has become the one name of PostgreSQL's catalog (int4,
// timestamptz, varchar, bpchar), so that whoever resolves names knows one spelling.
internal partial class SqlParser
{
    /// <summary>A type with its modifiers and array brackets.</summary>
    protected TypeSyntax TypeName()
    {
        int start = Current.Start;
        if (At("setof"))
        {
            Unexpected();
        }
        (ImmutableArray<string> name, ImmutableArray<int> modifiers) =
            Current.Kind == TokenKind.Word && BuiltinType(Current.Text) is { } builtin ? builtin : NamedType();
        int dimensions = ArrayDimensions();
        return new(name, modifiers, dimensions, Since(start));
    }

    private (ImmutableArray<string>, ImmutableArray<int>) NamedType()
    {
        Token first = Current;
        var parts = ImmutableArray.CreateBuilder<string>();
        parts.Add(NameOf(KeywordKind.FunctionName));
        while (Accept("."))
        {
            parts.Add(Label());
        }
        if (At("%"))
        {
            Refuse("%TYPE here", first.Start, "Write the type itself; %TYPE stands only in DECLARE.");
        }
        if (parts.Count == 2 && parts[0] == "pg_catalog")
        {
            parts.RemoveAt(0);
        }
        return (parts.DrainToImmutable(), At("(") ? Modifiers() : []);
    }

    /// <summary>The types whose names are keywords of SQL.</summary>
    private (ImmutableArray<string>, ImmutableArray<int>)? BuiltinType(string word)
    {
        switch (word)
        {
            case "int" or "integer":
                return Simple("int4");
            case "smallint":
                return Simple("int2");
            case "bigint":
                return Simple("int8");
            case "real":
                return Simple("float4");
            case "boolean":
                return Simple("bool");
            case "float":
                return Float();
            case "double" when Ahead(1).Is("precision"):
                Take();
                return Simple("float8");
            case "decimal" or "dec" or "numeric":
                Take();
                return (["numeric"], At("(") ? Modifiers() : []);
            case "character" or "char" or "varchar" or "national" or "nchar":
                return CharacterType();
            case "time" or "timestamp":
                return TimeType();
            case "interval":
                return IntervalType();
            case "bit":
                Refuse("type bit", Current.Start, "Use boolean, or an integer of flags.");
                return Simple("bit");
            default:
                return null;
        }
    }

    private (ImmutableArray<string>, ImmutableArray<int>) Simple(string name)
    {
        Take();
        return ([name], []);
    }

    private (ImmutableArray<string>, ImmutableArray<int>) Float()
    {
        int at = Take().Start;
        int digits = At("(") ? Modifiers() is [var n] ? n : 0 : 53;
        if (digits is < 1 or > 53)
        {
            Fail(ErrorCodes.InvalidParameterValue, "precision for type float must be between 1 and 53 bits", at);
        }
        return ([digits <= 24 ? "float4" : "float8"], []);
    }

    private (ImmutableArray<string>, ImmutableArray<int>) CharacterType()
    {
        Accept("national");
        bool varying = Take().Text == "varchar";
        varying |= Accept("varying");
        ImmutableArray<int> modifiers = At("(") ? Modifiers() : [];
        return varying ? (["varchar"], modifiers) : (["bpchar"], modifiers.IsEmpty ? [1] : modifiers);
    }

    private (ImmutableArray<string>, ImmutableArray<int>) TimeType()
    {
        string name = Take().Text;
        ImmutableArray<int> modifiers = At("(") ? Modifiers() : [];
        if (Accept("with", "time", "zone"))
        {
            return ([name + "tz"], modifiers);
        }
        Accept("without", "time", "zone");
        return ([name], modifiers);
    }

    private (ImmutableArray<string>, ImmutableArray<int>) IntervalType()
    {
        Take();
        if (AtAny("year", "month", "day", "hour", "minute", "second"))
        {
            Refuse("an interval type limited to fields", Current.Start, "Write interval.");
        }
        return (["interval"], At("(") ? Modifiers() : []);
    }

    private ImmutableArray<int> Modifiers()
    {
        Expect("(");
        var values = ImmutableArray.CreateBuilder<int>();
        do
        {
            bool negative = Accept("-");
            Token number = Current;
            if (
                number.Kind != TokenKind.Number
                || !int.TryParse(number.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            )
            {
                Unexpected();
                break;
            }
            Take();
            values.Add(negative ? -value : value);
        } while (Accept(","));
        Expect(")");
        return values.DrainToImmutable();
    }

    private int ArrayDimensions()
    {
        int dimensions = 0;
        if (Accept("array"))
        {
            dimensions = 1;
            if (!At("["))
            {
                return dimensions;
            }
            dimensions = 0;
        }
        while (Accept("["))
        {
            if (Current.Kind == TokenKind.Number)
            {
                Take();
            }
            Expect("]");
            dimensions++;
        }
        return dimensions;
    }

    // ---- literals with a type in front ----

    /// <summary>type 'literal' begins here: date '2024-01-01', timestamp with time zone '…', numeric(5,2) '1'.</summary>
    private bool IsTypedLiteral()
    {
        if (Ahead(1).Kind == TokenKind.String)
        {
            return IsName(Current, KeywordKind.FunctionName) || IsTypeKeyword(Current.Text);
        }
        return IsTypeKeyword(Current.Text)
            && (Ahead(1).Is("(") || (Ahead(1).Kind == TokenKind.Word && Ahead(1).Text is "precision" or "varying" or "with" or "without"))
            && EndsInString();
    }

    private bool EndsInString()
    {
        int i = Position + 1;
        while (Tokens[i].Is("precision") || Tokens[i].Is("varying"))
        {
            i++;
        }
        if (Tokens[i].Is("("))
        {
            i = Math.Min(ClosingOf(i) + 1, Tokens.Length - 1);
        }
        if ((Tokens[i].Is("with") || Tokens[i].Is("without")) && i + 3 < Tokens.Length)
        {
            i += 3;
        }
        return Tokens[i].Kind == TokenKind.String;
    }

    private static bool IsTypeKeyword(string word) =>
        word
            is "int"
                or "integer"
                or "smallint"
                or "bigint"
                or "real"
                or "boolean"
                or "float"
                or "double"
                or "decimal"
                or "dec"
                or "numeric"
                or "character"
                or "char"
                or "varchar"
                or "national"
                or "nchar"
                or "time"
                or "timestamp"
                or "interval"
                or "bit";

    private Expr TypedLiteral()
    {
        TypeSyntax type = TypeName();
        Token literal = Current;
        return new CastExpr(new LiteralExpr(StringLiteral()) { At = literal.Span }, type);
    }

    private Expr QualifiedTypeLiteral(ImmutableArray<string>.Builder parts, int start)
    {
        if (parts.Count == 2 && parts[0] == "pg_catalog")
        {
            parts.RemoveAt(0);
        }
        var type = new TypeSyntax(parts.DrainToImmutable(), [], 0, Since(start));
        Token literal = Take();
        return new CastExpr(new LiteralExpr(literal.Text) { At = literal.Span }, type) { At = Since(start) };
    }

    /// <summary>interval '1 day', interval(3) '…' and interval '1' day, whose unit joins the text.</summary>
    private Expr IntervalLiteral()
    {
        int start = Take().Start;
        ImmutableArray<int> modifiers = At("(") ? Modifiers() : [];
        var type = new TypeSyntax(["interval"], modifiers, 0, Since(start));
        Token literal = Current;
        string text = StringLiteral();
        if (AtAny("year", "month", "day", "hour", "minute", "second"))
        {
            Token unit = Take();
            if (At("to") || !text.All(c => char.IsAsciiDigit(c) || c is '-' or '.' or ' '))
            {
                Refuse("an interval literal limited to fields", unit.Start, "Write the units inside the quotes: interval '1 day 2 hours'.");
            }
            text = $"{text.Trim()} {unit.Text}";
        }
        return new CastExpr(new LiteralExpr(text) { At = literal.Span }, type);
    }
}
