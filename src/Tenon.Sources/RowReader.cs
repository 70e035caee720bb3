namespace Tenon.Sources;

/// <summary>
/// Rows of one statement, read forward once, column bytes as the driver holds them. A span is valid until the next
/// <see cref="Read"/>. Nothing here allocates per row. Engines override; the result writer and the executor only see this.
/// </summary>
internal abstract class RowReader : IDisposable
{
    /// <summary>Number of columns of every row.</summary>
    public abstract int ColumnCount { get; }

    /// <summary>Moves to the next row without waiting; false at the end.</summary>
    public abstract bool Read();

    /// <summary>Moves to the next row; an engine without I/O waits (SQLite) completes at once.</summary>
    public virtual ValueTask<bool> ReadAsync(CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return new ValueTask<bool>(Read());
    }

    /// <summary>Of a bind join: the rest of this row's parent is not wanted. A source that reads parent by parent goes on to the next.</summary>
    public virtual void EndParent() { }

    public abstract bool IsNull(int column);

    public abstract long GetInt64(int column);

    public abstract double GetDouble(int column);

    /// <summary>The text's UTF-8 bytes; empty for NULL.</summary>
    public abstract ReadOnlySpan<byte> GetUtf8(int column);

    /// <summary>The blob's bytes; empty for NULL.</summary>
    public abstract ReadOnlySpan<byte> GetBytes(int column);

    /// <summary>
    /// The rows that a column of this row holds, by the columns of the child's own statement (whose first, the parent's
    /// ordinal, they lack). Good until the next <see cref="Read"/>; one per column, used again for the next row.
    /// </summary>
    public virtual RowReader Nested(int column, Core.Types.LogicalType[] columns) =>
        throw new InvalidOperationException("this source answers no rows within rows");

    /// <summary>Of rows within a row: there were more than it holds, or a value was larger. The answer has to be read in the other form.</summary>
    public virtual bool IsCut => false;

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
