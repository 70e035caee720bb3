using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Writing;

/// <summary>SQLite's constraint failures → PostgreSQL's sentences, with the constraint's own name and the key in the details.</summary>
internal static class SqliteConstraints
{
    public static TenonException Explain(SqliteException failure, Catalog catalog, Table table, Datum[]? row)
    {
        Error error = failure.Failure.SqlState switch
        {
            "23505" => Unique(failure.Failure, catalog, table, row),
            "23502" when failure.Failure.Columns is [var column, ..] => NotNull(table, column),
            "23514" when failure.Failure.Constraint is { } name => Check(table, name),
            _ => failure.Failure.ToError(),
        };
        return new TenonException(error, failure);
    }

    public static Error NotNull(Table table, string column) =>
        new(
            ErrorCodes.NotNullViolation,
            $"null value in column \"{column}\" of relation \"{table.Name.Name}\" violates not-null constraint"
        );

    public static Error Check(Table table, string name) =>
        new(ErrorCodes.CheckViolation, $"new row for relation \"{table.Name.Name}\" violates check constraint \"{name}\"");

    private static Error Unique(SqliteFailure failure, Catalog catalog, Table asked, Datum[]? row)
    {
        Table table = failure.Table is null ? asked : Physical(catalog, failure.Table) ?? asked;
        KeyConstraint? key = Keys(table).FirstOrDefault(k => k.Columns.ToHashSet().SetEquals(failure.Columns));
        string name = failure.Constraint ?? key?.Name ?? UniqueIndex(table, failure.Columns) ?? "unique";
        string? details = row is null || !ReferenceEquals(table, asked) || failure.Columns.Count == 0
            ? null
            : $"Key ({string.Join(", ", failure.Columns)})=({string.Join(", ", failure.Columns.Select(c => Text(table, c, row)))}) already exists.";
        return new Error(ErrorCodes.UniqueViolation, $"duplicate key value violates unique constraint \"{name}\"", details);
    }

    private static IEnumerable<KeyConstraint> Keys(Table table) =>
        table.PrimaryKey is null ? table.Uniques : table.Uniques.Prepend(table.PrimaryKey);

    private static string? UniqueIndex(Table table, IReadOnlyList<string> columns) =>
        table
            .Indexes.FirstOrDefault(i =>
                i.Unique
                && i.Keys.Length == columns.Count
                && i.Keys.All(k => k.Value is Core.Expressions.NameExpr { Parts: [var part] } && columns.Contains(part))
            )
            ?.Name;

    private static Table? Physical(Catalog catalog, string name) =>
        catalog.Tables.Values.FirstOrDefault(t => SqliteDialect.PhysicalName(t.Name) == name);

    private static string Text(Table table, string column, Datum[] row)
    {
        int ordinal = table.OrdinalOf(column);
        return row[ordinal].IsNull ? "null" : TypeOutput.ToText(table.Columns[ordinal].Type, row[ordinal]);
    }

    public static Error RowPolicy(Table table) =>
        new(ErrorCodes.InsufficientPrivilege, $"new row violates row-level security policy for table \"{table.Name.Name}\"");

    public static Error RowPolicyUsing(Table table) =>
        new(
            ErrorCodes.InsufficientPrivilege,
            $"new row violates row-level security policy (USING expression) for table \"{table.Name.Name}\""
        );

    public static Error CheckOption(string view) =>
        new(ErrorCodes.CheckOptionViolation, $"new row violates check option for view \"{view}\"");

    public static Error TwiceInOneStatement() =>
        new(
            ErrorCodes.CardinalityViolation,
            "ON CONFLICT DO UPDATE command cannot affect row a second time",
            null,
            "Ensure that no rows proposed for insertion within the same command have duplicate constrained values."
        );

    /// <summary>Which foreign key a failed statement broke, found out afterwards: SQLite does not say.</summary>
    public static Error ForeignKey(Table table, ForeignKey key, Datum[] row, bool namesTarget)
    {
        string values = string.Join(", ", key.Columns.Select(c => Text(table, c, row)));
        return new Error(
            ErrorCodes.ForeignKeyViolation,
            $"insert or update on table \"{table.Name.Name}\" violates foreign key constraint \"{key.Name}\"",
            $"Key ({string.Join(", ", key.Columns)})=({values}) is not present in {(namesTarget ? $"table \"{key.Target.Name}\"" : "the table it refers to")}."
        );
    }

    /// <summary>A row that others refer to cannot go.</summary>
    public static Error StillReferenced(Table target, Table child, ForeignKey key, Datum[] row, bool namesChild)
    {
        string values = string.Join(", ", key.TargetColumns.Select(c => Text(target, c, row)));
        if (!namesChild)
        {
            return new Error(
                ErrorCodes.ForeignKeyViolation,
                $"update or delete on table \"{target.Name.Name}\" violates a foreign key constraint of another table",
                $"Key ({string.Join(", ", key.TargetColumns)})=({values}) is still referenced."
            );
        }
        return new Error(
            ErrorCodes.ForeignKeyViolation,
            $"update or delete on table \"{target.Name.Name}\" violates foreign key constraint \"{key.Name}\" on table \"{child.Name.Name}\"",
            $"Key ({string.Join(", ", key.TargetColumns)})=({values}) is still referenced from table \"{child.Name.Name}\"."
        );
    }
}
