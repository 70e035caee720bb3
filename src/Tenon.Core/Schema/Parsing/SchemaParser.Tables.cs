using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;

namespace Tenon.Core.Schema.Parsing;

// create table: columns with their constraints, and the constraints of the table.
internal sealed partial class SchemaParser
{
    private CreateTable CreateTable()
    {
        bool ifNotExists = Accept("if", "not", "exists");
        QualifiedName name = Qualified();
        RefuseOtherTables();
        Expect("(");
        var columns = ImmutableArray.CreateBuilder<ColumnDefinition>();
        var constraints = ImmutableArray.CreateBuilder<ConstraintDefinition>();
        if (!At(")"))
        {
            do
            {
                if (At("like"))
                {
                    Refuse("LIKE in CREATE TABLE", Current.Start, "Write the columns.");
                }
                if (IsTableConstraint())
                {
                    constraints.Add(TableConstraint());
                }
                else
                {
                    columns.Add(ColumnDefinition());
                }
            } while (Accept(","));
        }
        Expect(")");
        TableOptions();
        return new(name, columns.DrainToImmutable(), constraints.DrainToImmutable(), ifNotExists);
    }

    private void RefuseOtherTables()
    {
        int at = Current.Start;
        if (AtAny("as", "select"))
        {
            Refuse("CREATE TABLE AS", at, "Write create table with its columns, then insert into … select.");
        }
        else if (At("partition"))
        {
            Refuse("a partition", at, "Use one table with an index on the column.");
        }
        else if (At("of"))
        {
            Refuse("a table of a composite type", at, "Write the columns.");
        }
    }

    private void TableOptions()
    {
        int at = Current.Start;
        if (At("inherits"))
        {
            Refuse("INHERITS", at, "Write the columns, or reference the other table.");
        }
        else if (At("partition"))
        {
            Refuse("PARTITION BY", at, "Use one table with an index on the column.");
        }
        else if (At("as"))
        {
            RefuseOtherTables();
        }
        if (Accept("with"))
        {
            SkipParentheses();
        }
        Accept("without", "oids");
        if (Accept("tablespace"))
        {
            Name();
        }
    }

    private void SkipParentheses()
    {
        int open = Position;
        Expect("(");
        if (Error is null)
        {
            Rewind(ClosingOf(open));
            Expect(")");
        }
    }

    private bool IsTableConstraint() =>
        AtAny("constraint", "check", "unique", "primary", "foreign") || (At("exclude") && (Ahead(1).Is("using") || Ahead(1).Is("(")));

    // ---- columns ----

    private ColumnDefinition ColumnDefinition()
    {
        int start = Current.Start;
        string name = Name();
        TypeSyntax type = TypeName();
        var column = new ColumnDefinition(name, type);
        var constraints = ImmutableArray.CreateBuilder<ConstraintDefinition>();
        while (Error is null && !AtAny(",", ")", ";") && !AtEnd)
        {
            column = ColumnConstraint(column, constraints);
        }
        return column with { Constraints = constraints.DrainToImmutable(), At = Since(start) };
    }

    private ColumnDefinition ColumnConstraint(ColumnDefinition column, ImmutableArray<ConstraintDefinition>.Builder constraints)
    {
        int start = Current.Start;
        string? name = Accept("constraint") ? Name() : null;
        if (Accept("not", "null"))
        {
            return column with { NotNull = true };
        }
        if (Accept("null"))
        {
            if (column.NotNull)
            {
                Fail(ErrorCodes.SyntaxError, $"conflicting NULL/NOT NULL declarations for column \"{column.Name}\"", start);
            }
            return column;
        }
        if (Accept("default"))
        {
            return column with { Default = RestrictedExpression() };
        }
        if (At("generated"))
        {
            return Generated(column);
        }
        if (Accept("collate"))
        {
            Collation();
            return column;
        }
        if (Accept("storage") || Accept("compression"))
        {
            Label();
            return column;
        }
        constraints.Add(KeyOrCheck(column.Name, name, start) with { At = Since(start) });
        return column;
    }

    private ConstraintDefinition KeyOrCheck(string column, string? name, int start)
    {
        if (Accept("primary", "key"))
        {
            IndexParameters();
            return new PrimaryKeyDefinition(name, [column]);
        }
        if (Accept("unique"))
        {
            bool notDistinct = NullsNotDistinct();
            IndexParameters();
            Timing(start, "unique constraint");
            return new UniqueDefinition(name, [column], notDistinct);
        }
        if (Accept("check"))
        {
            return Check(name);
        }
        if (Accept("references"))
        {
            return References(name, [column]);
        }
        Unexpected();
        return new PrimaryKeyDefinition(name, []);
    }

    private ColumnDefinition Generated(ColumnDefinition column)
    {
        (IdentityKind kind, Numbering numbers) = Identity(out Expr? expression);
        return expression is not null
            ? column with { Generated = expression }
            : column with { Identity = kind, IdentityStart = numbers.Start, IdentityIncrement = numbers.Increment, NotNull = true };
    }

    /// <summary>Where the numbers of an identity column begin and how far apart they are.</summary>
    private readonly record struct Numbering(long Start, long Increment)
    {
        public static readonly Numbering Plain = new(1, 1);
    }

    /// <summary>generated always|by default as identity [(…)], or generated always as (expression) stored.</summary>
    private (IdentityKind Kind, Numbering Numbers) Identity(out Expr? expression)
    {
        expression = null;
        Expect("generated");
        IdentityKind kind = Accept("always") ? IdentityKind.Always : IdentityKind.ByDefault;
        if (kind == IdentityKind.ByDefault)
        {
            Expect("by", "default");
        }
        Expect("as");
        if (Accept("identity"))
        {
            return (kind, At("(") ? SequenceOptions() : Numbering.Plain);
        }
        int at = Current.Start;
        Expect("(");
        expression = Expression();
        Expect(")");
        if (!Accept("stored"))
        {
            if (At("virtual") || AtAny(",", ")"))
            {
                Refuse("a virtual generated column", at, "Write stored behind it.");
            }
            Expect("stored");
        }
        return (IdentityKind.None, Numbering.Plain);
    }

    private Numbering SequenceOptions()
    {
        long? start = null;
        long increment = 1;
        Expect("(");
        while (!At(")") && Error is null)
        {
            int at = Current.Start;
            if (Accept("start"))
            {
                Accept("with");
                start = WholeNumber();
            }
            else if (Accept("increment"))
            {
                Accept("by");
                increment = WholeNumber();
            }
            else if (Accept("sequence", "name") || Accept("owned", "by"))
            {
                Qualified();
            }
            else if (Accept("cache"))
            {
                WholeNumber();
            }
            else
            {
                Bounds(at);
            }
        }
        Expect(")");
        if (increment == 0)
        {
            Fail(ErrorCodes.InvalidParameterValue, "INCREMENT must not be zero", Current.Start);
        }
        return new(start ?? (increment < 0 ? -1 : 1), increment);
    }

    /// <summary>minvalue, maxvalue, cycle: only what is the default anyway.</summary>
    private void Bounds(int at)
    {
        if (Accept("no"))
        {
            Label();
            return;
        }
        if (!AtAny("minvalue", "maxvalue", "cycle"))
        {
            Unexpected();
            return;
        }
        Token word = Take();
        bool usual = word.Text != "cycle" && WholeNumber() is 1 or short.MaxValue or int.MaxValue or long.MaxValue;
        if (!usual)
        {
            Refuse($"an identity column with {word.Text.ToUpperInvariant()}", at, "Leave it out; a check constraint bounds the numbers.");
        }
    }

    private long WholeNumber()
    {
        bool negative = Accept("-");
        if (
            Current.Kind == TokenKind.Number
            && long.TryParse(Current.Text, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
        )
        {
            Take();
            return negative ? -value : value;
        }
        Unexpected();
        return 0;
    }

    private void Collation()
    {
        int at = Current.Start;
        string collation = Qualified().Name;
        if (collation is not ("C" or "POSIX" or "default" or "ucs_basic"))
        {
            Refuse($"collation \"{collation}\"", at, "Text is ordered by code point, which is COLLATE \"C\".");
        }
    }

    // ---- constraints ----

    private ConstraintDefinition TableConstraint()
    {
        int start = Current.Start;
        string? name = Accept("constraint") ? Name() : null;
        ConstraintDefinition constraint = TableConstraintBehindName(name, start);
        // Constraints are checked when they are added, so "not valid" and "validate constraint" change nothing.
        Accept("not", "valid");
        Accept("no", "inherit");
        return constraint with { At = Since(start) };
    }

    private ConstraintDefinition TableConstraintBehindName(string? name, int start)
    {
        if (Accept("primary", "key"))
        {
            if (Accept("using", "index"))
            {
                return new PrimaryKeyDefinition(name, []) { UsingIndex = Name() };
            }
            ImmutableArray<string> columns = ParenthesizedNames();
            IndexParameters();
            Timing(start, "primary key");
            return new PrimaryKeyDefinition(name, columns);
        }
        if (Accept("unique"))
        {
            if (Accept("using", "index"))
            {
                return new UniqueDefinition(name, [], false) { UsingIndex = Name() };
            }
            bool notDistinct = NullsNotDistinct();
            ImmutableArray<string> columns = ParenthesizedNames();
            IndexParameters();
            Timing(start, "unique constraint");
            return new UniqueDefinition(name, columns, notDistinct);
        }
        if (Accept("check"))
        {
            return Check(name);
        }
        if (Accept("foreign", "key"))
        {
            ImmutableArray<string> columns = ParenthesizedNames();
            Expect("references");
            return References(name, columns);
        }
        if (At("exclude"))
        {
            Refuse("an EXCLUDE constraint", Current.Start, "Test the condition in a before trigger that raises an exception.");
        }
        Unexpected();
        return new PrimaryKeyDefinition(name, []);
    }

    private bool NullsNotDistinct()
    {
        if (Accept("nulls", "not", "distinct"))
        {
            return true;
        }
        Accept("nulls", "distinct");
        return false;
    }

    private void IndexParameters()
    {
        if (Accept("include"))
        {
            ParenthesizedNames();
        }
        if (At("with", "("))
        {
            Take();
            SkipParentheses();
        }
        if (Accept("using", "index", "tablespace"))
        {
            Name();
        }
    }

    private CheckDefinition Check(string? name)
    {
        Expect("(");
        Expr condition = Expression();
        Expect(")");
        Accept("no", "inherit");
        return new(name, condition);
    }

    private ForeignKeyDefinition References(string? name, ImmutableArray<string> columns)
    {
        QualifiedName target = Qualified();
        ImmutableArray<string> targetColumns = At("(") ? ParenthesizedNames() : [];
        if (At("match"))
        {
            int at = Take().Start;
            string match = Label();
            if (match == "partial" || (match == "full" && columns.Length > 1))
            {
                Refuse($"MATCH {match.ToUpperInvariant()}", at, "Add a check that all columns are null or none is.");
            }
        }
        ReferentialAction onDelete = default, onUpdate = default;
        while (At("on", "delete") || At("on", "update"))
        {
            Take();
            if (Take().Text == "delete")
            {
                onDelete = Action();
            }
            else
            {
                onUpdate = Action();
            }
        }
        (bool deferrable, bool deferred) = Deferring();
        return new(name, columns, target, targetColumns, onDelete, onUpdate, deferrable, deferred);
    }

    private ReferentialAction Action()
    {
        if (Accept("no", "action"))
        {
            return ReferentialAction.NoAction;
        }
        if (Accept("restrict"))
        {
            return ReferentialAction.Restrict;
        }
        if (Accept("cascade"))
        {
            return ReferentialAction.Cascade;
        }
        Expect("set");
        bool toNull = Accept("null");
        if (!toNull)
        {
            Expect("default");
        }
        if (At("("))
        {
            Refuse("ON DELETE SET with a list of columns", Current.Start, "All referencing columns are set: leave the list out.");
        }
        return toNull ? ReferentialAction.SetNull : ReferentialAction.SetDefault;
    }

    private (bool Deferrable, bool InitiallyDeferred) Deferring()
    {
        bool deferrable = false, deferred = false;
        while (true)
        {
            if (Accept("deferrable"))
            {
                deferrable = true;
            }
            else if (Accept("initially", "deferred"))
            {
                (deferrable, deferred) = (true, true);
            }
            else if (!Accept("not", "deferrable") && !Accept("initially", "immediate"))
            {
                return (deferrable, deferred);
            }
        }
    }

    private void Timing(int start, string what)
    {
        if (Deferring().Deferrable)
        {
            Refuse($"a deferrable {what}", start, "Leave DEFERRABLE out: the key is checked with each statement.");
        }
    }
}
