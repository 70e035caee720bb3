using System.Collections.Immutable;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Parsing;

// What an operator stands between: literals, names, parentheses, CASE and the constructs with a keyword of their own.
internal partial class SqlParser
{
    protected ImmutableArray<Expr> ExpressionList()
    {
        var items = ImmutableArray.CreateBuilder<Expr>();
        do
        {
            items.Add(Expression());
        } while (Accept(","));
        return items.DrainToImmutable();
    }

    private Expr Primary()
    {
        Token token = Current;
        switch (token.Kind)
        {
            case TokenKind.Number:
                Take();
                return new NumberExpr(token.Text) { At = token.Span };
            case TokenKind.String:
                Take();
                return new LiteralExpr(token.Text) { At = token.Span };
            case TokenKind.Placeholder:
                Take();
                return FieldsOf(new PlaceholderExpr(token.Text) { At = token.Span });
            case TokenKind.QuotedName:
                return NameOrCall();
            case TokenKind.Word:
                return Keyword(token) is { } known ? known with { At = Since(token.Start) } : NameOrCall();
            case TokenKind.Symbol when token.Text == "(":
                return Parenthesis();
            default:
                Unexpected();
                return Nothing;
        }
    }

    /// <summary>A construct that begins with a keyword; null when the word is a name.</summary>
    private Expr? Keyword(Token word)
    {
        switch (word.Text)
        {
            case "null":
                Take();
                return new ConstantExpr(Datum.Null);
            case "true" or "false":
                Take();
                return new ConstantExpr(Datum.Of(word.Text == "true")) { Type = LogicalType.Boolean };
            case "case":
                return Case();
            case "cast" when Ahead(1).Is("("):
                return Cast();
            case "exists" when Ahead(1).Is("("):
                Take();
                return new ExistsExpr(ParenthesizedSelect());
            case "array":
                return Array();
            case "row" when Ahead(1).Is("("):
                Take();
                return new RowExpr(Arguments());
            case "coalesce" when Ahead(1).Is("("):
                Take();
                return new CoalesceExpr(NotEmpty(Arguments()));
            case "default":
                return Default(word);
            case "interval" when IsTypedLiteral():
                return IntervalLiteral();
            default:
                return SpecialCall(word) ?? (IsTypedLiteral() ? TypedLiteral() : null);
        }
    }

    private ImmutableArray<Expr> Arguments()
    {
        Expect("(");
        ImmutableArray<Expr> items = At(")") ? [] : ExpressionList();
        Expect(")");
        return items;
    }

    private ImmutableArray<Expr> NotEmpty(ImmutableArray<Expr> items)
    {
        if (items.IsEmpty)
        {
            Unexpected(Tokens[Math.Max(0, Position - 1)]);
        }
        return items;
    }

    /// <summary>DEFAULT stands only where a whole value stands in insert and update; those set the flag.</summary>
    private Expr Default(Token word)
    {
        if (!defaultAllowed)
        {
            Unexpected();
            return Nothing;
        }
        Take();
        return new DefaultExpr { At = word.Span };
    }

    private bool defaultAllowed;

    private Expr Parenthesis()
    {
        int start = Current.Start;
        if (IsSelectAhead())
        {
            Select query = ParenthesizedSelect();
            return FieldsOf(new ScalarSelectExpr(query) { At = Since(start) });
        }
        Expect("(");
        ImmutableArray<Expr> items = ExpressionList();
        Expect(")");
        if (Accept("overlaps"))
        {
            Expect("(");
            ImmutableArray<Expr> others = ExpressionList();
            Expect(")");
            return new CallExpr(null, "overlaps", items.AddRange(others)) { At = Since(start) };
        }
        Expr inner = items.Length == 1 ? items[0] : new RowExpr(items) { At = Since(start) };
        return FieldsOf(inner);
    }

    /// <summary>.field behind something that is not a plain name.</summary>
    private Expr FieldsOf(Expr row)
    {
        Expr result = row;
        while (At("."))
        {
            if (Ahead(1).Is("*"))
            {
                Refuse("(row).*", Current.Start, "Name the fields one by one, or put the function into FROM.");
                return Nothing;
            }
            Take();
            result = new FieldExpr(result, Label()) { At = Since(row.At.Start) };
            if (++height > MaxHeight)
            {
                TooComplex();
            }
        }
        return result;
    }

    private Expr Case()
    {
        Expect("case");
        Expr? operand = At("when") ? null : Expression();
        var whens = ImmutableArray.CreateBuilder<WhenClause>();
        do
        {
            Expect("when");
            Expr condition = Expression();
            Expect("then");
            whens.Add(new(condition, Expression()));
        } while (At("when"));
        Expr? otherwise = Accept("else") ? Expression() : null;
        Expect("end");
        return new CaseExpr(operand, whens.DrainToImmutable(), otherwise);
    }

    private Expr Cast()
    {
        Expect("cast", "(");
        Expr operand = Expression();
        Expect("as");
        TypeSyntax target = TypeName();
        Expect(")");
        return new CastExpr(operand, target);
    }

    private Expr Array()
    {
        Expect("array");
        if (At("("))
        {
            return new ArraySelectExpr(ParenthesizedSelect());
        }
        return ArrayItems();
    }

    private Expr ArrayItems()
    {
        int start = Current.Start;
        if (!Enter())
        {
            Leave();
            return Nothing;
        }
        Expect("[");
        var items = ImmutableArray.CreateBuilder<Expr>();
        if (!At("]"))
        {
            do
            {
                items.Add(At("[") ? ArrayItems() : Expression());
            } while (Accept(","));
        }
        Expect("]");
        height++;
        Leave();
        return new ArrayExpr(items.DrainToImmutable()) { At = Since(start) };
    }

    // ---- names and calls ----

    private Expr NameOrCall()
    {
        int start = Current.Start;
        Token first = Take();
        var parts = ImmutableArray.CreateBuilder<string>();
        parts.Add(first.Text);
        while (At("."))
        {
            Take();
            if (At("*"))
            {
                Take();
                return CheckName(first, call: false, qualified: true) ? new StarExpr(parts[^1]) { At = Since(start) } : Nothing;
            }
            parts.Add(Label());
        }
        bool call = At("(");
        if (!CheckName(first, call, parts.Count > 1))
        {
            return Nothing;
        }
        if (call)
        {
            return Call(parts, start);
        }
        if (Current.Kind == TokenKind.String)
        {
            return QualifiedTypeLiteral(parts, start);
        }
        return new NameExpr(parts.DrainToImmutable()) { At = Since(start) };
    }

    private bool CheckName(Token first, bool call, bool qualified)
    {
        KeywordKind kind = first.Kind == TokenKind.QuotedName ? KeywordKind.Free : Keywords.KindOf(first.Text);
        bool fits = kind switch
        {
            KeywordKind.Free => true,
            KeywordKind.Reserved => false,
            KeywordKind.FunctionName => call && !qualified,
            _ => !call || qualified,
        };
        if (!fits)
        {
            Unexpected(kind == KeywordKind.Reserved || !call ? first : Current);
        }
        return fits;
    }

    private Expr Call(ImmutableArray<string>.Builder parts, int start)
    {
        if (parts.Count > 2)
        {
            Refuse("a function name of three parts", start, "Write schema.function(…).");
            return Nothing;
        }
        string? schema = parts.Count == 2 ? parts[0] : null;
        return CallTail(new CallExpr(schema, parts[^1], []), start);
    }
}
