using System.Data;
using MySqlConnector;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>Where a statement stands among those of its lease.</summary>
internal enum StatementPlace
{
    /// <summary>Others may come: the transaction is begun with the first and goes on.</summary>
    Inside,

    /// <summary>Nothing comes behind it: the transaction ends with it.</summary>
    Last,

    /// <summary>The only one, and a transaction by itself.</summary>
    Alone,
}

/// <summary>
/// One request's hold on one connection. Reads of several statements share a snapshot (REPEATABLE READ); writes lock what
/// they touch under READ COMMITTED. The transaction begins in the round trip of its first statement, and ends in that of the
/// last where it is known to be the last. Cancelling the request kills the statement that runs, and so does the end of its time:
/// the database's own bound could not give way to a client that takes a large answer at its own pace.
/// </summary>
internal sealed class MySqlLease : IDisposable
{
    /// <summary>The frame of a read of several statements.</summary>
    public const string Snapshot = "set transaction isolation level repeatable read; start transaction read only; ";

    /// <summary>The frame of a write.</summary>
    public const string Unit = "set transaction isolation level read committed; start transaction; ";

    private const string Committed = "; commit";

    private readonly MySqlConnection connection;
    private readonly int serverThread;
    private readonly MySqlPool pool;
    private readonly Lock gate = new();
    private readonly string begin;
    private readonly CancellationToken cancellation;
    private readonly Action<MySqlFailure> failed;
    private CancellationTokenRegistration registration;
    private volatile MySqlCommand? running;
    private MySqlReader? started;
    private MySqlCompiled? startedOf;
    private ITimer? watch;
    private bool longest;
    private bool killed;
    private bool doubtful;
    private bool open;
    private bool closing;
    private bool disposed;

    private MySqlLease(MySqlConnection connection, MySqlPool pool, string begin, Action<MySqlFailure> failed, CancellationToken cancellation)
    {
        this.connection = connection;
        serverThread = connection.ServerThread;
        this.pool = pool;
        this.begin = begin;
        this.failed = failed;
        this.cancellation = cancellation;
    }

    /// <summary>begin: <see cref="Snapshot"/>, <see cref="Unit"/>, or empty for a single read.</summary>
    public static async ValueTask<MySqlLease> RentAsync(MySqlPool pool, string begin, Action<MySqlFailure> failed, CancellationToken cancellation) =>
        new(await pool.RentAsync(cancellation).ConfigureAwait(false), pool, begin, failed, cancellation);

    /// <summary>Starts a statement; the connection is free for the next one when the reader has ended.</summary>
    public MySqlReader Run(
        MySqlCompiled statement,
        StatementArguments arguments,
        IReadOnlyList<Datum[]>? rows = null,
        StatementPlace place = StatementPlace.Inside,
        ParentBatch? batch = null
    )
    {
        if (batch is null && TakeStarted(statement) is { } going)
        {
            return going;
        }
        MySqlCommand command = Begin(statement, arguments, rows, place, batch);
        try
        {
            return Reader(command.ExecuteReader(CommandBehavior.Default), statement, batch is not null);
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            Ended();
            throw Failed(failure);
        }
    }

    /// <summary>Its statements share a transaction.</summary>
    public bool IsOfSeveral => begin.Length > 0;

    /// <summary>The same without holding a thread until the first rows are there; the next run of this statement goes on with it.</summary>
    public async ValueTask StartAsync(MySqlCompiled statement, StatementArguments arguments)
    {
        MySqlCommand command = Begin(statement, arguments, null, StatementPlace.Inside, null);
        try
        {
            // Not by the token: the registration ends the statement, and the driver would do it by a connection of the pool.
            started = Reader(await command.ExecuteReaderAsync(CommandBehavior.Default, CancellationToken.None).ConfigureAwait(false), statement, isSeveral: false);
            startedOf = statement;
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            Ended();
            throw Failed(failure);
        }
    }

    private MySqlReader? TakeStarted(MySqlCompiled statement)
    {
        MySqlReader? going = ReferenceEquals(statement, startedOf) ? started : null;
        started = going is null ? started : null;
        return going;
    }

    // What is still to be done is to execute it.
    private MySqlCommand Begin(MySqlCompiled statement, StatementArguments arguments, IReadOnlyList<Datum[]>? rows, StatementPlace place, ParentBatch? batch)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        cancellation.ThrowIfCancellationRequested();
        bool begins = !open && begin.Length > 0 && place != StatementPlace.Alone;
        closing = (open || begins) && place == StatementPlace.Last;
        (string before, string after) = (begins ? begin : "", closing ? Committed : "");
        string text = batch is null ? statement.Framed(before, after) : before + batch.Text + after;
        MySqlCommand command = MySqlBinding.Command(connection, statement, text, arguments, rows, batch?.Keys);
        // From here on it may have begun, whatever fails.
        open |= begins;
        running = command;
        Watch();
        registration = cancellation.CanBeCanceled ? cancellation.UnsafeRegister(static l => ((MySqlLease)l!).End(), this) : default;
        return command;
    }

    private MySqlReader Reader(MySqlDataReader rows, MySqlCompiled statement, bool isSeveral) =>
        new(rows, statement.Columns, Failed, Completed, Ended, End) { IsSeveral = isSeveral };

    private MySqlFailure Failed(Exception failure)
    {
        MySqlFailure error = MySqlErrors.Of(failure, pool);
        failed(error);
        return error;
    }

    private void Watch()
    {
        if (!longest)
        {
            watch ??= pool.Clock.CreateTimer(static l => ((MySqlLease)l!).End(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            watch.Change(pool.Timeout, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The answer goes out while it is read: the request's own deadline bounds it from here on.</summary>
    public void AllowLongest()
    {
        longest = true;
        watch?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private void End()
    {
        if (running is { } statement)
        {
            pool.Ender.End(this, statement);
        }
    }

    public bool IsRunning(MySqlCommand statement) => ReferenceEquals(running, statement);

    /// <summary>
    /// Ends this statement over another connection; false when it runs no more. The lock makes its end wait for the answer:
    /// a kill still on its way would meet whatever the connection does next, for whomever.
    /// </summary>
    public bool EndOver(MySqlConnection other, MySqlCommand statement)
    {
        lock (gate)
        {
            if (!IsRunning(statement))
            {
                return false;
            }
            // Until the answer is there the kill may come at any time.
            (killed, doubtful) = (true, true);
            using var command = new MySqlCommand("kill query @thread", other);
            command.Parameters.AddWithValue("@thread", serverThread);
            command.ExecuteNonQuery();
            doubtful = false;
            return true;
        }
    }

    // One that came after the statement's end waits for the next one, which is to be nobody else's. False: it may still come.
    private bool TakeLateKill()
    {
        if (doubtful)
        {
            return false;
        }
        try
        {
            Send("do sleep(0)");
            return true;
        }
        catch (MySqlException failure) when (failure.ErrorCode == MySqlErrorCode.QueryInterrupted)
        {
            return true;
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure) || failure is InvalidOperationException)
        {
            return false;
        }
    }

    private void Ended()
    {
        watch?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        registration.Dispose();
        registration = default;
        lock (gate)
        {
            running?.Dispose();
            running = null;
        }
    }

    /// <summary>The reader has seen the end of its last result: what was to be committed with it is.</summary>
    private void Completed()
    {
        open &= !closing;
        closing = false;
    }

    public void Commit()
    {
        if (!open)
        {
            return;
        }
        try
        {
            Send("commit");
            open = false;
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            throw Failed(failure);
        }
    }

    private void Send(string word)
    {
        using var command = new MySqlCommand(word, connection);
        command.ExecuteNonQuery();
    }

    /// <summary>Ends the transaction (undoing what was not committed) and gives the connection back.</summary>
    public void Dispose()
    {
        if (disposed)
        {
            return;
        }
        disposed = true;
        started?.Dispose();
        Ended();
        watch?.Dispose();
        if (killed && !TakeLateKill())
        {
            MySqlConnection.ClearPool(connection);
        }
        try
        {
            if (open)
            {
                Send("rollback");
            }
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure) || failure is InvalidOperationException)
        {
            // The connection is gone and took the transaction with it, or else must not be used again: the pool closes those it
            // has when they come back.
            failed(MySqlErrors.Of(failure, pool.Name));
            MySqlConnection.ClearPool(connection);
        }
        connection.Dispose();
    }
}

/// <summary>A request's reads on one connection and, where there are several, in one snapshot.</summary>
internal sealed class MySqlSession(MySqlLease lease) : SourceSession
{
    public override void AllowLongest() => lease.AllowLongest();

    public override RowReader Run(CompiledStatement statement, StatementArguments arguments) =>
        MySqlChildren.Run((MySqlCompiled)statement, arguments, StatementPlace.Inside, Send);

    public override RowReader RunLast(CompiledStatement statement, StatementArguments arguments) =>
        MySqlChildren.Run((MySqlCompiled)statement, arguments, StatementPlace.Last, Send);

    // Of several statements the others hold the thread all the same: to change it for the first alone gained nothing (measured).
    public override ValueTask StartAsync(CompiledStatement statement, StatementArguments arguments) =>
        lease.IsOfSeveral ? ValueTask.CompletedTask : lease.StartAsync((MySqlCompiled)statement, arguments);

    private MySqlReader Send(MySqlCompiled statement, StatementArguments arguments, StatementPlace place, ParentBatch? batch)
    {
        Statements++;
        return lease.Run(statement, arguments, place: place, batch: batch);
    }

    public override List<Datum[]> Rows(CompiledStatement statement, StatementArguments arguments)
    {
        using RowReader reader = Run(statement, arguments);
        return MySqlValues.ReadAll(reader, statement.Columns);
    }

    public override void Dispose() => lease.Dispose();
}
