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
    /// <summary>The name of this state, for a change planned on it; empty where the server is of before such changes.</summary>
    public string Base { get; init; } = "";

    /// <summary>Settings that can be set while the server runs.</summary>
    public IReadOnlySet<string> Changeable { get; init; } = new HashSet<string>();

    /// <summary>What holds there beside what its files say.</summary>
    public IReadOnlyList<EnvDrift> Drift { get; init; } = [];

    public static EnvSnapshot Read(JsonElement json) =>
        new(
            Map(json, "settings"),
            Map(json, "templates"),
            Map(json, "providers"),
            [.. json.GetProperty("access").EnumerateArray().Select(r => new AccessRule(Say.Text(r, "kind"), Say.Text(r, "key"), Say.Text(r, "create"), Say.Text(r, "drop")))]
        )
        {
            Base = json.TryGetProperty("base", out JsonElement state) ? state.GetString()! : "",
            Changeable = json.TryGetProperty("changeable", out JsonElement paths) ? paths.EnumerateArray().Select(p => p.GetString()!).ToHashSet() : new HashSet<string>(),
            Drift = json.TryGetProperty("drift", out JsonElement drift) ? [.. drift.EnumerateArray().Select(EnvDrift.Read)] : [],
        };

    private static SortedDictionary<string, string> Map(JsonElement json, string name) =>
        new(json.GetProperty(name).EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetString()!), StringComparer.Ordinal);
}

/// <summary>What holds in an environment beside what its files say: a setting, a template or an access rule; null where there is none.</summary>
internal sealed record EnvDrift(string Area, string Key, string? Files, string? Now)
{
    public static EnvDrift Read(JsonElement json) =>
        new(Say.Text(json, "area"), Say.Text(json, "key"), json.GetProperty("files").GetString(), json.GetProperty("now").GetString());
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

    /// <summary>The access rule's part, with its statements.</summary>
    public AccessStep? Rule { get; init; }
}

internal static class EnvPlan
{
    /// <summary>The steps that make To what From is. Remote: To is a running server whose files are elsewhere.</summary>
    public static IReadOnlyList<EnvStep> Between(EnvSnapshot from, EnvSnapshot to, bool remote, IReadOnlyDictionary<string, string> secrets) =>
        [
            .. AccessSteps.Between(from.Access, to.Access).Select(rule => OfRule(rule, to, remote)),
            .. Differences(EnvStep.Providers, from.Providers, to.Providers).Select(step => WithSecret(step, secrets)),
            .. Differences(EnvStep.Templates, from.Templates, to.Templates).Select(step => OfTemplate(step, to, remote)),
            .. Differences(EnvStep.Settings, from.Settings, to.Settings).Select(step => OfSetting(step, to, remote)),
        ];

    private static EnvStep OfRule(AccessStep rule, EnvSnapshot to, bool remote) =>
        new(EnvStep.Access, rule.Key, rule.Action, rule.Wanted, rule.Had)
        {
            Rule = rule,
            Blocked = !remote ? null
                : to.Base.Length == 0 ? "a rule of the database of an older server: apply with the folder of that environment"
                : rule is { Kind: "role", Action: "remove" } ? "drop the role by hand: it may be used beyond that database"
                : null,
        };

    private static EnvStep OfTemplate(EnvStep step, EnvSnapshot to, bool remote) =>
        !remote ? step
        : to.Base.Length == 0 ? step with { Blocked = "a file of that server: copy it to its emails/" }
        : step.IsDestructive && !to.Drift.Any(d => d.Area == step.Area && d.Key == step.Key) ? step with { Blocked = "a file of that server: delete it from its emails/" }
        : step;

    private static EnvStep WithSecret(EnvStep step, IReadOnlyDictionary<string, string> secrets) =>
        step.Action == "add" && !secrets.ContainsKey(step.Key)
            ? step with { Blocked = $"its client secret does not travel: give it with --secret \"{step.Key}=env(NAME)\"" }
            : step;

    private static EnvStep OfSetting(EnvStep step, EnvSnapshot to, bool remote) =>
        !remote ? (step.IsDestructive ? step with { Blocked = "delete it in that environment's tenon.toml by hand" } : step)
        : !to.Changeable.Contains(step.Key) || step.IsDestructive ? step with { Blocked = "a setting of that server's files: set it in its tenon.toml and start it again" }
        : step.From!.Contains("${", StringComparison.Ordinal) || step.From!.StartsWith("\"env(", StringComparison.Ordinal) ? step with { Blocked = "it names a variable of this side: set it in its tenon.toml and start it again" }
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
}
