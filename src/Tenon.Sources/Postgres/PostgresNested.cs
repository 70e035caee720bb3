using System.Buffers.Binary;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres;

/// <summary>
/// The rows of an array of records, as PostgreSQL sends it in binary: the array's head (dimensions, whether there are nulls,
/// type, count, lower bound), then each row with its length, its number of columns and of each column type, length and bytes.
/// </summary>
internal sealed class PostgresNested : RowReader
{
    /// <summary>Rows that one row may hold, and bytes of one of their values.</summary>
    public const int MostRows = 100;
    public const int MostBytes = 4096;

    private const int ArrayHead = 20;

    private readonly LogicalType[] columns;
    private ReadOnlyMemory<byte> array;
    private int[] starts = [];
    private int[] lengths = [];
    private readonly byte[] uuids;
    private int usedOfUuids;
    private int left;
    private int at;
    private bool isCut;

    /// <summary>columns: of the child's own statement, whose first one the rows lack.</summary>
    public PostgresNested(LogicalType[] columns)
    {
        this.columns = columns;
        uuids = new byte[36 * columns.Count(c => c.Kind == TypeKind.Uuid)];
    }

    public override int ColumnCount => columns.Length;

    public PostgresNested Over(ReadOnlyMemory<byte> bytes)
    {
        array = bytes;
        bool isEmpty = bytes.Length < ArrayHead || Int32(0) == 0;
        left = isEmpty ? 0 : Int32(12);
        isCut = left > MostRows;
        at = ArrayHead;
        return this;
    }

    public override bool IsCut => isCut;

    private int Int32(int position) => BinaryPrimitives.ReadInt32BigEndian(array.Span[position..]);

    public override bool Read()
    {
        usedOfUuids = 0;
        if (left == 0)
        {
            return false;
        }
        left--;
        int end = at + 4 + Int32(at);
        int count = Int32(at + 4);
        if (starts.Length != count)
        {
            starts = new int[count];
            lengths = new int[count];
        }
        int position = at + 8;
        for (int i = 0; i < count; i++)
        {
            lengths[i] = Int32(position + 4);
            starts[i] = position + 8;
            isCut |= lengths[i] > MostBytes;
            position += 8 + Math.Max(lengths[i], 0);
        }
        at = end;
        return true;
    }

    private ReadOnlySpan<byte> Field(int column) => lengths[column - 1] < 0 ? default : array.Span.Slice(starts[column - 1], lengths[column - 1]);

    public override bool IsNull(int column) => lengths[column - 1] < 0;

    public override long GetInt64(int column)
    {
        ReadOnlySpan<byte> field = Field(column);
        switch (columns[column].Kind)
        {
            case TypeKind.Boolean:
                return field[0];
            case TypeKind.Date:
                int days = BinaryPrimitives.ReadInt32BigEndian(field);
                return days switch { int.MaxValue => long.MaxValue, int.MinValue => long.MinValue, _ => days };
            default:
                return field.Length switch
                {
                    2 => BinaryPrimitives.ReadInt16BigEndian(field),
                    4 => BinaryPrimitives.ReadInt32BigEndian(field),
                    _ => BinaryPrimitives.ReadInt64BigEndian(field),
                };
        }
    }

    public override double GetDouble(int column)
    {
        ReadOnlySpan<byte> field = Field(column);
        return field.Length == 4 ? BinaryPrimitives.ReadSingleBigEndian(field) : BinaryPrimitives.ReadDoubleBigEndian(field);
    }

    public override ReadOnlySpan<byte> GetUtf8(int column)
    {
        if (columns[column].Kind != TypeKind.Uuid || IsNull(column))
        {
            return Field(column);
        }
        if (uuids.Length - usedOfUuids < 36)
        {
            // Asked for again within one row, as a key may be: earlier spans of it hold the same.
            usedOfUuids = 0;
        }
        Span<byte> into = uuids.AsSpan(usedOfUuids, 36);
        usedOfUuids += 36;
        new Guid(Field(column), bigEndian: true).TryFormat(into, out _, "D");
        return into;
    }

    public override ReadOnlySpan<byte> GetBytes(int column) => Field(column);

    protected override void Dispose(bool disposing) { }
}
