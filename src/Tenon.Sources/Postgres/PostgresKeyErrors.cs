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

    /// <summary>Table and constraint as the database names them: of a foreign key the table that refers.</summary>
    public static Error Of(Error error, string? detail, Table? table, string constraint, ErrorKnowledge caller)
    {
        if (error.Code == ErrorCodes.UniqueViolation)
        {
            KeyConstraint? unique = table is null ? null : Keys(table).FirstOrDefault(k => k.Name == constraint);
            return unique is not null && caller.MayTell(table!, unique.Columns) ? error with { Details = detail } : error;
        }
        if (error.Code != ErrorCodes.ForeignKeyViolation)
        {
            return error;
        }
        ForeignKey? key = table?.ForeignKeys.FirstOrDefault(k => k.Name == constraint);
        if (!error.Message.StartsWith(Gone, StringComparison.Ordinal))
        {
            return key is null ? error : caller.NotPresent(table!, constraint, caller.Find(key.Target), Told(detail, " is not present in ", table, key.Columns, caller));
        }
        string target = error.Message[Gone.Length..error.Message.IndexOf('"', Gone.Length)];
        string told = key is null ? ErrorKnowledge.Untold : Told(detail, " is still referenced", caller.Find(key.Target), key.TargetColumns, caller);
        return caller.StillReferenced(target, table, constraint, told);
    }

    private static IEnumerable<KeyConstraint> Keys(Table table) => table.PrimaryKey is null ? table.Uniques : table.Uniques.Prepend(table.PrimaryKey);

    /// <summary>The key and its values in front of what is said of them; the values may hold the same words, so the last are meant.</summary>
    private static string Told(string? detail, string words, Table? table, IReadOnlyCollection<string> key, ErrorKnowledge caller) =>
        table is not null && caller.MayTell(table, key) && detail?.LastIndexOf(words, StringComparison.Ordinal) is > 0 and var end ? detail[..end] : ErrorKnowledge.Untold;
}
