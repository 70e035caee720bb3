using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Types;

namespace Tenon.Core.Schema;

// alter table and alter view, action by action; each action that changes the shape of the rows is a step of its own.
internal sealed partial class SchemaBuilder
{
    private void ApplyAlterTable(AlterTable alter)
    {
        if (alter.IfExists && FindTable(alter.Name) is null)
        {
            return;
        }
        Table first = TableOf(alter.Name);
        QualifiedName name = first.Name;
        foreach (AlterAction action in alter.Actions)
        {
            here = action.At.Start >= 0 ? action.At : here;
            Table table = catalog.Find(name)!;
            if (table.Kind == RelationKind.View && action is not (RenameTable or RenameColumn or SetSchema or SetViewOption or IgnoredAlter))
            {
                throw SchemaFailure.Of(ErrorCodes.WrongObjectType, $"\"{table.Name.Name}\" is not a table", here);
            }
            name = AlterBy(table, action);
        }
    }

    /// <summary>Applies one action; returns the name the table has then.</summary>
    private QualifiedName AlterBy(Table table, AlterAction action)
    {
        switch (action)
        {
            case AddColumn a:
                AlterAddColumn(table, a);
                break;
            case DropColumn a:
                AlterDropColumn(table, a);
                break;
            case AlterColumnType a:
                AlterType(table, a);
                break;
            case AlterColumnDefault a:
                AlterDefault(table, a);
                break;
            case AlterColumnNotNull a:
                AlterNotNull(table, a);
                break;
            case AlterColumnNumbers a:
                AlterNumbers(table, a);
                break;
            case AlterColumnIdentity a:
                AlterIdentity(table, a);
                break;
            case DropExpression a:
                AlterDropExpression(table, a.Column);
                break;
            case AddConstraint a:
                AlterAddConstraint(table, a.Constraint);
                break;
            case DropConstraint a:
                AlterDropConstraint(table, a);
                break;
            case RenameColumn a:
                AlterRenameColumn(table, a);
                break;
            case RenameConstraint a:
                AlterRenameConstraint(table, a);
                break;
            case RenameTable a:
                return Move(table, new QualifiedName(table.Name.Schema, a.To));
            case SetSchema a:
                return Move(table, InSchema(new QualifiedName(a.Schema, table.Name.Name)));
            default:
                AlterSetting(table, action);
                break;
        }
        return table.Name;
    }

    /// <summary>What lives in the catalog only.</summary>
    private void AlterSetting(Table table, AlterAction action)
    {
        switch (action)
        {
            case SetRowSecurity a:
                Put(table with { RowSecurity = a.Enabled });
                break;
            case SetForceRowSecurity a:
                Put(table with { ForceRowSecurity = a.Forced });
                break;
            case SetViewOption { Name: "security_invoker" } a:
                Put(table with { SecurityInvoker = a.Value is "true" or "on" or "1" or "yes" });
                break;
            case SetViewOption or IgnoredAlter:
                break;
            default:
                throw new InvalidOperationException($"action {action.GetType().Name} is not known");
        }
    }

    /// <summary>The table takes another shape: every column that stays keeps its values.</summary>
    private void Reshape(Table before, Table after, params ReadOnlySpan<ColumnCopy> values)
    {
        Put(after);
        var copies = ImmutableArray.CreateBuilder<ColumnCopy>();
        foreach (Column column in after.Columns.Where(c => c.Generated is null))
        {
            ColumnCopy? given = null;
            foreach (ColumnCopy value in values)
            {
                given = value.Target.Name == column.Name ? value with { Target = column } : given;
            }
            copies.Add(given ?? new ColumnCopy(column, before.Find(column.Name) is null ? null : column.Name, null));
        }
        Emit(new AlterTableStep(before, after, copies.DrainToImmutable()));
        RefreshRowTypes(after);
    }

    // ---- columns ----

    private void AlterAddColumn(Table table, AddColumn add)
    {
        ColumnDefinition definition = add.Column;
        string? known = table.Columns.FirstOrDefault(c => string.Equals(c.Name, definition.Name, StringComparison.OrdinalIgnoreCase))?.Name;
        if (known is not null)
        {
            if (add.IfNotExists && known == definition.Name)
            {
                return;
            }
            throw DuplicateColumn(known, definition.Name, definition.At, table.Name.Name);
        }
        Column column = ColumnOf(definition);
        Table after = table with { Columns = table.Columns.Add(column) };
        after = AddInOrder(after, [.. definition.Constraints]);
        column = after.Find(column.Name)!;
        CheckColumn(after, column);
        bool plain = definition.Constraints.IsEmpty && column is { NotNull: false, Default: null, Generated: null, Identity: IdentityKind.None };
        if (plain)
        {
            Put(after);
            Emit(new AlterTableStep(table, after, []) { AddedColumn = column });
            RefreshRowTypes(after);
            return;
        }
        Reshape(table, after, new ColumnCopy(column, null, column.Default));
    }

    private void AlterDropColumn(Table table, DropColumn drop)
    {
        if (table.Find(drop.Column) is null && drop.IfExists)
        {
            return;
        }
        ColumnOf(table, drop.Column, here);
        RemoveColumn(table, drop.Column);
        Settle($"column {drop.Column} of table {table.Name.Name}", drop.Cascade);
        if (catalog.Find(table.Name) is { Columns.IsEmpty: true })
        {
            throw SchemaFailure.Refused("a table without columns", here, "Drop the table.");
        }
    }

    /// <summary>The column and, as in PostgreSQL, its own table's keys, indexes and checks that use it.</summary>
    private void RemoveColumn(Table table, string name)
    {
        bool Uses(Expr expr, ExpressionUse use)
        {
            var read = new ColumnsRead();
            read.Visit(Check(expr, table, use));
            return read.Names.Contains(name);
        }
        Table after = table with
        {
            Columns = table.Columns.RemoveAll(c => c.Name == name),
            PrimaryKey = table.PrimaryKey is { } key && key.Columns.Contains(name) ? null : table.PrimaryKey,
            Uniques = table.Uniques.RemoveAll(u => u.Columns.Contains(name)),
            ForeignKeys = table.ForeignKeys.RemoveAll(f => f.Columns.Contains(name)),
            Checks = table.Checks.RemoveAll(c => Uses(c.Condition, ExpressionUse.Check)),
            Indexes = table.Indexes.RemoveAll(i =>
                i.Keys.Any(k => Uses(k.Value, ExpressionUse.Index)) || (i.Where is { } where && Uses(where, ExpressionUse.IndexPredicate))
            ),
            Grants = [.. table.Grants.Select(g => g.Columns.IsEmpty ? g : g with { Columns = g.Columns.Remove(name) }).Where((g, i) => table.Grants[i].Columns.IsEmpty || !g.Columns.IsEmpty)],
        };
        Reshape(table, after);
    }

    private void AlterType(Table table, AlterColumnType alter)
    {
        Column column = ColumnOf(table, alter.Column, here);
        LogicalType type = Require(TypeNames.TryResolve(alter.Type, catalog));
        Expr source = alter.Using ?? new CastExpr(new NameExpr([column.Name]) { At = alter.At }, alter.Type) { At = alter.At };
        Check(source, table, ExpressionUse.General, type);
        Column changed = column with { Type = type };
        Table after = table with { Columns = table.Columns.Replace(column, changed) };
        CheckColumn(after, changed);
        Reshape(table, after, new ColumnCopy(changed, null, source));
        RefreshViews();
        if (FirstBroken() is { } broken)
        {
            throw SchemaFailure.Of(
                ErrorCodes.DatatypeMismatch,
                $"column \"{column.Name}\" cannot become {type.SqlName}: {broken.Description} does not fit it",
                here,
                "Drop that first and create it again for the new type."
            );
        }
    }

    /// <summary>Views see the types their tables have now.</summary>
    private void RefreshViews()
    {
        foreach (Table view in catalog.Tables.Values.Where(t => t.Kind == RelationKind.View && t.Name.Source.Length == 0))
        {
            Outcome<Select> bound = new TypeChecker(catalog).CheckSelect(view.ViewQuery!);
            if (!bound.Failed)
            {
                Put(view with { Columns = [.. view.Columns.Zip(bound.Value.Output, (c, f) => c with { Type = f.Type })] });
            }
        }
    }

    private void AlterDefault(Table table, AlterColumnDefault alter)
    {
        Column column = ColumnOf(table, alter.Column, here);
        if (column.Generated is not null && alter.Default is not null)
        {
            throw SchemaFailure.Of(ErrorCodes.SyntaxError, $"column \"{column.Name}\" of relation \"{table.Name.Name}\" is a generated column", here);
        }
        Column changed = column with { Default = alter.Default };
        CheckColumn(table, changed);
        Put(table with { Columns = table.Columns.Replace(column, changed) });
    }

    private void AlterDropExpression(Table table, string name)
    {
        Column generated = ColumnOf(table, name, here);
        Reshape(table, table with { Columns = table.Columns.Replace(generated, generated with { Generated = null }) });
    }

    private void AlterNotNull(Table table, AlterColumnNotNull alter)
    {
        Column column = ColumnOf(table, alter.Column, here);
        if (!alter.NotNull && table.PrimaryKey?.Columns.Contains(column.Name) == true)
        {
            throw SchemaFailure.Of(ErrorCodes.InvalidTableDefinition, $"column \"{column.Name}\" is in a primary key", here);
        }
        if (column.NotNull != alter.NotNull)
        {
            Reshape(table, table with { Columns = table.Columns.Replace(column, column with { NotNull = alter.NotNull }) });
        }
    }

    private void AlterIdentity(Table table, AlterColumnIdentity alter)
    {
        Column column = ColumnOf(table, alter.Column, here);
        if (alter.Identity != IdentityKind.None && !column.NotNull)
        {
            throw SchemaFailure.Of(
                ErrorCodes.InvalidTableDefinition,
                $"column \"{column.Name}\" of relation \"{table.Name.Name}\" must be declared NOT NULL before identity can be added",
                here
            );
        }
        Column changed = column with { Identity = alter.Identity, IdentityStart = alter.Start, IdentityIncrement = alter.Increment };
        CheckColumn(table, changed);
        Reshape(table, table with { Columns = table.Columns.Replace(column, changed) });
    }

    // ---- constraints, names ----

    private void AlterAddConstraint(Table table, ConstraintDefinition constraint)
    {
        Table after = AddConstraint(table, constraint);
        if (constraint is UniqueDefinition { UsingIndex: null })
        {
            Put(after);
            Emit(new CreateUniqueStep(after, after.Uniques[^1]));
            return;
        }
        Reshape(table, after);
    }

    private void AlterDropConstraint(Table table, DropConstraint drop)
    {
        if (!ConstraintNames(table).Contains(drop.Name))
        {
            if (drop.IfExists)
            {
                return;
            }
            throw SchemaFailure.Of(ErrorCodes.UndefinedObject, $"constraint \"{drop.Name}\" of relation \"{table.Name.Name}\" does not exist", here);
        }
        KeyConstraint? unique = table.Uniques.FirstOrDefault(u => u.Name == drop.Name);
        Table after = table with
        {
            PrimaryKey = table.PrimaryKey?.Name == drop.Name ? null : table.PrimaryKey,
            Uniques = table.Uniques.RemoveAll(u => u.Name == drop.Name),
            Checks = table.Checks.RemoveAll(c => c.Name == drop.Name),
            ForeignKeys = table.ForeignKeys.RemoveAll(f => f.Name == drop.Name),
        };
        if (unique is not null)
        {
            Put(after);
        }
        else
        {
            Reshape(table, after);
        }
        Settle($"constraint {drop.Name} on table {table.Name.Name}", drop.Cascade);
        if (unique is not null)
        {
            Emit(new DropIndexStep(table, unique.Name));
        }
    }

    private void AlterRenameConstraint(Table table, RenameConstraint rename)
    {
        if (!ConstraintNames(table).Contains(rename.From))
        {
            throw SchemaFailure.Of(ErrorCodes.UndefinedObject, $"constraint \"{rename.From}\" for table \"{table.Name.Name}\" does not exist", here);
        }
        if (ConstraintNames(table).Contains(rename.To))
        {
            throw SchemaFailure.Of(ErrorCodes.DuplicateObject, $"constraint \"{rename.To}\" for relation \"{table.Name.Name}\" already exists", here);
        }
        string New(string name) => name == rename.From ? rename.To : name;
        Reshape(
            table,
            table with
            {
                PrimaryKey = table.PrimaryKey is { } key ? key with { Name = New(key.Name) } : null,
                Uniques = [.. table.Uniques.Select(u => u with { Name = New(u.Name) })],
                Checks = [.. table.Checks.Select(c => c with { Name = New(c.Name) })],
                ForeignKeys = [.. table.ForeignKeys.Select(f => f with { Name = New(f.Name) })],
            }
        );
    }
}
