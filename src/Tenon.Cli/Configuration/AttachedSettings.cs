// [sources.NAME] of tenon.toml and sources/NAME/policies.sql → the databases to attach, and the engines this program has.
using Tenon.Sources;
using Tenon.Sources.MySql;

namespace Tenon.Cli.Configuration;

internal static class AttachedSettings
{
    private const string Section = "sources.";

    public static AttachedEngines Engines { get; } = new AttachedEngines().AddMySql();

    public static IReadOnlyList<AttachedOptions> From(Config config) =>
        [.. config.Entries.Where(e => e.Path.StartsWith(Section, StringComparison.Ordinal)).Select(e => e.Path.Split('.')[1]).Distinct().Select(n => Of(config, n))];

    private static AttachedOptions Of(Config config, string name)
    {
        string at = Section + name;
        if (!AttachedOptions.IsName(name))
        {
            throw new ConfigException($"[{at}]: a source's name is lower-case letters, digits and _, and begins with a letter");
        }
        string url = config.Text(at + ".url");
        if (url.Length == 0)
        {
            throw new ConfigException($"{at}.url is not set: the database to attach, such as mysql://user:password@host/database");
        }
        Demand(config, at + ".security", "compiled", "policies of an attached source are Tenon's");
        Demand(config, at + ".time_zone", "UTC", "other zones are not built yet");
        return new AttachedOptions(name, url)
        {
            Policies = AttachedOptions.PoliciesOf(config.Folder, name),
            Tables = [.. config.List(at + ".tables")],
            Schemas = [.. config.List(at + ".schemas")],
            Writable = config.Switch(at + ".writable"),
            PoolSize = config.Count(at + ".pool_size"),
            Timeout = config.Duration(at + ".timeout"),
        };
    }

    private static void Demand(Config config, string path, string only, string why)
    {
        if (config.Text(path) != only)
        {
            throw new ConfigException($"{path} must be \"{only}\": {why}");
        }
    }
}
