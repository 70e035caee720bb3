using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;

namespace Tenon.Sources.Sqlite;

// One native connection: opened for a purpose, used by one thread at a time. Gives prepared statements from a bounded
// cache, runs scripts, and stops a running statement when its guard (deadline, token) says so. Transactions belong to
// SqliteSession (readers) and SqliteWriter (the writer). Not here: SQL text beyond pragmas.
//   using SqliteStatement s = connection.Prepare(sql); s.Bind(1, 42); while (s.Read()) … s.GetUtf8(0) …
internal sealed unsafe partial class SqliteConnection : IDisposable
{
    private const int OperationsPerPoll = 1000;

    private static readonly Lazy<bool> LibraryConfigured = new(ConfigureLibrary);

    private readonly StatementCache cache;
    private readonly List<SqliteStatement> uncached = [];
    private readonly GCHandle self;
    private nint handle;

    private SqliteConnection(SqliteOptions options, SqliteMode mode, nint handle)
    {
        Options = options;
        Mode = mode;
        this.handle = handle;
        cache = new StatementCache(options.StatementCache);
        self = GCHandle.Alloc(this, GCHandleType.Weak);
    }

    public SqliteOptions Options { get; }

    public SqliteMode Mode { get; }

    /// <summary>Pages in the write-ahead log after the last commit of this connection.</summary>
    public int LogPages { get; private set; }

    /// <summary>True when no transaction is open.</summary>
    public bool IsAutoCommit => Native.sqlite3_get_autocommit(Handle) != 0;

    /// <summary>Rows changed by the last insert, update or delete, cascades not counted.</summary>
    public long Changes => Native.sqlite3_changes64(Handle);

    public long LastInsertRowId => Native.sqlite3_last_insert_rowid(Handle);

    /// <summary>Runs of statements so far; a statement that is bound and run again counts again.</summary>
    public long StatementsRun { get; internal set; }

    /// <summary>Statements prepared and not yet disposed.</summary>
    public int StatementsInUse { get; private set; }

    /// <summary>Whether SQLite keeps foreign keys on this connection; only a private one may have them off.</summary>
    public bool KeepsForeignKeys { get; private set; }

    /// <summary>Between transactions: has no effect inside one.</summary>
    public void KeepForeignKeys(bool on)
    {
        ExecuteScript(on ? "PRAGMA foreign_keys = on" : "PRAGMA foreign_keys = off");
        KeepsForeignKeys = on;
    }

    /// <summary>Who runs functions of the app that the running statement calls.</summary>
    public RoutineCaller? Caller { get; set; }

    /// <summary>Takes what set_config of the running statement sets.</summary>
    public SettingsMade? Made { get; set; }

    internal nint Handle => handle != 0 ? handle : throw new ObjectDisposedException(nameof(SqliteConnection));

    /// <summary>Opens the file for this purpose, sets its pragmas and registers the extensions.</summary>
    public static SqliteConnection Open(SqliteOptions options, SqliteMode mode)
    {
        _ = LibraryConfigured.Value;
        int flags = Native.OpenNoMutex | Native.OpenExtendedCodes;
        flags |= mode == SqliteMode.Reader ? Native.OpenReadOnly : Native.OpenReadWrite | Native.OpenCreate;
        nint db = 0;
        int code;
        fixed (byte* path = Utf8z(options.Path))
        fixed (byte* vfs = options.Vfs is null ? null : Utf8z(options.Vfs))
            code = Native.sqlite3_open_v2(path, &db, flags, vfs);
        if (code != Native.Ok)
        {
            SqliteException failed = SqliteErrors.FromConnection(db, code);
            _ = Native.sqlite3_close_v2(db);
            throw failed;
        }
        SqliteConnection connection = new(options, mode, db);
        try
        {
            connection.Configure();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // Every allocation would take a lock of the whole process to count its bytes, and nothing asks for the count. Refused
    // where somebody else in the process has begun to use the library; Apple passes variable arguments in another way.
    private static bool ConfigureLibrary() =>
        !OperatingSystem.IsMacOS() && Native.sqlite3_config(Native.ConfigMemoryStatus, 0) == Native.Ok;

    private void Configure()
    {
        if (Mode == SqliteMode.Copy)
            return;
        nint me = GCHandle.ToIntPtr(self);
        KeepsForeignKeys = Mode != SqliteMode.Private;
        Check(Native.sqlite3_busy_timeout(handle, (int)Options.BusyTimeout.TotalMilliseconds));
        Native.sqlite3_progress_handler(handle, OperationsPerPoll, &OnProgress, me);
        ExecuteScript(
            $"""
            PRAGMA trusted_schema = off;
            PRAGMA recursive_triggers = off;
            PRAGMA foreign_keys = {(KeepsForeignKeys ? "on" : "off")};
            PRAGMA temp_store = memory;
            PRAGMA cache_size = -{(Mode == SqliteMode.Reader ? Options.ReaderCacheKiB : Options.CacheKiB)};
            PRAGMA mmap_size = {(Mode == SqliteMode.Reader ? Options.MapBytes : 0)};
            """
        );
        if (Mode == SqliteMode.Reader)
            _ = Native.sqlite3_limit(handle, Native.LimitAttached, 0);
        else
            ConfigureLog(me);
        Options.Extensions.Apply(this);
    }

    private void ConfigureLog(nint me)
    {
        // Checkpoints are run after acknowledging (SqliteWriter), so that their cost and errors are seen there.
        ExecuteScript(
            $"""
            PRAGMA synchronous = {(Options.Synchronous == SqliteSynchronous.Full ? "full" : "normal")};
            PRAGMA fullfsync = on;
            PRAGMA checkpoint_fullfsync = on;
            PRAGMA journal_size_limit = 67108864;
            PRAGMA wal_autocheckpoint = 0;
            """
        );
        string? journal = QueryText(new SqliteSql("PRAGMA journal_mode = wal"));
        if (journal != "wal")
            throw new SqliteException(
                new SqliteFailure(Native.CantOpen, ErrorCodes.IoError.Text, $"the file system refuses write-ahead logging ({journal})")
            );
        _ = Native.sqlite3_wal_hook(handle, &OnLog, me);
    }

    /// <summary>
    /// A ready statement for this text: from the cache where possible. Dispose gives it back. A text already in use on
    /// this connection gets a second, uncached statement, so recursion is safe.
    /// </summary>
    public SqliteStatement Prepare(SqliteSql sql)
    {
        SqliteStatement statement = cache.Take(sql) ?? PrepareNew(sql);
        StatementsInUse++;
        return statement;
    }

    private SqliteStatement PrepareNew(SqliteSql sql)
    {
        nint statement = 0;
        fixed (byte* text = sql.ZeroTerminated)
        {
            byte* tail;
            int length = sql.ZeroTerminated.Length;
            int code = Native.sqlite3_prepare_v3(Handle, text, length, Native.PreparePersistent, &statement, &tail);
            if (code != Native.Ok)
                throw Fail(code);
            bool more = !IsBlank(new ReadOnlySpan<byte>(tail, (int)(text + length - tail)));
            if (statement == 0 || more)
            {
                _ = Native.sqlite3_finalize(statement);
                throw new ArgumentException($"Not exactly one statement: {sql}", nameof(sql));
            }
        }
        SqliteStatement prepared = new(this, statement, sql);
        if (!cache.Add(prepared))
            uncached.Add(prepared);
        return prepared;
    }

    /// <summary>Runs one cached statement without parameters to its end.</summary>
    public void Execute(SqliteSql sql)
    {
        using SqliteStatement statement = Prepare(sql);
        while (statement.Read()) { }
    }

    /// <summary>The first column of the first row as an integer; null when there is no row or it is NULL.</summary>
    public long? QueryInt64(SqliteSql sql)
    {
        using SqliteStatement statement = Prepare(sql);
        return statement.Read() && !statement.IsNull(0) ? statement.GetInt64(0) : null;
    }

    /// <summary>The first column of the first row as text; null when there is no row or it is NULL.</summary>
    public string? QueryText(SqliteSql sql)
    {
        using SqliteStatement statement = Prepare(sql);
        return statement.Read() && !statement.IsNull(0) ? Encoding.UTF8.GetString(statement.GetUtf8(0)) : null;
    }

    /// <summary>Runs any number of statements, uncached (DDL, pragmas); stops at the first that fails.</summary>
    public void ExecuteScript(string script)
    {
        byte[] utf8 = Utf8z(script);
        fixed (byte* text = utf8)
        {
            byte* at = text;
            while (at < text + utf8.Length - 1)
            {
                nint statement = 0;
                byte* tail;
                int code = Native.sqlite3_prepare_v3(Handle, at, (int)(text + utf8.Length - at), 0, &statement, &tail);
                if (code != Native.Ok)
                    throw Fail(code);
                at = tail;
                if (statement == 0)
                    continue;
                StatementsInUse++;
                using SqliteStatement run = new(this, statement, null);
                uncached.Add(run);
                while (run.Read()) { }
            }
        }
    }

    /// <summary>True while deferred foreign keys are violated in the open transaction.</summary>
    public bool HasDeferredViolations
    {
        get
        {
            int current,
                highest;
            Check(Native.sqlite3_db_status(Handle, Native.StatusDeferredForeignKeys, &current, &highest, 0));
            return current != 0;
        }
    }

    /// <summary>Moves committed pages from the log into the database; false when a reader kept it from finishing.</summary>
    public bool Checkpoint(bool truncate = false)
    {
        int mode = truncate ? Native.CheckpointTruncate : Native.CheckpointPassive;
        int logged,
            done;
        int code = Native.sqlite3_wal_checkpoint_v2(Handle, null, mode, &logged, &done);
        if ((code & 0xff) == Native.Busy)
            return false;
        Check(code);
        return logged == done;
    }

    /// <summary>From now on what another process holds is given up at once.</summary>
    public void DoNotWait() => Check(Native.sqlite3_busy_timeout(handle, 0));

    /// <summary>Ends statements that were left open, before their transaction is rolled back.</summary>
    internal void AbandonStatements()
    {
        if (StatementsInUse == 0)
            return;
        cache.ReleaseAll();
        foreach (SqliteStatement statement in uncached)
            statement.FinalizeNow();
        uncached.Clear();
        StatementsInUse = 0;
    }

    /// <summary>The exception for a call on this connection that just failed.</summary>
    internal SqliteException Fail(int code)
    {
        SqliteException failure = SqliteErrors.FromConnection(handle, code);
        if (failure.Failure.Primary != Native.Interrupt)
            return failure;
        return new SqliteException(failure.Failure with { Message = StopMessage });
    }

    internal void Check(int code)
    {
        if (code != Native.Ok)
            throw Fail(code);
    }

    internal void Return(SqliteStatement statement)
    {
        if (statement.Cached && !statement.InUse)
            return;
        StatementsInUse--;
        if (statement.Cached)
        {
            cache.Return(statement);
            return;
        }
        uncached.Remove(statement);
        statement.FinalizeNow();
    }

    internal static byte[] Utf8z(string text)
    {
        byte[] utf8 = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, utf8);
        return utf8;
    }

    private static bool IsBlank(ReadOnlySpan<byte> text) => text.IndexOfAnyExcept(" \t\r\n;\0"u8) < 0;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnLog(nint app, nint db, byte* schema, int pages)
    {
        if (GCHandle.FromIntPtr(app).Target is SqliteConnection connection)
            connection.LogPages = pages;
        return Native.Ok;
    }

    public void Dispose()
    {
        if (handle == 0)
            return;
        AbandonStatements();
        cache.Clear();
        StopCapture();
        nint db = handle;
        handle = 0;
        _ = Native.sqlite3_close_v2(db);
        self.Free();
    }
}
