using Tenon.Core.Catalog;

namespace Tenon.Cli.Commands;

/// <summary>\d and \d NAME at the prompt: what the catalog says of tables and columns.</summary>
internal static class CatalogTables
{
    public static void List(Catalog catalog, TextWriter output)
    {
        var table = new TextTable(["schema", "name", "kind", "row security", "policies"]);
        foreach (Table one in catalog.Tables.Values.OrderBy(t => t.Name.ToString(), StringComparer.Ordinal))
        {
            string security = one.Kind == RelationKind.View ? "" : one.RowSecurity ? "on" : "off";
            string policies = one.Policies.IsEmpty ? "" : one.Policies.Length.ToString(System.Globalization.CultureInfo.InvariantCulture);
            table.Add(one.Name.Schema, one.Name.Name, one.Kind == RelationKind.View ? "view" : "table", security, policies);
        }
        table.Print(output);
    }

    public static bool Describe(Catalog catalog, string name, TextWriter output)
    {
        string[] parts = name.ToLowerInvariant().Split('.');
        if (catalog.Resolve(parts.Length > 1 ? parts[0] : null, parts[^1]) is not { } found)
        {
            return false;
        }
        var table = new TextTable(["column", "type", "nullable"]);
        foreach (Column column in found.Columns)
        {
            table.Add(column.Name, column.Type.ToString(), column.NotNull ? "not null" : "");
        }
        output.WriteLine($"{(found.Kind == RelationKind.View ? "View" : "Table")} {found.Name}");
        table.Print(output);
        foreach (Policy policy in found.Policies)
        {
            output.WriteLine($"  policy \"{policy.Name}\" for {policy.Command.ToString().ToLowerInvariant()} to {string.Join(", ", policy.Roles)}");
        }
        foreach (Grant grant in found.Grants)
        {
            string columns = grant.Columns.IsEmpty ? "" : $" ({string.Join(", ", grant.Columns)})";
            output.WriteLine($"  {grant.Privileges.ToString().ToLowerInvariant()}{columns} to {grant.Role}");
        }
        return true;
    }
}
