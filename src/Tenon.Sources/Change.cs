using System.Buffers.Binary;

namespace Tenon.Sources;

/// <summary>What happened to a row.</summary>
internal enum ChangeKind : byte
{
    Insert = 1,
    Update = 2,
    Delete = 3,
}

/// <summary>How the engine stored a changed value; the catalog knows the logical type.</summary>
internal enum ChangeValueKind : byte
{
    Null = 0,
    Integer = 1,
    Real = 2,
    Text = 3,
    Blob = 4,

    /// <summary>The engine did not report the value because it did not change.</summary>
    Unreported = 5,
}

/// <summary>One value of a changed row. Bytes are UTF-8 for text and valid as long as the change is held.</summary>
internal readonly ref struct ChangeValue(ChangeValueKind kind, long bits, ReadOnlySpan<byte> bytes)
{
    private readonly long bits = bits;

    public ChangeValueKind Kind { get; } = kind;

    public bool IsNull => Kind == ChangeValueKind.Null;

    public long Int64 => bits;

    public double Double => BitConverter.Int64BitsToDouble(bits);

    public ReadOnlySpan<byte> Bytes { get; } = bytes;
}

/// <summary>One changed row: its table (the source's physical name), what happened, and the images the kind has.</summary>
internal readonly struct Change
{
    internal const int SlotBytes = 9;

    private readonly ChangeRow row;
    private readonly byte[] arena;
    private readonly int origin;

    internal Change(ChangeRow row, byte[] arena, int origin)
    {
        this.row = row;
        this.arena = arena;
        this.origin = origin;
    }

    public string Table => row.Table;

    public ChangeKind Kind => row.Kind;

    /// <summary>Columns per image, in the table's own column order.</summary>
    public int ColumnCount => row.Columns;

    public bool HasOld => row.OldAt >= 0;

    public bool HasNew => row.NewAt >= 0;

    /// <summary>The value before (update, delete).</summary>
    public ChangeValue Old(int column) => Value(row.OldAt, column);

    /// <summary>The value after (insert, update).</summary>
    public ChangeValue New(int column) => Value(row.NewAt, column);

    private ChangeValue Value(int image, int column)
    {
        if (image < 0)
            throw new InvalidOperationException($"A change of kind {Kind} has no such image.");
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)row.Columns, nameof(column));
        ReadOnlySpan<byte> slot = arena.AsSpan(image - origin + column * SlotBytes, SlotBytes);
        var kind = (ChangeValueKind)slot[0];
        long bits = BinaryPrimitives.ReadInt64LittleEndian(slot[1..]);
        if (kind is not (ChangeValueKind.Text or ChangeValueKind.Blob))
            return new ChangeValue(kind, bits, default);
        (int at, int length) = ((int)(bits >> 32), (int)bits);
        return new ChangeValue(kind, 0, arena.AsSpan(at - origin, length));
    }
}

/// <summary>Where a change's images start in the arena; -1 for an image that the kind does not have.</summary>
internal readonly record struct ChangeRow(string Table, ChangeKind Kind, int Columns, int OldAt, int NewAt);

/// <summary>A place in a <see cref="ChangeBuffer"/> to cut back to.</summary>
internal readonly record struct ChangeMark(int Rows, int Bytes);

/// <summary>
/// The changes of the transaction being written: rows with copies of their values in one growing byte array. An engine
/// appends (Begin, then one call per column and image), cuts back to a mark on rollback, and takes a batch on commit.
/// </summary>
internal sealed class ChangeBuffer
{
    private const int MaxKept = 1 << 20;

    private ChangeRow[] rows = new ChangeRow[16];
    private byte[] arena = new byte[1024];
    private int rowCount;
    private int byteCount;

    public int Count => rowCount;

    public ChangeMark Mark => new(rowCount, byteCount);

    public Change this[int index] => new(rows[index], arena, 0);

    /// <summary>Appends a row; its values are NULL until written with the Set calls below.</summary>
    public void Begin(string table, ChangeKind kind, int columns)
    {
        int image = columns * Change.SlotBytes;
        int oldAt = kind == ChangeKind.Insert ? -1 : Reserve(image);
        int newAt = kind == ChangeKind.Delete ? -1 : Reserve(image);
        if (rowCount == rows.Length)
            Array.Resize(ref rows, rowCount * 2);
        rows[rowCount++] = new ChangeRow(table, kind, columns, oldAt, newAt);
    }

    /// <summary>Sets an integer, a real (its bits) or a marker of the row begun last.</summary>
    public void Set(bool old, int column, ChangeValueKind kind, long bits = 0)
    {
        ref ChangeRow row = ref rows[rowCount - 1];
        Span<byte> slot = arena.AsSpan((old ? row.OldAt : row.NewAt) + column * Change.SlotBytes, Change.SlotBytes);
        slot[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(slot[1..], bits);
    }

    /// <summary>Sets a text or blob of the row begun last.</summary>
    public void Set(bool old, int column, ChangeValueKind kind, ReadOnlySpan<byte> bytes)
    {
        int at = Reserve(bytes.Length);
        bytes.CopyTo(arena.AsSpan(at));
        Set(old, column, kind, ((long)at << 32) | (uint)bytes.Length);
    }

    /// <summary>Forgets everything after the mark.</summary>
    public void CutTo(ChangeMark mark)
    {
        if (mark.Rows >= rowCount)
            return;
        rowCount = mark.Rows;
        byteCount = mark.Bytes;
    }

    public void Clear()
    {
        rowCount = 0;
        byteCount = 0;
        if (arena.Length > MaxKept)
            arena = new byte[1024];
        if (rows.Length > MaxKept / 64)
            rows = new ChangeRow[16];
    }

    /// <summary>A copy of what lies between two marks, as the feed carries it.</summary>
    public ChangeBatch Take(ChangeMark from, ChangeMark to, string source, long position, DateTimeOffset at) =>
        new(source, position, at, rows[from.Rows..to.Rows], arena[from.Bytes..to.Bytes], from.Bytes);

    private int Reserve(int bytes)
    {
        int at = byteCount;
        int end = checked(at + bytes);
        if (end > arena.Length)
            Array.Resize(ref arena, (int)Math.Min(Math.Max(end, arena.Length * 2L), Array.MaxLength));
        arena.AsSpan(at, bytes).Clear();
        byteCount = end;
        return at;
    }
}

/// <summary>
/// The committed changes of one write unit, in the order they were made; batches come in commit order. A gap batch has no
/// changes: it says that batches before it were not delivered to this subscriber, who must read anew.
/// </summary>
internal sealed class ChangeBatch
{
    private readonly ChangeRow[] rows;
    private readonly byte[] arena;
    private readonly int origin;

    internal ChangeBatch(string source, long position, DateTimeOffset at, ChangeRow[] rows, byte[] arena, int origin)
    {
        Source = source;
        Position = position;
        CommittedAt = at;
        this.rows = rows;
        this.arena = arena;
        this.origin = origin;
    }

    /// <summary>The source's name.</summary>
    public string Source { get; }

    /// <summary>Commit order within the source, counted up from 1 since this process started.</summary>
    public long Position { get; }

    public DateTimeOffset CommittedAt { get; }

    public bool IsGap { get; private init; }

    public int Count => rows.Length;

    public Change this[int index] => new(rows[index], arena, origin);

    /// <summary>The marker for batches up to this position that were dropped.</summary>
    public static ChangeBatch Gap(string source, long position, DateTimeOffset at) =>
        new(source, position, at, [], [], 0) { IsGap = true };
}
