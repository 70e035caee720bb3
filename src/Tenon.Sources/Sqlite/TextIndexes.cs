using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Text;
using Tenon.Core.Catalog;
using Tenon.Core.Policies;
using Tenon.Core.Types;
using Tenon.Sources.Sqlite.Functions;

namespace Tenon.Sources.Sqlite;

/// <summary>One full-text index: how a row leaves it and how it comes in.</summary>
internal sealed record TextIndex(SqliteSql Delete, SqliteSql Insert);

/// <summary>
/// The full-text indexes of a catalog. Each is an FTS5 table without content beside its table, of the same row keys: it holds
/// the lexemes of the row's tsvector and gives candidates; PostgreSQL's own rules then decide (ts_match_vq). The writer keeps
/// it in step: the preupdate hook notes which rows changed, cascades included, and before anybody asks, at the latest before
/// the unit's savepoint is released, those rows are indexed anew. So it commits and rolls back with its rows.
/// </summary>
internal sealed class TextIndexes
{
    /// <summary>Names of the index tables begin so.</summary>
    public const string Prefix = "tenon.text.";

    /// <summary>Stands for how lexemes are written into the index, among the recorded versions.</summary>
    public const string Stamp = SqliteLibrary.OrderPrefix + "TEXT";

    public static readonly TextIndexes None = new(FrozenDictionary<string, Entry>.Empty);

    private static readonly ConditionalWeakTable<Catalog, TextIndexes> Known = [];

    private const int MaxName = 512;

    private sealed record Entry(string Table, TextIndex[] Indexes);

    private readonly FrozenDictionary<string, Entry> byTable;

    private TextIndexes(FrozenDictionary<string, Entry> byTable) => this.byTable = byTable;

    public bool IsEmpty => byTable.Count == 0;

    public static TextIndexes Of(Catalog catalog) => Known.GetValue(catalog, Make);

    private static TextIndexes Make(Catalog catalog)
    {
        var found = new Dictionary<string, Entry>(StringComparer.Ordinal);
        foreach (Table table in catalog.Tables.Values.Where(t => t.Kind == RelationKind.Table && t.Name.Source.Length == 0))
        {
            if (Templates.Of(catalog).SearchKeys(table) is { IsEmpty: false } keys)
            {
                string name = SqliteDialect.PhysicalName(table.Name);
                found[name] = new Entry(name, [.. keys.Select(k => SqliteSchemaWriter.Keep(table, k))]);
            }
        }
        return found.Count == 0 ? None : new TextIndexes(found.ToFrozenDictionary(StringComparer.Ordinal));
    }

    /// <summary>The physical name of a table with full-text indexes; null for any other. Allocates nothing.</summary>
    public string? Find(ReadOnlySpan<byte> table)
    {
        if (table.Length > MaxName)
        {
            string name = Encoding.UTF8.GetString(table);
            return byTable.ContainsKey(name) ? name : null;
        }
        Span<char> text = stackalloc char[MaxName];
        ReadOnlySpan<char> known = text[..Encoding.UTF8.GetChars(table, text)];
        return byTable.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(known, out Entry? entry) ? entry.Table : null;
    }

    public TextIndex[] On(string table) => byTable[table].Indexes;

    public static string Physical(QualifiedName index) => Prefix + SqliteDialect.PhysicalName(index);

    /// <summary>The full-text index that a catalog's index becomes; null for an index of another kind.</summary>
    public static SearchKey? Find(Table table, Core.Catalog.Index index, Catalog catalog) =>
        Templates.Of(catalog).SearchKeys(table).FirstOrDefault(k => k.Index.Name == index.Name);
}
