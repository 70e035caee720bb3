using System.Collections.Immutable;
using System.Numerics;
using Tenon.Core.Catalog;
using Tenon.Core.Types;

namespace Tenon.Core.Codegen;

/// <summary>One rule of who may do what: a name that two databases share, and the statements that make it and take it away.</summary>
internal sealed record AccessRule(string Kind, string Key, string Create, string Drop)
{
    /// <summary>The kind of a role that is there and that no rule of the database names: it is nobody's difference.</summary>
    public const string RoleOfServer = "role of the server";
}

/// <summary>
/// Roles, row security, policies and grants of the app's tables and functions, one by one, so that two databases can be
/// compared. service_role stands above policies and is left out. The same catalog gives the same text.
/// </summary>
internal static class AccessRules
{
    private static readonly ImmutableArray<RoleName> KnownRoles = [RoleName.Anon, RoleName.Authenticated, RoleName.Service, RoleName.Public];

    /// <summary>
    /// ourselves: who we are in a server whose databases share their roles. What an owner may is no rule, and roles that no rule
    /// here names are not this database's to tell of.
    /// </summary>
    public static ImmutableArray<AccessRule> Of(Catalog.Catalog catalog, Catalog.Catalog own, RoleName? ourselves = null)
    {
        var rules = ImmutableArray.CreateBuilder<AccessRule>();
        ImmutableArray<Table> tables = [.. catalog.Tables.Values.Where(t => !own.Tables.ContainsKey(t.Name)).OrderBy(t => t.Name.ToString(), StringComparer.Ordinal)];
        ImmutableArray<Routine> routines = [.. new SchemaDump(catalog, own).Routines()];
        HashSet<RoleName> named =
        [
            .. tables.SelectMany(t => t.Policies.SelectMany(p => p.Roles).Concat(t.Grants.Select(g => g.Role))),
            .. routines.SelectMany(r => r.ExecuteRoles),
        ];
        foreach (RoleName role in catalog.Roles.Where(r => !own.Roles.Contains(r) && !KnownRoles.Contains(r) && r != ourselves).OrderBy(r => r.Text, StringComparer.Ordinal))
        {
            string name = "role " + SqlNames.Name(role.Text);
            string kind = ourselves is not null && !named.Contains(role) ? AccessRule.RoleOfServer : "role";
            rules.Add(new AccessRule(kind, name, $"create {name};", $"drop {name};"));
        }
        foreach (Table table in tables)
        {
            AddRowSecurity(rules, table);
        }
        foreach (Table table in tables)
        {
            AddPolicies(rules, table);
        }
        foreach (Table table in tables)
        {
            AddGrants(rules, table, ourselves);
        }
        foreach (Routine routine in routines)
        {
            AddExecute(rules, routine, ourselves);
        }
        return rules.ToImmutable();
    }

    private static void AddRowSecurity(ImmutableArray<AccessRule>.Builder rules, Table table)
    {
        string name = SqlNames.Of(table.Name);
        if (table.RowSecurity)
        {
            rules.Add(new AccessRule("row security", $"row security of {name}", $"alter table {name} enable row level security;", $"alter table {name} disable row level security;"));
        }
        if (table.ForceRowSecurity)
        {
            rules.Add(new AccessRule("row security", $"forced row security of {name}", $"alter table {name} force row level security;", $"alter table {name} no force row level security;"));
        }
    }

    private static void AddPolicies(ImmutableArray<AccessRule>.Builder rules, Table table)
    {
        foreach (Policy policy in table.Policies.OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            string key = $"policy {SqlNames.Name(policy.Name)} on {SqlNames.Of(table.Name)}";
            rules.Add(new AccessRule("policy", key, SchemaDump.Statement(policy, table), $"drop {key};"));
        }
    }

    private static void AddGrants(ImmutableArray<AccessRule>.Builder rules, Table table, RoleName? ourselves)
    {
        var seen = new SortedSet<string>(StringComparer.Ordinal);
        foreach (Grant grant in table.Grants.Where(g => g.Role != RoleName.Service && g.Role != ourselves))
        {
            IEnumerable<string> columns = grant.Columns.IsEmpty ? [""] : grant.Columns.Select(c => $" ({SqlNames.Name(c)})");
            seen.UnionWith(
                from privilege in Enum.GetValues<Privileges>()
                where BitOperations.PopCount((uint)privilege) == 1 && grant.Privileges.HasFlag(privilege)
                from column in columns
                select $"{privilege.ToString().ToLowerInvariant()}{column} on {SqlNames.Of(table.Name)}\n{SchemaDump.Role(grant.Role)}"
            );
        }
        foreach (string[] parts in seen.Select(s => s.Split('\n')))
        {
            rules.Add(Granted(parts[0], parts[1]));
        }
    }

    private static void AddExecute(ImmutableArray<AccessRule>.Builder rules, Routine routine, RoleName? ourselves)
    {
        foreach (string role in routine.ExecuteRoles.Where(r => r != RoleName.Service && r != ourselves).Select(SchemaDump.Role).Distinct().Order(StringComparer.Ordinal))
        {
            rules.Add(Granted($"execute on function {SchemaDump.Signature(routine)}", role));
        }
    }

    private static AccessRule Granted(string what, string role) => new("grant", $"grant {what} to {role}", $"grant {what} to {role};", $"revoke {what} from {role};");
}
