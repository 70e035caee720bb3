using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Parsing;

// Queries: WITH, set operations, VALUES, ordering and limits.
internal partial class SqlParser
{
    /// <summary>A whole query, as it stands at top level, in parentheses or behind AS.</summary>
    protected Select SelectQuery()
    {
        int start = Current.Start;
        if (!Enter())
        {
            Leave();
            return NoSelect;
        }
        ImmutableArray<CommonTable> with = At("with") ? With() : [];
        Select query = QueryBehindWith(with, start);
        Leave();
        return query;
    }

    private static readonly Select NoSelect = new(new ValuesBody([]));

    private Select QueryBehindWith(ImmutableArray<CommonTable> with, int start)
    {
        SelectBody body = SetOperations(0);
        Select query = Tail(new Select(body) { With = with, At = Since(start) });
        // (select …) alone is the query inside, unless both levels have a tail of their own.
        if (query is { Body: NestedBody { Select: var inner }, With.IsEmpty: true, OrderBy.IsEmpty: true, Limit: null, Offset: null })
        {
            query = inner with { ForUpdate = inner.ForUpdate || query.ForUpdate };
        }
        return query with { At = Since(start) };
    }

    private Select ParenthesizedSelect()
    {
        Expect("(");
        Select query = SelectQuery();
        Expect(")");
        return query;
    }

    /// <summary>The parenthesis here opens a query, through any number of further parentheses.</summary>
    private bool IsSelectAhead()
    {
        int opened = 0;
        while (Ahead(opened).Is("("))
        {
            if (++opened > MaxDepth)
            {
                return false;
            }
        }
        if (opened == 0 || !IsSelectStart(Ahead(opened)))
        {
            return false;
        }
        // ((select 1) + 1) is an expression: what follows each inner parenthesis has to belong to a query.
        for (int i = 1; i < opened; i++)
        {
            int close = ClosingOf(Position + i);
            if (!EndsQuery(Tokens[Math.Min(close + 1, Tokens.Length - 1)]))
            {
                return false;
            }
        }
        return true;
    }

    private static bool IsSelectStart(Token token) =>
        token.Kind == TokenKind.Word && token.Text is "select" or "values" or "with" or "table";

    private static bool EndsQuery(Token token) =>
        token.Is(")")
        || (token.Kind == TokenKind.Word && token.Text is "union" or "except" or "intersect" or "order" or "limit" or "offset" or "fetch" or "for");

    // ---- with ----

    protected ImmutableArray<CommonTable> With()
    {
        Expect("with");
        bool recursive = Accept("recursive");
        var tables = ImmutableArray.CreateBuilder<CommonTable>();
        do
        {
            int start = Current.Start;
            string name = Name();
            ImmutableArray<string> columns = At("(") ? ParenthesizedNames() : [];
            Expect("as");
            bool? materialized = Accept("not", "materialized") ? false : Accept("materialized") ? true : null;
            Expect("(");
            Statement body = RowStatement();
            Expect(")");
            if (At("search") || At("cycle"))
            {
                Refuse($"the {Current.Text.ToUpperInvariant()} clause", Current.Start, "Carry the path as an array column of the query.");
            }
            tables.Add(new(name, columns, body, recursive, materialized) { At = Since(start) });
        } while (Accept(","));
        return tables.DrainToImmutable();
    }

    // ---- set operations ----

    // UNION and EXCEPT bind alike, INTERSECT binds tighter.
    private SelectBody SetOperations(int floor)
    {
        SelectBody left = SetOperand();
        while (true)
        {
            int level = At("intersect") ? 2 : AtAny("union", "except") ? 1 : 0;
            if (level <= floor)
            {
                return left;
            }
            SetOperator kind = Take().Text switch
            {
                "union" => SetOperator.Union,
                "except" => SetOperator.Except,
                _ => SetOperator.Intersect,
            };
            bool all = Accept("all");
            if (!all)
            {
                Accept("distinct");
            }
            left = new SetOperation(kind, all, left, SetOperations(level));
            if (++height > MaxHeight)
            {
                TooComplex();
            }
        }
    }

    private SelectBody SetOperand()
    {
        switch (Current.Kind == TokenKind.Symbol || Current.Kind == TokenKind.Word ? Current.Text : "")
        {
            case "(":
                return new NestedBody(ParenthesizedSelect());
            case "select":
                return SelectCore();
            case "values":
                return Values();
            case "table":
                Take();
                QualifiedName name = Qualified();
                return new SelectCore([new SelectItem(new StarExpr(null), null)]) { From = new TableFrom(name, name.Name, []) };
            default:
                Unexpected();
                return NoSelect.Body;
        }
    }

    private ValuesBody Values()
    {
        Expect("values");
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<Expr>>();
        do
        {
            int start = Current.Start;
            Expect("(");
            rows.Add(ExpressionList());
            Expect(")");
            if (rows[0].Length != rows[^1].Length)
            {
                Fail(ErrorCodes.SyntaxError, "VALUES lists must all be the same length", start);
            }
        } while (Accept(","));
        return new(rows.DrainToImmutable());
    }

    // ---- select … ----

    private SelectCore SelectCore()
    {
        Expect("select");
        bool distinct = false;
        ImmutableArray<Expr> distinctOn = [];
        if (Accept("distinct"))
        {
            if (Accept("on", "("))
            {
                distinctOn = ExpressionList();
                Expect(")");
            }
            distinct = distinctOn.IsEmpty;
        }
        else
        {
            Accept("all");
        }
        return CoreBehindItems(new SelectCore(Items()) { Distinct = distinct, DistinctOn = distinctOn });
    }

    private SelectCore CoreBehindItems(SelectCore core)
    {
        IntoClause();
        FromItem? from = Accept("from") ? FromList() : null;
        Expr? where = Accept("where") ? Expression() : null;
        ImmutableArray<Expr> groupBy = Accept("group", "by") ? GroupBy() : [];
        Expr? having = Accept("having") ? Expression() : null;
        ImmutableArray<WindowSpec> windows = Accept("window") ? Windows() : [];
        return core with { From = from, Where = where, GroupBy = groupBy, Having = having, Windows = windows };
    }

    private ImmutableArray<SelectItem> Items()
    {
        var items = ImmutableArray.CreateBuilder<SelectItem>();
        // PostgreSQL takes an empty list: exists (select from t).
        if (AtEnd || AtAny(")", ";", "from", "where", "into", "group", "having", "window", "union", "except", "intersect", "order", "limit"))
        {
            return [];
        }
        do
        {
            items.Add(Item());
        } while (Accept(","));
        return items.DrainToImmutable();
    }

    private SelectItem Item()
    {
        if (At("*"))
        {
            return new(new StarExpr(null) { At = Take().Span }, null);
        }
        Expr value = Expression();
        if (Accept("as"))
        {
            return new(value, Label());
        }
        bool bare = Current.Kind == TokenKind.QuotedName || (Current.Kind == TokenKind.Word && Keywords.IsBareAlias(Current.Text));
        return new(value, bare ? AliasBehind() : null);
    }

    // Behind an item PL/pgSQL's own words end the expression: they are no aliases there.
    private string? AliasBehind() => inBlock && AtAny("loop", "using") ? null : Take().Text;

    private bool inBlock;

    private ImmutableArray<Expr> GroupBy()
    {
        Accept("all");
        Accept("distinct");
        var keys = ImmutableArray.CreateBuilder<Expr>();
        do
        {
            bool sets = At("rollup", "(") || At("cube", "(") || At("grouping", "sets") || At("(", ")");
            if (sets)
            {
                Refuse("GROUPING SETS, ROLLUP and CUBE", Current.Start, "Write one query per grouping and join them with UNION ALL.");
            }
            Expr key = Expression();
            if (key is RowExpr row)
            {
                keys.AddRange(row.Items);
            }
            else
            {
                keys.Add(key);
            }
        } while (Accept(","));
        return keys.DrainToImmutable();
    }

    private ImmutableArray<WindowSpec> Windows()
    {
        var windows = ImmutableArray.CreateBuilder<WindowSpec>();
        do
        {
            string name = Name();
            Expect("as");
            int at = Current.Start;
            WindowSpec definition = WindowDefinition();
            if (definition.Name is not null)
            {
                Refuse("a window defined by another window", at, "Write the other's PARTITION BY and ORDER BY again.");
            }
            windows.Add(definition with { Name = name });
        } while (Accept(","));
        return windows.DrainToImmutable();
    }

    // ---- order by, limit, for update ----

    protected ImmutableArray<OrderItem> OrderBy()
    {
        Expect("order", "by");
        var items = ImmutableArray.CreateBuilder<OrderItem>();
        do
        {
            Expr key = Expression();
            if (At("using"))
            {
                Refuse("ORDER BY … USING", Current.Start, "Write ASC or DESC.");
            }
            (bool descending, NullsOrder nulls) = Direction();
            items.Add(new(key, descending, nulls));
        } while (Accept(","));
        return items.DrainToImmutable();
    }

    protected (bool Descending, NullsOrder Nulls) Direction()
    {
        bool descending = Accept("desc");
        if (!descending)
        {
            Accept("asc");
        }
        NullsOrder nulls = Accept("nulls", "first") ? NullsOrder.First : Accept("nulls", "last") ? NullsOrder.Last : NullsOrder.Default;
        return (descending, nulls);
    }

    private Select Tail(Select query)
    {
        if (At("order"))
        {
            query = query with { OrderBy = OrderBy() };
        }
        while (AtAny("limit", "offset", "fetch"))
        {
            query = LimitOrOffset(query);
        }
        bool forUpdate = false;
        while (At("for") && Ahead(1).Kind == TokenKind.Word && Ahead(1).Text is "update" or "share" or "no" or "key")
        {
            Locking();
            forUpdate = true;
        }
        if (forUpdate && AtAny("limit", "offset", "fetch"))
        {
            query = LimitOrOffset(query);
        }
        return query with { ForUpdate = forUpdate };
    }

    private Select LimitOrOffset(Select query)
    {
        Token word = Take();
        if (word.Text == "offset")
        {
            Expr offset = Expression();
            if (!Accept("rows"))
            {
                Accept("row");
            }
            return Once(query.Offset, word) ? query with { Offset = offset } : query;
        }
        if (!Once(query.Limit, word))
        {
            return query;
        }
        return query with { Limit = word.Text == "limit" ? LimitValue() : FetchValue() };
    }

    private bool Once(Expr? given, Token word)
    {
        if (given is not null)
        {
            Unexpected(word);
        }
        return given is null;
    }

    private Expr? LimitValue()
    {
        if (Accept("all"))
        {
            return null;
        }
        Expr limit = Expression();
        if (At(","))
        {
            Fail(ErrorCodes.SyntaxError, "LIMIT #,# syntax is not supported", Current.Start, "Use separate LIMIT and OFFSET clauses.");
        }
        return limit;
    }

    private Expr FetchValue()
    {
        if (!Accept("first"))
        {
            Expect("next");
        }
        Expr count = AtAny("row", "rows") ? new NumberExpr("1") { At = Current.Span } : Primary();
        if (!Accept("rows"))
        {
            Expect("row");
        }
        if (At("with"))
        {
            Refuse("FETCH … WITH TIES", Current.Start, "Compare with rank() over (order by …) in a subquery.");
        }
        Expect("only");
        return count;
    }

    private void Locking()
    {
        Expect("for");
        Accept("no", "key");
        Accept("key");
        Take();
        if (Accept("of"))
        {
            QualifiedList();
        }
        if (!Accept("nowait"))
        {
            Accept("skip", "locked");
        }
    }
}
