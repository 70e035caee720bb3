using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Parsing;

// FROM: tables, subqueries, set-returning functions and joins.
internal partial class SqlParser
{
    /// <summary>Items apart by commas are cross joins of one tree.</summary>
    protected FromItem FromList()
    {
        int start = Current.Start;
        FromItem left = JoinedItem();
        while (Accept(","))
        {
            FromItem right = JoinedItem();
            left = new JoinFrom(JoinKind.Cross, left, right, null, []) { At = Since(start) };
            CountJoin();
        }
        return left;
    }

    private void CountJoin()
    {
        if (++height > MaxHeight)
        {
            TooComplex();
        }
    }

    private FromItem JoinedItem()
    {
        int start = Current.Start;
        if (!Enter())
        {
            Leave();
            return NoFrom;
        }
        FromItem left = FromPrimary();
        while (AtAny("join", "inner", "left", "right", "full", "cross", "natural"))
        {
            left = Join(left) with { At = Since(start) };
            CountJoin();
        }
        Leave();
        return left;
    }

    private static readonly FromItem NoFrom = new TableFrom(new("", ""), "", []);

    private JoinFrom Join(FromItem left)
    {
        bool deeper = Enter();
        JoinFrom join = deeper ? JoinBehind(left) : new(JoinKind.Cross, left, NoFrom, null, []);
        Leave();
        return join;
    }

    private JoinFrom JoinBehind(FromItem left)
    {
        bool natural = Accept("natural");
        JoinKind kind = JoinKindHere();
        Expect("join");
        FromItem right = At("(") && !IsSelectAhead() ? ParenthesizedJoin() : FromPrimary();
        if (natural || kind == JoinKind.Cross)
        {
            return new(kind, left, right, null, []) { Natural = natural };
        }
        if (Accept("using"))
        {
            ImmutableArray<string> columns = ParenthesizedNames();
            if (At("as"))
            {
                Refuse("an alias of JOIN … USING", Current.Start, "Name the columns by the tables' aliases.");
            }
            return new(kind, left, right, null, columns);
        }
        // a join b join c on … on …: the inner join is the right side.
        while (AtAny("join", "inner", "left", "right", "full", "cross", "natural") && Error is null)
        {
            right = Join(right);
            CountJoin();
        }
        Expect("on");
        return new(kind, left, right, Expression(), []);
    }

    private JoinKind JoinKindHere()
    {
        if (Accept("cross"))
        {
            return JoinKind.Cross;
        }
        if (Accept("inner") || At("join"))
        {
            return JoinKind.Inner;
        }
        JoinKind kind =
            Accept("left") ? JoinKind.Left
            : Accept("right") ? JoinKind.Right
            : JoinKind.Full;
        if (kind == JoinKind.Full)
        {
            Expect("full");
        }
        Accept("outer");
        return kind;
    }

    private FromItem FromPrimary()
    {
        int start = Current.Start;
        bool lateral = Accept("lateral");
        FromItem item;
        if (At("("))
        {
            item = IsSelectAhead() ? Subquery(lateral) : ParenthesizedJoin();
        }
        else if (At("rows", "from"))
        {
            Refuse("ROWS FROM", start, "Join the functions by their ordinality.");
            return NoFrom;
        }
        else
        {
            item = IsFunctionAhead() ? FunctionItem(lateral) : TableItem();
        }
        if (At("tablesample"))
        {
            Refuse("TABLESAMPLE", Current.Start, "Write: order by random() limit n.");
        }
        return item with { At = Since(start) };
    }

    private bool IsFunctionAhead()
    {
        int i = 0;
        while (Ahead(i + 1).Is("."))
        {
            i += 2;
        }
        return Ahead(i).Kind is TokenKind.Word or TokenKind.QuotedName && Ahead(i + 1).Is("(");
    }

    private FromItem Subquery(bool lateral)
    {
        int start = Current.Start;
        Select query = ParenthesizedSelect();
        (string? alias, ImmutableArray<string> columns) = Alias();
        if (alias is null)
        {
            Fail(ErrorCodes.SyntaxError, "subquery in FROM must have an alias", start, "For example, FROM (SELECT ...) [AS] foo.");
        }
        return new SelectFrom(query, alias ?? "", columns, lateral);
    }

    private FromItem ParenthesizedJoin()
    {
        int start = Current.Start;
        Expect("(");
        FromItem item = JoinedItem();
        if (item is not JoinFrom && Error is null)
        {
            Unexpected();
        }
        Expect(")");
        if (At("as") || IsName(Current))
        {
            Refuse("an alias of a join in parentheses", Current.Start, "Write a subquery: (select … from a join b …) alias.");
        }
        return item with { At = Since(start) };
    }

    private TableFrom TableItem()
    {
        Accept("only");
        QualifiedName name = Qualified();
        Accept("*");
        (string? alias, ImmutableArray<string> columns) = Alias();
        return new(name, alias ?? name.Name, columns);
    }

    private FunctionFrom FunctionItem(bool lateral)
    {
        Token first = Current;
        Expr call = Primary();
        bool ordinality = Accept("with", "ordinality");
        bool definition = Accept("as", "(");
        string? alias = null;
        ImmutableArray<string> columns = [];
        ImmutableArray<TypeSyntax> types = [];
        if (!definition)
        {
            bool named = Accept("as");
            alias = named || IsAliasHere() ? Name() : null;
            definition = alias is not null && Accept("(");
        }
        if (definition)
        {
            (columns, types) = FunctionColumns();
        }
        string name = alias ?? (call as CallExpr)?.Name ?? first.Text;
        return new(call, name, columns, lateral) { WithOrdinality = ordinality, ColumnTypes = types };
    }

    /// <summary>(a, b) or, for functions that return record, (a int, b text).</summary>
    private (ImmutableArray<string>, ImmutableArray<TypeSyntax>) FunctionColumns()
    {
        var names = ImmutableArray.CreateBuilder<string>();
        var types = ImmutableArray.CreateBuilder<TypeSyntax>();
        do
        {
            names.Add(Name());
            if (!AtAny(",", ")"))
            {
                types.Add(TypeName());
            }
        } while (Accept(","));
        if (types.Count != 0 && types.Count != names.Count)
        {
            Unexpected();
        }
        Expect(")");
        return (names.DrainToImmutable(), types.DrainToImmutable());
    }

    /// <summary>[as] alias [(columns)]</summary>
    private (string? Alias, ImmutableArray<string> Columns) Alias()
    {
        if (!Accept("as") && !IsAliasHere())
        {
            return (null, []);
        }
        string alias = Name();
        return (alias, At("(") ? ParenthesizedNames() : []);
    }

    private bool IsAliasHere() => IsName(Current) && !(inBlock && At("loop")) && !(setFollows && At("set"));

    // update t set …: "set" is not the alias of t.
    private bool setFollows;
}
