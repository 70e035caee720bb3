using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Hosting;

/// <summary>A migration or seed file that cannot be applied: where, why and what to write instead.</summary>
internal sealed class MigrationFailure(string file, string text, Error error) : Exception(Describe(file, text, error))
{
    public Error Error { get; } = error;

    private static string Describe(string file, string text, Error error)
    {
        string place = file;
        if (error.Position is { } position)
        {
            (int line, int column) = new Span(position, 0).LineAndColumn(text);
            place = $"{file}:{line}:{column}";
        }
        string message = $"{place}: {error.Message} ({error.Code})";
        message += error.Details is null ? "" : $"; {error.Details}";
        return error.Hint is null ? message : $"{message}\n  mend: {error.Hint}";
    }
}

/// <summary>One file of migrations/: its version is the digits its name begins with.</summary>
internal sealed record MigrationFile(string Version, string Name, string Path)
{
    public string Read() => File.ReadAllText(Path);

    /// <summary>All files of the patterns, in the order of their versions.</summary>
    public static IReadOnlyList<MigrationFile> List(string folder, IEnumerable<string> patterns)
    {
        var files = new List<MigrationFile>();
        foreach (string path in Find(folder, patterns))
        {
            string name = System.IO.Path.GetFileName(path);
            int digits = 0;
            while (digits < name.Length && char.IsAsciiDigit(name[digits]))
            {
                digits++;
            }
            if (digits == 0)
            {
                throw new InvalidDataException($"{path}: a migration's name begins with digits, such as 20260101120000_{name}");
            }
            files.Add(new MigrationFile(name[..digits], name, path));
        }
        return [.. files.OrderBy(f => f.Version.PadLeft(32, '0'), StringComparer.Ordinal).ThenBy(f => f.Name, StringComparer.Ordinal)];
    }

    /// <summary>Files matching patterns such as ./migrations/*.sql, each pattern's in name order.</summary>
    public static IEnumerable<string> Find(string folder, IEnumerable<string> patterns)
    {
        foreach (string pattern in patterns)
        {
            string full = System.IO.Path.GetFullPath(System.IO.Path.Combine(folder, pattern));
            string parent = System.IO.Path.GetDirectoryName(full)!;
            if (Directory.Exists(parent))
            {
                foreach (string file in Directory.GetFiles(parent, System.IO.Path.GetFileName(full)).Order(StringComparer.Ordinal))
                {
                    yield return file;
                }
            }
        }
    }

    /// <summary>The applied migration of this version whose text differs from the file; null when there is none.</summary>
    public bool IsEdited(IEnumerable<AppliedMigration> applied) =>
        applied.Any(a => a.Version == Version && a.Checksum != MainDatabase.ChecksumOf(Read()));
}
