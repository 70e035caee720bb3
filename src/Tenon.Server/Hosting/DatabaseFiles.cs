using System.Globalization;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Store;
using Tenon.Sources;

namespace Tenon.Server.Hosting;

/// <summary>
/// Opens the main database and brings it up to date with the app's files. A fresh development database is made beside the
/// old one and takes its place only when every migration and seed ran.
/// </summary>
internal sealed class DatabaseFiles(BackendOptions options, TimeProvider clock, Action<StartStep>? progress)
{
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly MainDatabaseOptions main = options.MainDatabase(clock);

    /// <summary>Keeps other servers from this database until disposed; refused when one has it.</summary>
    public static IDisposable Claim(BackendOptions options)
    {
        MainDatabaseOptions main = options.MainDatabase(TimeProvider.System);
        return SourceRegistry.Claim(main)
            ?? throw new StartRefused($"another tenon dev or serve runs on the database in {SourceRegistry.FolderOf(main)}; stop it first");
    }

    private async Task<MainDatabase> OpenAsync(MainDatabaseOptions which, CancellationToken cancellation)
    {
        try
        {
            MainDatabase database = await SourceRegistry.OpenMainAsync(which, cancellation);
            if (!database.Renewed.IsEmpty)
            {
                progress?.Invoke(new StartStep("renew", $"{string.Join(", ", database.Renewed)}: computed anew with the functions of this version", null));
            }
            return database;
        }
        catch (TenonException e)
        {
            throw new StartRefused($"{e.Error.Message}. {e.Error.Hint}");
        }
        catch (Exception e) when (e is SourceException or UnauthorizedAccessException)
        {
            string where = SourceRegistry.FolderOf(main) is { } folder ? $"the database in {folder}" : "the database";
            string what = e is SourceException failed ? failed.ToError().Message : "it cannot be written";
            throw new StartRefused($"{where} cannot be opened: {what}; see that the disk has space and that the user who runs tenon may write there");
        }
    }

    /// <summary>The database with all migrations applied; made or made anew in development where that is due.</summary>
    public async Task<MainDatabase> OpenAsync(CancellationToken cancellation)
    {
        if (options.Development && !SourceRegistry.MainExists(main))
        {
            await ReplaceAsync(cancellation);
        }
        MainDatabase database = await OpenAsync(main, cancellation);
        try
        {
            SchemaFiles files = SchemaFiles.Of(options);
            if (Refusal(files, database) is { } refusal)
            {
                throw new StartRefused(refusal);
            }
            if (!options.Development || files.WhyRebuild(database) is not { } why)
            {
                await UpdateAsync(database, files, cancellation);
                return database;
            }
            progress?.Invoke(new StartStep("rebuild", why, null));
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
        await database.DisposeAsync();
        await ReplaceAsync(cancellation);
        return await OpenAsync(main, cancellation);
    }

    /// <summary>What forbids to go on with this database, with the mend; null when nothing does.</summary>
    private string? Refusal(SchemaFiles files, MainDatabase database)
    {
        if (!options.Development && files.Edited(database) is { } edited)
        {
            return $"migration {edited.Name} was edited after it had been applied; restore it and write a new migration";
        }
        if (options.Development && options.KeepData && files.WhyRebuild(database) is { } why)
        {
            return $"{why}, and --keep-data forbids a fresh database; restore the file, or start without --keep-data";
        }
        return options.Strict && !options.IncludeAll && files.OutOfOrder(database) is { } late
            ? $"migration {late.Name} is not applied although a later one is; give it a later number, or apply it with --include-all"
            : null;
    }

    /// <summary>Makes a fresh database beside the old one, which nobody has open, and puts it in place.</summary>
    public async Task ReplaceAsync(CancellationToken cancellation)
    {
        await BuildAsync(cancellation);
        PutInPlace();
    }

    /// <summary>Makes a whole database from all migrations and the seed beside the one in use, which goes on untouched.</summary>
    public async Task BuildAsync(CancellationToken cancellation)
    {
        if (!SourceRegistry.Beside(main).TryGet(out MainDatabaseOptions beside, out Error refused))
        {
            throw new StartRefused($"{refused.Message}. {refused.Hint}");
        }
        try
        {
            SourceRegistry.DiscardBeside(main);
            SourceRegistry.MakeBeside(main);
        }
        catch (SourceException failed)
        {
            throw new StartRefused($"no database can be made beside the one in use: {failed.ToError().Message}");
        }
        try
        {
            await using MainDatabase fresh = await OpenAsync(beside, cancellation);
            await UpdateAsync(fresh, SchemaFiles.Of(options), cancellation);
        }
        catch
        {
            SourceRegistry.DiscardBeside(main);
            throw;
        }
    }

    /// <summary>Puts the database made by <see cref="BuildAsync"/> in place; nobody may have the old one open.</summary>
    public void PutInPlace() => SourceRegistry.PutInPlace(main);

    /// <summary>Migrations, and in development the seed of a database that has seen neither.</summary>
    private async Task UpdateAsync(MainDatabase database, SchemaFiles files, CancellationToken cancellation)
    {
        bool isNew = database.SeedChecksum is null && !SchemaFiles.Applied(database).Any();
        await ApplyAsync(database, files, cancellation);
        if (options.Development && isNew)
        {
            await SeedAsync(database, files, cancellation);
        }
    }

    /// <summary>Applies the server's own migrations and the app's that are not applied yet, each in its transaction.</summary>
    public async Task ApplyAsync(MainDatabase database, SchemaFiles files, CancellationToken cancellation)
    {
        long started = clock.GetTimestamp();
        foreach (StoreMigration own in StoreMigrations.All)
        {
            await ApplyAsync(database, SchemaFiles.VersionOf(own), own.Name, own.Sql, cancellation);
        }
        await database.BeginTellingAsync(cancellation);
        int applied = 0;
        foreach (MigrationFile file in files.Migrations)
        {
            applied += await ApplyAsync(database, file.Version, file.Name, file.Read(), cancellation) ? 1 : 0;
        }
        if (applied > 0)
        {
            progress?.Invoke(new StartStep("migrations", $"{applied} applied", clock.GetElapsedTime(started)));
        }
    }

    private async Task<bool> ApplyAsync(MainDatabase database, string version, string name, string text, CancellationToken cancellation)
    {
        if (database.Applied.Any(a => a.Version == version))
        {
            return false;
        }
        Error? refused = await database.ApplyAsync(version, name, text, Now(), cancellation);
        return refused is null ? true : throw new MigrationFailure(name, text, refused);
    }

    private async Task SeedAsync(MainDatabase database, SchemaFiles files, CancellationToken cancellation)
    {
        long started = clock.GetTimestamp();
        string checksum = files.SeedChecksum();
        var rows = new Dictionary<QualifiedName, long>();
        foreach (string file in files.Seeds)
        {
            string text = await File.ReadAllTextAsync(file, cancellation);
            if (await database.SeedAsync(text, Now(), cancellation, (table, count) => rows[table] = rows.GetValueOrDefault(table) + count) is { } refused)
            {
                throw new MigrationFailure(Path.GetFileName(file), text, refused);
            }
        }
        await database.RecordSeedAsync(checksum, cancellation);
        if (files.Seeds.Count > 0)
        {
            var largest = rows.OrderByDescending(r => r.Value).Take(2);
            string what = string.Join("  ", largest.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Value:#,0} {r.Key.Name}")));
            progress?.Invoke(new StartStep("seed", what, clock.GetElapsedTime(started)));
        }
    }

    private long Now() => (clock.GetUtcNow() - Epoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
