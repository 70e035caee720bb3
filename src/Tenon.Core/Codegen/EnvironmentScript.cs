using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tenon.Core.Codegen;

/// <summary>A change of an environment as one migration: its number, what lies over the files, statements of the server's own on its tables, and the access rules.</summary>
internal static class EnvironmentScript
{
    public static string Of(IReadOnlyCollection<AccessStep> steps, long revision, IEnumerable<(string Kind, string Name, string? Value)> overrides, IEnumerable<string>? more = null)
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
        script.AppendJoin('\n', more ?? []).Append('\n');
        return script.Append(AccessSteps.Script(steps)).ToString();
    }

    public static string ProviderGone(string identifier) => $"delete from auth.custom_providers where identifier = {SqlNames.Literal(identifier)};";

    /// <summary>In place of the row before it; texts are the columns before enabled, created_at and updated_at.</summary>
    public static string Provider(string identifier, string columns, IEnumerable<string> texts, bool enabled, DateTimeOffset created, DateTimeOffset updated)
    {
        string values = string.Join(", ", texts.Select(SqlNames.Literal));
        string insert = $"insert into auth.custom_providers ({columns}) values ({values}, {(enabled ? "true" : "false")}, {At(created)}, {At(updated)});";
        return ProviderGone(identifier) + "\n" + insert;
    }

    private static string At(DateTimeOffset time) => SqlNames.Literal(time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture) + "+00");
}
