using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Types;

namespace Tenon.Core.Schema;

// drop …: the object goes, then everything left is checked again. What no longer holds depended on it: it goes too with
// cascade, and stops the drop without.
internal sealed partial class SchemaBuilder
{
    private void ApplyDrop(DropObject drop)
    {
        foreach (QualifiedName name in drop.Names)
        {
            switch (drop.Kind)
            {
                case ObjectKind.Table or ObjectKind.View:
                    DropRelation(name, drop);
                    break;
                case ObjectKind.Index:
                    DropIndex(name, drop);
                    break;
                case ObjectKind.Type:
                    DropType(name, drop);
                    break;
                case ObjectKind.Function:
                    DropFunction(name, drop);
                    break;
                case ObjectKind.Policy or ObjectKind.Trigger:
                    DropOnTable(name.Name, drop);
                    break;
                case ObjectKind.Schema:
                    DropSchema(name.Name, drop);
                    break;
                case ObjectKind.Role:
                    DropRole(name.Name, drop);
                    break;
                case ObjectKind.Publication:
                    if (!catalog.Publications.ContainsKey(name.Name) && !drop.IfExists)
                    {
                        throw Missing("publication", name.Name);
                    }
                    catalog = catalog.WithPublication(name.Name, null);
                    break;
                case ObjectKind.Extension or ObjectKind.Sequence:
                    break;
                default:
                    throw SchemaFailure.Refused($"DROP {drop.Kind.ToString().ToUpperInvariant()}", here, "Leave it out.");
            }
        }
    }

    private SchemaFailure Missing(string kind, string name) => SchemaFailure.Of(ErrorCodes.UndefinedObject, $"{kind} \"{name}\" does not exist", here);

    private void DropRelation(QualifiedName name, DropObject drop)
    {
        Table? table = FindTable(name);
        RelationKind wanted = drop.Kind == ObjectKind.Table ? RelationKind.Table : RelationKind.View;
        string kind = wanted == RelationKind.Table ? "table" : "view";
        if (table is null)
        {
            if (drop.IfExists)
            {
                return;
            }
            throw SchemaFailure.Of(ErrorCodes.UndefinedTable, $"{kind} \"{Written(name)}\" does not exist", here);
        }
        if (table.Kind != wanted)
        {
            throw SchemaFailure.Of(ErrorCodes.WrongObjectType, $"\"{table.Name.Name}\" is not a {kind}", here);
        }
        RemoveRelation(table);
        Settle($"{kind} {table.Name.Name}", drop.Cascade);
    }

    private void RemoveRelation(Table table)
    {
        catalog = catalog.Without(table.Name);
        foreach ((string publication, ImmutableHashSet<QualifiedName> tables) in catalog.Publications)
        {
            if (tables.Contains(table.Name))
            {
                catalog = catalog.WithPublication(publication, tables.Remove(table.Name));
            }
        }
        if (table.Kind == RelationKind.Table)
        {
            Emit(new DropTableStep(table));
        }
    }

    private void DropIndex(QualifiedName name, DropObject drop)
    {
        Table? table = catalog.Tables.Values.FirstOrDefault(t =>
            (name.Schema.Length == 0 || t.Name.Schema == name.Schema) && IndexNames(t).Contains(name.Name)
        );
        if (table is null)
        {
            if (drop.IfExists)
            {
                return;
            }
            throw SchemaFailure.Of(ErrorCodes.UndefinedObject, $"index \"{name.Name}\" does not exist", here);
        }
        Catalog.Index? index = table.Indexes.FirstOrDefault(i => i.Name == name.Name);
        if (index is null)
        {
            throw SchemaFailure.Of(
                ErrorCodes.DependentObjects,
                $"cannot drop index {name.Name} because constraint {name.Name} on table {table.Name.Name} requires it",
                here,
                $"You can drop constraint {name.Name} on table {table.Name.Name} instead."
            );
        }
        Put(table with { Indexes = table.Indexes.Remove(index) });
        Settle($"index {name.Name}", drop.Cascade);
        Emit(new DropIndexStep(table, index.Name));
    }

    private void DropType(QualifiedName name, DropObject drop)
    {
        EnumType? type = catalog.FindType(name.Schema, name.Name)?.Enum;
        if (type is null)
        {
            if (drop.IfExists)
            {
                return;
            }
            throw SchemaFailure.Of(ErrorCodes.UndefinedObject, $"type \"{Written(name)}\" does not exist", here);
        }
        catalog = catalog.WithoutEnum(type.Name);
        Settle($"type {type.Name.Name}", drop.Cascade);
    }

    private void DropFunction(QualifiedName name, DropObject drop)
    {
        ImmutableArray<Routine> found = RoutinesOf(name, drop.Arguments, drop.IfExists);
        if (found.Length > 1)
        {
            throw SchemaFailure.Of(
                ErrorCodes.AmbiguousFunctionCall,
                $"function name \"{Written(name)}\" is not unique",
                here,
                "Specify the argument list to select the function unambiguously."
            );
        }
        if (found.Length == 1)
        {
            catalog = catalog.Without(found[0]);
            Settle($"function {found[0].Name.Name}", drop.Cascade);
        }
    }

    private void DropOnTable(string name, DropObject drop)
    {
        Table? table = FindTable(drop.On!.Value);
        if (table is null)
        {
            if (drop.IfExists)
            {
                return;
            }
            table = TableOf(drop.On.Value);
        }
        bool isPolicy = drop.Kind == ObjectKind.Policy;
        bool known = isPolicy ? table.Policies.Any(p => p.Name == name) : table.Triggers.Any(t => t.Name == name);
        if (!known && !drop.IfExists)
        {
            string kind = isPolicy ? "policy" : "trigger";
            throw SchemaFailure.Of(ErrorCodes.UndefinedObject, $"{kind} \"{name}\" for table \"{table.Name.Name}\" does not exist", here);
        }
        Put(
            isPolicy
                ? table with { Policies = table.Policies.RemoveAll(p => p.Name == name) }
                : table with { Triggers = table.Triggers.RemoveAll(t => t.Name == name) }
        );
    }

    private void DropSchema(string schema, DropObject drop)
    {
        if (!catalog.Schemas.Contains(schema))
        {
            if (drop.IfExists)
            {
                return;
            }
            throw SchemaFailure.Of(ErrorCodes.InvalidSchemaName, $"schema \"{schema}\" does not exist", here);
        }
        List<Table> tables = [.. catalog.Tables.Values.Where(t => t.Name.Schema == schema && t.Name.Source.Length == 0)];
        List<Routine> routines = [.. catalog.Routines.Values.SelectMany(r => r).Where(r => r.Name.Schema == schema)];
        List<EnumType> enums = [.. catalog.Enums.Values.Where(e => e.Name.Schema == schema)];
        if (!drop.Cascade && tables.Count + routines.Count + enums.Count > 0)
        {
            throw Depends($"schema {schema}", tables.Select(t => $"{KindOf(t)} {t.Name}").Concat(routines.Select(r => $"function {r.Name}")).Concat(enums.Select(e => $"type {e.Name}")).First());
        }
        tables.ForEach(RemoveRelation);
        routines.ForEach(r => catalog = catalog.Without(r));
        enums.ForEach(e => catalog = catalog.WithoutEnum(e.Name));
        catalog = catalog.WithoutSchema(schema);
        Settle($"schema {schema}", drop.Cascade);
    }

    private static string KindOf(Table table) => table.Kind == RelationKind.Table ? "table" : "view";

    private void DropRole(string name, DropObject drop)
    {
        var role = new RoleName(name);
        if (!catalog.Roles.Contains(role))
        {
            if (drop.IfExists)
            {
                return;
            }
            throw SchemaFailure.Of(ErrorCodes.UndefinedObject, $"role \"{name}\" does not exist", here);
        }
        Table? using_ = catalog.Tables.Values.FirstOrDefault(t => t.Grants.Any(g => g.Role == role) || t.Policies.Any(p => p.Roles.Contains(role)));
        if (using_ is not null)
        {
            throw Depends($"role {name}", $"privileges for table {using_.Name.Name}");
        }
        catalog = catalog.WithoutRole(role);
    }

    private SchemaFailure Depends(string dropped, string dependent) =>
        SchemaFailure.Of(
            ErrorCodes.DependentObjects,
            $"cannot drop {dropped} because other objects depend on it",
            here,
            "Use DROP ... CASCADE to drop the dependent objects too.",
            $"{dependent} depends on {dropped}"
        );

    // ---- what still holds ----

    /// <summary>Drops what depends on what is gone, again and again until all that is left holds.</summary>
    private void Settle(string dropped, bool cascade)
    {
        while (FirstBroken() is { } broken)
        {
            if (!cascade)
            {
                throw Depends(dropped, broken.Description);
            }
            broken.Remove();
        }
    }

    private sealed record Broken(string Description, Action Remove);

    private Broken? FirstBroken()
    {
        foreach (Routine routine in catalog.Routines.Values.SelectMany(r => r))
        {
            if (!TypeHolds(routine.Result) || routine.Parameters.Any(p => !TypeHolds(p.Type)) || routine.ResultColumns.Any(c => !TypeHolds(c.Type)))
            {
                return new($"function {routine.Name.Name}", () => catalog = catalog.Without(routine));
            }
        }
        foreach (Table table in catalog.Tables.Values.Where(t => t.Name.Source.Length == 0).OrderBy(t => t.Name.ToString(), StringComparer.Ordinal))
        {
            if ((table.Kind == RelationKind.View ? BrokenView(table) : BrokenTable(table)) is { } broken)
            {
                return broken;
            }
        }
        return null;
    }

    private bool TypeHolds(LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Enum => catalog.Enums.ContainsKey(type.Enum!.Name),
            TypeKind.Array => TypeHolds(type.Element!),
            TypeKind.Record => type.RowOf is not { } table || catalog.Find(table) is not null,
            _ => true,
        };

    private Broken? BrokenView(Table view)
    {
        bool holds = Holds(() => ViewColumns(view.ViewQuery!, view.ViewColumnNames));
        return holds ? null : new($"view {view.Name.Name}", () => RemoveRelation(view));
    }

    private static bool Holds(Action check)
    {
        try
        {
            check();
            return true;
        }
        catch (SchemaFailure)
        {
            return false;
        }
    }

    private Broken? BrokenTable(Table table)
    {
        string on = $" on table {table.Name.Name}";
        foreach (Column column in table.Columns)
        {
            if (!TypeHolds(column.Type) || (column.Generated is { } g && !Holds(() => Check(g, table, ExpressionUse.Generated, column.Type))))
            {
                return new($"column {column.Name} of table {table.Name.Name}", () => RemoveColumn(catalog.Find(table.Name)!, column.Name));
            }
            if (column.Default is not null && !Holds(() => CheckColumn(table, column)))
            {
                return new($"default value for column {column.Name} of table {table.Name.Name}", () => Put(table with { Columns = table.Columns.Replace(column, column with { Default = null }) }));
            }
        }
        foreach (ForeignKey key in table.ForeignKeys)
        {
            Table? target = key.Target == table.Name ? table : catalog.Find(key.Target);
            if (target is null || key.TargetColumns.Any(c => target.Find(c) is null) || !IsKey(target, key.TargetColumns))
            {
                return new($"constraint {key.Name}{on}", () => Reshape(table, table with { ForeignKeys = table.ForeignKeys.Remove(key) }));
            }
        }
        if (table.Checks.FirstOrDefault(c => !Holds(() => Check(c.Condition, table, ExpressionUse.Check, LogicalType.Boolean))) is { } check)
        {
            return new($"constraint {check.Name}{on}", () => Reshape(table, table with { Checks = table.Checks.Remove(check) }));
        }
        if (table.Policies.FirstOrDefault(p => !Holds(() => CheckPolicy(table, p.Using)) || !Holds(() => CheckPolicy(table, p.Check))) is { } policy)
        {
            return new($"policy {policy.Name}{on}", () => Put(table with { Policies = table.Policies.Remove(policy) }));
        }
        if (table.Triggers.FirstOrDefault(t => catalog.ResolveRoutines(t.Function.Schema, t.Function.Name).IsEmpty || t.UpdateOf.Any(c => table.Find(c) is null)) is { } trigger)
        {
            return new($"trigger {trigger.Name}{on}", () => Put(table with { Triggers = table.Triggers.Remove(trigger) }));
        }
        return table.Indexes.FirstOrDefault(i => !IndexHolds(table, i)) is { } index
            ? new($"index {index.Name}", () =>
            {
                Put(table with { Indexes = table.Indexes.Remove(index) });
                Emit(new DropIndexStep(table, index.Name));
            })
            : null;
    }

    private bool IndexHolds(Table table, Catalog.Index index) =>
        index.Keys.All(k => Holds(() => Check(k.Value, table, ExpressionUse.Index)))
        && (index.Where is not { } where || Holds(() => Check(where, table, ExpressionUse.IndexPredicate, LogicalType.Boolean)));
}
