using Tenon.Core.Errors;

namespace Tenon.Sources.Sqlite;

/// <summary>What the writer is doing.</summary>
internal enum WriterState
{
    Running,

    /// <summary>A commit's outcome is unknown: nothing is accepted until <see cref="SqliteWriter.ReopenAsync"/>.</summary>
    Failed,

    Stopped,
}

/// <summary>Settings of the writer.</summary>
internal sealed record SqliteWriterOptions
{
    /// <summary>Units that may wait; one more is refused with 53300.</summary>
    public int QueueCapacity { get; init; } = 1000;

    /// <summary>Units that share a commit at most.</summary>
    public int MaxGroup { get; init; } = 256;

    /// <summary>A group that has run this long takes nobody in any more.</summary>
    public TimeSpan MaxGroupTime { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How long a unit may run when it does not say.</summary>
    public TimeSpan DefaultTimeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>
    /// Pages in the log from which on it is moved into the database, after answering: a page that was written often is moved
    /// once. Below the 4,062 that the first block of the log's index holds (SQLite's WAL format §2.2), so that a reader looks in one.
    /// </summary>
    public int CheckpointPages { get; init; } = 4000;

    /// <summary>The name of the source in the change feed.</summary>
    public string Source { get; init; } = "main";

    /// <summary>
    /// The seam of durable consumers: called before a unit that changed listened tables is released; may run SQL (write
    /// outbox rows), must be replayable like the unit; an exception fails the unit.
    /// </summary>
    public Action<WriteContext>? BeforeRelease { get; init; }

    /// <summary>Told about checkpoint and observer failures, which hurt nobody's write.</summary>
    public Action<Exception>? OnBackgroundError { get; init; }

    /// <summary>Step mode: no thread, groups run in <see cref="SqliteWriter.PumpOnce"/>.</summary>
    public bool Manual { get; init; }
}

// THE writer of a database: one thread, one connection, group commit. Waiting units share one transaction, each in its
// savepoint, each answered only after the commit; a group that is lost is replayed without its offender (SqliteWriter.
// Rounds.cs). There is no artificial delay: a unit alone commits at once, what arrives meanwhile forms the next group.
//   await writer.SubmitAsync(unit);  var id = await writer.RunAsync(c => …);  await writer.RunExclusiveAsync(db => …);
internal sealed partial class SqliteWriter : IAsyncDisposable
{
    private readonly SqliteOptions options;
    private readonly SqliteWriterOptions settings;
    private readonly WriteQueue queue;
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SqliteConnection connection;
    private GroupCommit group;
    private volatile WriterState state;
    private volatile bool stopping;
    private volatile ChangeFilter filter = ChangeFilter.None;
    private volatile TextIndexes texts = TextIndexes.None;

    public SqliteWriter(SqliteOptions options, SqliteWriterOptions? settings = null)
    {
        this.options = options;
        this.settings = settings ?? new SqliteWriterOptions();
        queue = new WriteQueue(this.settings.QueueCapacity);
        connection = SqliteConnection.Open(options, SqliteMode.Writer);
        group = new GroupCommit(connection, this.settings.DefaultTimeout, this.settings.BeforeRelease);
        if (this.settings.Manual)
            return;
        new Thread(Loop) { IsBackground = true, Name = $"tenon-writer-{this.settings.Source}" }.Start();
    }

    /// <summary>Committed changes of the tables chosen by <see cref="Listen"/>.</summary>
    public ChangeFeed Feed { get; } = new();

    public WriterState State => state;

    /// <summary>Why the writer failed; null unless it did.</summary>
    public Exception? FailedBecause { get; private set; }

    public WriterCounters Counters { get; } = new();

    /// <summary>Units waiting now.</summary>
    public int QueueLength => queue.Count;

    /// <summary>Chooses the physical tables whose changes are captured, from the next group on.</summary>
    public void Listen(ChangeFilter tables) => filter = tables;

    /// <summary>The full-text indexes to keep in step from the next group on; set while the writer stands still for the schema.</summary>
    public void KeepTexts(TextIndexes indexes) => texts = indexes;

    /// <summary>
    /// Queues a unit; the task completes after its commit is durable. Fails with 53300 when the queue is full, 57014 when
    /// cancelled or out of time, TN201 when nobody knows whether it was committed, else with what Execute threw.
    /// </summary>
    public ValueTask SubmitAsync(WriteUnit unit)
    {
        if (unit.Submitted)
            throw new InvalidOperationException("A unit is submitted once.");
        unit.Submitted = true;
        unit.Writer = this;
        if (Refusal() is { } refusal)
            return ValueTask.FromException(refusal);
        if (unit.Token.IsCancellationRequested)
            return ValueTask.FromException(SqliteErrors.Cancelled());
        // Registered before it is queued, so that the writer's thread always finds the registration to end.
        if (unit.Token.CanBeCanceled)
            unit.Registration = unit.Token.UnsafeRegister(static u => ((WriteUnit)u!).Writer!.Leave((WriteUnit)u), unit);
        ValueTask completion = unit.Completion;
        if (!queue.TryAdd(unit))
        {
            unit.Registration.Unregister();
            return ValueTask.FromException(Refusal() ?? Overloaded());
        }
        if (unit.Token.IsCancellationRequested)
            Leave(unit);
        return completion;
    }

    /// <summary>Queues a function as a unit and returns its result.</summary>
    public async Task<T> RunAsync<T>(Func<WriteContext, T> work, CancellationToken token = default)
    {
        DelegateUnit<T> unit = new(work) { Token = token };
        await SubmitAsync(unit).ConfigureAwait(false);
        return unit.Result!;
    }

    /// <summary>
    /// Runs work on a private connection (foreign keys off, outside any transaction) while the writer stands still: schema
    /// changes. The work opens and ends its own transactions; what it leaves open is rolled back.
    /// </summary>
    public async Task RunExclusiveAsync(Action<SqliteConnection> work, CancellationToken token = default) =>
        await SubmitAsync(new ExclusiveUnit(work) { Token = token }).ConfigureAwait(false);

    /// <summary>After a failure: closes the connection, opens the file anew and accepts writes again if that succeeds.</summary>
    public async Task ReopenAsync()
    {
        ReopenUnit unit = new();
        if (!queue.TryAdd(unit))
            throw Refusal() ?? Overloaded();
        await unit.Completion.ConfigureAwait(false);
    }

    /// <summary>Step mode: runs the next group on the calling thread; returns the number of units answered or put back.</summary>
    public int PumpOnce()
    {
        WriteUnit? unit = queue.TryTake(joining: false);
        return unit is null ? 0 : Serve(unit);
    }

    /// <summary>Accepts no more, serves who is in line, empties the log into the database and closes it.</summary>
    public async Task StopAsync()
    {
        stopping = true;
        queue.Close();
        if (settings.Manual)
        {
            while (PumpOnce() > 0) { }
            Close();
        }
        await stopped.Task.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private void Loop()
    {
        while (queue.Take() is { } unit)
            Serve(unit);
        Close();
    }

    private void Close()
    {
        if (state == WriterState.Stopped)
            return;
        try
        {
            if (state == WriterState.Running)
            {
                // Another process may read or write this file (a command beside a server): it is not kept waiting.
                connection.DoNotWait();
                connection.Checkpoint(truncate: true);
            }
        }
        catch (SqliteException exception)
        {
            // What is acknowledged is in the log; the next open takes it from there.
            settings.OnBackgroundError?.Invoke(exception);
        }
        connection.Dispose();
        state = WriterState.Stopped;
        stopped.TrySetResult();
    }

    private void Leave(WriteUnit unit)
    {
        if (queue.Remove(unit))
            unit.Complete(SqliteErrors.Cancelled());
    }

    private Exception? Refusal() =>
        state switch
        {
            WriterState.Running when !stopping => null,
            WriterState.Failed => new TenonException(
                new Error(ErrorCodes.IoError, "the database stopped accepting writes after a disk error")
                {
                    RetryAfter = 5,
                },
                FailedBecause
            ),
            _ => new TenonException(new Error(ErrorCodes.AdminShutdown, "the server is shutting down")),
        };

    private static TenonException Overloaded() =>
        new(new Error(ErrorCodes.TooManyConnections, "too many writes are waiting") { RetryAfter = 1 });

    private sealed class ReopenUnit : WriteUnit
    {
        public override bool Alone => true;

        public override void Execute(WriteContext context) =>
            throw new InvalidOperationException("Reopening does not run in a transaction.");
    }
}
