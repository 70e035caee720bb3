namespace Tenon.Sources.Sqlite;

/// <summary>How hard a commit is made durable: FULL survives power loss, NORMAL only the death of the process.</summary>
internal enum SqliteSynchronous
{
    Normal,
    Full,
}

/// <summary>What a connection is for; decides the open flags and pragmas.</summary>
internal enum SqliteMode
{
    /// <summary>Read-only, many at once.</summary>
    Reader,

    /// <summary>The one connection that commits.</summary>
    Writer,

    /// <summary>Read and write with foreign keys off, while the writer is paused: schema changes, rebuilds.</summary>
    Private,

    /// <summary>The target of a backup: a plain new file without a log of its own.</summary>
    Copy,
}

/// <summary>One database file and how it is opened. Shared by the writer, the readers and private connections.</summary>
internal sealed record SqliteOptions(string Path)
{
    public SqliteSynchronous Synchronous { get; init; } = SqliteSynchronous.Full;

    /// <summary>Name of a registered virtual file system; null is the default one.</summary>
    public string? Vfs { get; init; }

    /// <summary>Page cache of the writer and of private connections.</summary>
    public int CacheKiB { get; init; } = 8 * 1024;

    /// <summary>Page cache of each reader: holds the inner pages of tables of many million rows.</summary>
    public int ReaderCacheKiB { get; init; } = 2 * 1024;

    /// <summary>
    /// How much of the file each reader maps into memory. A map saves a system call per page and counts as resident memory
    /// once per reader (a gigabyte for a file of 200 MB), so there is none unless asked for.
    /// </summary>
    public long MapBytes { get; init; }

    /// <summary>How long to wait for another process that holds the file.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Prepared statements kept per connection.</summary>
    public int StatementCache { get; init; } = 256;

    /// <summary>Functions and collations registered on every connection.</summary>
    public SqliteExtensions Extensions { get; init; } = new();

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>
/// The seam for C# functions, aggregates and collations: each action runs once on every connection right after it is
/// opened (readers, writer, private ones). Fill it before the first connection is opened.
/// </summary>
internal sealed class SqliteExtensions
{
    private readonly List<Action<SqliteConnection>> actions = [];

    public SqliteExtensions Add(Action<SqliteConnection> register)
    {
        actions.Add(register);
        return this;
    }

    internal void Apply(SqliteConnection connection)
    {
        foreach (Action<SqliteConnection> action in actions)
            action(connection);
    }
}
