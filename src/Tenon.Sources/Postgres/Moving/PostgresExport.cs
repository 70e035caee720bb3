using System.Collections.Immutable;
using Npgsql;
using Tenon.Core.Catalog;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres.Moving;

/// <summary>A read-only snapshot on a connection of its own.</summary>
internal sealed class PostgresExport : RowExport
{
    // Row security that holds for our own user is an error here, never rows left out; large tables are read from their
    // beginning, so that rows arrive in the order in which they lie.
    private const string Begin = "set transaction read only; set local row_security = off; set local synchronize_seqscans = off";

    private readonly NpgsqlConnection connection;
    private readonly NpgsqlTransaction transaction;
    private readonly Catalog catalog;

    private PostgresExport(NpgsqlConnection connection, NpgsqlTransaction transaction, Catalog catalog) =>
        (this.connection, this.transaction, this.catalog) = (connection, transaction, catalog);

    public static async Task<RowExport> OpenAsync(NpgsqlDataSource source, Catalog catalog, CancellationToken cancellation)
    {
        NpgsqlConnection connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        NpgsqlTransaction transaction = await connection
            .BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellation)
            .ConfigureAwait(false);
        await using var command = new NpgsqlCommand(Begin, connection);
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        return new PostgresExport(connection, transaction, catalog);
    }

    public override IEnumerable<Datum[]> Rows(QualifiedName table, ImmutableArray<string> columns, CancellationToken cancellation) =>
        StoredRows.Of(connection, catalog, table, columns, cancellation);

    public override Task<ImmutableArray<NumberPosition>> NumbersAsync(CancellationToken cancellation) =>
        StoredRows.NumbersAsync(connection, cancellation);

    public override async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
    }
}
