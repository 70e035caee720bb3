using Tenon.Core.Errors;

namespace Tenon.Sources.Sqlite;

// The bounded pool of read-only connections, opened as needed, last returned first rented (its cache is warm). Who finds
// none free waits in line. A watchdog looks ten times a second for sessions past their deadline or cancelled, for what
// SQLite's own polling does not reach (a count over a huge table, a session that sits idle).
internal sealed class SqliteReaders : IAsyncDisposable
{
    private static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly SqliteOptions options;
    private readonly TimeProvider time;
    private readonly long maxSnapshot;
    private readonly Stack<ReaderSlot> idle = new();
    private readonly List<ReaderSlot> all = [];
    private readonly LinkedList<TaskCompletionSource<ReaderSlot?>> waiting = new();
    private readonly ITimer watchdog;
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int opening;
    private bool closed;

    public SqliteReaders(SqliteOptions options, int size, TimeSpan? maxSnapshot = null, int maxWaiting = 1000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        this.options = options;
        Size = size;
        MaxWaiting = maxWaiting;
        time = options.Time;
        this.maxSnapshot = ToTicks(maxSnapshot ?? TimeSpan.FromSeconds(30));
        watchdog = time.CreateTimer(static state => ((SqliteReaders)state!).Watch(), this, WatchEvery, WatchEvery);
    }

    public int Size { get; }

    public int MaxWaiting { get; }

    /// <summary>Sessions out now.</summary>
    public int Rented
    {
        get
        {
            lock (gate)
                return all.Count - idle.Count;
        }
    }

    /// <summary>
    /// A session on a free reader. Statements stop at the token, after <paramref name="timeout"/>, and at the snapshot's
    /// age limit at the latest. <paramref name="snapshot"/> false is for exactly one statement and saves the transaction.
    /// Fails with 53300 when the line is full, 57014 when cancelled and 57P01 while shutting down.
    /// </summary>
    public ValueTask<SqliteSession> RentAsync(
        CancellationToken token = default,
        TimeSpan? timeout = null,
        bool snapshot = true
    )
    {
        if (token.IsCancellationRequested)
            throw SqliteErrors.Cancelled();
        ReaderSlot? slot = Take(out TaskCompletionSource<ReaderSlot?>? turn);
        if (turn is not null)
            return WaitAsync(turn, token, timeout, snapshot);
        return new ValueTask<SqliteSession>(Start(slot ?? Open(), token, timeout, snapshot));
    }

    // A free slot; or null to open one (its place is counted); or a place in the line.
    private ReaderSlot? Take(out TaskCompletionSource<ReaderSlot?>? turn)
    {
        turn = null;
        lock (gate)
        {
            if (closed)
                throw ShuttingDown();
            if (idle.TryPop(out ReaderSlot? slot))
                return slot;
            if (all.Count + opening < Size)
            {
                opening++;
                return null;
            }
            if (waiting.Count >= MaxWaiting)
                throw Overloaded();
            turn = new TaskCompletionSource<ReaderSlot?>(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.AddLast(turn);
            return null;
        }
    }

    private async ValueTask<SqliteSession> WaitAsync(
        TaskCompletionSource<ReaderSlot?> turn,
        CancellationToken token,
        TimeSpan? timeout,
        bool snapshot
    )
    {
        ReaderSlot? slot;
        try
        {
            slot = await turn.Task.WaitAsync(timeout ?? Timeout.InfiniteTimeSpan, time, token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
        {
            GiveUp(turn);
            throw exception is TimeoutException ? Overloaded() : SqliteErrors.Cancelled();
        }
        return Start(slot ?? Open(), token, timeout, snapshot);
    }

    // Leaves the line; a reader handed over in the same moment goes on to the next.
    private void GiveUp(TaskCompletionSource<ReaderSlot?> turn)
    {
        lock (gate)
        {
            if (waiting.Remove(turn))
                return;
        }
        if (!turn.Task.IsCompletedSuccessfully)
            return;
        if (turn.Task.Result is { } slot)
            Return(slot, true);
        else
            ForgetOpening();
    }

    private ReaderSlot Open()
    {
        try
        {
            ReaderSlot slot = new(SqliteConnection.Open(options, SqliteMode.Reader));
            lock (gate)
            {
                opening--;
                all.Add(slot);
            }
            return slot;
        }
        catch
        {
            ForgetOpening();
            throw;
        }
    }

    // The place of a reader that was not opened goes to the next in line, who opens one itself.
    private void ForgetOpening()
    {
        lock (gate)
        {
            if (waiting.First is { } next)
            {
                waiting.RemoveFirst();
                next.Value.SetResult(null);
            }
            else
            {
                opening--;
                SignalIfDrained();
            }
        }
    }

    private SqliteSession Start(ReaderSlot slot, CancellationToken token, TimeSpan? timeout, bool snapshot)
    {
        long allowed = timeout is { } t ? Math.Min(ToTicks(t), maxSnapshot) : maxSnapshot;
        long now = time.GetTimestamp();
        SqliteSession session = new(this, slot, token, now + allowed, now + maxSnapshot, snapshot);
        try
        {
            session.Start();
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    internal void Return(ReaderSlot slot, bool clean)
    {
        if (!clean)
            slot.Connection.Dispose();
        lock (gate)
        {
            if (!clean || closed)
                all.Remove(slot);
            if (closed)
            {
                if (clean)
                    slot.Connection.Dispose();
                SignalIfDrained();
                return;
            }
            if (waiting.First is { } next)
            {
                waiting.RemoveFirst();
                if (!clean)
                    opening++;
                next.Value.SetResult(clean ? slot : null);
            }
            else if (clean)
            {
                idle.Push(slot);
            }
        }
    }

    private void Watch()
    {
        ReaderSlot[] slots;
        lock (gate)
        {
            if (all.Count == idle.Count)
                return;
            slots = [.. all];
        }
        long now = time.GetTimestamp();
        foreach (ReaderSlot slot in slots)
        {
            lock (slot)
            {
                if (slot.Active is not { } session)
                    continue;
                if (session.Token.IsCancellationRequested)
                    slot.Connection.RequestStop(StopReason.Cancelled);
                else if (now >= session.Deadline)
                    slot.Connection.RequestStop(StopReason.Timeout);
            }
        }
    }

    /// <summary>Takes no more, fails the line, waits for the sessions that are out, closes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (!closed)
            {
                closed = true;
                foreach (TaskCompletionSource<ReaderSlot?> turn in waiting)
                    turn.SetException(ShuttingDown());
                waiting.Clear();
                while (idle.TryPop(out ReaderSlot? slot))
                {
                    all.Remove(slot);
                    slot.Connection.Dispose();
                }
                SignalIfDrained();
            }
        }
        await drained.Task.ConfigureAwait(false);
        await watchdog.DisposeAsync().ConfigureAwait(false);
    }

    private void SignalIfDrained()
    {
        if (closed && all.Count == 0 && opening == 0)
            drained.TrySetResult();
    }

    private long ToTicks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    private static TenonException ShuttingDown() =>
        new(new Error(ErrorCodes.AdminShutdown, "the server is shutting down"));

    private static TenonException Overloaded() =>
        new(new Error(ErrorCodes.TooManyConnections, "too many requests are waiting to read") { RetryAfter = 1 });
}
