namespace Tenon.Sources.Sqlite;

// Full-text indexes on the connection that writes: which rows changed since their indexes were last in step (the preupdate
// hook notes them), and bringing the indexes up to them.
internal sealed partial class SqliteConnection
{
    private readonly Dictionary<string, HashSet<long>> stale = new(StringComparer.Ordinal);
    private TextIndexes texts = TextIndexes.None;

    /// <summary>Notes changes of these tables from now on; what was noted before is forgotten.</summary>
    internal void KeepTexts(TextIndexes indexes)
    {
        stale.Clear();
        if (ReferenceEquals(texts, indexes))
            return;
        texts = indexes;
        SetHook();
    }

    /// <summary>The rows noted went back with a savepoint or the transaction.</summary>
    internal void ForgetTexts() => stale.Clear();

    /// <summary>Indexes anew the rows that changed.</summary>
    internal void SyncTexts()
    {
        if (stale.Count == 0)
            return;
        foreach ((string table, HashSet<long> rows) in stale)
        {
            foreach (TextIndex index in texts.On(table))
            {
                foreach (long row in rows)
                {
                    Execute(index.Delete, row);
                    Execute(index.Insert, row);
                }
            }
        }
        stale.Clear();
    }

    private void Execute(SqliteSql sql, long row)
    {
        using SqliteStatement statement = Prepare(sql);
        statement.Bind(1, row);
        statement.Execute();
    }

    // Inside the hook: no SQL, and nothing thrown out of it.
    private void Note(ReadOnlySpan<byte> table, int operation, long before, long after)
    {
        if (texts.Find(table) is not { } name)
            return;
        if (!stale.TryGetValue(name, out HashSet<long>? rows))
            stale[name] = rows = [];
        if (operation != Native.OperationInsert)
            rows.Add(before);
        if (operation != Native.OperationDelete)
            rows.Add(after);
    }
}
