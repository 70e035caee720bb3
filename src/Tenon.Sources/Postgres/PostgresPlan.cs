using System.Collections.Immutable;
using Npgsql;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Sources.Postgres.Introspection;

namespace Tenon.Sources.Postgres;

/// <summary>What Tenon would make in a PostgreSQL database, found out in a transaction that cannot write.</summary>
internal static class PostgresPlan
{
    public static async Task<Outcome<DatabasePlan>> MakeAsync(MainDatabaseOptions options, CancellationToken cancellation)
    {
        NpgsqlConnectionStringBuilder address = PostgresUrl.Read(options.Url);
        await using NpgsqlDataSource source = PostgresDatabase.SourceOf(address, options.StatementTimeout);
        try
        {
            await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
            await using NpgsqlTransaction transaction = await connection
                .BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellation)
                .ConfigureAwait(false);
            await using (var command = new NpgsqlCommand("set transaction read only", connection))
            {
                await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            }
            PostgresRights rights = await PostgresRights.ReadAsync(connection, cancellation).ConfigureAwait(false);
            ImmutableArray<SetupPart> missing = await PostgresSetup.MissingAsync(connection, rights.User, cancellation).ConfigureAwait(false);
            Catalog catalog = await PostgresIntrospector.ReadWithinAsync(connection, cancellation).ConfigureAwait(false);
            return new DatabasePlan(
                PostgresDatabase.PlaceOf(address),
                [rights.ToString()],
                [.. missing.Select(p => new PlannedPart(p.Name, p.Reason, p.Check is null ? $"{p.Sql}\n{p.Record};" : p.Sql, p.Optional))],
                rights.MissingFor(missing),
                await AppliedAsync(connection, cancellation).ConfigureAwait(false),
                catalog
            );
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            return PostgresErrors.Of(failure).ToError();
        }
    }

    private static async Task<ImmutableArray<string>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        const string MayRead = "select coalesce(has_table_privilege(to_regclass('tenon.migrations'), 'select'), false)";
        const string Versions = "select coalesce(array_agg(version), '{}') from tenon.migrations";
        await using var may = new NpgsqlCommand(MayRead, connection);
        if (await may.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is not true)
        {
            return [];
        }
        await using var list = new NpgsqlCommand(Versions, connection);
        return [.. (string[])(await list.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!];
    }
}
