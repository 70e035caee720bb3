using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Moving;

/// <summary>A connection of its own that holds the file's write lock, and writes nothing.</summary>
internal sealed class SqliteExport : RowExport
{
    private readonly SqliteConnection connection;
    private readonly Catalog catalog;

    private SqliteExport(SqliteConnection connection, Catalog catalog) => (this.connection, this.catalog) = (connection, catalog);

    public static Task<RowExport> OpenAsync(SqliteOptions options, Catalog catalog)
    {
        SqliteConnection connection = SqliteConnection.Open(options, SqliteMode.Private);
        try
        {
            connection.ExecuteScript("begin immediate");
            return Task.FromResult<RowExport>(new SqliteExport(connection, catalog));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public override IEnumerable<Datum[]> Rows(QualifiedName table, ImmutableArray<string> columns, CancellationToken cancellation) =>
        StoredRows.Of(connection, catalog, table, columns, cancellation);

    public override Task<ImmutableArray<NumberPosition>> NumbersAsync(CancellationToken cancellation) =>
        Task.FromResult(StoredRows.Numbers(connection, catalog));

    public override ValueTask DisposeAsync()
    {
        connection.AbandonStatements();
        connection.ExecuteScript("rollback");
        connection.Dispose();
        return ValueTask.CompletedTask;
    }
}
