using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>One page of a statement's rows; all of them are read and counted.</summary>
internal sealed class CountedPage(RowReader rows, Paging page) : RowReader
{
    /// <summary>Rows read so far, those outside the page too.</summary>
    public long Total { get; private set; }

    public override int ColumnCount => rows.ColumnCount;

    public override bool Read()
    {
        while (rows.Read())
        {
            long at = Total++;
            if (at >= page.Offset && at - page.Offset < page.Limit)
            {
                return true;
            }
        }
        return false;
    }

    public override bool IsNull(int column) => rows.IsNull(column);

    public override long GetInt64(int column) => rows.GetInt64(column);

    public override double GetDouble(int column) => rows.GetDouble(column);

    public override ReadOnlySpan<byte> GetUtf8(int column) => rows.GetUtf8(column);

    public override ReadOnlySpan<byte> GetBytes(int column) => rows.GetBytes(column);

    protected override void Dispose(bool disposing) => rows.Dispose();
}
