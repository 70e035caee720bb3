using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>
/// What an error about a broken constraint (class 23) tells this principal; of values PostgreSQL's own rule: only where the role
/// may read every column of the key and no row policy stands between, since a select would tell them, too. Names of a table and of
/// its constraints only where the role has a right on it: a trigger or function with its owner's rights may have written it.
/// </summary>
internal readonly record struct ErrorKnowledge(Catalog.Catalog Catalog, Principal Principal)
{
    public const string Untold = "Key";

    public bool MayTell(Table table, IReadOnlyCollection<string> key) =>
        key.Count > 0 && (Principal.Bypass || (!table.RowSecurity && Access.Check(table, Principal, Privileges.Select, key) is null));

    public bool MayName(Table? table) => table is not null && Access.MayKnow(table, Principal);

    public Table? Find(QualifiedName name) => Catalog.Resolve(name.Schema, name.Name);

    /// <summary>An error about a table that the role has no right on, or of which nothing is known.</summary>
    public static Error Unnamed(ErrorCode code) =>
        new(
            code,
            code == ErrorCodes.UniqueViolation ? "duplicate key value violates a unique constraint"
                : code == ErrorCodes.ForeignKeyViolation ? "insert or update violates a foreign key constraint"
                : code == ErrorCodes.NotNullViolation ? "null value violates a not-null constraint"
                : code == ErrorCodes.CheckViolation ? "new row violates a check constraint"
                : "the row violates a constraint"
        );

    public Error NotNull(Table table, string column) =>
        MayName(table)
            ? new(ErrorCodes.NotNullViolation, $"null value in column \"{column}\" of relation \"{table.Name.Name}\" violates not-null constraint")
            : Unnamed(ErrorCodes.NotNullViolation);

    public Error Check(Table table, string name) =>
        MayName(table)
            ? new(ErrorCodes.CheckViolation, $"new row for relation \"{table.Name.Name}\" violates check constraint \"{name}\"")
            : Unnamed(ErrorCodes.CheckViolation);

    public Error Duplicate(Table table, string constraint, string? told) =>
        MayName(table) ? Duplicate(constraint, told) : Unnamed(ErrorCodes.UniqueViolation);

    public static Error Duplicate(string constraint, string? told) =>
        new(ErrorCodes.UniqueViolation, $"duplicate key value violates unique constraint \"{constraint}\"", told is null ? null : $"{told} already exists.");

    /// <summary>A row refers to one that is not there. Told: the key with its values, or <see cref="Untold"/>.</summary>
    public Error NotPresent(Table table, string constraint, Table? target, string told) =>
        MayName(table)
            ? new(
                ErrorCodes.ForeignKeyViolation,
                $"insert or update on table \"{table.Name.Name}\" violates foreign key constraint \"{constraint}\"",
                $"{told} is not present in {(MayName(target) ? $"table \"{target!.Name.Name}\"" : "the table it refers to")}."
            )
            : Unnamed(ErrorCodes.ForeignKeyViolation);

    /// <summary>A row that others refer to cannot go; the constraint is theirs, and so is its name.</summary>
    public Error StillReferenced(string target, Table? child, string? constraint, string told) =>
        MayName(child) && constraint is not null
            ? new(
                ErrorCodes.ForeignKeyViolation,
                $"update or delete on table \"{target}\" violates foreign key constraint \"{constraint}\" on table \"{child!.Name.Name}\"",
                $"{told} is still referenced from table \"{child.Name.Name}\"."
            )
            : new(
                ErrorCodes.ForeignKeyViolation,
                $"update or delete{(MayName(target) ? $" on table \"{target}\"" : "")} violates a foreign key constraint of another table",
                $"{told} is still referenced."
            );

    // A row may go with another one, from a table that the role does not know.
    private bool MayName(string table)
    {
        ErrorKnowledge own = this;
        return Catalog.Tables.Values.Any(t => t.Name.Name == table && own.MayName(t));
    }
}
