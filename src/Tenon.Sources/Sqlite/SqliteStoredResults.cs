using System.Collections.Immutable;
using System.Text;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Policies;
using Tenon.Core.Schema;
using Tenon.Core.Types;
using Tenon.Sources.Sqlite.Functions;

namespace Tenon.Sources.Sqlite;

/// <summary>
/// Indexes, checks and generated columns keep what functions and orders of ours computed. The stamp of each that took part
/// is recorded; at start, what another stamp computed is made anew before the first request.
/// </summary>
internal static class SqliteStoredResults
{
    private const string CreateTable = "create table if not exists \"tenon.functions\" (name text primary key, stamp text not null) strict";

    private static readonly SqliteSql Exists = new("select 1 from sqlite_schema where name = 'tenon.functions'");
    private static readonly SqliteSql List = new("select name, stamp from \"tenon.functions\"");
    private static readonly SqliteSql Put = new("insert into \"tenon.functions\" (name, stamp) values (?1, ?2)");

    /// <summary>What has to be made anew in a table: all of it, or some indexes.</summary>
    private sealed record Stale(Table Table, bool Whole, ImmutableArray<Core.Catalog.Index> Indexes);

    /// <summary>Records the stamps of everything that takes part in what this catalog stores; inside the caller's transaction.</summary>
    public static void Record(SqliteConnection connection, Catalog catalog)
    {
        connection.ExecuteScript(CreateTable + "; delete from \"tenon.functions\"");
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (Table table in TablesOf(catalog))
        {
            Add(all, TableUses(table, catalog));
            foreach (Core.Catalog.Index index in table.Indexes)
            {
                Add(all, IndexUses(table, index, catalog));
            }
        }
        using SqliteStatement put = connection.Prepare(Put);
        foreach ((string name, string stamp) in all)
        {
            put.BindText(1, name);
            put.BindText(2, stamp);
            put.Execute();
            put.Reset();
        }
    }

    /// <summary>Makes anew what other versions computed, as one transaction; gives the tables and indexes it made anew.</summary>
    public static ImmutableArray<string> Renew(SqliteConnection connection, Catalog catalog)
    {
        if (OutOfDate(connection) is not { Count: > 0 } names)
        {
            return [];
        }
        ImmutableArray<Stale> stale = [.. TablesOf(catalog).Select(t => StaleOf(t, catalog, names)).Where(s => s.Whole || !s.Indexes.IsEmpty)];
        connection.KeepForeignKeys(false);
        connection.ExecuteScript("begin immediate");
        string at = "";
        try
        {
            foreach (Stale one in stale)
            {
                at = one.Table.Name.ToString();
                Renew(connection, one, catalog);
            }
            Record(connection, catalog);
            connection.ExecuteScript("commit");
        }
        catch (SqliteException failure)
        {
            connection.AbandonStatements();
            if (!connection.IsAutoCommit)
            {
                connection.ExecuteScript("rollback");
            }
            throw Broken(failure, at).ToException();
        }
        return [.. stale.SelectMany(s => s.Whole ? [s.Table.Name.ToString()] : s.Indexes.Select(i => i.Name))];
    }

    private static Error Broken(SqliteException failure, string table)
    {
        Error error = failure.ToError();
        string rule = failure.Failure.Constraint is { } name ? $"{table} ({name})" : table;
        return error with
        {
            Message = $"rows of {rule} do not hold under the functions of this version: {error.Message}",
            Hint = "Start the version that wrote them once more and correct the rows, or drop the constraint there",
        };
    }

    /// <summary>The recorded names whose stamp is another one now; every name where nothing was recorded yet.</summary>
    private static HashSet<string>? OutOfDate(SqliteConnection connection)
    {
        using (SqliteStatement exists = connection.Prepare(Exists))
        {
            if (!exists.Read())
            {
                return [Everything];
            }
        }
        var found = new HashSet<string>(StringComparer.Ordinal);
        using SqliteStatement rows = connection.Prepare(List);
        while (rows.Read())
        {
            string name = Encoding.UTF8.GetString(rows.GetUtf8(0));
            if (StampOf(name) != Encoding.UTF8.GetString(rows.GetUtf8(1)))
            {
                found.Add(name);
            }
        }
        return found;
    }

    // Stands for every name; no function is called so.
    private const string Everything = "*";

    private static string? StampOf(string name) => name.StartsWith(SqliteLibrary.OrderPrefix, StringComparison.Ordinal) ? SqliteLibrary.OrderStamp : StoredUses.StampOf(name);

    private static IEnumerable<Table> TablesOf(Catalog catalog) =>
        catalog.Tables.Values.Where(t => t.Kind == RelationKind.Table && t.Name.Source.Length == 0).OrderBy(t => t.Name.ToString(), StringComparer.Ordinal);

    private static Stale StaleOf(Table table, Catalog catalog, HashSet<string> names)
    {
        bool IsStale(IReadOnlyDictionary<string, string> uses) => uses.Count > 0 && (names.Contains(Everything) || uses.Keys.Any(names.Contains));
        return new Stale(
            table,
            IsStale(TableUses(table, catalog)),
            [.. table.Indexes.Where(i => IsStale(IndexUses(table, i, catalog)))]
        );
    }

    private static void Renew(SqliteConnection connection, Stale stale, Catalog catalog)
    {
        Table table = stale.Table;
        IEnumerable<SchemaStep> steps = stale.Whole
            ? [new AlterTableStep(table, table, [.. table.Columns.Select(c => new ColumnCopy(c, c.Name, null))]) { Catalog = catalog }]
            : stale.Indexes.SelectMany<Core.Catalog.Index, SchemaStep>(i =>
                [new DropIndexStep(table, i.Name) { Catalog = catalog }, new CreateIndexStep(table, i) { Catalog = catalog }]
            );
        foreach (SchemaStep step in steps)
        {
            foreach (string ddl in SqliteSchemaWriter.Write(step, new RequestContext { Now = 0, CurrentUser = Principal.Owner.Role }))
            {
                connection.ExecuteScript(ddl);
            }
        }
    }

    // ---- what takes part ----

    /// <summary>Of the table itself: generated columns, checks, and the order of its keys.</summary>
    private static SortedDictionary<string, string> TableUses(Table table, Catalog catalog)
    {
        Templates templates = Templates.Of(catalog);
        var uses = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (Column column in table.Columns)
        {
            AddOrder(uses, column.Type);
            if (column.Generated is { } generated)
            {
                Add(uses, StoredUses.Of(templates.Bind(table, generated, column.Type)).Stamps);
            }
        }
        foreach (CheckConstraint check in table.Checks)
        {
            Add(uses, StoredUses.Of(templates.Bind(table, check.Condition, LogicalType.Boolean)).Stamps);
        }
        return uses;
    }

    private static SortedDictionary<string, string> IndexUses(Table table, Core.Catalog.Index index, Catalog catalog)
    {
        var uses = new SortedDictionary<string, string>(StringComparer.Ordinal);
        bool isText = TextIndexes.Find(table, index, catalog) is not null;
        if (!SqliteSchemaWriter.IsMade(index) && !isText)
        {
            return uses;
        }
        if (isText)
        {
            uses[TextIndexes.Stamp] = SqliteLibrary.OrderStamp;
        }
        Templates templates = Templates.Of(catalog);
        foreach (IndexKey key in index.Keys)
        {
            Expr bound = templates.Bind(table, key.Value, null);
            AddOrder(uses, bound.Type);
            Add(uses, StoredUses.Of(bound).Stamps);
        }
        if (index.Where is { } where)
        {
            Add(uses, StoredUses.Of(templates.Bind(table, where, LogicalType.Boolean)).Stamps);
        }
        return uses;
    }

    private static void AddOrder(SortedDictionary<string, string> uses, LogicalType type)
    {
        if (SqliteDialect.CollationOf(type) is { Length: > 0 } collation)
        {
            uses[collation.Split(' ')[^1]] = SqliteLibrary.OrderStamp;
        }
    }

    private static void Add(SortedDictionary<string, string> uses, IReadOnlyDictionary<string, string> more)
    {
        foreach ((string name, string stamp) in more)
        {
            uses[name] = stamp;
        }
    }
}
