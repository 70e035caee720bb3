using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>
/// What an error about a broken key (23505, 23503) tells this principal; PostgreSQL's own rule. Values only where the role may read
/// every column of the key and no row policy stands between: a select would tell them, too. Another table's name only
/// where the role has a right on it.
/// </summary>
internal readonly record struct ErrorKnowledge(Catalog.Catalog Catalog, Principal Principal)
{
    public const string Untold = "Key";

    public bool MayTell(Table table, IReadOnlyCollection<string> key) =>
        key.Count > 0 && (Principal.Bypass || (!table.RowSecurity && Access.Check(table, Principal, Privileges.Select, key) is null));

    public bool MayName(Table? table) => table is not null && Access.MayKnow(table, Principal);

    public Table? Find(QualifiedName name) => Catalog.Resolve(name.Schema, name.Name);

    public static Error Duplicate(string constraint, string? told) =>
        new(ErrorCodes.UniqueViolation, $"duplicate key value violates unique constraint \"{constraint}\"", told is null ? null : $"{told} already exists.");

    /// <summary>A row refers to one that is not there. Told: the key with its values, or <see cref="Untold"/>.</summary>
    public Error NotPresent(Table table, string constraint, Table? target, string told) =>
        new(
            ErrorCodes.ForeignKeyViolation,
            $"insert or update on table \"{table.Name.Name}\" violates foreign key constraint \"{constraint}\"",
            $"{told} is not present in {(MayName(target) ? $"table \"{target!.Name.Name}\"" : "the table it refers to")}."
        );

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
