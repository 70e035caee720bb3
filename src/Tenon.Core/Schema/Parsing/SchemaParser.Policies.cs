using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;

namespace Tenon.Core.Schema.Parsing;

// Who may do what: policies, grants, roles.
internal sealed partial class SchemaParser
{
    private CreatePolicy CreatePolicy()
    {
        string name = Name();
        Expect("on");
        QualifiedName table = Qualified();
        bool permissive = true;
        if (Accept("as"))
        {
            permissive = Accept("permissive");
            if (!permissive)
            {
                Expect("restrictive");
            }
        }
        PolicyCommand command = Accept("for") ? PolicyCommandHere() : PolicyCommand.All;
        ImmutableArray<RoleName> roles = Accept("to") ? Roles() : [RoleName.Public];
        int usingAt = Current.Start;
        Expr? condition = Accept("using") ? ConditionInParentheses() : null;
        int checkAt = Current.Start;
        Expr? check = Accept("with", "check") ? ConditionInParentheses() : null;
        if (check is not null && command is PolicyCommand.Select or PolicyCommand.Delete)
        {
            Fail(ErrorCodes.SyntaxError, "WITH CHECK cannot be applied to SELECT or DELETE", checkAt);
        }
        if (condition is not null && command == PolicyCommand.Insert)
        {
            Fail(ErrorCodes.SyntaxError, "only WITH CHECK expression allowed for INSERT", usingAt);
        }
        return new(name, table, permissive, command, roles, condition, check);
    }

    private PolicyCommand PolicyCommandHere()
    {
        if (Accept("all"))
        {
            return PolicyCommand.All;
        }
        if (Accept("select"))
        {
            return PolicyCommand.Select;
        }
        if (Accept("insert"))
        {
            return PolicyCommand.Insert;
        }
        if (Accept("update"))
        {
            return PolicyCommand.Update;
        }
        Expect("delete");
        return PolicyCommand.Delete;
    }

    private Expr ConditionInParentheses()
    {
        Expect("(");
        Expr condition = Expression();
        Expect(")");
        return condition;
    }

    private SchemaStatement AlterPolicy()
    {
        string name = Name();
        Expect("on");
        QualifiedName table = Qualified();
        if (Accept("rename", "to"))
        {
            return new AlterPolicy(name, table) { RenameTo = Name() };
        }
        ImmutableArray<RoleName>? roles = Accept("to") ? Roles() : null;
        Expr? condition = Accept("using") ? ConditionInParentheses() : null;
        Expr? check = Accept("with", "check") ? ConditionInParentheses() : null;
        return new AlterPolicy(name, table) { Roles = roles, Using = condition, Check = check };
    }

    private ImmutableArray<RoleName> Roles()
    {
        var roles = ImmutableArray.CreateBuilder<RoleName>();
        do
        {
            Accept("group");
            if (AtAny("current_user", "current_role", "session_user"))
            {
                Refuse($"the role {Current.Text.ToUpperInvariant()}", Current.Start, "Name the role: anon, authenticated, service_role.");
            }
            roles.Add(new RoleName(Name()));
        } while (Accept(","));
        return roles.DrainToImmutable();
    }

    private SchemaStatement CreateRole()
    {
        string name = Name();
        SkipStatement();
        return new CreateRole(name);
    }

    // ---- grant, revoke ----

    private SchemaStatement Grant()
    {
        int start = Current.Start;
        bool revoke = Take().Text == "revoke";
        if (revoke && At("grant", "option"))
        {
            return Recorded("revoke grant option");
        }
        if (IsRoleGrant())
        {
            return Recorded(revoke ? "revoke role" : "grant role");
        }
        ImmutableArray<PrivilegeItem> items = PrivilegeList(out string other);
        Expect("on");
        Token target = Current;
        switch (target.Kind == TokenKind.Word ? target.Text : "")
        {
            case "schema":
                return GrantOnSchema(revoke, other, items, start);
            case "sequence" or "database" or "type" or "domain" or "language" or "tablespace" or "parameter" or "foreign" or "large":
                return Recorded($"{(revoke ? "revoke" : "grant")} on {target.Text}");
            case "function" or "procedure" or "routine":
                Take();
                return GrantOnFunctions(revoke, FunctionList(), all: false);
            case "all" when Ahead(1).Text is "sequences":
                return Recorded($"{(revoke ? "revoke" : "grant")} on sequences");
            case "all" when Ahead(1).Text is "functions" or "procedures" or "routines":
                Take();
                Take();
                Expect("in", "schema");
                return GrantOnFunctions(revoke, [.. NameList().Select(n => (new QualifiedName("", n), (ImmutableArray<TypeSyntax>?)null))], all: true);
        }
        return GrantOnTables(revoke, items, other, start);
    }

    private bool IsRoleGrant()
    {
        for (int i = 0; Ahead(i).Kind != TokenKind.End && !Ahead(i).Is(";"); i++)
        {
            if (Ahead(i).Is("on"))
            {
                return false;
            }
        }
        return !At("all");
    }

    private GrantTables GrantOnTables(bool revoke, ImmutableArray<PrivilegeItem> items, string other, int start)
    {
        if (other.Length > 0)
        {
            Fail(ErrorCodes.SyntaxError, $"invalid privilege type {other.ToUpperInvariant()} for relation", start);
        }
        bool all = Accept("all", "tables", "in");
        ImmutableArray<QualifiedName> names;
        if (all)
        {
            Expect("schema");
            names = [.. NameList().Select(n => new QualifiedName("", n))];
        }
        else
        {
            Accept("table");
            names = QualifiedList();
        }
        return new(revoke, items, names, all, Grantees(revoke));
    }

    private GrantFunctions GrantOnFunctions(
        bool revoke,
        ImmutableArray<(QualifiedName, ImmutableArray<TypeSyntax>?)> functions,
        bool all
    ) => new(revoke, functions, all, Grantees(revoke));

    /// <summary>USAGE of a schema is everybody's here: tables are reached by their own grants.</summary>
    private SchemaStatement GrantOnSchema(bool revoke, string other, ImmutableArray<PrivilegeItem> items, int start)
    {
        if (revoke && (other == "usage" || items.Any(i => i.Privilege == Privileges.All)))
        {
            Refuse("revoking the use of a schema", start, "Revoke the privileges on its tables and functions.");
        }
        return Recorded($"{(revoke ? "revoke" : "grant")} on schema");
    }

    private ImmutableArray<RoleName> Grantees(bool revoke)
    {
        Expect(revoke ? "from" : "to");
        ImmutableArray<RoleName> roles = Roles();
        Accept("with", "grant", "option");
        if (Accept("granted", "by"))
        {
            Name();
        }
        Cascade();
        return roles;
    }

    /// <summary>Table privileges; <paramref name="other"/> is one that only other objects have (usage, execute, create).</summary>
    private ImmutableArray<PrivilegeItem> PrivilegeList(out string other)
    {
        other = "";
        var items = ImmutableArray.CreateBuilder<PrivilegeItem>();
        do
        {
            Token word = Take();
            Privileges? privilege = word.Kind == TokenKind.Word ? PrivilegeOf(word.Text) : null;
            if (privilege == Privileges.All)
            {
                Accept("privileges");
            }
            if (privilege is null)
            {
                if (!IsOtherPrivilege(word))
                {
                    Unexpected(word);
                }
                other = word.Text;
                continue;
            }
            ImmutableArray<string> columns = At("(") ? ParenthesizedNames() : [];
            items.Add(new(privilege.Value, columns));
        } while (Accept(","));
        return items.DrainToImmutable();
    }

    private static Privileges? PrivilegeOf(string word) =>
        word switch
        {
            "all" => Privileges.All,
            "select" => Privileges.Select,
            "insert" => Privileges.Insert,
            "update" => Privileges.Update,
            "delete" => Privileges.Delete,
            "truncate" => Privileges.Truncate,
            "references" => Privileges.References,
            "trigger" => Privileges.Trigger,
            _ => null,
        };

    private static bool IsOtherPrivilege(Token word) =>
        word.Kind == TokenKind.Word && word.Text is "usage" or "execute" or "create" or "connect" or "temporary" or "temp" or "set" or "maintain";

    private ImmutableArray<(QualifiedName, ImmutableArray<TypeSyntax>?)> FunctionList()
    {
        var functions = ImmutableArray.CreateBuilder<(QualifiedName, ImmutableArray<TypeSyntax>?)>();
        do
        {
            QualifiedName name = Qualified(KeywordKind.FunctionName);
            functions.Add((name, At("(") ? ArgumentTypes() : null));
        } while (Accept(","));
        return functions.DrainToImmutable();
    }

    /// <summary>The types of a signature: (int, name text); names and out parameters do not count.</summary>
    private ImmutableArray<TypeSyntax> ArgumentTypes() => [.. Parameters().Where(p => !p.Out).Select(p => p.Type)];

    /// <summary>
    /// Granting in advance gives nothing here, which errs to the safe side; revoking in advance would be lost, so it is refused.
    /// </summary>
    private SchemaStatement AlterDefaultPrivileges(int start)
    {
        Expect("privileges");
        for (int i = 0; Ahead(i).Kind != TokenKind.End && !Ahead(i).Is(";"); i++)
        {
            if (Ahead(i).Is("revoke"))
            {
                Refuse("ALTER DEFAULT PRIVILEGES … REVOKE", start, "Revoke from each function; tables grant nothing by default.");
            }
        }
        return Recorded("alter default privileges");
    }
}
