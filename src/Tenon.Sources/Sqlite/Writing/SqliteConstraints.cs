using Tenon.Core.Catalog;
using Tenon.Core.Codegen;
using Tenon.Core.Errors;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Writing;

/// <summary>SQLite's constraint failures → PostgreSQL's sentences, with the constraint's own name and the key in the details.</summary>
internal static class SqliteConstraints
{
    public static TenonException Explain(SqliteException failure, Table table, Datum[] row, ErrorKnowledge caller)
    {
        Error error = failure.Failure.SqlState switch
        {
            "23505" => Unique(failure.Failure, table, row, caller),
            "23502" when failure.Failure.Columns is [var column, ..] => caller.NotNull(table, column),
            "23514" when failure.Failure.Constraint is { } name => caller.Check(table, name),
            _ => failure.Failure.ToError(),
        };
        return new TenonException(error, failure);
    }

    private static Error Unique(SqliteFailure failure, Table asked, Datum[] row, ErrorKnowledge caller)
    {
        Table table = failure.Table is null ? asked : Physical(caller.Catalog, failure.Table) ?? asked;
        KeyConstraint? key = Keys(table).FirstOrDefault(k => k.Columns.ToHashSet().SetEquals(failure.Columns));
        string name = failure.Constraint ?? key?.Name ?? UniqueIndex(table, failure.Columns) ?? "unique";
        bool tells = ReferenceEquals(table, asked) && caller.MayTell(table, failure.Columns);
        // PostgreSQL writes these names as its DDL does, quoted where need be, and those of references as they are.
        return caller.Duplicate(table, name, tells ? KeyOf(failure.Columns.Select(SqlNames.Name), table, failure.Columns, row) : null);
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

    /// <summary>A key with its values, where the caller may be told them.</summary>
    private static string KeyOf(Table table, IReadOnlyCollection<string> columns, Datum[] row, ErrorKnowledge caller) =>
        caller.MayTell(table, columns) ? KeyOf(columns, table, columns, row) : ErrorKnowledge.Untold;

    private static string KeyOf(IEnumerable<string> names, Table table, IEnumerable<string> columns, Datum[] row) =>
        $"Key ({string.Join(", ", names)})=({string.Join(", ", columns.Select(c => Text(table, c, row)))})";

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
    public static Error ForeignKey(Table table, ForeignKey key, Datum[] row, ErrorKnowledge caller) =>
        caller.NotPresent(table, key.Name, caller.Find(key.Target), KeyOf(table, key.Columns, row, caller));

    /// <summary>A row that others refer to cannot go.</summary>
    public static Error StillReferenced(Table target, Table child, ForeignKey key, Datum[] row, ErrorKnowledge caller) =>
        caller.StillReferenced(target.Name.Name, child, key.Name, KeyOf(target, key.TargetColumns, row, caller));
}
