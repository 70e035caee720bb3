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

    /// <summary>
    /// The right to serve or replace this file, held by a lock on FILE.lock that ends with the process: two servers would each
    /// keep a catalog, a change feed and rate limits of their own.
    /// </summary>
    public static IDisposable? Claim(MainDatabaseOptions options)
    {
        string path = SqliteDatabase.PathOf(options) + ".lock";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nobody can write here: opening the database is about to say so, with its reason.
            return Stream.Null;
        }
    }

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

    public static void Delete(string path)
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
