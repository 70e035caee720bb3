using Npgsql;
using Tenon.Core.Errors;

namespace Tenon.Sources.Postgres;

/// <summary>One open connection, the role its last statements ran as, and the statements prepared on it.</summary>
internal sealed class PostgresConnection(NpgsqlConnection connection) : IAsyncDisposable
{
    private const int MaxPrepared = 256;

    private readonly Dictionary<(PostgresCompiled Statement, CallerShape Shape), PreparedBatch> prepared = [];

    public NpgsqlConnection Connection { get; } = connection;

    /// <summary>As whom it last ran: the plans of its prepared statements hold that role's policies.</summary>
    public string? Role { get; set; }
    public bool IsUsable => Connection.FullState == System.Data.ConnectionState.Open;

    /// <summary>The statement, prepared, with the caller's settings in front of it as far as asked.</summary>
    public PreparedBatch Prepare(PostgresCompiled statement, CallerShape shape)
    {
        if (prepared.TryGetValue((statement, shape), out PreparedBatch? known))
        {
            return known;
        }
        if (prepared.Count >= MaxPrepared)
        {
            Forget();
        }
        var batch = PreparedBatch.Make(Connection, statement, shape);
        prepared[(statement, shape)] = batch;
        return batch;
    }

    private void Forget()
    {
        foreach (PreparedBatch old in prepared.Values)
        {
            old.Dispose();
        }
        prepared.Clear();
        Connection.UnprepareAll();
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}

/// <summary>
/// The connections of one database, at most a fixed number. A free connection that last ran as the same role is taken first:
/// changing the role makes PostgreSQL plan every statement on a table with policies anew. A broken connection is thrown away
/// and the next one is opened when it is needed, so an outage heals by itself.
/// </summary>
internal sealed class PostgresPool(NpgsqlDataSource source, int size, TimeSpan patience) : IAsyncDisposable
{
    private readonly SemaphoreSlim places = new(size, size);
    private readonly List<PostgresConnection> idle = [];
    private readonly Lock gate = new();
    private bool disposed;

    /// <summary>How long a statement may run: what the connections' own setting says.</summary>
    public TimeSpan StatementTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Something in the database asks for the request's method, path or headers.</summary>
    public bool TellsRequest { get; set; } = true;

    /// <summary>Something in the database may say response.headers or response.status.</summary>
    public bool TellsResponse { get; set; } = true;

    public async ValueTask<PostgresConnection> RentAsync(string? role, CancellationToken cancellation)
    {
        if (!places.Wait(0, CancellationToken.None) && !await places.WaitAsync(patience, cancellation).ConfigureAwait(false))
        {
            throw PostgresErrors.PoolExhausted().ToException();
        }
        if (Take(role) is { } connection)
        {
            return connection;
        }
        try
        {
            return new PostgresConnection(await source.OpenConnectionAsync(cancellation).ConfigureAwait(false));
        }
        catch (Exception failure)
        {
            places.Release();
            if (PostgresErrors.IsFailure(failure))
            {
                throw PostgresErrors.Of(failure);
            }
            throw;
        }
    }

    private PostgresConnection? Take(string? role)
    {
        lock (gate)
        {
            int found = idle.FindLastIndex(c => c.Role == role);
            found = found >= 0 ? found : idle.FindLastIndex(c => c.Role is null);
            // Opening is dearer than planning anew, so any free connection serves before a new one.
            found = found >= 0 ? found : idle.Count - 1;
            if (found < 0)
            {
                return null;
            }
            PostgresConnection taken = idle[found];
            idle.RemoveAt(found);
            return taken;
        }
    }

    /// <summary>Gives a connection back; one that is broken or in a transaction is closed.</summary>
    public void Return(PostgresConnection connection, bool clean)
    {
        bool keep = clean && connection.IsUsable;
        lock (gate)
        {
            keep &= !disposed;
            if (keep)
            {
                idle.Add(connection);
            }
        }
        places.Release();
        if (!keep)
        {
            _ = connection.DisposeAsync().AsTask();
        }
    }

    /// <summary>Ends what this backend runs, over a connection of its own; whoever asks asks again while it still runs.</summary>
    public void EndStatement(int backend)
    {
        try
        {
            using NpgsqlConnection other = source.OpenConnection();
            using var command = new NpgsqlCommand("select pg_cancel_backend($1)", other);
            command.Parameters.Add(new NpgsqlParameter { Value = backend });
            command.ExecuteNonQuery();
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            // No connection was to be had: the next attempt, or the statement's own time, ends it.
        }
    }

    /// <summary>Closes what is idle: after one connection was lost the others are likely gone too.</summary>
    public void Clear()
    {
        PostgresConnection[] closed;
        lock (gate)
        {
            closed = [.. idle];
            idle.Clear();
        }
        foreach (PostgresConnection connection in closed)
        {
            _ = connection.DisposeAsync().AsTask();
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            disposed = true;
        }
        Clear();
        await source.DisposeAsync().ConfigureAwait(false);
    }
}
