using Tenon.Core.Catalog;
using Tenon.Core.Types;

namespace Tenon.Core.Codegen;

/// <summary>The relations, columns and functions of a schema that a role has a privilege on; role null sees everything.</summary>
internal sealed class OpenApiView
{
    private const Privileges Used = Privileges.Select | Privileges.Insert | Privileges.Update | Privileges.Delete;

    private readonly RoleName? role;

    public OpenApiView(Catalog.Catalog catalog, string schema, RoleName? role)
    {
        this.role = role;
        Tables =
        [
            .. catalog.Tables.Values.Where(t => t.Name.Schema == schema && t.Name.Source.Length == 0 && May(t, Used))
                .OrderBy(t => t.Name.Name, StringComparer.Ordinal),
        ];
        // Overloads share a path; the one with the most parameters stands for them.
        Routines =
        [
            .. catalog.Routines.Where(r => r.Key.Schema == schema && r.Key.Source.Length == 0)
                .OrderBy(r => r.Key.Name, StringComparer.Ordinal)
                .SelectMany(r => r.Value.Where(MayCall).OrderByDescending(o => o.Parameters.Length).Take(1)),
        ];
    }

    public IReadOnlyList<Table> Tables { get; }
    public IReadOnlyList<Routine> Routines { get; }

    /// <summary>Any of the privileges, on the whole relation or on a column of it.</summary>
    public bool May(Table table, Privileges privileges) => role is null || Grants(table, privileges).Any();

    public IEnumerable<Column> Columns(Table table, Privileges privileges)
    {
        if (role is null || Grants(table, privileges).Any(g => g.Columns.IsEmpty))
        {
            return table.Columns;
        }
        HashSet<string> granted = [.. Grants(table, privileges).SelectMany(g => g.Columns)];
        return table.Columns.Where(c => granted.Contains(c.Name));
    }

    /// <summary>Every column that may be read or written.</summary>
    public IEnumerable<Column> Columns(Table table) => Columns(table, Privileges.Select | Privileges.Insert | Privileges.Update);

    private IEnumerable<Grant> Grants(Table table, Privileges privileges) =>
        table.Grants.Where(g => (g.Privileges & privileges) != 0 && (g.Role == role || g.Role == RoleName.Public));

    private bool MayCall(Routine routine) =>
        routine.Result.Kind != TypeKind.Trigger
        && (role is null || routine.ExecuteRoles.Any(r => r == role || r == RoleName.Public));
}
