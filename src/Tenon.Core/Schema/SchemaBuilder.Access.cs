using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Types;

namespace Tenon.Core.Schema;

// Who may do what: policies, grants on tables and columns, grants on functions.
internal sealed partial class SchemaBuilder
{
    /// <summary>Roles of a PostgreSQL or Supabase server that have no counterpart here: what is granted to them means nothing.</summary>
    private static bool IsForeignRole(RoleName role) =>
        role.Text is "postgres" or "authenticator" or "dashboard_user" or "pgbouncer" || role.Text.StartsWith("supabase_", StringComparison.Ordinal);

    private ImmutableArray<RoleName> KnownRoles(ImmutableArray<RoleName> roles)
    {
        foreach (RoleName role in roles)
        {
            if (role != RoleName.Public && !catalog.Roles.Contains(role) && !IsForeignRole(role))
            {
                string? near = NearestName.Of(role.Text, catalog.Roles.Select(r => r.Text));
                throw SchemaFailure.Of(ErrorCodes.UndefinedObject, $"role \"{role.Text}\" does not exist", here, near is null ? null : $"Perhaps you meant \"{near}\".");
            }
        }
        return [.. roles.Where(r => !IsForeignRole(r))];
    }

    private void ApplyCreatePolicy(CreatePolicy create)
    {
        Table table = BaseTableOf(create.Table);
        if (table.Policies.Any(p => p.Name == create.Name))
        {
            throw SchemaFailure.Of(ErrorCodes.DuplicateObject, $"policy \"{create.Name}\" for table \"{table.Name.Name}\" already exists", here);
        }
        ImmutableArray<RoleName> roles = KnownRoles(create.Roles);
        CheckPolicy(table, create.Using);
        CheckPolicy(table, create.Check);
        // A policy for foreign roles only concerns nobody here.
        if (!roles.IsEmpty)
        {
            var policy = new Policy(create.Name, create.Permissive, create.Command, roles) { Using = create.Using, Check = create.Check };
            Put(table with { Policies = table.Policies.Add(policy) });
        }
    }

    private void CheckPolicy(Table table, Expr? condition)
    {
        if (condition is not null)
        {
            Check(condition, table, ExpressionUse.Policy, LogicalType.Boolean);
        }
    }

    private void ApplyAlterPolicy(AlterPolicy alter)
    {
        Table table = BaseTableOf(alter.Table);
        Policy old =
            table.Policies.FirstOrDefault(p => p.Name == alter.Name)
            ?? throw SchemaFailure.Of(ErrorCodes.UndefinedObject, $"policy \"{alter.Name}\" for table \"{table.Name.Name}\" does not exist", here);
        if (alter.RenameTo is { } name && table.Policies.Any(p => p.Name == name))
        {
            throw SchemaFailure.Of(ErrorCodes.DuplicateObject, $"policy \"{name}\" for table \"{table.Name.Name}\" already exists", here);
        }
        CheckPolicy(table, alter.Using);
        CheckPolicy(table, alter.Check);
        if (alter.Check is not null && old.Command is PolicyCommand.Select or PolicyCommand.Delete)
        {
            throw SchemaFailure.Of(ErrorCodes.SyntaxError, "only USING expression allowed for SELECT, DELETE", here);
        }
        if (alter.Using is not null && old.Command == PolicyCommand.Insert)
        {
            throw SchemaFailure.Of(ErrorCodes.SyntaxError, "only WITH CHECK expression allowed for INSERT", here);
        }
        Policy changed = old with
        {
            Name = alter.RenameTo ?? old.Name,
            Roles = alter.Roles is { } roles ? KnownRoles(roles) : old.Roles,
            Using = alter.Using ?? old.Using,
            Check = alter.Check ?? old.Check,
        };
        Put(table with { Policies = table.Policies.Replace(old, changed) });
    }

    // ---- grants on tables ----

    private void ApplyGrant(GrantTables grant)
    {
        ImmutableArray<RoleName> roles = KnownRoles(grant.Roles);
        foreach (QualifiedName name in GrantTargets(grant))
        {
            Table table = catalog.Find(name)!;
            foreach (PrivilegeItem item in grant.Items)
            {
                foreach (string column in item.Columns)
                {
                    ColumnOf(table, column, here);
                }
                foreach (RoleName role in roles)
                {
                    table = table with { Grants = grant.Revoke ? Revoked(table.Grants, role, item) : Granted(table.Grants, role, item) };
                }
            }
            Put(table);
        }
    }

    private IEnumerable<QualifiedName> GrantTargets(GrantTables grant)
    {
        if (!grant.AllInSchema)
        {
            return [.. grant.Tables.Select(t => TableOf(t).Name)];
        }
        foreach (QualifiedName schema in grant.Tables)
        {
            InSchema(new QualifiedName(schema.Name, ""));
        }
        return [.. catalog.Tables.Keys.Where(t => t.Source.Length == 0 && grant.Tables.Any(s => s.Name == t.Schema))];
    }

    /// <summary>One entry per role for the whole relation, one per role and privilege for columns.</summary>
    private static ImmutableArray<Grant> Granted(ImmutableArray<Grant> grants, RoleName role, PrivilegeItem item)
    {
        if (item.Columns.IsEmpty)
        {
            Grant? whole = grants.FirstOrDefault(g => g.Role == role && g.Columns.IsEmpty);
            return whole is null
                ? grants.Add(new Grant(role, item.Privilege, []))
                : grants.Replace(whole, whole with { Privileges = whole.Privileges | item.Privilege });
        }
        foreach (Privileges privilege in Single(item.Privilege))
        {
            Grant? old = grants.FirstOrDefault(g => g.Role == role && g.Privileges == privilege && !g.Columns.IsEmpty);
            grants = old is null
                ? grants.Add(new Grant(role, privilege, item.Columns))
                : grants.Replace(old, old with { Columns = [.. old.Columns.Union(item.Columns)] });
        }
        return grants;
    }

    /// <summary>Revoking from the relation takes the privilege on its columns as well, as in PostgreSQL.</summary>
    private static ImmutableArray<Grant> Revoked(ImmutableArray<Grant> grants, RoleName role, PrivilegeItem item)
    {
        var left = ImmutableArray.CreateBuilder<Grant>();
        foreach (Grant grant in grants)
        {
            if (grant.Role != role || (grant.Columns.IsEmpty && !item.Columns.IsEmpty) || (grant.Privileges & item.Privilege) == 0)
            {
                left.Add(grant);
                continue;
            }
            Grant rest = item.Columns.IsEmpty
                ? grant with { Privileges = grant.Privileges & ~item.Privilege }
                : grant with { Columns = [.. grant.Columns.Except(item.Columns)] };
            if (rest.Privileges != Privileges.None && (grant.Columns.IsEmpty || !rest.Columns.IsEmpty))
            {
                left.Add(rest);
            }
        }
        return left.DrainToImmutable();
    }

    private static IEnumerable<Privileges> Single(Privileges privileges) =>
        new[] { Privileges.Select, Privileges.Insert, Privileges.Update, Privileges.References }.Where(p => (privileges & p) != 0);

    // ---- grants on functions ----

    private void ApplyGrant(GrantFunctions grant)
    {
        ImmutableArray<RoleName> roles = KnownRoles(grant.Roles);
        foreach (Routine routine in GrantedRoutines(grant))
        {
            IEnumerable<RoleName> changed = grant.Revoke ? routine.ExecuteRoles.Except(roles) : routine.ExecuteRoles.Union(roles);
            catalog = catalog.With(routine with { ExecuteRoles = [.. changed] });
        }
    }

    private List<Routine> GrantedRoutines(GrantFunctions grant)
    {
        var routines = new List<Routine>();
        foreach ((QualifiedName name, ImmutableArray<TypeSyntax>? arguments) in grant.Functions)
        {
            if (grant.AllInSchema)
            {
                routines.AddRange(catalog.Routines.Values.SelectMany(r => r).Where(r => r.Name.Schema == name.Name));
            }
            else
            {
                routines.AddRange(RoutinesOf(name, arguments));
            }
        }
        return routines;
    }

    private ImmutableArray<Routine> RoutinesOf(QualifiedName name, ImmutableArray<TypeSyntax>? arguments, bool optional = false)
    {
        ImmutableArray<Routine> found = catalog.ResolveRoutines(name.Schema, name.Name);
        string signature = Written(name);
        if (arguments is { } written)
        {
            ImmutableArray<LogicalType> types = [.. written.Select(t => Require(TypeNames.TryResolve(t, catalog)).Unmodified)];
            signature += $"({string.Join(", ", types.Select(t => t.SqlName))})";
            found = [.. found.Where(r => r.Parameters.Select(p => p.Type.Unmodified).SequenceEqual(types))];
        }
        if (found.IsEmpty && !optional)
        {
            throw SchemaFailure.Of(ErrorCodes.UndefinedFunction, $"function {signature} does not exist", here);
        }
        return found;
    }
}
