using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>As whom a statement runs. Bypass: row policies and grants are not asked (service key, owner's rights).</summary>
internal readonly record struct Principal(RoleName Role, bool Bypass)
{
    /// <summary>Who owns the schema: migrations, views, security definer functions.</summary>
    public static readonly Principal Owner = new(new RoleName("postgres"), true);

    public static Principal Of(RoleName role) => new(role, role == RoleName.Service || role == Owner.Role);
}

/// <summary>Grants: who may do what to which columns. Nothing is granted by default (DECISIONS §4).</summary>
internal static class Access
{
    /// <summary>Null when <paramref name="principal"/> holds the privilege on every column named; for none named, on any column.</summary>
    public static Error? Check(Table table, Principal principal, Privileges privilege, IEnumerable<string> columns)
    {
        if (principal.Bypass || OnWhole(table, principal.Role, privilege))
        {
            return null;
        }
        HashSet<string> granted = [.. Grants(table, principal.Role, privilege).SelectMany(g => g.Columns)];
        bool any = false;
        foreach (string column in columns)
        {
            any = true;
            if (!granted.Contains(column))
            {
                return Denied(table, principal.Role, privilege);
            }
        }
        return any || granted.Count > 0 ? null : Denied(table, principal.Role, privilege);
    }

    /// <summary>Any privilege at all: only then may an error name the table (near-miss hints).</summary>
    public static bool MayKnow(Table table, Principal principal) =>
        principal.Bypass || table.Grants.Any(g => Applies(g.Role, principal.Role));

    /// <summary>May the role see that this column exists: the whole table is granted, or the column is.</summary>
    public static bool MayKnow(Table table, Principal principal, string column) =>
        principal.Bypass
        || table.Grants.Any(g =>
            (g.Privileges & Privileges.OnColumns) != 0 && Applies(g.Role, principal.Role) && (g.Columns.IsEmpty || g.Columns.Contains(column))
        );

    private static bool OnWhole(Table table, RoleName role, Privileges privilege) =>
        Grants(table, role, privilege).Any(g => g.Columns.IsEmpty);

    private static IEnumerable<Grant> Grants(Table table, RoleName role, Privileges privilege) =>
        table.Grants.Where(g => (g.Privileges & privilege) != 0 && Applies(g.Role, role));

    public static bool Applies(RoleName granted, RoleName role) => granted == role || granted == RoleName.Public;

    // The hint carries the exact statement, as PostgREST's newer versions and Supabase's console do.
    private static Error Denied(Table table, RoleName role, Privileges privilege) =>
        new(
            ErrorCodes.InsufficientPrivilege,
            $"permission denied for {(table.Kind == RelationKind.View ? "view" : "table")} {table.Name.Name}",
            null,
            $"Grant the required privileges to the current role with: GRANT {privilege.ToString().ToUpperInvariant()} ON {table.Name} TO {role};"
        );
}
