using System.Data;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Store;
using Tenon.Testing;

namespace Tenon.Server.Tests.Auth;

/// <summary>
/// The store's statements run as they are by a real PostgreSQL: proves that they are PostgreSQL's SQL, and lets sign-in be
/// tested under true concurrency (READ COMMITTED, several connections). Counts statements.
/// </summary>
internal sealed class PostgresStore : StoreDatabase, IAsyncDisposable
{
    private static int made;
    private readonly NpgsqlDataSource source;
    private long statements;

    private readonly string name;

    private PostgresStore(NpgsqlDataSource source, string name) => (this.source, this.name) = (source, name);

    public long Statements => Interlocked.Read(ref statements);

    /// <summary>Thrown instead of running the next write, when set: an engine that is busy or broken.</summary>
    public Exception? FailNextWrite { get; set; }

    public static async Task<PostgresStore> CreateAsync()
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        string name = string.Create(CultureInfo.InvariantCulture, $"auth_{Interlocked.Increment(ref made)}");
        await AdminAsync($"create database {name}");
        NpgsqlDataSource source = NpgsqlDataSource.Create(PrivatePostgres.Shared!.ConnectionTo(name) + ";Maximum Pool Size=20");
        foreach (StoreMigration migration in StoreMigrations.All)
        {
            await using NpgsqlCommand command = source.CreateCommand(migration.Sql);
            await command.ExecuteNonQueryAsync();
        }
        return new PostgresStore(source, name);
    }

    public override async ValueTask<List<Datum[]>> QueryAsync(
        StoreStatement statement,
        ReadOnlyMemory<Datum> arguments,
        CancellationToken cancellation
    )
    {
        Count(statement);
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellation);
        using NpgsqlCommand command = Command(connection, statement, arguments.Span);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellation);
        return Read(reader);
    }

    protected override async ValueTask<T> RunAsync<T>(Func<IStoreTransaction, T> work, CancellationToken cancellation)
    {
        if (FailNextWrite is { } failure)
        {
            FailNextWrite = null;
            throw failure;
        }
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellation);
        T result = await Task.Run(() => work(new Unit(this, connection)), cancellation);
        await transaction.CommitAsync(cancellation);
        return result;
    }

    public override async ValueTask<string?> CallAsync(string schema, string function, string json, CancellationToken cancellation)
    {
        await using NpgsqlCommand command = source.CreateCommand($"select {schema}.{function}($1::jsonb)::text");
        command.Parameters.Add(new NpgsqlParameter { Value = json });
        try
        {
            return await command.ExecuteScalarAsync(cancellation) as string;
        }
        catch (PostgresException e)
        {
            throw new TenonException(new Error(ErrorCodes.FromSqlState(e.SqlState), e.MessageText, e.Detail), e);
        }
    }

    /// <summary>Runs SQL of a test's own.</summary>
    public async Task RunAsync(string sql)
    {
        await using NpgsqlCommand command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using NpgsqlCommand command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        await AdminAsync($"drop database {name} with (force)");
    }

    // What sends the messages works beside the requests that are measured.
    private void Count(StoreStatement statement)
    {
        if (!statement.Name.StartsWith("auth.outbox.", StringComparison.Ordinal) || statement.Name == "auth.outbox.insert")
        {
            Interlocked.Increment(ref statements);
        }
    }

    private static async Task AdminAsync(string sql)
    {
        await using NpgsqlDataSource admin = NpgsqlDataSource.Create(PrivatePostgres.Shared!.ConnectionString + ";Pooling=false");
        await using NpgsqlCommand command = admin.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private sealed class Unit(PostgresStore store, NpgsqlConnection connection) : IStoreTransaction
    {
        public List<Datum[]> Execute(StoreStatement statement, params ReadOnlySpan<Datum> arguments)
        {
            store.Count(statement);
            try
            {
                using NpgsqlCommand command = Command(connection, statement, arguments);
                using NpgsqlDataReader reader = command.ExecuteReader();
                return Read(reader);
            }
            catch (PostgresException e)
            {
                throw new TenonException(new Error(ErrorCode(e.SqlState), e.MessageText, e.Detail), e);
            }
        }

        private static ErrorCode ErrorCode(string state) => ErrorCodes.FromSqlState(state);
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, StoreStatement statement, ReadOnlySpan<Datum> arguments)
    {
        Assert.Equal(statement.Parameters.Length, arguments.Length);
        var command = new NpgsqlCommand(statement.Sql, connection);
        for (int i = 0; i < arguments.Length; i++)
        {
            command.Parameters.Add(Parameter(statement.Parameters[i], arguments[i]));
        }
        return command;
    }

    private static NpgsqlParameter Parameter(LogicalType type, Datum value)
    {
        (NpgsqlDbType kind, Func<Datum, object> read) = type.Kind switch
        {
            TypeKind.Boolean => (NpgsqlDbType.Boolean, d => d.Boolean),
            TypeKind.Int8 => (NpgsqlDbType.Bigint, d => d.Integer),
            TypeKind.Text => (NpgsqlDbType.Text, d => d.Text),
            TypeKind.Uuid => (NpgsqlDbType.Uuid, d => d.Uuid()),
            TypeKind.Jsonb => (NpgsqlDbType.Jsonb, d => d.Text),
            TypeKind.TimestampTz => (NpgsqlDbType.TimestampTz, (Func<Datum, object>)(d => d.Time()!.Value.UtcDateTime)),
            _ => throw new NotSupportedException(type.SqlName),
        };
        return new NpgsqlParameter { NpgsqlDbType = kind, Value = value.IsNull ? DBNull.Value : read(value) };
    }

    private static List<Datum[]> Read(NpgsqlDataReader reader)
    {
        var rows = new List<Datum[]>();
        while (reader.Read())
        {
            var row = new Datum[reader.FieldCount];
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = reader.IsDBNull(i) ? Datum.Null : Value(reader, i);
            }
            rows.Add(row);
        }
        return rows;
    }

    private static Datum Value(NpgsqlDataReader reader, int i) =>
        reader.GetValue(i) switch
        {
            string text => Datum.Of(text),
            Guid id => StoreValues.Of(id),
            bool flag => Datum.Of(flag),
            long number => Datum.Of(number),
            int number => Datum.Of(number),
            short number => Datum.Of(number),
            DateTime time => StoreValues.Of(new DateTimeOffset(time)),
            object other => throw new NotSupportedException(other.GetType().Name),
        };
}
