using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tenon.Core.Codegen;

/// <summary>A change of an environment as one migration: its number, what lies over the files, and the access rules.</summary>
internal static class EnvironmentScript
{
    public static string Of(IReadOnlyCollection<AccessStep> steps, long revision, IEnumerable<(string Kind, string Name, string? Value)> overrides)
    {
        string access = JsonSerializer.Serialize(steps.Select(s => new { key = s.Key, action = s.Action }));
        var script = new StringBuilder();
        script.Append(CultureInfo.InvariantCulture, $"insert into auth.environment_changes (revision, access, changed_at) values ({revision}, {SqlNames.Literal(access)}, now());\n");
        foreach ((string kind, string name, string? value) in overrides)
        {
            script.Append(CultureInfo.InvariantCulture, $"delete from auth.overrides where kind = {SqlNames.Literal(kind)} and name = {SqlNames.Literal(name)};\n");
            if (value is not null)
            {
                script.Append(CultureInfo.InvariantCulture, $"insert into auth.overrides (kind, name, value, updated_at) values ({SqlNames.Literal(kind)}, {SqlNames.Literal(name)}, {SqlNames.Literal(value)}, now());\n");
            }
        }
        return script.Append(AccessSteps.Script(steps)).ToString();
    }
}
