namespace Tenon.Sources.Sqlite;

// A prepared statement: parameters in (1-based), rows out (0-based columns), bytes as SQLite holds them. It is its own
// RowReader, so a read allocates nothing. Dispose resets it, forgets its parameters and gives it back to the cache.
internal sealed unsafe class SqliteStatement : RowReader
{
    private const int NoColumn = -1;

    private static readonly byte[] Empty = [0];

    private readonly SqliteConnection connection;
    private nint handle;
    private ChangeMark mark;
    private bool running;
    private int repreparations;
    private SqliteOneParent? repeated;
    private ParentKeyCursor parents;
    private bool isAtParent;
    private nint value;
    private int valueColumn = NoColumn;

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

    /// <summary>True once for each time it was.</summary>
    public bool IsPreparedAnew()
    {
        int before = repreparations;
        repreparations = Repreparations;
        return repreparations != before;
    }

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
        if (repeated is not null)
            return ReadParents(repeated);
        if (Step())
            return true;
        running = false;
        return false;
    }

    /// <summary>Runs once for each parent: the rows of all, parent by parent.</summary>
    internal void Repeat(ParentKeyCursor keys, SqliteOneParent form) => (repeated, parents, isAtParent) = (form, keys, false);

    public override void EndParent() => isAtParent = false;

    private bool ReadParents(SqliteOneParent form)
    {
        while (!isAtParent || !Step())
        {
            if (!parents.Next())
            {
                running = false;
                return false;
            }
            connection.ThrowIfStopped();
            _ = Native.sqlite3_reset(handle);
            if (form.Ordinal > 0)
                Bind(form.Ordinal, parents.Ordinal);
            parents.Bind(this, form.Keys);
            isAtParent = true;
        }
        return true;
    }

    private bool Step()
    {
        valueColumn = NoColumn;
        return Native.sqlite3_step(handle) switch
        {
            Native.Row => true,
            Native.Done => false,
            var code => throw Failed(code),
        };
    }

    /// <summary>Runs to the end without rows; returns the number of rows it changed.</summary>
    public long Execute()
    {
        while (Read()) { }
        return connection.Changes;
    }

    public override bool IsNull(int column) => Native.sqlite3_value_type(Value(column)) == Native.TypeNull;

    /// <summary>The storage class of the value: one of the Native.Type* constants.</summary>
    public int GetStorageType(int column) => Native.sqlite3_value_type(Value(column));

    public override long GetInt64(int column) => Native.sqlite3_value_int64(Value(column));

    public override double GetDouble(int column) => Native.sqlite3_value_double(Value(column));

    // value_blob, not value_text: the same UTF-8 bytes without making SQLite append a zero (a copy of large texts).
    public override ReadOnlySpan<byte> GetUtf8(int column)
    {
        nint found = Value(column);
        byte* bytes = Native.sqlite3_value_blob(found);
        return new ReadOnlySpan<byte>(bytes, Native.sqlite3_value_bytes(found));
    }

    // The column's value is asked for once and its parts of the value: every sqlite3_column_* call checks the statement anew.
    // On a connection without mutexes the "unprotected" value may be read (sqlite.org/c3ref/value.html).
    private nint Value(int column)
    {
        if (column != valueColumn)
        {
            value = Native.sqlite3_column_value(handle, column);
            valueColumn = column;
        }
        return value;
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
        (repeated, parents) = (null, default);
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
