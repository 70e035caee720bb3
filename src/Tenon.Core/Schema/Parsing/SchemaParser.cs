using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;

namespace Tenon.Core.Schema.Parsing;

/// <summary>
/// The schema language: a file of PostgreSQL's DDL and row statements to a list of statements, all or nothing. What has no
/// meaning here is recorded where leaving it out changes nothing, and refused by name where it would.
/// </summary>
internal sealed partial class SchemaParser : SqlParser
{
    private SchemaParser(string source, Token[] tokens, Error? lexError)
        : base(source, tokens, lexError) { }

    /// <summary>A whole file; the statements' positions are offsets in it.</summary>
    public static Outcome<ImmutableArray<SchemaStatement>> ParseScript(string text)
    {
        (Token[] tokens, Error? error) = SqlLexer.Tokenize(text);
        var parser = new SchemaParser(text, tokens, error);
        return parser.Finish(parser.Script());
    }

    private ImmutableArray<SchemaStatement> Script()
    {
        var statements = ImmutableArray.CreateBuilder<SchemaStatement>();
        while (!AtEnd)
        {
            if (Accept(";"))
            {
                continue;
            }
            int start = Current.Start;
            statements.Add(Statement() with { At = Since(start) });
            if (!AtEnd)
            {
                Expect(";");
            }
        }
        return statements.DrainToImmutable();
    }

    private static readonly SchemaStatement NoStatement = new RecordedStatement("", []);

    private SchemaStatement Statement()
    {
        Token word = Current;
        if (word.Kind != TokenKind.Word)
        {
            return Rows();
        }
        switch (word.Text)
        {
            case "create":
                return Create();
            case "alter":
                return Alter();
            case "drop":
                return Drop();
            case "grant" or "revoke":
                return Grant();
            case "comment":
                return Comment();
            case "select" when IsSetConfig():
                return Recorded("set");
            case "select" when IsCallOf("setval"):
                return SetValue();
            default:
                return RecordedByWord(word) ?? Rows();
        }
    }

    private RowStatement Rows() => new(RowStatement());

    // pg_dump writes its settings as select pg_catalog.set_config('search_path', '', false).
    private bool IsSetConfig() => IsCallOf("set_config");

    private bool IsCallOf(string function) =>
        Ahead(1).Is(function) || (Ahead(1).Is("pg_catalog") && Ahead(2).Is(".") && Ahead(3).Is(function));

    /// <summary>select setval('sequence' | pg_get_serial_sequence('table', 'column'), value [, is_called])</summary>
    private SetSequence SetValue()
    {
        Expect("select");
        if (Accept("pg_catalog"))
        {
            Expect(".");
        }
        Expect("setval");
        Expect("(");
        string sequence;
        string? column = null;
        if (Accept("pg_get_serial_sequence"))
        {
            Expect("(");
            sequence = StringLiteral();
            Expect(",");
            column = StringLiteral();
            Expect(")");
        }
        else
        {
            sequence = StringLiteral();
        }
        if (Accept("::"))
        {
            Expect("regclass");
        }
        Expect(",");
        Expr value = Expression();
        bool isCalled = !Accept(",") || !Accept("false") && Accept("true");
        Expect(")");
        return new(sequence, column, value, isCalled);
    }

    private SchemaStatement Create()
    {
        int start = Take().Start;
        bool orReplace = Accept("or", "replace");
        if (AtAny("temp", "temporary", "local", "global"))
        {
            Refuse("a temporary table or view", start, "Use WITH in the query, or a table of your own.");
        }
        if (!orReplace)
        {
            Accept("unlogged");
        }
        Token kind = Take();
        switch (kind.Text)
        {
            case "table" when !orReplace:
                return CreateTable();
            case "index" when !orReplace:
                return CreateIndex(unique: false);
            case "unique" when !orReplace:
                Expect("index");
                return CreateIndex(unique: true);
            case "view":
                return CreateView(orReplace);
            case "function":
                return CreateFunction(orReplace);
            case "trigger":
                return CreateTrigger(orReplace);
            case "policy" when !orReplace:
                return CreatePolicy();
            case "type" when !orReplace:
                return CreateType();
            case "schema" when !orReplace:
                return CreateSchema();
            case "role" or "user" or "group" when !orReplace:
                return CreateRole();
            case "extension" when !orReplace:
                return CreateExtension();
            case "publication" when !orReplace:
                return CreatePublication();
            default:
                RefuseCreate(kind, start);
                return NoStatement;
        }
    }

    private void RefuseCreate(Token kind, int start)
    {
        string? hint = kind.Text switch
        {
            "materialized" => "Write create view, or a table that a trigger keeps up to date.",
            "sequence" => "Write generated by default as identity behind the column.",
            "domain" => "Write the base type and a check constraint behind each column.",
            "procedure" => "Write create function … returns void.",
            "constraint" => "Write create trigger … after …; for a condition on the row use check.",
            "aggregate" or "operator" or "cast" or "collation" or "conversion" or "access" => "Only the built-in ones exist.",
            "rule" => "Write a trigger.",
            "event" => "The schema is changed by migrations only, so there is nothing to trigger on.",
            "foreign" or "server" => "Attach the database as a source in tenon.toml.",
            "text" => "Use like, ilike or a regular expression.",
            "database" or "tablespace" or "subscription" or "language" or "statistics" or "transform" => "Leave it out.",
            "recursive" => "Write create view … as with recursive ….",
            _ => null,
        };
        if (hint is null || kind.Kind != TokenKind.Word)
        {
            Unexpected(kind);
            return;
        }
        string what = kind.Text is "materialized" or "recursive" ? kind.Text + " view" : kind.Text;
        Refuse($"CREATE {what.ToUpperInvariant()}", start, hint);
    }

    private SchemaStatement Drop()
    {
        int start = Take().Start;
        Token word = Take();
        ObjectKind? kind = word.Kind == TokenKind.Word ? KindOf(word.Text) : null;
        switch (kind)
        {
            case null:
                RefuseDrop(word, start);
                return NoStatement;
            case ObjectKind.Trigger or ObjectKind.Policy:
                return DropOnTable(kind.Value);
            case ObjectKind.Function:
                return DropFunction();
        }
        if (kind == ObjectKind.Index)
        {
            Accept("concurrently");
        }
        bool ifExists = Accept("if", "exists");
        ImmutableArray<QualifiedName> names = QualifiedList();
        return new DropObject(kind.Value, names, ifExists, Cascade());
    }

    private void RefuseDrop(Token word, int start)
    {
        bool known =
            word.Kind == TokenKind.Word
            && word.Text
                is "materialized"
                    or "domain"
                    or "procedure"
                    or "aggregate"
                    or "operator"
                    or "cast"
                    or "rule"
                    or "event"
                    or "database"
                    or "owned"
                    or "routine"
                    or "collation"
                    or "server"
                    or "foreign"
                    or "language";
        if (known)
        {
            Refuse($"DROP {word.Text.ToUpperInvariant()}", start, "There is no such object here: leave the statement out.");
            return;
        }
        Unexpected(word);
    }

    private static ObjectKind? KindOf(string word) =>
        word switch
        {
            "table" => ObjectKind.Table,
            "view" => ObjectKind.View,
            "index" => ObjectKind.Index,
            "schema" => ObjectKind.Schema,
            "type" => ObjectKind.Type,
            "function" => ObjectKind.Function,
            "trigger" => ObjectKind.Trigger,
            "policy" => ObjectKind.Policy,
            "role" or "user" or "group" => ObjectKind.Role,
            "extension" => ObjectKind.Extension,
            "sequence" => ObjectKind.Sequence,
            "publication" => ObjectKind.Publication,
            _ => null,
        };

    private DropObject DropOnTable(ObjectKind kind)
    {
        bool ifExists = Accept("if", "exists");
        string name = Name();
        Expect("on");
        QualifiedName table = Qualified();
        return new(kind, [new QualifiedName("", name)], ifExists, Cascade()) { On = table };
    }

    private DropObject DropFunction()
    {
        bool ifExists = Accept("if", "exists");
        var names = ImmutableArray.CreateBuilder<QualifiedName>();
        ImmutableArray<TypeSyntax>? arguments = null;
        do
        {
            names.Add(Qualified(KeywordKind.FunctionName));
            if (At("("))
            {
                arguments = ArgumentTypes();
            }
        } while (Accept(","));
        if (names.Count > 1 && arguments is not null)
        {
            Refuse("DROP FUNCTION of several functions with arguments", Current.Start, "Write one statement for each.");
        }
        return new(ObjectKind.Function, names.DrainToImmutable(), ifExists, Cascade()) { Arguments = arguments };
    }

    /// <summary>[cascade | restrict]</summary>
    private bool Cascade()
    {
        bool cascade = Accept("cascade");
        if (!cascade)
        {
            Accept("restrict");
        }
        return cascade;
    }
}
