using System.Data;
using Npgsql;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres;

/// <summary>
/// One request's hold on one connection. Its transaction is begun with its first statement (in the same round trip) and ended
/// when it is given back; a single read needs none. Cancelling the request cancels the statement that runs.
/// </summary>
internal sealed class PostgresLease : IDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(50);

    private readonly PostgresPool pool;
    private readonly PostgresConnection connection;
    private readonly SessionNeeds needs;
    private readonly CancellationToken cancellation;
    private readonly bool writes;
    private NpgsqlTransaction? transaction;
    private readonly Lock gate = new();
    private CancellationTokenRegistration registration;
    private PreparedBatch? running;
    private PostgresReader? started;
    private PostgresCompiled? startedOf;
    private Timer? watch;
    private bool told;
    private bool broken;
    private bool disposed;

    private PostgresLease(PostgresPool pool, PostgresConnection connection, SessionNeeds needs, bool writes, CancellationToken cancellation)
    {
        this.pool = pool;
        this.connection = connection;
        this.needs = needs;
        this.writes = writes;
        this.cancellation = cancellation;
        connection.Role = RoleOf(needs);
    }

    /// <summary>Null: the connection's own user, who owns the schema.</summary>
    private static string? RoleOf(SessionNeeds needs) =>
        needs is { Enforcement: Enforcement.Native, Caller: { } caller } ? caller.CurrentUser.Text : null;

    public static async ValueTask<PostgresLease> RentAsync(
        PostgresPool pool,
        SessionNeeds needs,
        bool writes,
        CancellationToken cancellation
    )
    {
        PostgresConnection connection = await pool.RentAsync(RoleOf(needs), cancellation).ConfigureAwait(false);
        return new PostgresLease(pool, connection, needs, writes, cancellation);
    }

    /// <summary>Starts a statement; the connection is free for the next one when the reader has ended.</summary>
    public PostgresReader Run(PostgresCompiled statement, StatementArguments arguments, IReadOnlyList<Datum[]>? rows = null)
    {
        if (TakeStarted(statement) is { } going)
        {
            return going;
        }
        try
        {
            PreparedBatch batch = Send(statement, arguments, rows, out SettingsMade? made);
            return Reader(batch, batch.Execute(), made);
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            throw Failed(failure);
        }
    }

    /// <summary>The same without holding a thread until the first rows are there; the next run of this statement goes on with it.</summary>
    public async ValueTask StartAsync(PostgresCompiled statement, StatementArguments arguments, IReadOnlyList<Datum[]>? rows = null)
    {
        try
        {
            PreparedBatch batch = Send(statement, arguments, rows, out SettingsMade? made);
            started = Reader(batch, await batch.ExecuteAsync().ConfigureAwait(false), made);
            startedOf = statement;
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            throw Failed(failure);
        }
    }

    /// <summary>The reader of this statement, where it has been started.</summary>
    public PostgresReader? TakeStarted(PostgresCompiled statement)
    {
        PostgresReader? going = ReferenceEquals(statement, startedOf) ? started : null;
        started = going is null ? started : null;
        return going;
    }

    // A read that is left before its end is cancelled rather than read on.
    private PostgresReader Reader(PreparedBatch batch, NpgsqlDataReader rows, SettingsMade? made) =>
        new(rows, batch.Statement, Ended, writes ? null : batch.Cancel, made);

    // What is still to be done is to execute it.
    private PreparedBatch Send(PostgresCompiled statement, StatementArguments arguments, IReadOnlyList<Datum[]>? rows, out SettingsMade? made)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        cancellation.ThrowIfCancellationRequested();
        Begin();
        CallerShape shape = ShapeOfCaller();
        PreparedBatch batch = connection.Prepare(statement.Pages?.For(arguments) ?? statement, shape);
        batch.Bind(arguments, rows);
        if (batch.WithCaller)
        {
            batch.BindCaller(needs.Caller!, RoleOf(needs) ?? "none");
            told = true;
        }
        Guard(batch);
        made = shape.HasFlag(CallerShape.Response) ? needs.Caller!.Made : null;
        return batch;
    }

    private PostgresFailure Failed(Exception failure)
    {
        PostgresFailure error = PostgresErrors.Of(failure);
        Ended(error);
        return error;
    }

    private void Begin()
    {
        if (transaction is null && !needs.Single)
        {
            transaction = connection.Connection.BeginTransaction(writes ? IsolationLevel.ReadCommitted : IsolationLevel.RepeatableRead);
        }
    }

    // Compiled reads hold all they need in parameters; everything else may ask who calls.
    private CallerShape ShapeOfCaller()
    {
        CallerShape session = !told && needs.Caller?.TimeZone is not null ? CallerShape.TimeZone : CallerShape.None;
        session |= !told && IsWatched ? CallerShape.Long : CallerShape.None;
        if (needs.Caller is null || !(writes || needs.Enforcement == Enforcement.Native))
        {
            return session;
        }
        CallerShape shape = pool.TellsResponse && needs.Caller.Made is not null ? CallerShape.Response : CallerShape.None;
        if (told)
        {
            return shape;
        }
        shape |= session | CallerShape.Identity | (writes ? CallerShape.None : CallerShape.ReadOnly);
        return pool.TellsRequest ? shape | CallerShape.Request : shape;
    }

    private bool IsWatched => needs is { Long: true, Caller: not null } && pool.StatementTimeout > TimeSpan.Zero;

    /// <summary>The answer goes out while it is read: the age that a snapshot may reach bounds it from here on.</summary>
    public void AllowLongest() => watch?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private void Guard(PreparedBatch batch)
    {
        if (cancellation.CanBeCanceled || IsWatched)
        {
            running = batch;
        }
        if (IsWatched)
        {
            watch ??= new Timer(static l => Task.Run(((PostgresLease)l!).EndAsync), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            watch.Change(pool.StatementTimeout, Timeout.InfiniteTimeSpan);
        }
        if (cancellation.CanBeCanceled)
        {
            registration = cancellation.UnsafeRegister(static l => Task.Run(((PostgresLease)l!).CancelAsync), this);
        }
    }

    // The driver passes one cancellation on, and none that comes before the statement has begun; what still runs then is ended
    // by the database itself.
    private Task CancelAsync() => CancelAsync(byDriver: true);

    // The driver would say that the caller gave up; that it took too long is the database's to say.
    private Task EndAsync() => CancelAsync(byDriver: false);

    private async Task CancelAsync(bool byDriver)
    {
        for (bool first = byDriver; Cancel(first); first = false)
        {
            await Task.Delay(Again, CancellationToken.None).ConfigureAwait(false);
        }
    }

    // Not after its end: the connection may run something for somebody else by then.
    private bool Cancel(bool first)
    {
        lock (gate)
        {
            if (running is not null && first)
            {
                running.Cancel();
            }
            else if (running is not null)
            {
                pool.EndStatement(connection.Connection.ProcessID);
            }
            return running is not null;
        }
    }

    private void Ended(Exception? failure)
    {
        registration.Dispose();
        lock (gate)
        {
            running = null;
        }
        registration = default;
        broken |= failure is PostgresFailure { IsConnectionLost: true };
    }

    public void Commit()
    {
        try
        {
            transaction?.Commit();
            transaction = null;
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            throw Failed(failure);
        }
    }

    /// <summary>Ends the transaction (undoing what was not committed) and gives the connection back.</summary>
    public void Dispose()
    {
        if (disposed)
        {
            return;
        }
        disposed = true;
        watch?.Dispose();
        registration.Dispose();
        lock (gate)
        {
            running = null;
        }
        bool clean = !broken;
        try
        {
            started?.Dispose();
            if (clean && transaction is not null)
            {
                transaction.Rollback();
            }
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure) || failure is InvalidOperationException)
        {
            clean = false;
        }
        pool.Return(connection, clean);
        if (broken)
        {
            pool.Clear();
        }
    }
}

/// <summary>A request's reads on one connection and, where there are several, in one snapshot.</summary>
internal sealed class PostgresSession(PostgresLease lease) : SourceSession
{
    public override void AllowLongest() => lease.AllowLongest();

    public override ValueTask StartAsync(CompiledStatement statement, StatementArguments arguments) =>
        lease.StartAsync((PostgresCompiled)statement, arguments);

    public override RowReader Run(CompiledStatement statement, StatementArguments arguments)
    {
        Statements++;
        return lease.Run((PostgresCompiled)statement, arguments);
    }

    public override List<Datum[]> Rows(CompiledStatement statement, StatementArguments arguments)
    {
        Statements++;
        using PostgresReader reader = lease.Run((PostgresCompiled)statement, arguments);
        return PostgresValues.ReadAll(reader, statement.Columns);
    }

    public override void Dispose() => lease.Dispose();
}
