using System.Text;

namespace Tenon.Sources.Sqlite;

// What a C# function, aggregate or collation sees of SQLite. Three rules for writers of functions:
// 1. Errors: context.Error("22012", "division by zero") and return; the SQLSTATE reaches SqliteFailure (a delegate may
//    also throw a TenonException). Nothing may be thrown out of an [UnmanagedCallersOnly] method.
// 2. Spans of arguments are valid only during the call.
// 3. No waiting, and no SQL on the same connection but by tn_call and tn_rows, whose business it is.

/// <summary>How a function may be used: see the members.</summary>
[Flags]
internal enum FunctionTraits
{
    /// <summary>Only in statements of ours, never from a schema object.</summary>
    None = 0,

    /// <summary>Same arguments, same result; may be used in indexes and checks when also Innocuous.</summary>
    Deterministic = Native.FunctionDeterministic,

    /// <summary>Allowed inside checks, defaults, generated columns and indexes (trusted_schema is off).</summary>
    Innocuous = Native.FunctionInnocuous,

    /// <summary>Deterministic and usable in the schema: "stable forever".</summary>
    Pure = Deterministic | Innocuous,
}

/// <summary>One argument of a function.</summary>
internal readonly unsafe struct SqliteValue(nint handle)
{
    public nint Handle { get; } = handle;

    /// <summary>One of the Native.Type* constants.</summary>
    public int Type => Native.sqlite3_value_type(Handle);

    public bool IsNull => Type == Native.TypeNull;

    public long Int64 => Native.sqlite3_value_int64(Handle);

    public double Double => Native.sqlite3_value_double(Handle);

    /// <summary>The bytes of a text (UTF-8) or blob; a number's decimal text; empty for NULL.</summary>
    public ReadOnlySpan<byte> Bytes
    {
        get
        {
            byte* bytes = Native.sqlite3_value_blob(Handle);
            return new ReadOnlySpan<byte>(bytes, Native.sqlite3_value_bytes(Handle));
        }
    }

    public override string ToString() => Encoding.UTF8.GetString(Bytes);
}

/// <summary>The arguments of one call.</summary>
internal readonly unsafe struct SqliteArguments(int count, nint* values)
{
    private readonly nint* values = values;

    public int Count { get; } = count;

    public SqliteValue this[int index] => new(values[index]);

    public bool AnyNull
    {
        get
        {
            for (int i = 0; i < Count; i++)
                if (this[i].IsNull)
                    return true;
            return false;
        }
    }
}

/// <summary>Where a function puts its result or its error.</summary>
internal readonly unsafe struct SqliteContext(nint handle)
{
    public nint Handle { get; } = handle;

    public void Null() => Native.sqlite3_result_null(Handle);

    public void Bool(bool value) => Native.sqlite3_result_int64(Handle, value ? 1 : 0);

    public void Int64(long value) => Native.sqlite3_result_int64(Handle, value);

    public void Double(double value) => Native.sqlite3_result_double(Handle, value);

    public void Text(ReadOnlySpan<byte> utf8)
    {
        byte empty;
        fixed (byte* bytes = utf8)
            Native.sqlite3_result_text(Handle, bytes == null ? &empty : bytes, utf8.Length, Native.Transient);
    }

    public void Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    public void Blob(ReadOnlySpan<byte> blob)
    {
        byte empty;
        fixed (byte* bytes = blob)
            Native.sqlite3_result_blob(Handle, bytes == null ? &empty : bytes, blob.Length, Native.Transient);
    }

    /// <summary>Returns an argument as it is.</summary>
    public void Value(SqliteValue value) => Native.sqlite3_result_value(Handle, value.Handle);

    /// <summary>Fails the statement with this SQLSTATE.</summary>
    public void Error(string sqlState, string message, string? details = null, string? hint = null)
    {
        byte[] text = Encoding.UTF8.GetBytes(SqliteErrors.Encode(sqlState, message, details, hint));
        fixed (byte* bytes = text)
            Native.sqlite3_result_error(Handle, bytes, text.Length);
    }

    /// <summary>The zeroed memory of this aggregate run; null in a final call that saw no row (create = false).</summary>
    public T* State<T>(bool create = true)
        where T : unmanaged => (T*)Native.sqlite3_aggregate_context(Handle, create ? sizeof(T) : 0);
}

/// <summary>A scalar function as a delegate.</summary>
internal delegate void SqliteScalar(SqliteContext context, SqliteArguments arguments);

/// <summary>Compares two texts (UTF-8) like IComparer.</summary>
internal delegate int SqliteCollation(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right);

/// <summary>
/// An aggregate in C#: one object per group. Override Inverse and say so to make it usable as a sliding window function.
/// </summary>
internal abstract class SqliteAggregate
{
    public abstract void Step(SqliteArguments arguments);

    /// <summary>Takes a row out again that left the window.</summary>
    public virtual void Inverse(SqliteArguments arguments) =>
        throw new NotSupportedException("This aggregate cannot be used with a moving window frame.");

    /// <summary>Puts the result of the rows so far; called more than once in a window.</summary>
    public abstract void Result(SqliteContext context);
}
