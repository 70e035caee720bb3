using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;

namespace Tenon.Core.Schema.Parsing;

// Indexes, views, types, schemas, publications, comments, and the statements that are only recorded.
internal sealed partial class SchemaParser
{
    private CreateIndex CreateIndex(bool unique)
    {
        Accept("concurrently");
        bool ifNotExists = Accept("if", "not", "exists");
        string name = At("on") ? "" : Name();
        Expect("on");
        Accept("only");
        QualifiedName table = Qualified();
        string method = Accept("using") ? Name() : "btree";
        Expect("(");
        var keys = ImmutableArray.CreateBuilder<IndexKey>();
        do
        {
            keys.Add(IndexKeyHere());
        } while (Accept(","));
        Expect(")");
        if (NullsNotDistinct())
        {
            Refuse("NULLS NOT DISTINCT", Current.Start, "Index coalesce(column, '') and the like.");
        }
        IndexParameters();
        if (Accept("tablespace"))
        {
            Name();
        }
        Expr? where = Accept("where") ? Expression() : null;
        return new(name, table, keys.DrainToImmutable(), unique, method) { Where = where, IfNotExists = ifNotExists };
    }

    /// <summary>A column, a call or an expression in parentheses; an operator class behind it means nothing here.</summary>
    private IndexKey IndexKeyHere()
    {
        Expr value = Expression(int.MaxValue);
        if (Accept("collate"))
        {
            Collation();
        }
        if (IsName(Current) && !At("nulls"))
        {
            Qualified();
            if (At("("))
            {
                SkipParentheses();
            }
        }
        (bool descending, NullsOrder nulls) = Direction();
        return new(value, descending, nulls);
    }

    private CreateView CreateView(bool orReplace)
    {
        QualifiedName name = Qualified();
        ImmutableArray<string> columns = At("(") ? ParenthesizedNames() : [];
        bool invoker = false;
        CheckOption check = CheckOption.None;
        if (Accept("with"))
        {
            (invoker, check) = ViewOptions();
        }
        Expect("as");
        Select query = SelectQuery();
        if (Accept("with"))
        {
            check = Accept("local") ? CheckOption.Local : CheckOption.Cascaded;
            Accept("cascaded");
            Expect("check");
            Expect("option");
        }
        return new(name, columns, query, orReplace) { SecurityInvoker = invoker, CheckOption = check };
    }

    private (bool Invoker, CheckOption Check) ViewOptions()
    {
        bool invoker = false;
        CheckOption check = CheckOption.None;
        Expect("(");
        do
        {
            string option = Label();
            string value = Accept("=") ? Take().Text.ToLowerInvariant() : "true";
            if (option == "security_invoker")
            {
                invoker = value is "true" or "on" or "1" or "yes";
            }
            else if (option == "check_option")
            {
                check = value == "local" ? CheckOption.Local : CheckOption.Cascaded;
            }
        } while (Accept(","));
        Expect(")");
        return (invoker, check);
    }

    private SchemaStatement CreateType()
    {
        int start = Current.Start;
        QualifiedName name = Qualified(KeywordKind.FunctionName);
        if (!Accept("as", "enum"))
        {
            Refuse("a type that is not an enum", start, "Write create type … as enum (…), a table, or jsonb.");
            return NoStatement;
        }
        Expect("(");
        var labels = ImmutableArray.CreateBuilder<string>();
        if (!At(")"))
        {
            do
            {
                labels.Add(StringLiteral());
            } while (Accept(","));
        }
        Expect(")");
        return new CreateEnum(name, labels.DrainToImmutable());
    }

    private CreateSchema CreateSchema()
    {
        bool ifNotExists = Accept("if", "not", "exists");
        if (Accept("authorization"))
        {
            return new(Name(), ifNotExists);
        }
        string name = Name();
        if (Accept("authorization"))
        {
            Label();
        }
        return new(name, ifNotExists);
    }

    private RecordedStatement CreateExtension()
    {
        Accept("if", "not", "exists");
        string name = Label();
        SkipStatement();
        return new("create extension", [new QualifiedName("", name)]);
    }

    private SchemaStatement CreatePublication()
    {
        int start = Current.Start;
        string name = Name();
        if (!Accept("for"))
        {
            return Recorded("create publication", new QualifiedName("", name));
        }
        if (!Accept("table"))
        {
            Refuse("a publication of all tables", start, "Name them: create publication … for table a, b.");
            return NoStatement;
        }
        ImmutableArray<QualifiedName> tables = PublishedTables();
        SkipStatement();
        return new AlterPublication(name, Add: true, tables);
    }

    // ---- comment on ----

    private SchemaStatement Comment()
    {
        Expect("comment", "on");
        Token word = Take();
        switch (word.Kind == TokenKind.Word ? word.Text : "")
        {
            case "table":
                return new CommentOn(ObjectKind.Table, Qualified(), null, CommentText());
            case "view":
                return new CommentOn(ObjectKind.View, Qualified(), null, CommentText());
            case "column":
                return CommentOnColumn();
            case "function":
                QualifiedName function = Qualified(KeywordKind.FunctionName);
                if (At("("))
                {
                    ArgumentTypes();
                }
                return new CommentOn(ObjectKind.Function, function, null, CommentText());
            case "index" or "type" or "schema" or "sequence" or "extension" or "role" or "publication":
                return new CommentOn(KindOf(word.Text)!.Value, Qualified(KeywordKind.FunctionName), null, CommentText());
            case "policy" or "trigger" or "constraint":
                ObjectKind kind = word.Text == "constraint" ? ObjectKind.Constraint : KindOf(word.Text)!.Value;
                string name = Name();
                Expect("on");
                return new CommentOn(kind, Qualified(), name, CommentText());
            case "database" or "language" or "materialized" or "event" or "domain" or "aggregate" or "operator" or "cast" or "procedure":
                return Recorded("comment");
            default:
                Unexpected(word);
                return NoStatement;
        }
    }

    /// <summary>[schema.]table.column</summary>
    private SchemaStatement CommentOnColumn()
    {
        QualifiedName parts = Qualified();
        bool three = parts.Source.Length > 0;
        if (!three && parts.Schema.Length == 0)
        {
            Fail(ErrorCodes.SyntaxError, "column name must be qualified", Tokens[Math.Max(0, Position - 1)].Start);
        }
        QualifiedName table = three ? new(parts.Source, parts.Schema) : new("", parts.Schema);
        return new CommentOn(ObjectKind.Column, table, parts.Name, CommentText());
    }

    private string? CommentText()
    {
        Expect("is");
        return Accept("null") ? null : StringLiteral();
    }

    // ---- recorded, refused ----

    private SchemaStatement? RecordedByWord(Token word)
    {
        switch (word.Text)
        {
            case "set" or "reset" or "begin" or "commit" or "end" or "notify" or "analyze" or "vacuum" or "reindex" or "checkpoint" or "discard":
                return Recorded(word.Text);
            case "start" when Ahead(1).Is("transaction"):
                return Recorded("begin");
            case "security" when Ahead(1).Is("label"):
                return Recorded("security label");
            case "refresh":
                Refuse("REFRESH MATERIALIZED VIEW", word.Start, "Views are always up to date.");
                return NoStatement;
            case "rollback" or "savepoint" or "release" or "abort":
                Refuse(word.Text.ToUpperInvariant(), word.Start, "Each file is one transaction: it is applied as a whole or not at all.");
                return NoStatement;
            default:
                return null;
        }
    }

    private RecordedStatement Recorded(string what, params ReadOnlySpan<QualifiedName> names)
    {
        SkipStatement();
        return new(what, [.. names]);
    }

    private void SkipStatement()
    {
        while (!AtEnd && !At(";"))
        {
            if (Current.Kind == TokenKind.Bad)
            {
                Unexpected();
            }
            Take();
        }
    }
}
