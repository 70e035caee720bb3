// What one environment lacks of another, step by step. Pure: two snapshots in, steps out.
using System.Text.Json;
using Tenon.Core.Codegen;

namespace Tenon.Cli.Commands;

/// <summary>What /auth/v1/admin/environment tells of an environment.</summary>
internal sealed record EnvSnapshot(
    IReadOnlyDictionary<string, string> Settings,
    IReadOnlyDictionary<string, string> Templates,
    IReadOnlyDictionary<string, string> Providers,
    IReadOnlyList<AccessRule> Access
)
{
    public static EnvSnapshot Read(JsonElement json) =>
        new(
            Map(json, "settings"),
            Map(json, "templates"),
            Map(json, "providers"),
            [.. json.GetProperty("access").EnumerateArray().Select(r => new AccessRule(Say.Text(r, "kind"), Say.Text(r, "key"), Say.Text(r, "create"), Say.Text(r, "drop")))]
        );

    private static SortedDictionary<string, string> Map(JsonElement json, string name) =>
        new(json.GetProperty(name).EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetString()!), StringComparer.Ordinal);
}

/// <summary>One difference: action is add, change or remove; From and To are what stands there, null where nothing does.</summary>
internal sealed record EnvStep(string Area, string Key, string Action, string? From, string? To)
{
    public const string Settings = "setting";
    public const string Templates = "template";
    public const string Providers = "provider";
    public const string Access = "access";

    /// <summary>Takes something away that is not made again.</summary>
    public bool IsDestructive => Action == "remove";

    /// <summary>Why the command cannot take it, with what to do instead; null when it can.</summary>
    public string? Blocked { get; init; }

    /// <summary>The statements of an access rule.</summary>
    public string Sql { get; init; } = "";

    /// <summary>In which order access rules are applied: what is taken away goes before what is given, roles are there first and go last.</summary>
    public int Place { get; init; }
}

internal static class EnvPlan
{
    /// <summary>The steps that make To what From is. Remote: To is a running server whose files and database are elsewhere.</summary>
    public static IReadOnlyList<EnvStep> Between(EnvSnapshot from, EnvSnapshot to, bool remote, IReadOnlyDictionary<string, string> secrets) =>
        [
            .. Access(from.Access, to.Access).Select(step => remote ? step with { Blocked = "a rule of the database: apply with the folder of that environment" } : step),
            .. Differences(EnvStep.Providers, from.Providers, to.Providers).Select(step => WithSecret(step, secrets)),
            .. Differences(EnvStep.Templates, from.Templates, to.Templates).Select(step => remote ? step with { Blocked = "a file of that server: copy it to its emails/" } : step),
            .. Differences(EnvStep.Settings, from.Settings, to.Settings).Select(step => OfFile(step, remote)),
        ];

    private static EnvStep WithSecret(EnvStep step, IReadOnlyDictionary<string, string> secrets) =>
        step.Action == "add" && !secrets.ContainsKey(step.Key)
            ? step with { Blocked = $"its client secret does not travel: give it with --secret \"{step.Key}=env(NAME)\"" }
            : step;

    private static EnvStep OfFile(EnvStep step, bool remote) =>
        remote ? step with { Blocked = "a setting of that server: set it in its tenon.toml and start it again" }
        : step.IsDestructive ? step with { Blocked = "delete it in that environment's tenon.toml by hand" }
        : step;

    private static IEnumerable<EnvStep> Differences(string area, IReadOnlyDictionary<string, string> from, IReadOnlyDictionary<string, string> to)
    {
        foreach ((string key, string value) in from.Where(f => to.GetValueOrDefault(f.Key) != f.Value))
        {
            yield return new EnvStep(area, key, to.ContainsKey(key) ? "change" : "add", value, to.GetValueOrDefault(key));
        }
        foreach ((string key, string value) in to.Where(t => !from.ContainsKey(t.Key)))
        {
            yield return new EnvStep(area, key, "remove", null, value);
        }
    }

    private static IEnumerable<EnvStep> Access(IReadOnlyList<AccessRule> from, IReadOnlyList<AccessRule> to)
    {
        Dictionary<string, AccessRule> had = to.ToDictionary(r => r.Key);
        Dictionary<string, AccessRule> wanted = from.ToDictionary(r => r.Key);
        foreach (AccessRule rule in from)
        {
            if (!had.TryGetValue(rule.Key, out AccessRule? old))
            {
                yield return new EnvStep(EnvStep.Access, rule.Key, "add", rule.Create, null) { Sql = rule.Create, Place = rule.Kind == "role" ? 0 : 2 };
            }
            else if (old.Create != rule.Create)
            {
                yield return new EnvStep(EnvStep.Access, rule.Key, "change", rule.Create, old.Create) { Sql = $"{old.Drop}\n{rule.Create}", Place = 2 };
            }
        }
        foreach (AccessRule rule in to.Where(r => !wanted.ContainsKey(r.Key)))
        {
            yield return new EnvStep(EnvStep.Access, rule.Key, "remove", null, rule.Create) { Sql = rule.Drop, Place = rule.Kind == "role" ? 3 : 1 };
        }
    }
}
