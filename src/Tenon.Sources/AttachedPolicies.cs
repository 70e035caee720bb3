using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;

namespace Tenon.Sources;

/// <summary>
/// policies.sql applied to what introspection found. It may enable row level security, make policies, grant and comment,
/// nothing else; a table that is not both enabled and granted there is left out of the catalog.
/// </summary>
internal static class AttachedPolicies
{
    public static Outcome<ImmutableArray<SchemaStatement>> Parse(string source, string sql)
    {
        if (!SchemaParser.ParseScript(sql).TryGet(out ImmutableArray<SchemaStatement> statements, out Error error))
        {
            return error;
        }
        foreach (SchemaStatement statement in statements)
        {
            if (!IsAllowed(statement))
            {
                return new Error(
                    ErrorCodes.FeatureNotSupported,
                    $"policies.sql of source {source} holds a statement that would change the database",
                    null,
                    "It may enable row level security, create policies, grant, revoke and comment; tables are changed in the database itself."
                )
                {
                    Position = statement.At.Start < 0 ? null : statement.At.Start,
                };
            }
        }
        return statements;
    }

    private static bool IsAllowed(SchemaStatement statement) =>
        statement switch
        {
            CreatePolicy or GrantTables or CommentOn or RecordedStatement or CreateRole => true,
            AlterTable alter => alter.Actions.All(a => a is SetRowSecurity or SetForceRowSecurity),
            _ => false,
        };

    /// <summary>The catalog of what is exposed. Found has its tables in one schema, the source's name.</summary>
    public static Outcome<Catalog> Apply(Catalog found, ImmutableArray<SchemaStatement> statements)
    {
        if (!SchemaBuilder.Apply(found, statements).TryGet(out SchemaChange all, out Error error))
        {
            return error;
        }
        HashSet<QualifiedName> exposed = [.. all.Catalog.Tables.Values.Where(IsExposed).Select(t => t.Name)];
        Catalog rest = found;
        foreach (Table table in found.Tables.Values)
        {
            rest = exposed.Contains(table.Name)
                ? rest.With(table with { ForeignKeys = [.. table.ForeignKeys.Where(k => exposed.Contains(k.Target))] })
                : rest.Without(table.Name);
        }
        // Once more over what is left: a policy that reads a table which is not exposed is found here, with its place.
        ImmutableArray<SchemaStatement> kept = [.. statements.Where(s => TargetsOf(s).All(t => Left(rest, t)))];
        return SchemaBuilder.Apply(rest, kept).TryGet(out SchemaChange change, out error) ? change.Catalog : Explained(error);
    }

    private static bool IsExposed(Table table) => table.RowSecurity && !table.Grants.IsEmpty;

    private static bool Left(Catalog rest, QualifiedName name) => rest.Resolve(name.Schema, name.Name) is not null;

    private static ImmutableArray<QualifiedName> TargetsOf(SchemaStatement statement) =>
        statement switch
        {
            CreatePolicy policy => [policy.Table],
            GrantTables { AllInSchema: false } grant => grant.Tables,
            AlterTable alter => [alter.Name],
            CommentOn { Kind: ObjectKind.Table or ObjectKind.Column } comment => [comment.Name],
            _ => [],
        };

    private static Error Explained(Error error) =>
        error.Code == ErrorCodes.UndefinedTable
            ? error with { Hint = "A policy may read exposed tables only: enable row level security on it and grant it, with a policy of its own." }
            : error;
}
