namespace Tenon.Sources.Sqlite;

/// <summary>
/// One request's hold on one reader: connection, read transaction (one snapshot for everything read through it) and
/// deadline. Made by <see cref="SqliteReaders"/> only; used by one thread at a time; dispose statements first, then it.
///   using SqliteSession s = await readers.RentAsync(token); using SqliteStatement q = s.Prepare(sql); …
/// </summary>
internal sealed class SqliteSession : IDisposable
{
    private static readonly SqliteSql Begin = new("BEGIN");
    private static readonly SqliteSql Commit = new("COMMIT");

    private readonly SqliteReaders readers;
    private readonly ReaderSlot slot;
    private bool disposed;

    private readonly long longest;

    internal SqliteSession(
        SqliteReaders readers,
        ReaderSlot slot,
        CancellationToken token,
        long deadline,
        long longest,
        bool snapshot
    )
    {
        this.longest = longest;
        this.readers = readers;
        this.slot = slot;
        Token = token;
        Deadline = deadline;
        HasSnapshot = snapshot;
    }

    /// <summary>False when it was rented for a single statement, which is its own snapshot.</summary>
    public bool HasSnapshot { get; }

    public SqliteConnection Connection =>
        disposed ? throw new ObjectDisposedException(nameof(SqliteSession)) : slot.Connection;

    internal CancellationToken Token { get; }

    /// <summary>Timestamp of the options' clock after which statements stop with 57014.</summary>
    internal long Deadline { get; private set; }

    /// <summary>A ready statement; see <see cref="SqliteConnection.Prepare"/>.</summary>
    public SqliteStatement Prepare(SqliteSql sql) => Connection.Prepare(sql);

    /// <summary>Moves the deadline to the oldest that a snapshot may get.</summary>
    public void AllowLongest()
    {
        lock (slot)
        {
            Deadline = longest;
            if (ReferenceEquals(slot.Active, this))
                slot.Connection.Guard(Token, Deadline);
        }
    }

    internal void Start()
    {
        slot.Connection.Guard(Token, Deadline);
        lock (slot)
            slot.Active = this;
        if (HasSnapshot)
            slot.Connection.Execute(Begin);
    }

    /// <summary>Ends the snapshot and gives the reader back; a reader whose statements were not disposed is replaced.</summary>
    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        SqliteConnection connection = slot.Connection;
        // After this the watchdog cannot mean this session any more, so nothing it does reaches the next user.
        lock (slot)
            slot.Active = null;
        connection.Unguard();
        bool clean = connection.StatementsInUse == 0;
        try
        {
            if (clean && !connection.IsAutoCommit)
                connection.Execute(Commit);
        }
        catch (SqliteException)
        {
            // A reader that cannot end its transaction is of no further use; the pool opens another.
            clean = false;
        }
        readers.Return(slot, clean);
    }
}

/// <summary>A place in the pool: a connection and who uses it. Locked while either changes or is stopped.</summary>
internal sealed class ReaderSlot(SqliteConnection connection)
{
    public SqliteConnection Connection { get; } = connection;

    public SqliteSession? Active { get; set; }
}
