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
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(50);

    /// <summary>The frame of a read of several statements.</summary>
    public const string Snapshot = "set transaction isolation level repeatable read; start transaction read only; ";

    /// <summary>The frame of a write.</summary>
    public const string Unit = "set transaction isolation level read committed; start transaction; ";

    private const string Committed = "; commit";

    private readonly MySqlConnection connection;
    private readonly MySqlPool pool;
    private readonly Lock gate = new();
    private readonly string begin;
    private readonly CancellationToken cancellation;
    private readonly Action<MySqlFailure> failed;
    private CancellationTokenRegistration registration;
    private MySqlCommand? running;
    private ITimer? watch;
    private bool longest;
    private bool killed;
    private bool open;
    private bool closing;
    private bool disposed;

    private MySqlLease(MySqlConnection connection, MySqlPool pool, string begin, Action<MySqlFailure> failed, CancellationToken cancellation)
    {
        this.connection = connection;
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
        StatementPlace place = StatementPlace.Inside
    )
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        cancellation.ThrowIfCancellationRequested();
        bool begins = !open && begin.Length > 0 && place != StatementPlace.Alone;
        closing = (open || begins) && place == StatementPlace.Last;
        MySqlCommand command = MySqlBinding.Command(connection, statement, statement.Framed(begins ? begin : "", closing ? Committed : ""), arguments, rows);
        // From here on it may have begun, whatever fails.
        open |= begins;
        running = command;
        Watch();
        registration = cancellation.CanBeCanceled ? cancellation.UnsafeRegister(static l => Task.Run(((MySqlLease)l!).CancelAsync), this) : default;
        try
        {
            return new MySqlReader(command.ExecuteReader(CommandBehavior.Default), statement.Columns, Failed, Completed, Ended, command.Cancel);
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            Ended();
            throw Failed(failure);
        }
    }

    private MySqlFailure Failed(Exception failure)
    {
        MySqlFailure error = MySqlErrors.Of(failure, pool.Name);
        failed(error);
        return error;
    }

    private void Watch()
    {
        if (!longest)
        {
            watch ??= pool.Clock.CreateTimer(static l => _ = ((MySqlLease)l!).CancelAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            watch.Change(pool.Timeout, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The answer goes out while it is read: the request's own deadline bounds it from here on.</summary>
    public void AllowLongest()
    {
        longest = true;
        watch?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    // The driver passes on none that comes before the statement has begun, and no more than a few; what still runs then is ended
    // by the database itself.
    private async Task CancelAsync()
    {
        for (bool first = true; Cancel(first); first = false)
        {
            await Task.Delay(Again, CancellationToken.None).ConfigureAwait(false);
        }
    }

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
                killed = true;
                pool.EndStatement(connection.ServerThread);
            }
            return running is not null;
        }
    }

    // One that came after the statement's end waits for the next one, which is to be nobody else's.
    private void TakeLateKill()
    {
        try
        {
            using var command = new MySqlCommand("do sleep(0)", connection);
            command.ExecuteNonQuery();
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure) || failure is InvalidOperationException)
        {
            // That was it; or the connection is gone, which the pool sees.
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
        Ended();
        watch?.Dispose();
        if (killed)
        {
            TakeLateKill();
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

    public override RowReader Run(CompiledStatement statement, StatementArguments arguments)
    {
        Statements++;
        return lease.Run((MySqlCompiled)statement, arguments);
    }

    public override RowReader RunLast(CompiledStatement statement, StatementArguments arguments)
    {
        Statements++;
        return lease.Run((MySqlCompiled)statement, arguments, place: StatementPlace.Last);
    }

    public override List<Datum[]> Rows(CompiledStatement statement, StatementArguments arguments)
    {
        using RowReader reader = Run(statement, arguments);
        return MySqlValues.ReadAll(reader, statement.Columns);
    }

    public override void Dispose() => lease.Dispose();
}
