namespace Tenon.Sources.Sqlite;

/// <summary>What a running unit sees: the writer's connection inside its savepoint, and the changes it made so far.</summary>
internal sealed class WriteContext
{
    private static readonly TimeSpan YieldAfter = TimeSpan.FromMilliseconds(50);

    private readonly ChangeBuffer buffer;
    private readonly TimeProvider time;
    private ChangeMark from;
    private long started;

    internal WriteContext(SqliteConnection connection, ChangeBuffer buffer)
    {
        Connection = connection;
        this.buffer = buffer;
        time = connection.Options.Time;
    }

    private static readonly SqliteSql Savepoint = new("SAVEPOINT block");
    private static readonly SqliteSql ReleaseBlock = new("RELEASE block");
    private static readonly SqliteSql RollbackTo = new("ROLLBACK TO block");

    public SqliteConnection Connection { get; }

    /// <summary>A savepoint inside the unit; ends with <see cref="Release"/> or <see cref="UndoTo"/>, the inner before the outer.</summary>
    public ChangeMark Save()
    {
        // What the indexes owe for rows before the savepoint must not go back with it.
        Connection.SyncTexts();
        Connection.Execute(Savepoint);
        return buffer.Mark;
    }

    public void Release() => Connection.Execute(ReleaseBlock);

    /// <summary>Back to the savepoint: rows and captured changes alike.</summary>
    public void UndoTo(ChangeMark mark)
    {
        Connection.Execute(RollbackTo);
        Connection.Execute(ReleaseBlock);
        buffer.CutTo(mark);
    }

    /// <summary>True when a bulk unit has held the writer long enough.</summary>
    public bool ShouldYield => time.GetElapsedTime(started) >= YieldAfter;

    /// <summary>Captured changes of this unit (only tables somebody listens to).</summary>
    public int ChangeCount => buffer.Count - from.Rows;

    /// <summary>A ready statement on the writer's connection.</summary>
    public SqliteStatement Prepare(SqliteSql sql)
    {
        if (sql.AsksTextIndex)
        {
            Connection.SyncTexts();
        }
        return Connection.Prepare(sql);
    }

    /// <summary>The same with the values of one execution.</summary>
    public SqliteStatement Prepare(SqliteCompiled statement, StatementArguments arguments)
    {
        if (statement.Sql.AsksTextIndex)
        {
            Connection.SyncTexts();
        }
        return SqliteBinding.Prepare(Connection, statement, arguments);
    }

    /// <summary>A captured change of this unit; valid until the unit writes again.</summary>
    public Change GetChange(int index) => buffer[from.Rows + index];

    /// <summary>Throws 57014 when the unit is cancelled or out of time.</summary>
    public void ThrowIfStopped() => Connection.ThrowIfStopped();

    internal void Start(ChangeMark mark)
    {
        from = mark;
        started = time.GetTimestamp();
    }
}
