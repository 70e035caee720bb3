using System.Security.Cryptography;
using System.Text;
using Tenon.Sources;

namespace Tenon.Server.Hosting;

/// <summary>The migrations and seeds of an app folder as they are now, beside what a database says has run.</summary>
internal sealed record SchemaFiles(IReadOnlyList<MigrationFile> Migrations, IReadOnlyList<string> Seeds)
{
    public const string Own = "tenon:";

    public static SchemaFiles Of(BackendOptions options) =>
        new(
            MigrationFile.List(options.AppFolder, options.MigrationPaths),
            options.Development ? [.. MigrationFile.Find(options.AppFolder, options.SeedPaths)] : []
        );

    /// <summary>Why a development database must be made anew: an applied migration is edited or gone, or the seed changed.</summary>
    public string? WhyRebuild(MainDatabase database)
    {
        // No files at all mean that they are switched off: nothing is thrown away for that.
        if (Edited(database) is { } edited)
        {
            return $"{edited.Name} was edited after it had been applied";
        }
        if (Migrations.Count > 0 && Applied(database).FirstOrDefault(a => Migrations.All(m => m.Version != a.Version)) is { } gone)
        {
            return $"{gone.Name} was applied and its file is gone";
        }
        return Seeds.Count > 0 && database.SeedChecksum is { } checksum && checksum != SeedChecksum() ? "the seed changed" : null;
    }

    public MigrationFile? Edited(MainDatabase database) => Migrations.FirstOrDefault(f => f.IsEdited(database.Applied));

    /// <summary>The first migration that is not applied although a later one is.</summary>
    public MigrationFile? OutOfOrder(MainDatabase database)
    {
        HashSet<string> applied = [.. Applied(database).Select(a => a.Version)];
        int last = Migrations.Select((m, i) => applied.Contains(m.Version) ? i : -1).DefaultIfEmpty(-1).Max();
        return Migrations.Take(Math.Max(last, 0)).FirstOrDefault(m => !applied.Contains(m.Version));
    }

    public string SeedChecksum()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string seed in Seeds)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(seed) + "\0"));
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(seed)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public static string VersionOf(Store.StoreMigration own) => $"{Own}{own.Number:0000}";

    /// <summary>The app's own migrations that ran; the server's are not the app's business.</summary>
    public static IEnumerable<AppliedMigration> Applied(MainDatabase database) =>
        database.Applied.Where(a => !a.Version.StartsWith(Own, StringComparison.Ordinal));
}
