namespace Tenon.Core.Codegen;

/// <summary>
/// One difference between the access rules of two databases: action is add, change or remove; Wanted and Had are the statements
/// that make the rule, null where there is none. Sql takes the second database to the first.
/// </summary>
internal sealed record AccessStep(string Kind, string Key, string Action, string? Wanted, string? Had, string Sql)
{
    /// <summary>In which order steps run: what is taken away goes before what is given, roles are there first and go last.</summary>
    public int Place =>
        (Kind, Action) switch
        {
            ("role", "add") => 0,
            ("role", _) => 3,
            (_, "remove") => 1,
            _ => 2,
        };
}

/// <summary>What makes one database's access rules those of another.</summary>
internal static class AccessSteps
{
    public static IEnumerable<AccessStep> Between(IReadOnlyList<AccessRule> wanted, IReadOnlyList<AccessRule> had)
    {
        Dictionary<string, AccessRule> before = had.ToDictionary(r => r.Key);
        HashSet<string> after = [.. wanted.Select(r => r.Key)];
        foreach (AccessRule rule in wanted)
        {
            if (rule.Kind == AccessRule.RoleOfServer)
            {
                continue;
            }
            if (!before.TryGetValue(rule.Key, out AccessRule? old))
            {
                yield return new AccessStep(rule.Kind, rule.Key, "add", rule.Create, null, rule.Create);
            }
            else if (old.Create != rule.Create)
            {
                yield return new AccessStep(rule.Kind, rule.Key, "change", rule.Create, old.Create, $"{old.Drop}\n{rule.Create}");
            }
        }
        foreach (AccessRule rule in had.Where(r => r.Kind != AccessRule.RoleOfServer && !after.Contains(r.Key)))
        {
            yield return new AccessStep(rule.Kind, rule.Key, "remove", null, rule.Create, rule.Drop);
        }
    }

    /// <summary>The steps as one script.</summary>
    public static string Script(IEnumerable<AccessStep> steps) => string.Concat(steps.OrderBy(s => s.Place).Select(s => s.Sql + "\n"));
}
