namespace Tenon.Sources.Sqlite;

/// <summary>
/// A database file in place of another: made as FILE.next while FILE is in use, then moved; the old one stays as FILE.before.
/// </summary>
internal static class SqliteReplacement
{
    private static readonly string[] Suffixes = ["", "-wal", "-shm"];

    public static MainDatabaseOptions Beside(MainDatabaseOptions options) =>
        // An unfinished one is thrown away, so it need not survive a power cut; closing it puts all of it on disk.
        options with { Url = SqliteDatabase.Scheme + Next(options), Durable = false };

    public static void Discard(MainDatabaseOptions options) => Delete(Next(options));

    public static void PutInPlace(MainDatabaseOptions options)
    {
        string path = SqliteDatabase.PathOf(options);
        if (File.Exists(path))
        {
            Delete(path + ".before");
            Move(path, path + ".before");
        }
        Move(Next(options), path);
    }

    private static string Next(MainDatabaseOptions options) => SqliteDatabase.PathOf(options) + ".next";

    private static void Delete(string path)
    {
        foreach (string suffix in Suffixes)
        {
            string file = path + suffix;
            if (File.Exists(file))
            {
                File.Delete(file);
            }
        }
    }

    private static void Move(string from, string to)
    {
        foreach (string suffix in Suffixes.Where(s => File.Exists(from + s)))
        {
            File.Move(from + suffix, to + suffix, overwrite: true);
        }
    }
}
