using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Parsing;

// Statements on rows: select, insert, update, delete, each with WITH in front.
internal partial class SqlParser
{
    protected Statement RowStatement()
    {
        int start = Current.Start;
        if (!Enter())
        {
            Leave();
            return NoStatement;
        }
        ImmutableArray<CommonTable> with = At("with") ? With() : [];
        Statement statement;
        if (At("insert"))
        {
            statement = Insert(with);
        }
        else if (At("update"))
        {
            statement = Update(with);
        }
        else if (At("delete"))
        {
            statement = Delete(with);
        }
        else if (IsSelectStart(Current) || At("("))
        {
            statement = new SelectStatement(QueryBehindWith(with, start));
            IntoClause();
        }
        else
        {
            RefuseStatement();
            statement = NoStatement;
        }
        Leave();
        return statement with { At = Since(start) };
    }

    private static readonly Statement NoStatement = new SelectStatement(NoSelect);

    private void RefuseStatement()
    {
        string? hint = Current.Kind != TokenKind.Word
            ? null
            : Current.Text switch
            {
                "merge" => "Write insert … on conflict … do update.",
                "truncate" => "Write delete from the table.",
                "copy" => "Write insert … values with the rows, or load them through the API.",
                "call" => "Write select function(…).",
                "do" => "Write the statements themselves; if not exists and or replace cover most conditions.",
                "explain" => "Use tenon policy explain or the query's own explain.",
                "execute" or "prepare" or "declare" or "fetch" or "lock" or "listen" => "",
                _ => null,
            };
        if (hint is null)
        {
            Unexpected();
            return;
        }
        Refuse(Current.Text.ToUpperInvariant(), Current.Start, hint.Length == 0 ? null : hint);
    }

    // ---- insert ----

    private InsertStatement Insert(ImmutableArray<CommonTable> with)
    {
        Expect("insert", "into");
        QualifiedName table = Qualified();
        string alias = Accept("as") ? Name() : table.Name;
        // ( may also open the query: insert into t (select …).
        ImmutableArray<string> columns = At("(") && !IsSelectAhead() ? TargetColumns() : [];
        bool overriding = Overriding();
        Select? source = Accept("default", "values") ? null : InsertSource();
        var insert = new InsertStatement(table, alias, columns, source) { With = with, OverridingSystemValue = overriding };
        if (Accept("on", "conflict"))
        {
            insert = insert with { Conflict = Conflict() };
        }
        return insert with { Returning = Returning() };
    }

    private ImmutableArray<string> TargetColumns()
    {
        Expect("(");
        var names = ImmutableArray.CreateBuilder<string>();
        do
        {
            names.Add(TargetColumn());
        } while (Accept(","));
        Expect(")");
        return names.DrainToImmutable();
    }

    private string TargetColumn()
    {
        string name = Name();
        if (AtAny(".", "["))
        {
            Refuse("writing a part of a column", Current.Start, "Write the whole value; for jsonb use jsonb_set().");
        }
        return name;
    }

    private bool Overriding()
    {
        if (!Accept("overriding"))
        {
            return false;
        }
        bool system = Accept("system");
        if (!system)
        {
            Expect("user");
        }
        Expect("value");
        return system;
    }

    private Select InsertSource()
    {
        bool outer = defaultAllowed;
        defaultAllowed = At("values");
        Select source = SelectQuery();
        defaultAllowed = outer;
        return source;
    }

    private OnConflict Conflict()
    {
        ImmutableArray<string> columns = [];
        string? constraint = null;
        Expr? arbiterWhere = null;
        if (At("("))
        {
            columns = ConflictColumns();
            arbiterWhere = Accept("where") ? Expression() : null;
        }
        else if (Accept("on", "constraint"))
        {
            constraint = Name();
        }
        int at = Current.Start;
        Expect("do");
        if (Accept("nothing"))
        {
            return new(columns, constraint, [], null) { ArbiterWhere = arbiterWhere };
        }
        Expect("update", "set");
        if (columns.IsEmpty && constraint is null)
        {
            Fail(
                ErrorCodes.SyntaxError,
                "ON CONFLICT DO UPDATE requires inference specification or constraint name",
                at,
                "For example, ON CONFLICT (column_name)."
            );
        }
        ImmutableArray<ColumnAssignment> set = Assignments();
        Expr? where = Accept("where") ? Expression() : null;
        return new(columns, constraint, set, where) { ArbiterWhere = arbiterWhere };
    }

    private ImmutableArray<string> ConflictColumns()
    {
        Expect("(");
        var names = ImmutableArray.CreateBuilder<string>();
        do
        {
            if (At("(") || Ahead(1).Is("("))
            {
                Refuse("an expression as the target of ON CONFLICT", Current.Start, "Use a unique index on plain columns.");
            }
            names.Add(Name());
        } while (Accept(","));
        Expect(")");
        return names.DrainToImmutable();
    }

    // ---- update, delete ----

    private UpdateStatement Update(ImmutableArray<CommonTable> with)
    {
        Expect("update");
        (QualifiedName table, string alias) = Target();
        Expect("set");
        ImmutableArray<ColumnAssignment> set = Assignments();
        FromItem? from = Accept("from") ? FromList() : null;
        Expr? where = WhereOfWrite();
        return new(table, alias, set) { With = with, From = from, Where = where, Returning = Returning() };
    }

    private DeleteStatement Delete(ImmutableArray<CommonTable> with)
    {
        Expect("delete", "from");
        (QualifiedName table, string alias) = Target();
        FromItem? from = Accept("using") ? FromList() : null;
        Expr? where = WhereOfWrite();
        return new(table, alias) { With = with, Using = from, Where = where, Returning = Returning() };
    }

    private (QualifiedName Table, string Alias) Target()
    {
        Accept("only");
        QualifiedName table = Qualified();
        Accept("*");
        setFollows = true;
        string alias = Accept("as") || IsAliasHere() ? Name() : table.Name;
        setFollows = false;
        return (table, alias);
    }

    private Expr? WhereOfWrite()
    {
        if (At("where", "current") && Ahead(2).Is("of"))
        {
            Refuse("WHERE CURRENT OF", Current.Start, "Name the row by its key.");
        }
        return Accept("where") ? Expression() : null;
    }

    private ImmutableArray<ColumnAssignment> Assignments()
    {
        var set = ImmutableArray.CreateBuilder<ColumnAssignment>();
        do
        {
            if (At("("))
            {
                RowAssignment(set);
            }
            else
            {
                int start = Current.Start;
                string column = TargetColumn();
                Expect("=");
                set.Add(new(column, AssignedValue()) { At = Since(start) });
            }
        } while (Accept(","));
        return set.DrainToImmutable();
    }

    private Expr AssignedValue()
    {
        bool outer = defaultAllowed;
        defaultAllowed = At("default");
        Expr value = Expression();
        defaultAllowed = outer;
        return value;
    }

    /// <summary>(a, b) = (1, 2): one assignment for each.</summary>
    private void RowAssignment(ImmutableArray<ColumnAssignment>.Builder set)
    {
        int start = Current.Start;
        ImmutableArray<string> columns = TargetColumns();
        Expect("=");
        if (IsSelectAhead())
        {
            Refuse("assigning several columns from a subquery", Current.Start, "Use UPDATE … FROM (select …) alias.");
            return;
        }
        bool outer = defaultAllowed;
        defaultAllowed = true;
        Accept("row");
        Expect("(");
        ImmutableArray<Expr> values = ExpressionList();
        Expect(")");
        defaultAllowed = outer;
        if (values.Length != columns.Length)
        {
            Fail(ErrorCodes.SyntaxError, "number of columns does not match number of values", start);
            return;
        }
        for (int i = 0; i < columns.Length; i++)
        {
            set.Add(new(columns[i], values[i]) { At = Since(start) });
        }
    }

    private ImmutableArray<SelectItem> Returning()
    {
        if (!Accept("returning"))
        {
            IntoClause();
            return [];
        }
        ImmutableArray<SelectItem> items = Items();
        if (items.IsEmpty)
        {
            Unexpected();
        }
        IntoClause();
        return items;
    }

    // ---- into: only inside PL/pgSQL ----

    /// <summary>Where the statement of a block puts its row; null outside of blocks.</summary>
    private ImmutableArray<string>.Builder? intoTargets;
    private bool intoStrict;

    private void IntoClause()
    {
        if (!At("into"))
        {
            return;
        }
        if (intoTargets is null)
        {
            Refuse("SELECT … INTO", Current.Start, "Write create table and insert into … select.");
            return;
        }
        if (intoTargets.Count > 0)
        {
            Unexpected();
            return;
        }
        Take();
        intoStrict = Accept("strict");
        do
        {
            intoTargets.Add(BlockTarget());
        } while (Accept(","));
    }

    /// <summary>A variable, or a field of one: x, new.x.</summary>
    private string BlockTarget()
    {
        string name = Name();
        return Accept(".") ? $"{name}.{Label()}" : name;
    }
}
