using System.Diagnostics.CodeAnalysis;
using Tenon.Core.Errors;

namespace Tenon.Sources.Sqlite;

// Serving units: an open group first; if it is lost, the others once more as a closed group; if that is lost too, each
// alone. So no unit is answered from a transaction that did not commit, and nobody fails for somebody else's fault.
internal sealed partial class SqliteWriter
{
    private readonly List<WriteUnit> again = [];
    private readonly List<WriteUnit> alone = [];
    private long position;
    private int served;
    private int nextCheckpoint;
    private Exception? startFailure;

    private int Serve(WriteUnit first)
    {
        served = 0;
        if (state == WriterState.Failed && first is not ReopenUnit)
            Answer(first, Refusal());
        else if (first is ReopenUnit)
            Reopen(first);
        else if (first is ExclusiveUnit exclusive)
            RunExclusive(exclusive);
        else
            ServeGroup(first);
        if (state == WriterState.Running)
            CheckpointIfDue();
        return served;
    }

    private void ServeGroup(WriteUnit first)
    {
        again.Clear();
        alone.Clear();
        RoundEnd end = RunOpen(first);
        Sort(end);
        if (again.Count > 0 && state == WriterState.Running)
        {
            Counters.Replays++;
            WriteUnit[] closed = [.. again];
            again.Clear();
            Sort(RunClosed(closed));
        }
        // Two lost rounds: no more guessing who is at fault.
        alone.AddRange(again);
        again.Clear();
        foreach (WriteUnit unit in alone)
            RunAlone(unit);
    }

    // A group that takes in who arrives while it runs.
    private RoundEnd RunOpen(WriteUnit first)
    {
        if (!TryStart(first))
        {
            // The file is locked or unreadable: who waits would wait the same time again, for the same answer.
            while (queue.TryTake(joining: true) is { } next)
                Answer(next, startFailure);
            return RoundEnd.Committed;
        }
        long started = options.Time.GetTimestamp();
        for (WriteUnit? unit = first; unit is not null; unit = NextOf(first, started))
        {
            if (!group.Run(unit))
                return RoundEnd.Lost;
        }
        return group.Finish();
    }

    private WriteUnit? NextOf(WriteUnit first, long started)
    {
        bool full =
            first.Alone
            || group.Units.Count >= settings.MaxGroup
            || options.Time.GetElapsedTime(started) >= settings.MaxGroupTime;
        return full ? null : queue.TryTake(joining: true);
    }

    private RoundEnd RunClosed(ReadOnlySpan<WriteUnit> units)
    {
        if (!TryStart(units))
            return RoundEnd.Committed;
        foreach (WriteUnit unit in units)
        {
            if (!group.Run(unit))
            {
                // Those not reached are replayed with the others.
                foreach (WriteUnit rest in units[group.Units.Count..])
                    again.Add(rest);
                return RoundEnd.Lost;
            }
        }
        return group.Finish();
    }

    private void RunAlone(WriteUnit unit)
    {
        if (state != WriterState.Running)
        {
            Answer(unit, Refusal());
            return;
        }
        Counters.Alone++;
        if (!TryStart(unit))
            return;
        RoundEnd end = group.Run(unit) ? group.Finish() : RoundEnd.Lost;
        if (end is RoundEnd.Lost or RoundEnd.Refused)
            Answer(unit, unit.Failure ?? group.Reason);
        else
            Sort(end);
    }

    // What the end of a round means for its units: answered, to be replayed, or to be run alone.
    private void Sort(RoundEnd end)
    {
        switch (end)
        {
            case RoundEnd.Committed:
                Acknowledge();
                break;
            case RoundEnd.Unknown:
                Fail();
                break;
            case RoundEnd.Refused when group.Units.Count == 1:
                Answer(group.Units[0], group.Units[0].Failure ?? group.Reason);
                break;
            case RoundEnd.Refused:
                alone.AddRange(group.Units);
                break;
            default:
                SortLost();
                break;
        }
    }

    private void SortLost()
    {
        WriteUnit offender = group.Offender!;
        bool itsOwn =
            group.Units.Count == 1 || group.Reason is SqliteException { Failure.Primary: Native.Interrupt };
        foreach (WriteUnit unit in group.Units)
        {
            if (unit != offender)
                again.Add(unit);
        }
        if (itsOwn)
            Answer(offender, group.Reason);
        else
            alone.Add(offender);
    }

    private void Acknowledge()
    {
        if (group.Units.Count == 0)
            return;
        Counters.Record(group.Units.Count);
        bool heard = !Feed.IsIdle;
        foreach (WriteUnit unit in group.Units)
        {
            if (unit.Failure is null && unit.ChangesTo.Rows > unit.ChangesFrom.Rows)
                Publish(unit, heard);
        }
        foreach (WriteUnit unit in group.Units)
        {
            if (unit is BulkWriteUnit { Failure: null } bulk)
                Continue(bulk);
            else
                Answer(unit, unit.Failure);
        }
        group.Units.Clear();
    }

    private void Publish(WriteUnit unit, bool heard)
    {
        position++;
        if (!heard)
            return;
        DateTimeOffset now = options.Time.GetUtcNow();
        ChangeBatch batch = group.Changes.Take(unit.ChangesFrom, unit.ChangesTo, settings.Source, position, now);
        try
        {
            Feed.Publish(batch);
        }
        catch (Exception exception)
        {
            // The commit stands whatever an observer does; the observer's owner is told.
            settings.OnBackgroundError?.Invoke(exception);
        }
    }

    private void Continue(BulkWriteUnit bulk)
    {
        try
        {
            bulk.ChunkCommitted();
        }
        catch (Exception exception)
        {
            Answer(bulk, exception);
            return;
        }
        if (bulk.Finished)
            Answer(bulk, null);
        else if (bulk.Token.IsCancellationRequested)
            Answer(bulk, SqliteErrors.Cancelled());
        else
        {
            served++;
            queue.TryAdd(bulk, again: true);
        }
    }

    // The outcome of the commit is unknown: say so to those it concerns and accept nothing more.
    private void Fail()
    {
        FailedBecause = group.Reason;
        state = WriterState.Failed;
        foreach (WriteUnit unit in group.Units)
            Answer(unit, unit.Failure ?? Unknown());
        group.Units.Clear();
    }

    private TenonException Unknown() =>
        new(
            new Error(
                ErrorCodes.UnknownOutcome,
                "the database could not confirm the write: it may or may not have been stored",
                Hint: "Read the row before trying again."
            ),
            FailedBecause
        );

    private bool TryStart(params ReadOnlySpan<WriteUnit> units)
    {
        try
        {
            group.Start(filter, texts);
            return true;
        }
        catch (SqliteException exception)
        {
            startFailure = exception;
        }
        group.Units.Clear();
        foreach (WriteUnit unit in units)
            Answer(unit, startFailure);
        return false;
    }

    private void RunExclusive(ExclusiveUnit unit)
    {
        Exception? failure = null;
        try
        {
            using SqliteConnection work = SqliteConnection.Open(options, SqliteMode.Private);
            work.Guard(unit.Token, long.MaxValue);
            unit.Work(work);
        }
        catch (Exception exception)
        {
            failure = exception;
        }
        Answer(unit, failure);
    }

    [SuppressMessage("Design", "CA1031", Justification = "every failure is handed to the caller")]
    private void Reopen(WriteUnit unit)
    {
        try
        {
            connection.Dispose();
            connection = SqliteConnection.Open(options, SqliteMode.Writer);
            group = new GroupCommit(connection, settings.DefaultTimeout, settings.BeforeRelease);
            FailedBecause = null;
            state = WriterState.Running;
            Answer(unit, null);
        }
        catch (Exception exception)
        {
            FailedBecause = exception;
            state = WriterState.Failed;
            Answer(unit, exception);
        }
    }

    private void CheckpointIfDue()
    {
        int pages = connection.LogPages;
        if (pages < settings.CheckpointPages)
            nextCheckpoint = settings.CheckpointPages;
        if (pages < nextCheckpoint)
            return;
        // Held back by a reader, or done and waiting for the log to start over: no use in trying after every commit.
        nextCheckpoint = pages + settings.CheckpointPages;
        try
        {
            Counters.Checkpoints++;
            connection.Checkpoint();
        }
        catch (SqliteException exception)
        {
            settings.OnBackgroundError?.Invoke(exception);
        }
    }

    private void Answer(WriteUnit unit, Exception? failure)
    {
        served++;
        unit.Registration.Unregister();
        unit.Complete(failure);
    }
}
