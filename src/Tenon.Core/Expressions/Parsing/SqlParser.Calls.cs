using System.Collections.Immutable;
using System.Text;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Parsing;

// Function calls: arguments by name, DISTINCT, ORDER BY, FILTER, OVER, and the functions whose arguments are not a list.
internal partial class SqlParser
{
    private Expr CallTail(CallExpr call, int start)
    {
        Expect("(");
        call = CallArguments(call);
        Expect(")");
        if (Accept("within", "group"))
        {
            Expect("(");
            call = call with { OrderBy = OrderBy(), WithinGroup = true };
            Expect(")");
        }
        if (Accept("filter"))
        {
            Expect("(");
            Expect("where");
            call = call with { Filter = Expression() };
            Expect(")");
        }
        if (Accept("over"))
        {
            call = call with { Over = At("(") ? WindowDefinition() : new WindowSpec(Name(), [], [], null) };
        }
        return call with { At = Since(start) };
    }

    private CallExpr CallArguments(CallExpr call)
    {
        if (At("*") && Ahead(1).Is(")"))
        {
            Token star = Take();
            return call with { Arguments = [new StarExpr(null) { At = star.Span }] };
        }
        if (At(")"))
        {
            return call;
        }
        bool distinct = Accept("distinct");
        if (!distinct)
        {
            Accept("all");
        }
        var arguments = ImmutableArray.CreateBuilder<Expr>();
        var names = ImmutableArray.CreateBuilder<string?>();
        do
        {
            if (At("variadic"))
            {
                Refuse("VARIADIC in a call", Current.Start, "Write the arguments one by one.");
            }
            bool named = Ahead(1).Is("=>") || Ahead(1).Is(":=");
            names.Add(named ? ArgumentName() : null);
            arguments.Add(Expression());
        } while (Accept(","));
        bool anyNamed = names.Any(n => n is not null);
        return call with
        {
            Arguments = arguments.DrainToImmutable(),
            ArgumentNames = anyNamed ? names.DrainToImmutable() : [],
            Distinct = distinct,
            OrderBy = At("order") ? OrderBy() : [],
        };
    }

    private string ArgumentName()
    {
        string name = NameOf(KeywordKind.FunctionName);
        Take();
        return name;
    }

    // ---- windows ----

    private WindowSpec WindowDefinition()
    {
        Expect("(");
        string? name = IsName(Current) && !AtAny("partition", "rows", "range", "groups") ? Name() : null;
        ImmutableArray<Expr> partition = Accept("partition", "by") ? ExpressionList() : [];
        ImmutableArray<OrderItem> order = At("order") ? OrderBy() : [];
        string? frame = AtAny("rows", "range", "groups") ? Frame() : null;
        Expect(")");
        return new(name, partition, order, frame);
    }

    /// <summary>A frame in one spelling: the words in lower case, one blank apart.</summary>
    private string Frame()
    {
        var text = new StringBuilder(Take().Text);
        if (Accept("between"))
        {
            text.Append(" between ").Append(FrameBound());
            Expect("and");
            text.Append(" and ").Append(FrameBound());
        }
        else
        {
            text.Append(' ').Append(FrameBound());
        }
        if (Accept("exclude"))
        {
            text.Append(" exclude ").Append(FrameExclusion());
        }
        return text.ToString();
    }

    private string FrameBound()
    {
        if (Accept("current", "row"))
        {
            return "current row";
        }
        string distance = "unbounded";
        if (!Accept("unbounded"))
        {
            if (Current.Kind != TokenKind.Number)
            {
                Refuse("a window frame whose distance is not a number", Current.Start, "Write the number of rows: 3 preceding.");
                return "";
            }
            distance = Take().Text;
        }
        if (Accept("preceding"))
        {
            return distance + " preceding";
        }
        Expect("following");
        return distance + " following";
    }

    private string FrameExclusion()
    {
        if (Accept("current", "row"))
        {
            return "current row";
        }
        if (Accept("no", "others"))
        {
            return "no others";
        }
        if (Accept("ties"))
        {
            return "ties";
        }
        Expect("group");
        return "group";
    }

    // ---- calls with a grammar of their own ----

    /// <summary>extract(year from x), current_date and their like as ordinary calls; null when the word begins none.</summary>
    private Expr? SpecialCall(Token word)
    {
        switch (word.Text)
        {
            case "current_date" or "current_user" or "session_user" or "current_catalog":
                Take();
                return new CallExpr(null, word.Text, []);
            case "current_schema" when !Ahead(1).Is("("):
                Take();
                return new CallExpr(null, word.Text, []);
            case "current_role" or "user":
                Take();
                return new CallExpr(null, "current_user", []);
            case "current_timestamp" or "current_time" or "localtimestamp" or "localtime":
                Take();
                return new CallExpr(null, word.Text, At("(") ? Arguments() : []);
        }
        if (!Ahead(1).Is("("))
        {
            return null;
        }
        switch (word.Text)
        {
            case "extract":
                return Extract();
            case "position":
                return PositionCall();
            case "substring":
                return Substring();
            case "overlay":
                return Overlay();
            case "trim":
                return Trim();
            case "nullif" or "greatest" or "least":
                Take();
                return new CallExpr(null, word.Text, NotEmpty(Arguments()));
            case "grouping":
                Refuse("GROUPING", word.Start, "Write one query per grouping and join them with UNION ALL.");
                return Nothing;
            case "collation":
                return CallTail(new CallExpr(null, Take().Text, []), word.Start);
            case "normalize" or "treat" or "xmlconcat" or "xmlelement" or "xmlexists" or "xmlforest" or "xmlparse" or "xmlpi" or "xmlroot" or "xmlserialize":
                Refuse($"{word.Text}()", word.Start, null);
                return Nothing;
            default:
                return null;
        }
    }

    private Expr Extract()
    {
        Expect("extract", "(");
        Token field = Take();
        if (field.Kind is not (TokenKind.Word or TokenKind.QuotedName or TokenKind.String))
        {
            Unexpected(field);
        }
        Expect("from");
        Expr value = Expression();
        Expect(")");
        return new CallExpr(null, "extract", [new LiteralExpr(field.Text) { At = field.Span }, value]);
    }

    private Expr PositionCall()
    {
        Expect("position", "(");
        Expr part = Expression(Level.Match);
        Expect("in");
        Expr whole = Expression(Level.Match);
        Expect(")");
        return new CallExpr(null, "position", [whole, part]);
    }

    private Expr Substring()
    {
        Expect("substring", "(");
        var arguments = ImmutableArray.CreateBuilder<Expr>();
        arguments.Add(Expression());
        if (At("similar"))
        {
            Refuse("substring(… similar …)", Current.Start, "Write substring(text from 'regular expression').");
        }
        if (Accept(","))
        {
            arguments.AddRange(ExpressionList());
        }
        else if (Accept("from"))
        {
            arguments.Add(Expression());
            if (Accept("for"))
            {
                arguments.Add(Expression());
            }
        }
        else if (Accept("for"))
        {
            Expr length = Expression();
            arguments.Add(Accept("from") ? Expression() : new NumberExpr("1") { At = length.At });
            arguments.Add(length);
        }
        Expect(")");
        return new CallExpr(null, "substring", arguments.DrainToImmutable());
    }

    private Expr Overlay()
    {
        Expect("overlay", "(");
        var arguments = ImmutableArray.CreateBuilder<Expr>();
        arguments.Add(Expression());
        if (Accept(","))
        {
            arguments.AddRange(ExpressionList());
        }
        else
        {
            Expect("placing");
            arguments.Add(Expression());
            Expect("from");
            arguments.Add(Expression());
            if (Accept("for"))
            {
                arguments.Add(Expression());
            }
        }
        Expect(")");
        return new CallExpr(null, "overlay", arguments.DrainToImmutable());
    }

    private Expr Trim()
    {
        Expect("trim", "(");
        string function = "btrim";
        if (AtAny("both", "leading", "trailing"))
        {
            function = Take().Text switch
            {
                "leading" => "ltrim",
                "trailing" => "rtrim",
                _ => "btrim",
            };
        }
        var arguments = ImmutableArray.CreateBuilder<Expr>();
        if (!At("from"))
        {
            arguments.AddRange(ExpressionList());
        }
        if (Accept("from"))
        {
            arguments.InsertRange(0, ExpressionList());
        }
        Expect(")");
        return new CallExpr(null, function, arguments.DrainToImmutable());
    }
}
