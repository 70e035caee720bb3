using Tenon.Server.Hosting;

namespace Tenon.Cli.Commands;

/// <summary>
/// Sees changes of what tenon dev was started from: configuration, migrations, seeds, and the front end's sources where it is
/// built. By polling, which works on every file system, network mounts included.
/// </summary>
internal sealed class FileWatch
{
    /// <summary>Names of the files that changed, and whether settings are among them.</summary>
    internal sealed record Change(IReadOnlyList<string> Names, bool Configuration);

    /// <summary>What of a folder under sources/ the server was started with.</summary>
    private const string Policies = "policies.sql";

    private sealed record Stamp(long Ticks, long Length);

    private readonly string folder;
    private string[] patterns = [];
    private Dictionary<string, Stamp> known;
    private Dictionary<string, Stamp>? unsettled;

    public FileWatch(AppFolder app)
    {
        folder = app.Path;
        Follow(app);
        known = Look();
    }

    /// <summary>Takes the paths to look at from these settings; files of new paths count as changed.</summary>
    public void Follow(AppFolder app) => patterns = [.. app.Config.List("db.migrations.paths"), .. app.Config.List("db.seed.sql_paths")];

    /// <summary>What changed since the last answer, once it has stood still for a look: editors write in several steps.</summary>
    public Change? Changed()
    {
        Dictionary<string, Stamp> now = Look();
        if (Same(now, known))
        {
            unsettled = null;
            return null;
        }
        if (unsettled is null || !Same(now, unsettled))
        {
            unsettled = now;
            return null;
        }
        string[] names = [.. now.Keys.Union(known.Keys).Where(f => now.GetValueOrDefault(f) != known.GetValueOrDefault(f)).Order(StringComparer.Ordinal)];
        (known, unsettled) = (now, null);
        return new Change([.. names.Select(n => Path.GetRelativePath(folder, n))], names.Any(n => IsConfiguration(n) || IsTemplate(n)));
    }

    private static bool Same(Dictionary<string, Stamp> a, Dictionary<string, Stamp> b) =>
        a.Count == b.Count && a.All(f => b.TryGetValue(f.Key, out Stamp? stamp) && stamp == f.Value);

    private static bool IsConfiguration(string file) => Path.GetExtension(file) == ".toml" || Path.GetFileName(file) == Policies || Path.GetFileName(file).StartsWith(".env", StringComparison.Ordinal);

    private IEnumerable<string> Attached() =>
        Path.Combine(folder, "sources") is var sources && Directory.Exists(sources)
            ? Directory.EnumerateDirectories(sources).Select(d => Path.Combine(d, Policies))
            : [];

    // Mail templates are read at start, like the configuration.
    private static bool IsTemplate(string file) => Path.GetExtension(file) == ".html";

    private string[] Templates()
    {
        string emails = Path.Combine(folder, "emails");
        return Directory.Exists(emails) ? Directory.GetFiles(emails, "*.html", SearchOption.AllDirectories) : [];
    }

    private Dictionary<string, Stamp> Look()
    {
        IEnumerable<string> files = Directory.EnumerateFiles(folder).Where(IsConfiguration).Concat(MigrationFile.Find(folder, patterns)).Concat(Templates()).Concat(Attached());
        var seen = new Dictionary<string, Stamp>(StringComparer.Ordinal);
        foreach (FileInfo file in files.Select(f => new FileInfo(f)).Where(f => f.Exists))
        {
            seen[file.FullName] = new Stamp(file.LastWriteTimeUtc.Ticks, file.Length);
        }
        return seen;
    }
}
