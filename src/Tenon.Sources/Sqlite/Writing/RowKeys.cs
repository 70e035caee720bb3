using System.Globalization;
using System.Text;
using Tenon.Core.Policies;

namespace Tenon.Sources.Sqlite.Writing;

/// <summary>The rows a write touched, by rowid in the order they were written, and of an upsert how many were new.</summary>
internal sealed class RowKeys
{
    public long Count { get; set; }
    public long Inserted { get; set; }
    public List<long> Keys { get; } = [];

    /// <summary>As the keys of a bind join: what reads the rows back.</summary>
    public byte[] Json() => Encoding.UTF8.GetBytes("[" + string.Join(',', Keys.Select(k => k.ToString(CultureInfo.InvariantCulture))) + "]");
}

/// <summary>A write of rows one by one; its representation takes the rowids as keys.</summary>
internal sealed class SqliteWrite(GuardedWrite write, InsertOptions options, CompiledUnit? representation)
    : CompiledWrite(write, options, representation);
