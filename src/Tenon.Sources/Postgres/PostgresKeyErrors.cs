using Npgsql;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Policies;

namespace Tenon.Sources.Postgres;

/// <summary>
/// PostgreSQL's errors about keys, cut down to what the caller may know of them. The database tells them to whom the connection
/// belongs to, or whose rights the function has that wrote.
/// </summary>
internal static class PostgresKeyErrors
{
    private const string Gone = "update or delete on table \"";
    private const string NotThere = "insert or update on table \"";

    /// <summary>Of on delete restrict; PostgreSQL before 18 says 23503.</summary>
    private const string Restricted = "23001";

    /// <summary>The table as the database names it: of a foreign key the one that refers.</summary>
    public static Error Of(Error error, PostgresException failure, Table? table, ErrorKnowledge caller)
    {
        if (error.Code == ErrorCodes.ForeignKeyViolation || failure.SqlState == Restricted)
        {
            return OfReference(error.Message, failure, table, caller);
        }
        if (!caller.MayName(table))
        {
            return ErrorKnowledge.Unnamed(error.Code);
        }
        KeyConstraint? unique = error.Code == ErrorCodes.UniqueViolation ? Keys(table!).FirstOrDefault(k => k.Name == failure.ConstraintName) : null;
        return unique is not null && caller.MayTell(table!, unique.Columns) ? error with { Details = failure.Detail } : error;
    }

    // A server that speaks another language than English says what it says to nobody.
    private static Error OfReference(string message, PostgresException failure, Table? table, ErrorKnowledge caller)
    {
        string constraint = failure.ConstraintName ?? "";
        ForeignKey? key = table?.ForeignKeys.FirstOrDefault(k => k.Name == constraint);
        if (message.StartsWith(NotThere, StringComparison.Ordinal) && table is not null)
        {
            string missing = key is null ? ErrorKnowledge.Untold : Told(failure.Detail, " is not present in ", table, key.Columns, caller);
            return caller.NotPresent(table, constraint, key is null ? null : caller.Find(key.Target), missing);
        }
        if (!message.StartsWith(Gone, StringComparison.Ordinal))
        {
            return ErrorKnowledge.Unnamed(ErrorCodes.ForeignKeyViolation);
        }
        string target = message[Gone.Length..message.IndexOf('"', Gone.Length)];
        string told = key is null ? ErrorKnowledge.Untold : Told(failure.Detail, " is still referenced", caller.Find(key.Target), key.TargetColumns, caller);
        return caller.StillReferenced(target, table, constraint, told);
    }

    private static IEnumerable<KeyConstraint> Keys(Table table) => table.PrimaryKey is null ? table.Uniques : table.Uniques.Prepend(table.PrimaryKey);

    /// <summary>The key and its values in front of what is said of them; the values may hold the same words, so the last are meant.</summary>
    private static string Told(string? detail, string words, Table? table, IReadOnlyCollection<string> key, ErrorKnowledge caller) =>
        table is not null && caller.MayTell(table, key) && detail?.LastIndexOf(words, StringComparison.Ordinal) is > 0 and var end ? detail[..end] : ErrorKnowledge.Untold;
}
