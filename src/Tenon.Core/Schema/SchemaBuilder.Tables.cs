using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Types;

namespace Tenon.Core.Schema;

// create table: columns, then keys, then checks, then references (which may be to the table itself).
internal sealed partial class SchemaBuilder
{
    private void ApplyCreateTable(CreateTable create)
    {
        QualifiedName name = InSchema(create.Name);
        if (create.IfNotExists && catalog.Find(name) is not null)
        {
            return;
        }
        RequireNewName(name);
        var table = new Table(name, [.. create.Columns.Select(ColumnOf)]);
        RequireDistinctColumns(table.Columns, create.Columns);
        var constraints = create.Columns.SelectMany(c => c.Constraints).Concat(create.Constraints).ToList();
        table = AddInOrder(table, constraints);
        foreach (Column column in table.Columns)
        {
            CheckColumn(table, column);
        }
        if (options.AutoExposeNewTables && name.Schema == "public")
        {
            table = table with
            {
                Grants = [.. new[] { RoleName.Anon, RoleName.Authenticated, RoleName.Service }.Select(r => new Grant(r, Privileges.All, []))],
            };
        }
        Put(table);
        Emit(new CreateTableStep(table));
    }

    private Table AddInOrder(Table table, List<ConstraintDefinition> constraints)
    {
        foreach (ConstraintDefinition constraint in constraints.OrderBy(OrderOf))
        {
            table = AddConstraint(table, constraint);
        }
        return table;
    }

    private static int OrderOf(ConstraintDefinition constraint) =>
        constraint switch
        {
            PrimaryKeyDefinition => 0,
            UniqueDefinition => 1,
            CheckDefinition => 2,
            _ => 3,
        };

    private Column ColumnOf(ColumnDefinition definition)
    {
        (LogicalType type, bool serial) = ColumnType(definition.Type);
        return new Column(definition.Name, type)
        {
            NotNull = definition.NotNull || serial,
            Default = definition.Default,
            Generated = definition.Generated,
            Identity = serial ? IdentityKind.ByDefault : definition.Identity,
            IdentityStart = definition.IdentityStart,
            IdentityIncrement = definition.IdentityIncrement,
        };
    }

    /// <summary>serial is a whole number with an identity.</summary>
    private (LogicalType, bool Serial) ColumnType(TypeSyntax syntax)
    {
        LogicalType? serial =
            syntax.Name.Length != 1 || syntax.ArrayDimensions > 0
                ? null
                : syntax.Name[0] switch
                {
                    "serial" or "serial4" => LogicalType.Int4,
                    "bigserial" or "serial8" => LogicalType.Int8,
                    "smallserial" or "serial2" => LogicalType.Int2,
                    _ => null,
                };
        if (serial is not null)
        {
            return (serial, true);
        }
        LogicalType type = Require(TypeNames.TryResolve(syntax, catalog));
        if (type.Kind is TypeKind.Record or TypeKind.Void or TypeKind.Trigger or TypeKind.Unknown)
        {
            throw SchemaFailure.Of(ErrorCodes.InvalidTableDefinition, $"column has pseudo-type {type.SqlName}", syntax.At, "Use jsonb for a row.");
        }
        return (type, false);
    }

    private static void RequireDistinctColumns(ImmutableArray<Column> columns, ImmutableArray<ColumnDefinition> definitions)
    {
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach ((Column column, ColumnDefinition definition) in columns.Zip(definitions))
        {
            if (!seen.TryAdd(column.Name, column.Name))
            {
                throw DuplicateColumn(seen[column.Name], column.Name, definition.At, null);
            }
        }
    }

    private static SchemaFailure DuplicateColumn(string known, string name, Span at, string? table)
    {
        string message =
            known != name ? $"column \"{name}\" differs from \"{known}\" only in case"
            : table is null ? $"column \"{name}\" specified more than once"
            : $"column \"{name}\" of relation \"{table}\" already exists";
        return SchemaFailure.Of(ErrorCodes.DuplicateColumn, message, at);
    }

    /// <summary>Default and generation expressions have to fit the column.</summary>
    private void CheckColumn(Table table, Column column)
    {
        if (column.Identity != IdentityKind.None && !column.Type.IsInteger)
        {
            throw SchemaFailure.Of(ErrorCodes.InvalidTableDefinition, "identity column type must be smallint, integer, or bigint", here);
        }
        if (column.Identity != IdentityKind.None && (column.Default is not null || column.Generated is not null))
        {
            throw SchemaFailure.Of(ErrorCodes.SyntaxError, $"both default and identity specified for column \"{column.Name}\" of table \"{table.Name.Name}\"", here);
        }
        if (column.Default is not null && column.Generated is not null)
        {
            throw SchemaFailure.Of(ErrorCodes.SyntaxError, $"both default and generation expression specified for column \"{column.Name}\" of table \"{table.Name.Name}\"", here);
        }
        if (column.Default is { } value)
        {
            Require(new TypeChecker(catalog).CheckExpression(value, ScopeOfRanges.Empty, column.Type, ExpressionUse.Default));
        }
        if (column.Generated is { } generated)
        {
            Check(generated, table, ExpressionUse.Generated, column.Type);
        }
    }

    // ---- constraints ----

    private Table AddConstraint(Table table, ConstraintDefinition constraint)
    {
        if (constraint.Name is { } name && ConstraintNames(table).Contains(name))
        {
            throw SchemaFailure.Of(ErrorCodes.DuplicateObject, $"constraint \"{name}\" for relation \"{table.Name.Name}\" already exists", constraint.At);
        }
        return constraint switch
        {
            PrimaryKeyDefinition key => AddPrimaryKey(table, key),
            UniqueDefinition unique => AddUnique(table, unique),
            CheckDefinition check => AddCheck(table, check),
            ForeignKeyDefinition reference => AddForeignKey(table, reference),
            _ => throw new InvalidOperationException($"constraint {constraint.GetType().Name} is not known"),
        };
    }

    private static IEnumerable<string> ConstraintNames(Table table) =>
        table
            .Uniques.Select(u => u.Name)
            .Concat(table.Checks.Select(c => c.Name))
            .Concat(table.ForeignKeys.Select(f => f.Name))
            .Concat(table.PrimaryKey is { } key ? [key.Name] : []);

    private string ChooseName(Table table, string? given, string columns, string suffix)
    {
        if (given is not null)
        {
            return given;
        }
        return ObjectNames.Choose(
            table.Name.Name,
            columns,
            suffix,
            name =>
                ConstraintNames(table).Contains(name)
                || IndexNames(table).Contains(name)
                || (suffix is "key" or "pkey" or "idx" && IsRelationName(table.Name.Schema, name))
        );
    }

    private Table AddPrimaryKey(Table table, PrimaryKeyDefinition key)
    {
        if (table.PrimaryKey is not null)
        {
            throw SchemaFailure.Of(ErrorCodes.InvalidTableDefinition, $"multiple primary keys for table \"{table.Name.Name}\" are not allowed", key.At);
        }
        ImmutableArray<string> columns = KeyColumns(ref table, key.Columns, key.UsingIndex, key.At);
        string name = ChooseName(table, key.Name ?? key.UsingIndex, "", "pkey");
        return table with
        {
            PrimaryKey = new KeyConstraint(name, columns),
            Columns = [.. table.Columns.Select(c => columns.Contains(c.Name) ? c with { NotNull = true } : c)],
        };
    }

    private Table AddUnique(Table table, UniqueDefinition unique)
    {
        if (unique.NullsNotDistinct)
        {
            throw SchemaFailure.Refused("NULLS NOT DISTINCT", unique.At, "Make the columns not null, or add a unique index on coalesce(column, …).");
        }
        ImmutableArray<string> columns = KeyColumns(ref table, unique.Columns, unique.UsingIndex, unique.At);
        string name = ChooseName(table, unique.Name ?? unique.UsingIndex, string.Join('_', columns), "key");
        if (unique.Name is not null && IsRelationName(table.Name.Schema, name))
        {
            throw SchemaFailure.Of(ErrorCodes.DuplicateTable, $"relation \"{name}\" already exists", unique.At);
        }
        return table with { Uniques = table.Uniques.Add(new KeyConstraint(name, columns)) };
    }

    private static ImmutableArray<string> KeyColumns(ref Table table, ImmutableArray<string> columns, string? usingIndex, Span at)
    {
        if (usingIndex is not null)
        {
            Catalog.Index? index = table.Indexes.FirstOrDefault(i => i.Name == usingIndex && i.Unique && i.Where is null);
            if (index is null || index.Keys.Any(k => k.Value is not NameExpr))
            {
                throw SchemaFailure.Of(ErrorCodes.UndefinedObject, $"unique index \"{usingIndex}\" on plain columns does not exist", at);
            }
            table = table with { Indexes = table.Indexes.Remove(index) };
            return [.. index.Keys.Select(k => ((NameExpr)k.Value).Parts[^1])];
        }
        foreach (string column in columns)
        {
            if (table.Find(column) is null)
            {
                throw SchemaFailure.Of(ErrorCodes.UndefinedColumn, $"column \"{column}\" named in key does not exist", at);
            }
        }
        return columns;
    }

    private Table AddCheck(Table table, CheckDefinition check)
    {
        Expr bound = Check(check.Condition, table, ExpressionUse.Check, LogicalType.Boolean);
        var columns = new ColumnsRead();
        columns.Visit(bound);
        string name = ChooseName(table, check.Name, columns.Names.Count == 1 ? columns.Names.First() : "", "check");
        return table with { Checks = table.Checks.Add(new CheckConstraint(name, check.Condition)) };
    }

    private Table AddForeignKey(Table table, ForeignKeyDefinition reference)
    {
        foreach (string column in reference.Columns)
        {
            if (table.Find(column) is null)
            {
                throw SchemaFailure.Of(ErrorCodes.UndefinedColumn, $"column \"{column}\" referenced in foreign key constraint does not exist", reference.At);
            }
        }
        Table target = TargetOf(table, reference);
        ImmutableArray<string> columns = TargetColumns(target, reference);
        string name = ChooseName(table, reference.Name, string.Join('_', reference.Columns), "fkey");
        RequireSameTypes(table, target, reference, columns, name);
        var key = new ForeignKey(name, reference.Columns, target.Name, columns)
        {
            OnDelete = reference.OnDelete,
            OnUpdate = reference.OnUpdate,
            Deferrable = reference.Deferrable,
            InitiallyDeferred = reference.InitiallyDeferred,
        };
        return table with { ForeignKeys = table.ForeignKeys.Add(key) };
    }

    private Table TargetOf(Table table, ForeignKeyDefinition reference)
    {
        bool itself = reference.Target.Name == table.Name.Name && (reference.Target.Schema.Length == 0 || reference.Target.Schema == table.Name.Schema);
        Table? target = itself ? table : FindTable(reference.Target);
        if (target is null)
        {
            throw SchemaFailure.Of(ErrorCodes.UndefinedTable, $"relation \"{Written(reference.Target)}\" does not exist", reference.At);
        }
        return target.Kind == RelationKind.Table
            ? target
            : throw SchemaFailure.Of(ErrorCodes.WrongObjectType, $"referenced relation \"{target.Name.Name}\" is not a table", reference.At);
    }

    private static ImmutableArray<string> TargetColumns(Table target, ForeignKeyDefinition reference)
    {
        ImmutableArray<string> columns = reference.TargetColumns;
        if (columns.IsEmpty)
        {
            columns = target.PrimaryKey?.Columns
                ?? throw SchemaFailure.Of(ErrorCodes.UndefinedObject, $"there is no primary key for referenced table \"{target.Name.Name}\"", reference.At);
        }
        if (columns.FirstOrDefault(c => target.Find(c) is null) is { } missing)
        {
            throw SchemaFailure.Of(ErrorCodes.UndefinedColumn, $"column \"{missing}\" referenced in foreign key constraint does not exist", reference.At);
        }
        if (columns.Length != reference.Columns.Length)
        {
            throw SchemaFailure.Of(ErrorCodes.InvalidForeignKey, "number of referencing and referenced columns for foreign key disagree", reference.At);
        }
        if (!IsKey(target, columns))
        {
            throw SchemaFailure.Of(
                ErrorCodes.InvalidForeignKey,
                $"there is no unique constraint matching given keys for referenced table \"{target.Name.Name}\"",
                reference.At
            );
        }
        return columns;
    }

    private static bool IsKey(Table table, ImmutableArray<string> columns)
    {
        bool Same(IEnumerable<string> key) => columns.Order(StringComparer.Ordinal).SequenceEqual(key.Order(StringComparer.Ordinal));
        return (table.PrimaryKey is { } primary && Same(primary.Columns))
            || table.Uniques.Any(u => Same(u.Columns))
            || table.Indexes.Any(i => i.Unique && i.Where is null && i.Keys.All(k => k.Value is NameExpr) && Same(i.Keys.Select(k => ((NameExpr)k.Value).Parts[^1])));
    }

    // The database compares stored values, so both sides have to store the same way.
    private static void RequireSameTypes(Table table, Table target, ForeignKeyDefinition reference, ImmutableArray<string> columns, string name)
    {
        foreach ((string own, string other) in reference.Columns.Zip(columns))
        {
            LogicalType a = table.Find(own)!.Type, b = target.Find(other)!.Type;
            bool same = (a.IsInteger && b.IsInteger) || (a.IsString && b.IsString) || (a.Unmodified.Equals(b.Unmodified) && a.Scale == b.Scale && a.IsScaledInteger == b.IsScaledInteger);
            if (!same)
            {
                throw SchemaFailure.Of(
                    ErrorCodes.DatatypeMismatch,
                    $"foreign key constraint \"{name}\" cannot be implemented",
                    reference.At,
                    null,
                    $"Key columns \"{own}\" and \"{other}\" are of incompatible types: {a.SqlName} and {b.SqlName}."
                );
            }
        }
    }
}
