using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Parsing;

// Operators by PostgreSQL's table of precedence, lowest first. Chains of AND and OR are flat; the height of everything
// else is counted, because the readers of the tree recurse.
internal partial class SqlParser
{
    private static class Level
    {
        public const int Or = 1;
        public const int And = 2;
        public const int Not = 3;
        public const int Is = 4;
        public const int Comparison = 5;
        public const int Match = 6;
        public const int Other = 7;
        public const int Sum = 8;
        public const int Product = 9;
        public const int Power = 10;
        public const int TimeZone = 11;
        public const int Collation = 12;
        public const int Sign = 13;
        public const int Subscript = 14;
        public const int Cast = 15;
    }

    private const int MaxHeight = 600;

    // BETWEEN writes its operand twice, so nesting it in itself doubles the tree each time.
    private const int MaxDuplications = 6;

    private int height;
    private int duplications;

    /// <summary>An expression; <paramref name="floor"/> is the weakest operator that may stand in it.</summary>
    protected Expr Expression(int floor = 0)
    {
        if (!Enter())
        {
            Leave();
            return Nothing;
        }
        (int outerHeight, int outerDuplications) = (height, duplications);
        height = duplications = 0;
        int start = Current.Start;
        Expr left = Prefix();
        int sealedLevel = 0;
        while (LevelHere() is var level && level > floor)
        {
            if (level == sealedLevel)
            {
                Unexpected();
                break;
            }
            left = Infix(left, level) with { At = Since(start) };
            sealedLevel = level is Level.Comparison or Level.Match ? level : 0;
            if (++height > MaxHeight || duplications > MaxDuplications)
            {
                TooComplex();
            }
        }
        height = Math.Max(outerHeight, height + 1);
        duplications = Math.Max(outerDuplications, duplications);
        Leave();
        return left;
    }

    /// <summary>DEFAULT and the like: an expression that NOT NULL may follow.</summary>
    protected Expr RestrictedExpression() => Expression(Level.Is);

    /// <summary>How strongly the operator here binds; 0 when there is none.</summary>
    private int LevelHere()
    {
        Token token = Current;
        switch (token.Kind)
        {
            case TokenKind.Word:
                return token.Text switch
                {
                    "or" => Level.Or,
                    "and" => Level.And,
                    "is" or "isnull" or "notnull" => Level.Is,
                    "between" or "in" or "like" or "ilike" or "similar" => Level.Match,
                    "not" => Ahead(1).Text is "between" or "in" or "like" or "ilike" or "similar" ? Level.Match : 0,
                    "at" => Ahead(1).Is("time") ? Level.TimeZone : 0,
                    "collate" => Level.Collation,
                    "operator" => Ahead(1).Is("(") ? Level.Other : 0,
                    _ => 0,
                };
            case TokenKind.Operator:
                return LevelOfOperator(token.Text);
            case TokenKind.Symbol:
                return token.Text switch
                {
                    "::" => Level.Cast,
                    "[" => Level.Subscript,
                    _ => 0,
                };
            default:
                return 0;
        }
    }

    private static int LevelOfOperator(string spelling) =>
        spelling switch
        {
            "<" or ">" or "=" or "<=" or ">=" or "<>" => Level.Comparison,
            "+" or "-" => Level.Sum,
            "*" or "/" or "%" => Level.Product,
            "^" => Level.Power,
            _ => Level.Other,
        };

    private Expr Prefix()
    {
        int start = Current.Start;
        if (Accept("not"))
        {
            Expr operand = Expression(Level.Not);
            return new NotExpr(operand) { At = Since(start) };
        }
        if (Current.Kind != TokenKind.Operator)
        {
            return Primary();
        }
        string spelling = Take().Text;
        if (LevelOfOperator(spelling) is Level.Comparison or Level.Product or Level.Power)
        {
            Unexpected(Tokens[Position - 1]);
            return Nothing;
        }
        if (spelling is not ("+" or "-"))
        {
            return new OperatorExpr(spelling, null, Expression(Level.Other)) { At = Since(start) };
        }
        Expr signed = Expression(Level.Sign);
        if (spelling == "-" && signed is NumberExpr number && number.Text[0] != '-')
        {
            return new NumberExpr("-" + number.Text) { At = Since(start) };
        }
        return new OperatorExpr(spelling, null, signed) { At = Since(start) };
    }

    private Expr Infix(Expr left, int level) =>
        level switch
        {
            Level.Or => new OrExpr(Chain(left, "or", Level.Or)),
            Level.And => new AndExpr(Chain(left, "and", Level.And)),
            Level.Is => Test(left),
            Level.Match => Match(left),
            Level.TimeZone => AtTimeZone(left),
            Level.Collation => Collate(left),
            Level.Subscript => Subscript(left),
            Level.Cast => CastSuffix(left),
            _ => Operator(left, level),
        };

    private ImmutableArray<Expr> Chain(Expr first, string word, int level)
    {
        var items = ImmutableArray.CreateBuilder<Expr>();
        items.Add(first);
        while (Accept(word))
        {
            items.Add(Expression(level));
        }
        return items.DrainToImmutable();
    }

    private Expr Operator(Expr left, int level)
    {
        string spelling = Accept("operator") ? QualifiedOperator() : Take().Text;
        return AtAny("any", "some", "all") ? Quantified(left, spelling) : new OperatorExpr(spelling, left, Expression(level));
    }

    /// <summary>operator(pg_catalog.=): the schema is only there to name the built-in one.</summary>
    private string QualifiedOperator()
    {
        Expect("(");
        if (Current.Kind is TokenKind.Word or TokenKind.QuotedName)
        {
            Token schema = Take();
            if (schema.Text is not ("pg_catalog" or "extensions" or "public"))
            {
                Refuse($"an operator of schema {schema.Text}", schema.Start, "Only the built-in operators exist.");
            }
            Expect(".");
        }
        string spelling = "";
        if (Current.Kind == TokenKind.Operator)
        {
            spelling = Take().Text;
        }
        else
        {
            Unexpected();
        }
        Expect(")");
        return spelling;
    }

    private Expr Quantified(Expr left, string spelling)
    {
        bool all = Take().Text == "all";
        if (IsSelectAhead())
        {
            Expect("(");
            Select query = SelectQuery();
            Expect(")");
            return (spelling, all) switch
            {
                ("=", false) => new InSelectExpr(left, query, Negated: false),
                ("<>", true) => new InSelectExpr(left, query, Negated: true),
                _ => new QuantifiedExpr(left, spelling, all, new ArraySelectExpr(query)),
            };
        }
        Expect("(");
        Expr array = Expression();
        Expect(")");
        return new QuantifiedExpr(left, spelling, all, array);
    }

    private Expr Test(Expr left)
    {
        if (Accept("isnull"))
        {
            return new TestExpr(left, TestKind.Null, Negated: false);
        }
        if (Accept("notnull"))
        {
            return new TestExpr(left, TestKind.Null, Negated: true);
        }
        Expect("is");
        bool negated = Accept("not");
        if (Accept("distinct", "from"))
        {
            return new DistinctExpr(left, Expression(Level.Is), negated);
        }
        Token word = Take();
        switch (word.Text)
        {
            case "null" when word.Kind == TokenKind.Word:
                return new TestExpr(left, TestKind.Null, negated);
            case "true" when word.Kind == TokenKind.Word:
                return new TestExpr(left, TestKind.True, negated);
            case "false" when word.Kind == TokenKind.Word:
                return new TestExpr(left, TestKind.False, negated);
            case "unknown" when word.Kind == TokenKind.Word:
                return new TestExpr(left, TestKind.Unknown, negated);
            case "document" or "normalized" or "nfc" or "nfd" or "nfkc" or "nfkd" when word.Kind == TokenKind.Word:
                Refuse($"IS {word.Text.ToUpperInvariant()}", word.Start, "Test it in the application.");
                return Nothing;
            default:
                Unexpected(word);
                return Nothing;
        }
    }

    private Expr Match(Expr left)
    {
        bool negated = Accept("not");
        Token word = Take();
        switch (word.Text)
        {
            case "between":
                return Between(left, negated);
            case "in":
                return In(left, negated);
            case "similar":
                Expect("to");
                return new OperatorExpr(negated ? "!~" : "~", left, Pattern("similar_to_escape", always: true));
            default:
                string spelling = (negated ? "!" : "") + (word.Text == "like" ? "~~" : "~~*");
                return AtAny("any", "some", "all")
                    ? Quantified(left, spelling)
                    : new OperatorExpr(spelling, left, Pattern("like_escape", always: false));
        }
    }

    private Expr Pattern(string escapeFunction, bool always)
    {
        int start = Current.Start;
        Expr pattern = Expression(Level.Match);
        if (Accept("escape"))
        {
            Expr escape = Expression(Level.Match);
            return new CallExpr(null, escapeFunction, [pattern, escape]) { At = Since(start) };
        }
        return always ? new CallExpr(null, escapeFunction, [pattern]) { At = Since(start) } : pattern;
    }

    private Expr Between(Expr value, bool negated)
    {
        bool symmetric = Accept("symmetric");
        Accept("asymmetric");
        Expr low = Expression(Level.Match);
        Expect("and");
        Expr high = Expression(Level.Match);
        duplications += symmetric ? 2 : 1;
        Expr inside = Range(value, low, high, negated);
        if (!symmetric)
        {
            return inside;
        }
        Expr turned = Range(value, high, low, negated);
        return negated ? new AndExpr([inside, turned]) : new OrExpr([inside, turned]);
    }

    private static Expr Range(Expr value, Expr low, Expr high, bool negated)
    {
        Expr Compare(string spelling, Expr bound) =>
            new OperatorExpr(spelling, value, bound) { At = new Span(value.At.Start, bound.At.End - value.At.Start) };
        return negated
            ? new OrExpr([Compare("<", low), Compare(">", high)])
            : new AndExpr([Compare(">=", low), Compare("<=", high)]);
    }

    private Expr In(Expr left, bool negated)
    {
        if (IsSelectAhead())
        {
            Expect("(");
            Select query = SelectQuery();
            Expect(")");
            return new InSelectExpr(left, query, negated);
        }
        Expect("(");
        ImmutableArray<Expr> items = ExpressionList();
        Expect(")");
        return new InListExpr(left, items, negated);
    }

    private Expr AtTimeZone(Expr left)
    {
        Expect("at", "time");
        Expect("zone");
        return new CallExpr(null, "timezone", [Expression(Level.TimeZone), left]);
    }

    // Text compares by code point here, which is the collation "C"; what orders otherwise would answer differently.
    private Expr Collate(Expr left)
    {
        int start = Take().Start;
        QualifiedName name = Qualified(KeywordKind.FunctionName);
        if (name.Name is not ("C" or "POSIX" or "ucs_basic" or "default"))
        {
            Refuse($"collation \"{name.Name}\"", start, "Text is ordered by code point, which is COLLATE \"C\".");
        }
        return left;
    }

    private Expr CastSuffix(Expr left)
    {
        Expect("::");
        return new CastExpr(left, TypeName());
    }

    private Expr Subscript(Expr left)
    {
        Expect("[");
        if (At(":"))
        {
            Refuse("an array slice without a lower bound", Current.Start, "Write both bounds: a[1:n].");
        }
        Expr index = Expression();
        Expr? upper = null;
        if (Accept(":"))
        {
            if (At("]"))
            {
                Refuse("an array slice without an upper bound", Current.Start, "Write both bounds: a[2:array_length(a, 1)].");
            }
            upper = Expression();
        }
        Expect("]");
        Expr result = new SubscriptExpr(left, index, upper);
        return At(".") ? FieldsOf(result) : result;
    }
}
