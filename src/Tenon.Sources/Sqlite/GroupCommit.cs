using Tenon.Core.Errors;

namespace Tenon.Sources.Sqlite;

/// <summary>How a round ended.</summary>
internal enum RoundEnd
{
    /// <summary>Durable; the units may be answered.</summary>
    Committed,

    /// <summary>Nothing was written and SQLite (or we) ended the transaction because of one unit.</summary>
    Lost,

    /// <summary>Nothing was written: the commit was refused.</summary>
    Refused,

    /// <summary>Nobody knows whether it was written.</summary>
    Unknown,
}

// One round of group commit: BEGIN IMMEDIATE, every unit in its savepoint, COMMIT. Decides what the failure of a statement,
// a savepoint or the commit means for the units (DECISIONS §1 in code); replaying and answering is SqliteWriter's.
internal sealed class GroupCommit
{
    private static readonly SqliteSql Begin = new("BEGIN IMMEDIATE");
    private static readonly SqliteSql Commit = new("COMMIT");
    private static readonly SqliteSql Rollback = new("ROLLBACK");
    private static readonly SqliteSql Savepoint = new("SAVEPOINT unit");
    private static readonly SqliteSql Release = new("RELEASE unit");
    private static readonly SqliteSql RollbackTo = new("ROLLBACK TO unit");

    // While others share the transaction, a disconnect stops a statement only after this long (it costs them a replay).
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly SqliteConnection connection;
    private readonly TimeProvider time;
    private readonly TimeSpan defaultTimeout;
    private readonly Action<WriteContext>? beforeRelease;
    private readonly WriteContext context;

    public GroupCommit(SqliteConnection connection, TimeSpan defaultTimeout, Action<WriteContext>? beforeRelease)
    {
        this.connection = connection;
        this.defaultTimeout = defaultTimeout;
        this.beforeRelease = beforeRelease;
        time = connection.Options.Time;
        context = new WriteContext(connection, Changes);
    }

    public ChangeBuffer Changes { get; } = new();

    /// <summary>The units of the present round in order; each has its failure (or none) and its changes.</summary>
    public List<WriteUnit> Units { get; } = [];

    /// <summary>The unit that lost the transaction, when the round was Lost.</summary>
    public WriteUnit? Offender { get; private set; }

    /// <summary>Why the round was Lost, Refused or Unknown.</summary>
    public Exception? Reason { get; private set; }

    /// <summary>Starts a round; throws (55P03 …) with nothing open when the database cannot be written.</summary>
    public void Start(ChangeFilter filter, TextIndexes texts)
    {
        Units.Clear();
        Changes.Clear();
        Offender = null;
        Reason = null;
        connection.Capture(Changes, filter);
        connection.KeepTexts(texts);
        connection.Execute(Begin);
    }

    /// <summary>Runs one unit in its savepoint; false when the transaction is gone with everything in it.</summary>
    public bool Run(WriteUnit unit)
    {
        Units.Add(unit);
        unit.Failure = null;
        unit.ChangesFrom = Changes.Mark;
        try
        {
            connection.Execute(Savepoint);
        }
        catch (SqliteException exception)
        {
            return Lose(unit, exception);
        }
        try
        {
            Execute(unit);
            connection.Execute(Release);
        }
        catch (Exception exception)
        {
            if (!Undo(unit, exception))
                return false;
        }
        unit.ChangesTo = Changes.Mark;
        return true;
    }

    private void Execute(WriteUnit unit)
    {
        long now = time.GetTimestamp();
        TimeSpan timeout = unit.Timeout ?? defaultTimeout;
        long patience = Units.Count > 1 ? now + Ticks(Patience) : 0;
        connection.Guard(unit.Token, now + Ticks(timeout), patience);
        try
        {
            context.Start(unit.ChangesFrom);
            unit.Execute(context);
            connection.SyncTexts();
            if (connection.HasDeferredViolations)
                throw new SqliteException(
                    SqliteErrors.Describe(Native.ConstraintForeignKey, "deferred FOREIGN KEY constraint failed")
                );
            if (beforeRelease is not null && context.ChangeCount > 0)
                beforeRelease(context);
            if (connection.TakeCaptureFailure() is { } failure)
                throw new InvalidOperationException("A change could not be captured.", failure);
        }
        finally
        {
            connection.Unguard();
        }
        if (connection.StatementsInUse != 0)
            throw new InvalidOperationException($"{unit.GetType().Name} left a statement open.");
    }

    // The unit failed: back to its savepoint, the others are not touched; unless the transaction is already gone.
    private bool Undo(WriteUnit unit, Exception exception)
    {
        _ = connection.TakeCaptureFailure();
        if (connection.IsAutoCommit)
            return Lose(unit, exception);
        try
        {
            connection.AbandonStatements();
            connection.Execute(RollbackTo);
            connection.Execute(Release);
        }
        catch (SqliteException undo)
        {
            return Lose(unit, undo);
        }
        Changes.CutTo(unit.ChangesFrom);
        connection.ForgetTexts();
        unit.Failure = exception;
        return true;
    }

    private bool Lose(WriteUnit unit, Exception reason)
    {
        Abandon();
        Offender = unit;
        Reason = reason;
        unit.Failure = reason;
        return false;
    }

    /// <summary>Commits the round.</summary>
    public RoundEnd Finish()
    {
        try
        {
            connection.Execute(Commit);
            return RoundEnd.Committed;
        }
        catch (SqliteException exception)
        {
            Reason = exception;
            // An open transaction was certainly not committed. SQLITE_FULL comes from writing a log frame, which is before
            // the commit mark is complete; every other error may come after the mark reached the file.
            bool known = !connection.IsAutoCommit || exception.Failure.Primary is Native.Full or Native.Busy;
            if (!known)
                return RoundEnd.Unknown;
            Abandon();
            return RoundEnd.Refused;
        }
    }

    // Rolls back what is open. A rollback only drops pages from memory; if even that fails the connection is closed with
    // the transaction in it, which SQLite undoes.
    private void Abandon()
    {
        connection.AbandonStatements();
        if (!connection.IsAutoCommit)
            connection.Execute(Rollback);
        Changes.Clear();
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
