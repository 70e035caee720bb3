// Sets single keys in a file of settings that people write: a key that stands on a line of its own is replaced there, a new
// one goes below the table it belongs to, or into a table of its own at the end. The rest stays as it is.
using System.Text.RegularExpressions;

namespace Tenon.Cli.Configuration;

internal static partial class TomlEdit
{
    /// <summary>Sets the keys, whose values are TOML; nothing is written when the file would not say what it should afterwards.</summary>
    public static void Set(string file, IReadOnlyDictionary<string, string> values)
    {
        string before = File.Exists(file) ? File.ReadAllText(file) : "";
        List<string> lines = [.. before.Length == 0 ? [] : before.TrimEnd('\n').Split('\n')];
        string beside = file + ".new";
        try
        {
            foreach ((string path, string value) in values)
            {
                File.WriteAllText(beside, string.Join('\n', lines) + "\n");
                SetOne(lines, ConfigFile.Read(beside), path, value);
            }
            File.WriteAllText(beside, string.Join('\n', lines) + "\n");
            Dictionary<string, string> now = ConfigFile.Read(beside).ToDictionary(e => e.Path, e => TomlValue.Of(e.Value));
            if (values.FirstOrDefault(v => now.GetValueOrDefault(v.Key) != v.Value).Key is { } missing)
            {
                throw new ConfigException($"{Path.GetFileName(file)}: {missing} cannot be set by a command here; set it by hand: {missing} = {values[missing]}");
            }
            File.Move(beside, file, overwrite: true);
        }
        finally
        {
            File.Delete(beside);
        }
    }

    /// <summary>Adds a table at the end; nothing is written when the file would not say this, and all it said before, afterwards.</summary>
    public static void AddTable(string file, string table, IReadOnlyList<(string Key, string Value)> keys)
    {
        string before = File.ReadAllText(file);
        string end = before.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        string gap = before.Length == 0 ? "" : before.EndsWith('\n') ? end : end + end;
        string added = string.Concat(keys.Select(k => $"{k.Key} = {k.Value}{end}"));
        string beside = file + ".new";
        try
        {
            // A copy first, so that the new file has the rights of the old one.
            File.Copy(file, beside, overwrite: true);
            File.WriteAllText(beside, $"{before}{gap}[{table}]{end}{added}");
            string[] wanted = [.. ConfigFile.Read(file).Select(Told), .. keys.Select(k => $"{table}.{k.Key} = {k.Value}")];
            if (!ReadAdded(beside).Select(Told).Order(StringComparer.Ordinal).SequenceEqual(wanted.Order(StringComparer.Ordinal)))
            {
                throw new ConfigException($"{Path.GetFileName(file)}: [{table}] cannot be added by a command here; add it by hand");
            }
            File.Move(beside, file, overwrite: true);
        }
        finally
        {
            File.Delete(beside);
        }
    }

    private static string Told(ConfigEntry entry) => $"{entry.Path} = {TomlValue.Of(entry.Value)}";

    // What is no TOML any more, since the table is there in another form.
    private static List<ConfigEntry> ReadAdded(string file)
    {
        try
        {
            return ConfigFile.Read(file);
        }
        catch (ConfigException)
        {
            return [];
        }
    }

    private static void SetOne(List<string> lines, List<ConfigEntry> entries, string path, string value)
    {
        string key = path[(path.LastIndexOf('.') + 1)..];
        if (entries.FindLast(e => e.Path == path) is { } standing)
        {
            Match line = KeyAndValue().Match(lines[standing.Line - 1]);
            // What spans lines or stands inside an inline table stays: the check afterwards says so.
            if (line.Success && line.Groups["key"].Value.Split('.')[^1].Trim('"') == key)
            {
                lines[standing.Line - 1] = $"{line.Groups["head"].Value}{value}";
            }
            return;
        }
        string table = path[..^(key.Length + 1)];
        int header = lines.FindIndex(l => TableHeader().Match(l) is { Success: true } found && found.Groups["name"].Value == table);
        if (header >= 0)
        {
            lines.Insert(header + 1, $"{key} = {value}");
            return;
        }
        lines.AddRange([.. lines.Count > 0 ? [""] : Array.Empty<string>(), $"[{table}]", $"{key} = {value}"]);
    }

    [GeneratedRegex(@"^(?<head>\s*(?<key>[\w\-.""]+)\s*=\s*)(?:""(?:[^""\\]|\\.)*""|[\w.+\-]+|\[[^\[\]\n]*\])\s*(?:#.*)?$")]
    private static partial Regex KeyAndValue();

    [GeneratedRegex(@"^\s*\[(?<name>[\w\-.]+)\]\s*(?:#.*)?$")]
    private static partial Regex TableHeader();
}
