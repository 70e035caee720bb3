using Tenon.Core.Catalog;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite;

// Full-text indexes (TextIndexes says what they are): FTS5 tables without content, filled from their table.
internal static partial class SqliteSchemaWriter
{
    private static IEnumerable<string> CreateText(Table table, Core.Catalog.Index index, Catalog catalog) =>
        TextIndexes.Find(table, index, catalog) is { } key
            ?
            [
                $"create virtual table {TextName(key.Index)} using fts5(lexemes, content='', contentless_delete=1, detail=none, tokenize='ascii')",
                Fill(table, key),
            ]
            : [];

    private static IEnumerable<string> DropTexts(Table table) => table.Indexes.Select(i => DropText(new QualifiedName(table.Name.Schema, i.Name)));

    private static string DropText(QualifiedName index) => $"drop table if exists {TextName(index)}";

    private static string Fill(Table table, SearchKey key)
    {
        string vector = new RowText().Text(key.Value, LogicalType.TsVector);
        return $"insert into {TextName(key.Index)} (rowid, lexemes) select _rowid_, tn_text_lexemes({vector}) from {Quote(SqliteDialect.PhysicalName(table.Name))} where ({vector}) is not null";
    }

    /// <summary>How a row leaves the index and comes in.</summary>
    public static TextIndex Keep(Table table, SearchKey key) =>
        new(new SqliteSql($"delete from {TextName(key.Index)} where rowid = ?1"), new SqliteSql(Fill(table, key) + " and _rowid_ = ?1"));

    /// <summary>All full-text indexes anew, for rows that came past the writer (a move).</summary>
    public static IEnumerable<string> RefillTexts(Catalog catalog) =>
        from table in catalog.Tables.Values
        where table.Kind == RelationKind.Table && table.Name.Source.Length == 0
        from key in Templates.Of(catalog).SearchKeys(table)
        from sql in new[] { $"insert into {TextName(key.Index)} ({TextName(key.Index)}) values ('delete-all')", Fill(table, key) }
        select sql;

    private static string TextName(QualifiedName index) => Quote(TextIndexes.Physical(index));
}
