using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;

namespace Tenon.Core.Schema.Parsing;

// alter …: tables in all their actions, and the little that may be altered of the rest.
internal sealed partial class SchemaParser
{
    private SchemaStatement Alter()
    {
        int start = Take().Start;
        Token kind = Take();
        switch (kind.Kind == TokenKind.Word ? kind.Text : "")
        {
            case "table":
                return AlterTable(isView: false);
            case "view":
                return AlterTable(isView: true);
            case "type":
                return AlterType(start);
            case "policy":
                return AlterPolicy();
            case "publication":
                return AlterPublication(start);
            case "default":
                return AlterDefaultPrivileges(start);
            case "function" or "procedure" or "routine" or "index" or "sequence" or "schema" or "trigger":
                return AlterOther(kind.Text, start);
            case "role" or "user" or "group" or "database" or "system" or "extension" or "language" or "event":
                return Recorded($"alter {kind.Text}");
            case "materialized" or "domain" or "foreign" or "server" or "aggregate" or "operator" or "collation" or "text":
                Refuse($"ALTER {kind.Text.ToUpperInvariant()}", start, null);
                return NoStatement;
            default:
                Unexpected(kind);
                return NoStatement;
        }
    }

    /// <summary>Owners and settings mean nothing here; everything else would be lost silently, so it is refused.</summary>
    private SchemaStatement AlterOther(string kind, int start)
    {
        if (kind == "sequence" && IsRestart())
        {
            return RestartSequence();
        }
        while (!AtEnd && !At(";"))
        {
            if (At("owner", "to") || AtAny("set", "reset", "depends", "owned", "cost", "rows", "parallel", "leakproof"))
            {
                bool schema = At("set", "schema");
                if (!schema)
                {
                    return Recorded($"alter {kind}");
                }
            }
            if (AtAny("rename", "restart", "security", "immutable", "stable", "volatile", "strict", "called", "set", "increment"))
            {
                Refuse($"ALTER {kind.ToUpperInvariant()} … {Current.Text.ToUpperInvariant()}", start, "Drop it and create it as it shall be.");
                return NoStatement;
            }
            if (At("("))
            {
                SkipParentheses();
            }
            else
            {
                Take();
            }
        }
        Unexpected();
        return NoStatement;
    }

    private bool IsRestart()
    {
        int ahead = At("if") ? 3 : 1;
        ahead += Ahead(ahead).Is(".") ? 2 : 0;
        return Ahead(ahead).Is("restart") && (Ahead(ahead + 1).Is("with") || Ahead(ahead + 1).Kind == TokenKind.Number);
    }

    /// <summary>alter sequence [if exists] name restart [with] n.</summary>
    private SetSequence RestartSequence()
    {
        Accept("if", "exists");
        QualifiedName name = Qualified();
        Expect("restart");
        Accept("with");
        Expr value = new NumberExpr(WholeNumber().ToString(CultureInfo.InvariantCulture));
        return new(name.Schema.Length == 0 ? name.Name : $"{name.Schema}.{name.Name}", null, value, false);
    }

    private AlterTable AlterTable(bool isView)
    {
        bool ifExists = Accept("if", "exists");
        Accept("only");
        QualifiedName name = Qualified();
        Accept("*");
        var actions = ImmutableArray.CreateBuilder<AlterAction>();
        do
        {
            int start = Current.Start;
            actions.Add(AlterAction(isView) with { At = Since(start) });
        } while (Accept(","));
        return new(name, actions.DrainToImmutable(), ifExists, isView);
    }

    private static readonly AlterAction NoAction = new IgnoredAlter("");

    private AlterAction AlterAction(bool isView)
    {
        int start = Current.Start;
        switch (Current.Kind == TokenKind.Word ? Current.Text : "")
        {
            case "add" when !isView:
                return Add();
            case "drop" when !isView:
                return DropAction();
            case "alter":
                Take();
                Accept("column");
                return AlterColumn(Name());
            case "rename":
                return Rename();
            case "set":
                return Set(isView);
            case "reset":
                Take();
                SkipParentheses();
                return new IgnoredAlter("reset");
            case "enable" or "disable" or "force":
                return EnableOrDisable();
            case "no" when Accept("no", "force"):
                Expect("row");
                Expect("level", "security");
                return new SetForceRowSecurity(false);
            case "owner":
                return Ignored("owner", "to");
            case "replica":
                return ReplicaIdentity();
            case "validate":
                return Ignored("validate constraint", "constraint");
            case "cluster":
                return Ignored("cluster", "on");
            case "inherit" or "attach" or "detach" or "of":
                Refuse($"ALTER TABLE … {Current.Text.ToUpperInvariant()}", start, "There is one table of one shape: write its columns.");
                return NoAction;
            default:
                Unexpected();
                return NoAction;
        }
    }

    /// <summary>What has no meaning here: its word, another, a name.</summary>
    private IgnoredAlter Ignored(string what, string then)
    {
        Take();
        Expect(then);
        Label();
        return new IgnoredAlter(what);
    }

    private AlterAction ReplicaIdentity()
    {
        Expect("replica", "identity");
        if (Accept("using", "index"))
        {
            Name();
        }
        else
        {
            Label();
        }
        return new IgnoredAlter("replica identity");
    }

    private AlterAction Add()
    {
        Expect("add");
        if (IsTableConstraint())
        {
            return new AddConstraint(TableConstraint());
        }
        Accept("column");
        bool ifNotExists = Accept("if", "not", "exists");
        return new AddColumn(ColumnDefinition(), ifNotExists);
    }

    private AlterAction DropAction()
    {
        Expect("drop");
        bool constraint = Accept("constraint");
        if (!constraint)
        {
            Accept("column");
        }
        bool ifExists = Accept("if", "exists");
        string name = Name();
        bool cascade = Cascade();
        return constraint ? new DropConstraint(name, ifExists, cascade) : new DropColumn(name, ifExists, cascade);
    }

    private AlterAction AlterColumn(string column)
    {
        int start = Current.Start;
        if (Accept("type") || Accept("set", "data", "type"))
        {
            TypeSyntax type = TypeName();
            if (Accept("collate"))
            {
                Collation();
            }
            return new AlterColumnType(column, type, Accept("using") ? Expression() : null);
        }
        if (Accept("set", "default"))
        {
            return new AlterColumnDefault(column, Expression());
        }
        if (Accept("drop", "default"))
        {
            return new AlterColumnDefault(column, null);
        }
        if (At("set", "not") || At("drop", "not"))
        {
            bool notNull = Take().Text == "set";
            Expect("not", "null");
            return new AlterColumnNotNull(column, notNull);
        }
        if (Accept("drop", "expression"))
        {
            Accept("if", "exists");
            return new DropExpression(column);
        }
        if (Accept("drop", "identity"))
        {
            Accept("if", "exists");
            return new AlterColumnIdentity(column, IdentityKind.None);
        }
        return AlterColumnGenerated(column) ?? (AtNumbers() ? Numbers(column) : AlterColumnSetting(start));
    }

    private AlterColumnIdentity? AlterColumnGenerated(string column)
    {
        if (At("add", "generated"))
        {
            Take();
            (IdentityKind kind, Numbering numbers) = Identity(out _);
            return new AlterColumnIdentity(column, kind) { Start = numbers.Start, Increment = numbers.Increment };
        }
        if (Accept("set", "generated"))
        {
            bool always = Accept("always");
            if (!always)
            {
                Expect("by", "default");
            }
            return new AlterColumnIdentity(column, always ? IdentityKind.Always : IdentityKind.ByDefault);
        }
        return null;
    }

    private AlterAction AlterColumnSetting(int start)
    {
        if (Accept("set", "statistics") || Accept("set", "storage") || Accept("set", "compression"))
        {
            Accept("-");
            Take();
            return new IgnoredAlter("set");
        }
        if (At("set", "(") || At("reset", "("))
        {
            Take();
            SkipParentheses();
            return new IgnoredAlter("set");
        }
        Unexpected();
        return NoAction;
    }

    /// <summary>[set start [with] n] [set increment [by] n] [restart [[with] n]], in any order.</summary>
    private AlterColumnNumbers Numbers(string column)
    {
        var numbers = new AlterColumnNumbers(column, null, null, false, null);
        while (AtNumbers())
        {
            if (Accept("restart"))
            {
                bool with = Accept("with") || Current.Kind == TokenKind.Number;
                numbers = numbers with { Restarts = true, RestartWith = with ? WholeNumber() : null };
            }
            else if (Accept("set", "start"))
            {
                Accept("with");
                numbers = numbers with { Start = WholeNumber() };
            }
            else
            {
                Expect("set", "increment");
                Accept("by");
                numbers = numbers with { Increment = WholeNumber() };
            }
        }
        return numbers;
    }

    private bool AtNumbers() => At("restart") || At("set", "start") || At("set", "increment");

    private AlterAction Rename()
    {
        Expect("rename");
        if (Accept("to"))
        {
            return new RenameTable(Name());
        }
        bool constraint = Accept("constraint");
        if (!constraint)
        {
            Accept("column");
        }
        string from = Name();
        Expect("to");
        string to = Name();
        return constraint ? new RenameConstraint(from, to) : new RenameColumn(from, to);
    }

    private AlterAction Set(bool isView)
    {
        Expect("set");
        if (Accept("schema"))
        {
            return new SetSchema(Name());
        }
        if (At("("))
        {
            if (!isView)
            {
                SkipParentheses();
                return new IgnoredAlter("set");
            }
            return ViewOption();
        }
        string what = Label();
        if (what is not ("logged" or "unlogged"))
        {
            Expect("");
        }
        return new IgnoredAlter("set");
    }

    private SetViewOption ViewOption()
    {
        Expect("(");
        string name = Label();
        string value = Accept("=") ? Take().Text : "true";
        Expect(")");
        return new(name, value);
    }

    private AlterAction EnableOrDisable()
    {
        int start = Current.Start;
        bool force = Accept("force");
        bool enable = !force && Take().Text == "enable";
        if (Accept("row", "level", "security"))
        {
            return force ? new SetForceRowSecurity(true) : new SetRowSecurity(enable);
        }
        if (!force && At("trigger"))
        {
            if (!enable)
            {
                Refuse("DISABLE TRIGGER", start, "Drop the trigger, or give it a WHEN condition.");
            }
            Take();
            Label();
            return new IgnoredAlter("enable trigger");
        }
        Unexpected();
        return NoAction;
    }

    // ---- types, publications ----

    private SchemaStatement AlterType(int start)
    {
        QualifiedName name = Qualified(KeywordKind.FunctionName);
        if (Accept("add", "value"))
        {
            bool ifNotExists = Accept("if", "not", "exists");
            string label = StringLiteral();
            string? before = Accept("before") ? StringLiteral() : null;
            string? after = before is null && Accept("after") ? StringLiteral() : null;
            return new AddEnumValue(name, label, before, after, ifNotExists);
        }
        if (Accept("rename", "value"))
        {
            string from = StringLiteral();
            Expect("to");
            return new RenameEnumValue(name, from, StringLiteral());
        }
        if (At("owner"))
        {
            return Recorded("alter type");
        }
        if (AtAny("rename", "add", "drop", "alter", "set"))
        {
            Refuse($"ALTER TYPE … {Current.Text.ToUpperInvariant()}", start, "Create the type as it shall be, and change the columns to it.");
        }
        Unexpected();
        return NoStatement;
    }

    private SchemaStatement AlterPublication(int start)
    {
        string publication = Name();
        bool add = Accept("add", "table");
        if (add || Accept("drop", "table"))
        {
            return new AlterPublication(publication, add, PublishedTables());
        }
        if (At("owner") || At("set", "(") || At("rename"))
        {
            return Recorded("alter publication");
        }
        if (At("set") || At("add") || At("drop"))
        {
            Refuse("this form of ALTER PUBLICATION", start, "Write alter publication … add table … or … drop table ….");
        }
        Unexpected();
        return NoStatement;
    }

    private ImmutableArray<QualifiedName> PublishedTables()
    {
        var tables = ImmutableArray.CreateBuilder<QualifiedName>();
        do
        {
            Accept("table");
            Accept("only");
            tables.Add(Qualified());
            if (At("(") || At("where"))
            {
                Refuse("a publication of some columns or rows", Current.Start, "Publish the table: clients see what its policies let them see.");
            }
        } while (Accept(","));
        return tables.DrainToImmutable();
    }
}
