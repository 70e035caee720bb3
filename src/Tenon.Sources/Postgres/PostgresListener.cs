using Npgsql;
using Tenon.Core.Errors;

namespace Tenon.Sources.Postgres;

/// <summary>
/// Hears NOTIFY pgrst, 'reload schema' on a connection of its own, which is also the sign that the database can be reached.
/// When the connection is lost it comes back by itself and the schema is read anew, since a call may have been missed.
/// Servers on one database tell each other of ended sessions and changed keys on a channel of their own.
/// </summary>
internal sealed class PostgresListener(NpgsqlDataSource source, Func<CancellationToken, Task> reload, Action<string> told, TimeProvider clock, bool alone)
    : IAsyncDisposable
{
    /// <summary>An advisory lock that everybody who runs on the database holds together, and who must be alone holds alone.</summary>
    public const long Presence = 7236150118;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Calls come in heaps (a migration has many statements): wait for the heap's end.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(100);

    private const string Nodes = "tenon_nodes";

    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;
    private int calls;

    public bool IsConnected { get; private set; }

    public async Task StartAsync(CancellationToken cancellation)
    {
        NpgsqlConnection first = await ListenAsync(cancellation).ConfigureAwait(false);
        running = Task.Run(() => RunAsync(first), CancellationToken.None);
    }

    private async Task<NpgsqlConnection> ListenAsync(CancellationToken cancellation)
    {
        NpgsqlConnection connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        connection.Notification += (_, call) =>
        {
            if (call.Channel == Nodes)
            {
                told(call.Payload);
            }
            else if (call.Payload is "" or "reload schema")
            {
                Interlocked.Increment(ref calls);
            }
        };
        try
        {
            await TakeAsync(connection, cancellation).ConfigureAwait(false);
            await using var command = new NpgsqlCommand($"listen pgrst; listen {Nodes}", connection);
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        IsConnected = true;
        return connection;
    }

    private async Task TakeAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(alone ? "select pg_try_advisory_lock($1)" : "select pg_try_advisory_lock_shared($1)", connection)
        {
            Parameters = { new NpgsqlParameter { Value = Presence } },
        };
        if (!(bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!)
        {
            Error taken = alone
                ? new(ErrorCodes.LockNotAvailable, "another server or command runs on the database", null, "Stop it first.")
                : new(ErrorCodes.LockNotAvailable, "the database is being moved", null, "Start again when that is done.");
            throw taken.ToException();
        }
    }

    private async Task RunAsync(NpgsqlConnection connection)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await HearAsync(connection).ConfigureAwait(false);
            }
            catch (Exception failure) when (PostgresErrors.IsFailure(failure) || failure is InvalidOperationException)
            {
                IsConnected = false;
                await connection.DisposeAsync().ConfigureAwait(false);
                connection = await ComeBackAsync(connection).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    private async Task HearAsync(NpgsqlConnection connection)
    {
        if (Volatile.Read(ref calls) == 0)
        {
            await connection.WaitAsync(stop.Token).ConfigureAwait(false);
        }
        while (Interlocked.Exchange(ref calls, 0) > 0)
        {
            await Task.Delay(Settle, clock, stop.Token).ConfigureAwait(false);
            using var heap = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
            await reload(heap.Token).ConfigureAwait(false);
        }
    }

    private async Task<NpgsqlConnection> ComeBackAsync(NpgsqlConnection lost)
    {
        while (true)
        {
            try
            {
                await Task.Delay(Pause, clock, stop.Token).ConfigureAwait(false);
                NpgsqlConnection back = await ListenAsync(stop.Token).ConfigureAwait(false);
                Interlocked.Increment(ref calls);
                told("all");
                return back;
            }
            catch (Exception failure) when (PostgresErrors.IsFailure(failure) || failure is TenonException)
            {
                // Still away, or being moved; asked again after the pause.
            }
            catch (OperationCanceledException)
            {
                return lost;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(false);
        stop.Dispose();
    }
}
