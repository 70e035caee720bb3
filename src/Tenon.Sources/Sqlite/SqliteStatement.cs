namespace Tenon.Sources.Sqlite;

// A prepared statement: parameters in (1-based), rows out (0-based columns), bytes as SQLite holds them. It is its own
// RowReader, so a read allocates nothing. Dispose resets it, forgets its parameters and gives it back to the cache.
internal sealed unsafe class SqliteStatement : RowReader
{
    private static readonly byte[] Empty = [0];

    private readonly SqliteConnection connection;
    private nint handle;
    private ChangeMark mark;
    private bool running;

    internal SqliteStatement(SqliteConnection connection, nint handle, SqliteSql? sql)
    {
        this.connection = connection;
        this.handle = handle;
        Sql = sql;
    }

    /// <summary>The text it was prepared from; null for a statement of a script, which is never cached.</summary>
    public SqliteSql? Sql { get; }

    public SqliteConnection Connection => connection;

    /// <summary>True when it can change nothing.</summary>
    public bool IsReadOnly => Native.sqlite3_stmt_readonly(handle) != 0;

    /// <summary>How often SQLite prepared it anew: for a changed schema, or for a bound value that its plan hangs on.</summary>
    public int Repreparations => Native.sqlite3_stmt_status(handle, Native.StatusReprepared, 0);

    public int ParameterCount => Native.sqlite3_bind_parameter_count(handle);

    public override int ColumnCount => Native.sqlite3_column_count(handle);

    // Places in the cache's list; owned by StatementCache.
    internal SqliteStatement? Newer { get; set; }

    internal SqliteStatement? Older { get; set; }

    internal bool Cached { get; set; }

    internal bool InUse { get; set; }

    public void BindNull(int index) => connection.Check(Native.sqlite3_bind_null(handle, index));

    public void Bind(int index, long value) => connection.Check(Native.sqlite3_bind_int64(handle, index, value));

    public void Bind(int index, double value) => connection.Check(Native.sqlite3_bind_double(handle, index, value));

    /// <summary>Binds UTF-8 text; the bytes are copied.</summary>
    public void BindText(int index, ReadOnlySpan<byte> utf8)
    {
        fixed (byte* bytes = utf8.IsEmpty ? Empty : utf8)
            connection.Check(Native.sqlite3_bind_text(handle, index, bytes, utf8.Length, Native.Transient));
    }

    /// <summary>Binds text; for short strings off the hot path.</summary>
    public void BindText(int index, string text) => BindText(index, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>Binds a blob; the bytes are copied.</summary>
    public void BindBlob(int index, ReadOnlySpan<byte> blob)
    {
        fixed (byte* bytes = blob.IsEmpty ? Empty : blob)
            connection.Check(Native.sqlite3_bind_blob(handle, index, bytes, blob.Length, Native.Transient));
    }

    public override bool Read()
    {
        if (!running)
            Start();
        connection.ThrowIfStopped();
        int code = Native.sqlite3_step(handle);
        if (code == Native.Row)
            return true;
        if (code == Native.Done)
        {
            running = false;
            return false;
        }
        throw Failed(code);
    }

    /// <summary>Runs to the end without rows; returns the number of rows it changed.</summary>
    public long Execute()
    {
        while (Read()) { }
        return connection.Changes;
    }

    public override bool IsNull(int column) => Native.sqlite3_column_type(handle, column) == Native.TypeNull;

    /// <summary>The storage class of the value: one of the Native.Type* constants.</summary>
    public int GetStorageType(int column) => Native.sqlite3_column_type(handle, column);

    public override long GetInt64(int column) => Native.sqlite3_column_int64(handle, column);

    public override double GetDouble(int column) => Native.sqlite3_column_double(handle, column);

    // column_blob, not column_text: the same UTF-8 bytes without making SQLite append a zero (a copy of large texts).
    public override ReadOnlySpan<byte> GetUtf8(int column)
    {
        byte* bytes = Native.sqlite3_column_blob(handle, column);
        return new ReadOnlySpan<byte>(bytes, Native.sqlite3_column_bytes(handle, column));
    }

    public override ReadOnlySpan<byte> GetBytes(int column) => GetUtf8(column);

    /// <summary>The column's name in the result.</summary>
    public string GetName(int column) =>
        System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)Native.sqlite3_column_name(handle, column)) ?? "";

    /// <summary>Ends the run; parameters stay, so it can be run again.</summary>
    public void Reset()
    {
        running = false;
        // The code repeats the last step's error, which was thrown there.
        _ = Native.sqlite3_reset(handle);
    }

    internal void ClearForReuse()
    {
        Reset();
        _ = Native.sqlite3_clear_bindings(handle);
    }

    internal void FinalizeNow()
    {
        _ = Native.sqlite3_finalize(handle);
        handle = 0;
    }

    private void Start()
    {
        running = true;
        connection.StatementsRun++;
        mark = connection.MarkChanges();
    }

    // SQLite has undone what the statement did, so its captured changes go too.
    private SqliteException Failed(int code)
    {
        SqliteException failure = connection.Fail(code);
        connection.CutChanges(mark);
        Reset();
        return failure;
    }

    protected override void Dispose(bool disposing)
    {
        if (handle != 0)
            connection.Return(this);
    }
}
