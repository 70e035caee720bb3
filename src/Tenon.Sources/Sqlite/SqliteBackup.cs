using System.Globalization;
using Tenon.Core.Errors;

namespace Tenon.Sources.Sqlite;

// Copies and checks of a whole database. The copy is taken with SQLite's online backup from one snapshot while the writer
// goes on, under a temporary name, and gets its own name only when it is complete, synced and has passed its check.
internal static unsafe class SqliteBackup
{
    private const int PagesPerStep = 256;

    private static readonly SqliteSql Begin = new("BEGIN");
    private static readonly SqliteSql Touch = new("SELECT count(*) FROM sqlite_schema");
    private static readonly SqliteSql Commit = new("COMMIT");
    private static readonly SqliteSql Integrity = new("PRAGMA integrity_check");
    private static readonly SqliteSql ForeignKeys = new("PRAGMA foreign_key_check");

    /// <summary>
    /// Writes a copy of the database to a file, replacing one of that name. Runs on the calling thread; progress gets done
    /// and total pages. On failure or cancellation the target is untouched.
    /// </summary>
    public static void Write(
        SqliteOptions options,
        string target,
        Action<int, int>? progress = null,
        CancellationToken token = default
    )
    {
        string partial = target + ".partial";
        Delete(partial);
        try
        {
            using (SqliteConnection from = SqliteConnection.Open(options, SqliteMode.Reader))
            using (SqliteConnection to = SqliteConnection.Open(Target(options, partial), SqliteMode.Copy))
            {
                // An open snapshot: without it every commit of the writer would start the copy over.
                from.Execute(Begin);
                from.Execute(Touch);
                Copy(from, to, progress, token);
                from.Execute(Commit);
            }
            IReadOnlyList<string> damage = Check(Target(options, partial));
            if (damage.Count > 0)
                throw new SqliteException(
                    new SqliteFailure(Native.Corrupt, ErrorCodes.DataCorrupted.Text, $"the copy is damaged: {damage[0]}")
                );
            File.Move(partial, target, true);
        }
        finally
        {
            Delete(partial);
        }
    }

    /// <summary>What is wrong with a database, in SQLite's words and as violated foreign keys; empty when nothing is.</summary>
    public static IReadOnlyList<string> Check(SqliteOptions options)
    {
        List<string> found = [];
        try
        {
            using SqliteConnection connection = SqliteConnection.Open(options, SqliteMode.Reader);
            Check(connection, found);
        }
        catch (SqliteException damage) when (damage.Failure.Primary is Native.Corrupt or Native.NotADb)
        {
            found.Add(damage.Message);
        }
        return found;
    }

    private static void Check(SqliteConnection connection, List<string> found)
    {
        using (SqliteStatement rows = connection.Prepare(Integrity))
            while (rows.Read())
                found.Add(System.Text.Encoding.UTF8.GetString(rows.GetUtf8(0)));
        if (found is ["ok"])
            found.Clear();
        using SqliteStatement keys = connection.Prepare(ForeignKeys);
        while (keys.Read())
        {
            string table = System.Text.Encoding.UTF8.GetString(keys.GetUtf8(0));
            string row = keys.GetInt64(1).ToString(CultureInfo.InvariantCulture);
            string parent = System.Text.Encoding.UTF8.GetString(keys.GetUtf8(2));
            found.Add($"row {row} of {table} refers to a missing row of {parent}");
        }
    }

    private static SqliteOptions Target(SqliteOptions options, string path) => options with { Path = path, Vfs = null };

    private static void Copy(SqliteConnection from, SqliteConnection to, Action<int, int>? progress, CancellationToken token)
    {
        nint backup;
        fixed (byte* main = "main\0"u8)
            backup = Native.sqlite3_backup_init(to.Handle, main, from.Handle, main);
        if (backup == 0)
            throw SqliteErrors.FromConnection(to.Handle, Native.Error);
        int code = Native.Ok;
        while (code is Native.Ok && !token.IsCancellationRequested)
        {
            code = Native.sqlite3_backup_step(backup, PagesPerStep);
            int total = Native.sqlite3_backup_pagecount(backup);
            progress?.Invoke(total - Native.sqlite3_backup_remaining(backup), total);
        }
        int finish = Native.sqlite3_backup_finish(backup);
        if (code is not (Native.Ok or Native.Done))
            throw SqliteErrors.FromConnection(to.Handle, finish == Native.Ok ? code : finish);
        token.ThrowIfCancellationRequested();
    }

    private static void Delete(string path)
    {
        foreach (string suffix in (ReadOnlySpan<string>)["", "-wal", "-shm", "-journal"])
            File.Delete(path + suffix);
    }
}
