namespace Tenon.Sources.Sqlite;

// The prepared statements of one connection, keyed by SqliteSql identity, least recently used out first. One thread.
internal sealed class StatementCache(int capacity)
{
    private readonly Dictionary<SqliteSql, SqliteStatement> statements = new(ReferenceEqualityComparer.Instance);
    private SqliteStatement? newest;
    private SqliteStatement? oldest;

    public int Count => statements.Count;

    /// <summary>The idle statement of this text, now in use; null when there is none.</summary>
    public SqliteStatement? Take(SqliteSql sql)
    {
        if (!statements.TryGetValue(sql, out SqliteStatement? statement) || statement.InUse)
            return null;
        statement.InUse = true;
        if (statement != newest)
        {
            Unlink(statement);
            LinkNewest(statement);
        }
        return statement;
    }

    /// <summary>Keeps a new statement, in use; false when its text already has one.</summary>
    public bool Add(SqliteStatement statement)
    {
        if (capacity <= 0 || !statements.TryAdd(statement.Sql!, statement))
            return false;
        statement.Cached = true;
        statement.InUse = true;
        LinkNewest(statement);
        if (statements.Count > capacity)
            Evict();
        return true;
    }

    public void Return(SqliteStatement statement)
    {
        statement.ClearForReuse();
        statement.InUse = false;
    }

    /// <summary>Takes back everything in use.</summary>
    public void ReleaseAll()
    {
        foreach (SqliteStatement statement in statements.Values)
        {
            if (!statement.InUse)
                continue;
            Return(statement);
        }
    }

    public void Clear()
    {
        foreach (SqliteStatement statement in statements.Values)
        {
            statement.Cached = false;
            statement.FinalizeNow();
        }
        statements.Clear();
        newest = oldest = null;
    }

    private void Evict()
    {
        SqliteStatement? victim = oldest;
        while (victim is { InUse: true })
            victim = victim.Newer;
        if (victim is null)
            return;
        statements.Remove(victim.Sql!);
        Unlink(victim);
        victim.Cached = false;
        victim.FinalizeNow();
    }

    private void LinkNewest(SqliteStatement statement)
    {
        statement.Older = newest;
        statement.Newer = null;
        if (newest is not null)
            newest.Newer = statement;
        newest = statement;
        oldest ??= statement;
    }

    private void Unlink(SqliteStatement statement)
    {
        if (statement.Newer is null)
            newest = statement.Older;
        else
            statement.Newer.Older = statement.Older;
        if (statement.Older is null)
            oldest = statement.Newer;
        else
            statement.Older.Newer = statement.Newer;
        statement.Newer = statement.Older = null;
    }
}
