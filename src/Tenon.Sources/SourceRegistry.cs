using System.Diagnostics;
using Tenon.Core.Errors;
using Tenon.Sources.Postgres;
using Tenon.Sources.Postgres.Moving;
using Tenon.Sources.Sqlite;
using Tenon.Sources.Sqlite.Moving;

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

        /// <summary>Keeps other servers from the database until disposed; null when one has it.</summary>
        public Func<MainDatabaseOptions, IDisposable?> Claim { get; init; } = _ => new Unclaimed();

        /// <summary>Opens an empty database for another one to move into; refused when it is not empty.</summary>
        public required Func<MainDatabaseOptions, CancellationToken, Task<Outcome<MoveTarget>>> OpenTarget { get; init; }

        /// <summary>What would be made in a database, found out without changing it; null where Tenon makes the database itself.</summary>
        public Func<MainDatabaseOptions, CancellationToken, Task<Outcome<DatabasePlan>>>? Plan { get; init; }

        /// <summary>The program by which an engine dumps its own databases; null where Tenon prints the dump.</summary>
        public Func<MainDatabaseOptions, DumpRequest, ProcessStartInfo>? Dump { get; init; }

        /// <summary>How a fresh database takes the place of an old one; null where an engine's databases cannot be replaced.</summary>
        public Replacement? Replacement { get; init; }
    }

    /// <summary>
    /// Beside: where a fresh database is made while the old one is in use. Discard and PutInPlace want nobody to have it open;
    /// Make makes an empty one there, for an engine whose databases do not come by being opened.
    /// </summary>
    private sealed record Replacement(
        Func<MainDatabaseOptions, Outcome<MainDatabaseOptions>> Beside,
        Action<MainDatabaseOptions> Discard,
        Action<MainDatabaseOptions> Make,
        Action<MainDatabaseOptions> PutInPlace
    );

    /// <summary>Several servers may run on one database.</summary>
    private sealed class Unclaimed : IDisposable
    {
        public void Dispose() { }
    }

    private static readonly Engine[] Engines =
    [
        new(SqliteDatabase.Scheme, SqliteDatabase.OpenMainAsync)
        {
            OpenTarget = SqliteTarget.OpenAsync,
            Exists = o => File.Exists(SqliteDatabase.PathOf(o)),
            FolderOf = o => Path.GetDirectoryName(SqliteDatabase.PathOf(o)),
            Claim = SqliteReplacement.Claim,
            Replacement = new Replacement(o => SqliteReplacement.Beside(o), SqliteReplacement.Discard, _ => { }, SqliteReplacement.PutInPlace),
        },
        .. PostgresUrl.Schemes.Select(s => new Engine(s, PostgresDatabase.OpenMainAsync)
        {
            OpenTarget = PostgresTarget.OpenAsync,
            Plan = PostgresPlan.MakeAsync,
            Dump = PostgresDump.Program,
            Replacement = new Replacement(PostgresReplacement.Beside, PostgresReplacement.Discard, PostgresReplacement.Make, PostgresReplacement.PutInPlace),
        }),
    ];

    /// <summary>Opens the main database of this url, an empty one where the engine makes it; its own migrations are not run.</summary>
    public static Task<MainDatabase> OpenMainAsync(MainDatabaseOptions options, CancellationToken cancellation = default) =>
        Of(options).Value.OpenMain(options, cancellation);

    /// <summary>Opens an empty database for another one to move into; the error says what stands in the way.</summary>
    public static async Task<Outcome<MoveTarget>> OpenTargetAsync(MainDatabaseOptions options, CancellationToken cancellation) =>
        Of(options).TryGet(out Engine engine, out Error unknown) ? await engine.OpenTarget(options, cancellation).ConfigureAwait(false) : unknown;

    /// <summary>What Tenon would make in this database; nothing is changed.</summary>
    public static async Task<Outcome<DatabasePlan>> PlanAsync(MainDatabaseOptions options, CancellationToken cancellation)
    {
        if (!Of(options).TryGet(out Engine engine, out Error unknown))
        {
            return unknown;
        }
        return engine.Plan is { } plan
            ? await plan(options, cancellation).ConfigureAwait(false)
            : Refusals.NotSupported("a plan for this kind of database", "Tenon makes it as a whole: tenon migrate up");
    }

    /// <summary>The same product stands behind both urls.</summary>
    public static bool AreAlike(MainDatabaseOptions one, MainDatabaseOptions other) => Of(one).Value.OpenMain == Of(other).Value.OpenMain;

    /// <summary>False when opening would make a new, empty database.</summary>
    public static bool MainExists(MainDatabaseOptions options) => Of(options).Value.Exists(options);

    /// <summary>The folder on this machine the database lives in; null when it is elsewhere.</summary>
    public static string? FolderOf(MainDatabaseOptions options) => Of(options).Value.FolderOf(options);

    /// <summary>
    /// For a server, and for who replaces the database: keeps others from it until disposed; null when another has it. An
    /// engine that serves several at once lets everybody in. Commands that only read and write need no claim.
    /// </summary>
    public static IDisposable? Claim(MainDatabaseOptions options) => Of(options).Value.Claim(options);

    /// <summary>Where to make a fresh database in place of this one, for development; refused where the engine cannot.</summary>
    public static Outcome<MainDatabaseOptions> Beside(MainDatabaseOptions options) =>
        Of(options).Value.Replacement is { } replacement
            ? replacement.Beside(options)
            : Refusals.NotSupported("making this database anew", "Drop and create it with the tools of its engine, then start again.");

    /// <summary>An empty database at <see cref="Beside"/>, where there is none.</summary>
    public static void MakeBeside(MainDatabaseOptions options) => Of(options).Value.Replacement?.Make(options);

    /// <summary>The program that dumps this database to its standard output; null where Tenon prints the dump itself.</summary>
    public static ProcessStartInfo? DumpProgram(MainDatabaseOptions options, DumpRequest request) => Of(options).Value.Dump?.Invoke(options, request);

    /// <summary>Throws away what stands at <see cref="Beside"/>.</summary>
    public static void DiscardBeside(MainDatabaseOptions options) => Of(options).Value.Replacement?.Discard(options);

    /// <summary>Puts the database made at <see cref="Beside"/> in place; the old one is kept, the engine says where.</summary>
    public static void PutInPlace(MainDatabaseOptions options) => Of(options).Value.Replacement?.PutInPlace(options);

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
