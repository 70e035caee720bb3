using System.Text;

namespace Tenon.Sources.Sqlite;

/// <summary>
/// The text of one statement, encoded once; its identity is the key of every connection's statement cache. A plan makes
/// one and keeps it: equal texts in two objects are two cache entries.
/// </summary>
internal sealed class SqliteSql
{
    private readonly byte[] utf8;

    public SqliteSql(string text)
    {
        utf8 = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, utf8);
        AsksTextIndex = text.Contains(TextIndexes.Prefix, StringComparison.Ordinal);
    }

    /// <summary>Reads a full-text index, which has to be in step by then.</summary>
    public bool AsksTextIndex { get; }

    public SqliteSql(ReadOnlySpan<byte> text)
    {
        utf8 = new byte[text.Length + 1];
        text.CopyTo(utf8);
    }

    /// <summary>The bytes, the closing zero included.</summary>
    internal ReadOnlySpan<byte> ZeroTerminated => utf8;

    public override string ToString() => Encoding.UTF8.GetString(utf8.AsSpan(0, utf8.Length - 1));
}
