using Tenon.Core.Catalog;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite;

/// <summary>
/// The numbers of identity columns. A row key that counts by one is SQLite's own autoincrement, every other one has a row in a
/// table of ours.
/// </summary>
internal static class SqliteIdentity
{
    public const string CreateTable =
        "create table if not exists \"tenon.identities\" (relation text not null, name text not null, last integer not null, primary key (relation, name)) strict, without rowid";

    public static readonly SqliteSql Next = new(
        "insert into \"tenon.identities\" (relation, name, last) values (?1, ?2, ?3) "
            + "on conflict (relation, name) do update set last = last + ?4 returning last"
    );
    private static readonly SqliteSql SetOwn = new(
        "insert into \"tenon.identities\" (relation, name, last) values (?1, ?2, ?3) on conflict (relation, name) do update set last = ?3"
    );
    private static readonly SqliteSql Forget = new("delete from sqlite_sequence where name = ?1");
    private static readonly SqliteSql SetNative = new("insert into sqlite_sequence (name, seq) values (?1, ?2)");

    /// <summary>Is the column SQLite's row key, and its numbers SQLite's own?</summary>
    public static bool IsNative(Table table, Column column) =>
        column.IdentityIncrement == 1 && table.PrimaryKey is { Columns: [var only] } && only == column.Name;

    private static readonly SqliteSql LastNative = new("select seq from sqlite_sequence where name = ?1");
    private static readonly SqliteSql LastOwn = new("select last from \"tenon.identities\" where relation = ?1 and name = ?2");

    /// <summary>The last number given; null when none was.</summary>
    public static long? Last(SqliteConnection connection, Table table, Column column)
    {
        bool native = IsNative(table, column);
        using SqliteStatement last = connection.Prepare(native ? LastNative : LastOwn);
        last.BindText(1, SqliteDialect.PhysicalName(table.Name));
        if (!native)
        {
            last.BindText(2, column.Name);
        }
        return last.Read() ? last.GetInt64(0) : null;
    }

    /// <summary>Makes this the last number given.</summary>
    public static void Set(SqliteConnection connection, Table table, Column column, long last)
    {
        string relation = SqliteDialect.PhysicalName(table.Name);
        if (IsNative(table, column))
        {
            using (SqliteStatement forget = connection.Prepare(Forget))
            {
                forget.BindText(1, relation);
                forget.Execute();
            }
            using SqliteStatement native = connection.Prepare(SetNative);
            native.BindText(1, relation);
            native.Bind(2, last);
            native.Execute();
            return;
        }
        using SqliteStatement own = connection.Prepare(SetOwn);
        own.BindText(1, relation);
        own.BindText(2, column.Name);
        own.Bind(3, last);
        own.Execute();
    }
}
