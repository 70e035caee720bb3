using System.Threading.Tasks.Sources;

namespace Tenon.Sources.Sqlite;

/// <summary>
/// One write, all or nothing, submitted once to <see cref="SqliteWriter"/>. Replayable: when the shared transaction is lost
/// Execute runs again from the start, so it sets its results afresh, takes time and ids from what was fixed before it was
/// queued, waits for nothing and does no I/O. Results may be read only after the submission's task completed.
/// </summary>
internal abstract class WriteUnit : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> completion = new() { RunContinuationsAsynchronously = true };

    /// <summary>Takes the unit out of the queue; while it runs, stops it between statements or when it has run long.</summary>
    public CancellationToken Token { get; init; }

    /// <summary>How long Execute may run; null takes the writer's default.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>True for work so large that it should not share a transaction.</summary>
    public virtual bool Alone => false;

    // Owned by the writer.
    internal WriteUnit? Next { get; set; }

    internal WriteUnit? Previous { get; set; }

    internal bool Queued { get; set; }

    internal bool Submitted { get; set; }

    internal SqliteWriter? Writer { get; set; }

    internal CancellationTokenRegistration Registration { get; set; }

    internal Exception? Failure { get; set; }

    internal ChangeMark ChangesFrom { get; set; }

    internal ChangeMark ChangesTo { get; set; }

    internal ValueTask Completion => new(this, completion.Version);

    /// <summary>Does the work on the writer's connection, in a savepoint of its own. Any exception undoes it.</summary>
    public abstract void Execute(WriteContext context);

    internal void Complete(Exception? failure)
    {
        if (failure is null)
            completion.SetResult(true);
        else
            completion.SetException(failure);
    }

    void IValueTaskSource.GetResult(short token) => completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => completion.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => completion.OnCompleted(continuation, state, token, flags);
}

/// <summary>A unit made of a function; for writes that are not on the hot path.</summary>
internal sealed class DelegateUnit<T>(Func<WriteContext, T> work) : WriteUnit
{
    public T? Result { get; private set; }

    public override void Execute(WriteContext context) => Result = work(context);
}

/// <summary>
/// A long write in chunks, each a transaction of its own, giving way to waiting writes in between (an import, a rebuild of
/// derived data): not atomic as a whole. Chunks end soon after <see cref="WriteContext.ShouldYield"/>.
/// </summary>
internal abstract class BulkWriteUnit : WriteUnit
{
    public sealed override bool Alone => true;

    internal bool Finished { get; private set; }

    /// <summary>Writes the next chunk, again from the last committed place when replayed; true when nothing is left.</summary>
    protected abstract bool ExecuteChunk(WriteContext context);

    /// <summary>The chunk is durable: move the place on.</summary>
    public abstract void ChunkCommitted();

    public sealed override void Execute(WriteContext context) => Finished = ExecuteChunk(context);
}

/// <summary>Work on a private connection while the writer stands still.</summary>
internal sealed class ExclusiveUnit(Action<SqliteConnection> work) : WriteUnit
{
    public override bool Alone => true;

    public Action<SqliteConnection> Work { get; } = work;

    public override void Execute(WriteContext context) =>
        throw new InvalidOperationException("Exclusive work does not run on the writer's connection.");
}
