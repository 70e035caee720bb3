// The settings of an app folder: tenon.toml, then tenon.<environment>.toml, then TENON__A__B, each over the one before;
// env(NAME) and ${NAME} are replaced in text. An unknown key is an error with its line and the nearest name.
using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;
using Tenon.Core.Planning;

namespace Tenon.Cli.Configuration;

internal sealed partial class Config
{
    private const string Prefix = "TENON__";

    private readonly Dictionary<string, ConfigEntry> values = new(StringComparer.Ordinal);
    private readonly HashSet<string> notBuilt = new(StringComparer.Ordinal);
    private readonly Func<string, string?> variable;

    private Config(string folder, Func<string, string?> variable)
    {
        Folder = folder;
        this.variable = variable;
    }

    public string Folder { get; }

    /// <summary>What a person should know and nothing fails for: settings that have no effect.</summary>
    public List<string> Notices { get; } = [];

    public IEnumerable<ConfigEntry> Entries => values.Values;

    public static Config Load(string folder, string environment, IReadOnlyDictionary<string, string> variables)
    {
        var config = new Config(Path.GetFullPath(folder), name => variables.GetValueOrDefault(name));
        string main = Path.Combine(config.Folder, "tenon.toml");
        if (!File.Exists(main))
        {
            throw new ConfigException($"{folder}: no tenon.toml here; make an app with: tenon new DIR");
        }
        foreach (string file in new[] { main, Path.Combine(config.Folder, $"tenon.{environment}.toml") }.Where(File.Exists))
        {
            ConfigFile.Read(file).ForEach(config.Set);
        }
        foreach ((string name, string value) in variables.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            if (name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                string path = name[Prefix.Length..].Replace("__", ".", StringComparison.Ordinal).ToLowerInvariant();
                config.Set(new ConfigEntry(path, value, name, 0));
            }
        }
        return config;
    }

    /// <summary>The process's variables; with <paramref name="files"/> those of .env and .env.local beneath them.</summary>
    public static Dictionary<string, string> Variables(string folder, bool files)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string name in files ? new[] { ".env", ".env.local" } : [])
        {
            string path = Path.Combine(folder, name);
            foreach (string line in File.Exists(path) ? File.ReadAllLines(path) : [])
            {
                int equals = line.IndexOf('=', StringComparison.Ordinal);
                if (equals > 0 && !line.TrimStart().StartsWith('#'))
                {
                    all[line[..equals].Trim()] = line[(equals + 1)..].Trim().Trim('"');
                }
            }
        }
        foreach (DictionaryEntry pair in Environment.GetEnvironmentVariables())
        {
            all[(string)pair.Key] = (string?)pair.Value ?? "";
        }
        return all;
    }

    /// <summary>Somebody wrote the setting down; otherwise its default holds.</summary>
    public bool IsSet(string path) => values.ContainsKey(path);

    public string Text(string path) => Substitute(path, Convert.ToString(Raw(path), CultureInfo.InvariantCulture) ?? "");

    public bool Switch(string path) =>
        Raw(path) is bool flag ? flag : bool.TryParse(Text(path), out bool read) ? read : throw Wrong(path, "true or false");

    public int Count(string path) =>
        int.TryParse(Text(path), NumberStyles.None, CultureInfo.InvariantCulture, out int read) ? read : throw Wrong(path, "a whole number");

    public TimeSpan Duration(string path) => Quantity(path, SecondsOf, "a duration such as \"30s\"") is var s ? TimeSpan.FromSeconds(s) : default;

    public long Size(string path) => (long)Quantity(path, BytesOf, "a size such as \"10MiB\"");

    public string[] List(string path) =>
        Raw(path) is object?[] items
            ? [.. items.Select(i => Substitute(path, Convert.ToString(i, CultureInfo.InvariantCulture) ?? ""))]
            : Text(path).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private object? Raw(string path) =>
        values.TryGetValue(path, out ConfigEntry? entry) ? entry.Value : KnownSettings.Find(path)?.Default;

    private void Set(ConfigEntry entry)
    {
        if (KnownSettings.HasNoEffect(entry.Path))
        {
            Notices.Add($"{Place(entry)}{entry.Path} has no effect here");
            return;
        }
        if (KnownSettings.Find(entry.Path) is not { } setting)
        {
            string? near = NearMiss.Find(entry.Path, KnownSettings.All.Select(s => s.Path));
            throw new ConfigException($"{Place(entry)}unknown key {entry.Path}{(near is null ? "" : $"; did you mean {near}?")}");
        }
        if (!setting.Built)
        {
            // A whole section that is not built is told once, where it is first named.
            string what = setting.Path.EndsWith(".*", StringComparison.Ordinal) ? setting.Path[..^2] : entry.Path;
            if (notBuilt.Add(what))
            {
                Notices.Add($"{Place(entry)}{what} is not built yet and has no effect");
            }
        }
        values[entry.Path] = entry;
    }

    private ConfigException Wrong(string path, string wanted) =>
        new($"{(values.TryGetValue(path, out ConfigEntry? entry) ? Place(entry) : "")}{path} must be {wanted}, not \"{Text(path)}\"");

    private static string Place(ConfigEntry entry) => entry.Line > 0 ? $"{entry.File}:{entry.Line}: " : $"{entry.File}: ";

    private double Quantity(string path, Func<string, double?> unit, string wanted)
    {
        Match match = NumberAndUnit().Match(Text(path));
        if (match.Success && unit(match.Groups[2].Value) is { } factor)
        {
            return double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * factor;
        }
        throw Wrong(path, wanted);
    }

    private static double? SecondsOf(string unit) =>
        unit switch { "ms" => 0.001, "" or "s" => 1, "m" => 60, "h" => 3600, "d" => 86400, _ => null };

    private static double? BytesOf(string unit) =>
        unit switch { "" or "B" => 1, "KiB" or "KB" => 1 << 10, "MiB" or "MB" => 1 << 20, "GiB" or "GB" => 1 << 30, _ => null };

    /// <summary>A word of the command line, written like a setting: env(NAME) and ${NAME} are replaced.</summary>
    public string Expand(string what, string text) => Substitute(what, text);

    private string Substitute(string path, string text) =>
        Reference().Replace(text, match =>
        {
            string name = match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value;
            return variable(name) ?? throw new ConfigException($"{path} names the environment variable {name}, which is not set");
        });

    [GeneratedRegex(@"^env\((\w+)\)$|\$\{(\w+)\}")]
    private static partial Regex Reference();

    [GeneratedRegex(@"^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$")]
    private static partial Regex NumberAndUnit();
}
