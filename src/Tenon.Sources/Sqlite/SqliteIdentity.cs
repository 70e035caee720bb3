namespace Tenon.Sources.Sqlite;

/// <summary>Numbers of identity columns that are not the row key: one row per column in a table of their own.</summary>
internal static class SqliteIdentity
{
    public const string CreateTable =
        "create table if not exists \"tenon.identities\" (relation text not null, name text not null, last integer not null, primary key (relation, name)) strict, without rowid";

    public static readonly SqliteSql Next = new(
        "insert into \"tenon.identities\" (relation, name, last) values (?1, ?2, 1) "
            + "on conflict (relation, name) do update set last = last + 1 returning last"
    );
}
