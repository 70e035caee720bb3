using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>
/// A table or view that strangers, signed-in users or users with a role of the app's own reach past every row policy, with
/// what each role may do. Guarded is the table with row security that a view with its owner's rights shows; null for a table
/// without row security.
/// </summary>
internal sealed record OpenTable(QualifiedName Name, ImmutableArray<(RoleName Role, Privileges Privileges)> To, QualifiedName? Guarded)
{
    public bool IsView => Guarded is not null;

    /// <summary>The statement of a migration that closes it.</summary>
    public string Mend => IsView ? $"alter view {Quoted} set (security_invoker = true);" : $"alter table {Quoted} enable row level security;";

    private string Quoted => $"{FormatText.QuoteIdentifier(Name.Schema)}.{FormatText.QuoteIdentifier(Name.Name)}";

    public override string ToString()
    {
        string roles = string.Join(" and ", To.Select(t => t.Role.Text));
        RoleName first = To[0].Role;
        string who = first == RoleName.Anon ? "anyone" : first == RoleName.Authenticated ? "every signed-in user" : $"every user with the role {first}";
        string what = IsView
            ? $"view {Name} is granted to {roles} and reads {Guarded}, which has row level security, with its owner's rights"
            : $"table {Name} is granted to {roles} but has no row level security";
        return $"{what}: {who} can {Verbs(To[0].Privileges)} {(IsView ? "all its rows" : "it")}";
    }

    private static string Verbs(Privileges privileges) =>
        ((privileges & Privileges.Select) != 0, (privileges & ~Privileges.Select) != 0) switch
        {
            (true, false) => "read",
            (false, true) => "write",
            _ => "read and write",
        };
}

/// <summary>
/// Finds open tables (DECISIONS §4): a table without row security, or a view with owner's rights over a table that has it,
/// which anon, authenticated or a role of the app's own may reach. Functions in a view's query are not followed: a security definer function opens
/// what it was written to open.
/// </summary>
internal static class OpenTables
{
    private const Privileges Rows = Privileges.Select | Privileges.Insert | Privileges.Update | Privileges.Delete;

    /// <summary>All open tables of the schemas that the API exposes, but for those listed; in name order.</summary>
    /// <param name="listed">[api] open: a name with its schema, or a bare name of any exposed schema.</param>
    /// <param name="additional">[auth] additional_roles: other roles that a token may name.</param>
    public static ImmutableArray<OpenTable> Find(
        Catalog.Catalog catalog,
        IReadOnlyCollection<string> schemas,
        IReadOnlyCollection<string> listed,
        IReadOnlyCollection<string> additional
    ) =>
        [
            .. catalog
                .Tables.Values.Where(t => schemas.Contains(t.Name.Schema) && !listed.Any(l => Names(l, t.Name)))
                .Select(t => Opened(catalog, t, additional))
                .OfType<OpenTable>()
                .OrderBy(t => t.Name.ToString(), StringComparer.Ordinal),
        ];

    /// <summary>Entries of the list that name no open table: a spelling mistake, or a table closed since.</summary>
    public static ImmutableArray<string> Idle(
        Catalog.Catalog catalog,
        IReadOnlyCollection<string> schemas,
        IReadOnlyCollection<string> listed,
        IReadOnlyCollection<string> additional
    )
    {
        ImmutableArray<OpenTable> all = Find(catalog, schemas, [], additional);
        return [.. listed.Where(l => !all.Any(t => Names(l, t.Name)))];
    }

    private static bool Names(string listed, QualifiedName name) => listed == name.Name || listed == $"{name.Schema}.{name.Name}";

    private static OpenTable? Opened(Catalog.Catalog catalog, Table table, IReadOnlyCollection<string> additional)
    {
        RoleName[] roles = [RoleName.Anon, RoleName.Authenticated, .. additional.Select(r => new RoleName(r)).Where(r => r != RoleName.Service)];
        ImmutableArray<(RoleName, Privileges Privileges)> to =
        [
            .. roles.Distinct().Select(r => (r, Privileges: Granted(table, r))).Where(g => g.Privileges != Privileges.None),
        ];
        if (to.IsEmpty)
        {
            return null;
        }
        if (table.Kind == RelationKind.Table)
        {
            return table.RowSecurity ? null : new OpenTable(table.Name, to, null);
        }
        QualifiedName? guarded = table.SecurityInvoker ? null : GuardedTables.FirstIn(catalog, table);
        return guarded is null ? null : new OpenTable(table.Name, to, guarded);
    }

    private static Privileges Granted(Table table, RoleName role) =>
        table.Grants.Where(g => Access.Applies(g.Role, role)).Aggregate(Privileges.None, (all, g) => all | g.Privileges) & Rows;

    /// <summary>Walks a view's query, and those of the owner's-rights views in it, to the first table with row security.</summary>
    private sealed class GuardedTables(Catalog.Catalog catalog) : ExprVisitor
    {
        private QualifiedName? found;

        public static QualifiedName? FirstIn(Catalog.Catalog catalog, Table view)
        {
            var walk = new GuardedTables(catalog);
            walk.VisitSelect(Templates.Of(catalog).View(view));
            return walk.found;
        }

        public override void VisitFrom(FromItem from)
        {
            if (from is TableFrom { IsCommonTable: false } named && catalog.Find(named.Name) is { } table)
            {
                Meet(table);
            }
            base.VisitFrom(from);
        }

        // A view with its caller's rights asks as the caller inside another view too.
        private void Meet(Table table)
        {
            if (table.Kind == RelationKind.View)
            {
                found ??= table.SecurityInvoker ? null : FirstIn(catalog, table);
            }
            else if (table.RowSecurity)
            {
                found ??= table.Name;
            }
        }
    }
}
