using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Moving;

/// <summary>Rows and numbers of one connection's transaction, as the owner sees them.</summary>
internal static class StoredRows
{
    public static IEnumerable<Datum[]> Of(
        SqliteConnection connection,
        Catalog catalog,
        QualifiedName table,
        ImmutableArray<string> columns,
        CancellationToken cancellation
    )
    {
        SqliteCompiled statement = SqliteSource.CompileSelect(WholeTable.Of(catalog, table, columns));
        using SqliteStatement rows = connection.Prepare(statement.Sql);
        while (rows.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            yield return SqliteValues.ReadRow(rows, statement.Columns);
        }
    }

    public static ImmutableArray<NumberPosition> Numbers(SqliteConnection connection, Catalog catalog)
    {
        var found = ImmutableArray.CreateBuilder<NumberPosition>();
        foreach (Table table in catalog.Tables.Values.Where(t => t.Kind == RelationKind.Table))
        {
            foreach (Column column in table.Columns.Where(c => c.Identity != IdentityKind.None))
            {
                long? last = SqliteIdentity.Last(connection, table, column);
                found.Add(new NumberPosition(table.Name, column.Name, last + column.IdentityIncrement ?? column.IdentityStart));
            }
        }
        return found.DrainToImmutable();
    }
}
