using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Policies;
using Tenon.Core.Schema;
using Tenon.Core.Types;

namespace Tenon.Sources;

/// <summary>A migration that ran: its version (the digits of its file), name, and what was in it.</summary>
internal sealed record AppliedMigration(string Version, string Name, string Checksum, string Text, long AppliedAt);

/// <summary>How the main database is opened, whatever the product behind its url.</summary>
internal sealed record MainDatabaseOptions(string Url)
{
    /// <summary>The folder that relative paths in the url start from.</summary>
    public string Folder { get; init; } = ".";
    public SchemaOptions Schema { get; init; } = new();
    public TimeProvider Clock { get; init; } = TimeProvider.System;
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>A commit is on disk before it is acknowledged.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>Connections that answer requests; an engine without connections of its own reads it as readers.</summary>
    public int PoolSize { get; init; } = 16;

    /// <summary>The database is one that is made again: what its migrations make outside of it may be there.</summary>
    public bool Anew { get; init; }

    /// <summary>Nobody else may run on the database meanwhile; refused when somebody does.</summary>
    public bool Alone { get; init; }

    /// <summary>Who is to enforce row policies; null: Tenon where it can express them, the database itself otherwise.</summary>
    public Enforcement? Security { get; init; }
}

/// <summary>
/// The database an app lives in: its migrations, its catalog, and the source that requests read and write. One
/// implementation in an engine's folder; <see cref="SourceRegistry"/> chooses it by the url.
/// </summary>
internal abstract class MainDatabase : IAsyncDisposable
{
    public abstract Source Source { get; }

    /// <summary>What it contains now; swapped as a whole when a migration ran.</summary>
    public abstract Catalog Catalog { get; }

    /// <summary>The migrations that ran, in the order they ran.</summary>
    public abstract ImmutableArray<AppliedMigration> Applied { get; }

    /// <summary>What the seed files were when all of them had run here; null when they have not.</summary>
    public abstract string? SeedChecksum { get; }

    /// <summary>Tables and indexes made anew at opening, because another version had computed what they keep.</summary>
    public virtual ImmutableArray<string> Renewed => [];

    /// <summary>Requests can be answered, writes included.</summary>
    public abstract bool IsReady { get; }

    /// <summary>Lines for people about the database and what may be done there.</summary>
    public virtual ImmutableArray<string> Facts => [];

    /// <summary>Which database this is, for people: never a password.</summary>
    public abstract string Place { get; }

    /// <summary>Runs one migration as one transaction and records it; the error of a refused one carries its position.</summary>
    public abstract Task<Error?> ApplyAsync(string version, string name, string text, long now, CancellationToken cancellation);

    /// <summary>
    /// Runs the rows of a seed as one transaction; schema statements in it are refused. Inserted hears of the rows each
    /// statement put into a table.
    /// </summary>
    public abstract Task<Error?> SeedAsync(
        string text,
        long now,
        CancellationToken cancellation,
        Action<QualifiedName, long>? inserted = null
    );

    /// <summary>Remembers that all seed files have run, and what they were.</summary>
    public abstract Task RecordSeedAsync(string checksum, CancellationToken cancellation);

    /// <summary>
    /// Takes over what another process has migrated meanwhile; true when there was something. Asked for every few seconds, so
    /// it is cheap when there was not. An engine that is told of changes by its database has nothing to do here.
    /// </summary>
    public virtual Task<bool> RefreshAsync(CancellationToken cancellation) => Task.FromResult(false);

    /// <summary>All rows, held still, for a move to another database.</summary>
    public abstract Task<RowExport> ExportAsync(CancellationToken cancellation);

    /// <summary>Several servers may run on it at once, and tell each other through it.</summary>
    public virtual bool IsShared => false;

    /// <summary>The role that we are there and that owns what migrations make, where roles are a whole server's.</summary>
    public virtual RoleName? OwnRole => null;

    /// <summary>
    /// What another server on it, or anyone by SQL, did to sessions, rights and keys: "user" and an id, "keys", or "all" where
    /// something may have been missed. Called on the thread that listens: observers are quick and throw nothing.
    /// </summary>
    public event Action<string>? Told;

    /// <summary>Once the server's own tables are there: from then on it tells of them.</summary>
    public virtual Task BeginTellingAsync(CancellationToken cancellation) => Task.CompletedTask;

    protected void Tell(string what) => Told?.Invoke(what);

    public abstract ValueTask DisposeAsync();

    public static string ChecksumOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
