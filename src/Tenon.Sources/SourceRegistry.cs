using Tenon.Core.Errors;
using Tenon.Sources.Sqlite;

namespace Tenon.Sources;

/// <summary>The only place outside the engines' folders that names products: a url's scheme decides which folder opens it.</summary>
internal static class SourceRegistry
{
    private sealed record Engine(string Scheme, Func<MainDatabaseOptions, CancellationToken, Task<MainDatabase>> OpenMain)
    {
        /// <summary>The database exists without being asked for over a network, so looking costs nothing.</summary>
        public Func<MainDatabaseOptions, bool> Exists { get; init; } = _ => true;

        /// <summary>The local folder it writes to, if any.</summary>
        public Func<MainDatabaseOptions, string?> FolderOf { get; init; } = _ => null;
    }

    private static readonly Engine[] Engines =
    [
        new(SqliteDatabase.Scheme, SqliteDatabase.OpenMainAsync)
        {
            Exists = o => File.Exists(SqliteDatabase.PathOf(o)),
            FolderOf = o => Path.GetDirectoryName(SqliteDatabase.PathOf(o)),
        },
    ];

    /// <summary>Opens the main database of this url, an empty one where the engine makes it; its own migrations are not run.</summary>
    public static Task<MainDatabase> OpenMainAsync(MainDatabaseOptions options, CancellationToken cancellation = default) =>
        Of(options).Value.OpenMain(options, cancellation);

    /// <summary>False when opening would make a new, empty database.</summary>
    public static bool MainExists(MainDatabaseOptions options) => Of(options).Value.Exists(options);

    /// <summary>The folder on this machine the database lives in; null when it is elsewhere.</summary>
    public static string? FolderOf(MainDatabaseOptions options) => Of(options).Value.FolderOf(options);

    /// <summary>Null when an engine takes the url as a main database.</summary>
    public static Error? Check(string url) => Of(new MainDatabaseOptions(url)).Error;

    private static Outcome<Engine> Of(MainDatabaseOptions options)
    {
        foreach (Engine engine in Engines)
        {
            if (options.Url.StartsWith(engine.Scheme, StringComparison.OrdinalIgnoreCase) && options.Url.Length > engine.Scheme.Length)
            {
                return engine;
            }
        }
        // Never the url itself: it may hold a password.
        string known = string.Join(", ", Engines.Select(e => e.Scheme));
        return Refusals.NotSupported("this kind of url as the main database", $"It begins with one of: {known}");
    }
}
