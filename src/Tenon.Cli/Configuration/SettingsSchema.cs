// The settings as a JSON schema, for editors that know TOML: names, types, defaults, and which have no effect yet.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Cli.Configuration;

internal static class SettingsSchema
{
    public const string FileName = "tenon.schema.json";

    /// <summary>What the first line of tenon.toml says to an editor.</summary>
    public const string Directive = "#:schema ./.tenon/" + FileName;

    private const string Reference = @"^env\(\w+\)$|\$\{\w+\}";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes the schema into the state folder; a file that says the same is left alone.</summary>
    public static void Write(string stateFolder)
    {
        string path = Path.Combine(stateFolder, FileName);
        string text = Create().ToJsonString(Indented) + "\n";
        Directory.CreateDirectory(stateFolder);
        if (!File.Exists(path) || File.ReadAllText(path) != text)
        {
            File.WriteAllText(path, text);
        }
    }

    public static JsonObject Create()
    {
        JsonObject root = Section();
        foreach (Setting setting in KnownSettings.All)
        {
            string[] parts = setting.Path.Split('.');
            bool open = parts[^1] == "*";
            JsonObject parent = SectionOf(root, open ? parts[..^2] : parts[..^1]);
            var properties = (JsonObject)parent["properties"]!;
            if (!open)
            {
                properties[parts[^1]] = Of(setting);
            }
            else if (properties[parts[^2]] is JsonObject known)
            {
                known["additionalProperties"] = true;
            }
            else
            {
                properties[parts[^2]] = new JsonObject { ["description"] = setting.Built ? "Names of the app's own." : "Accepted; not built yet, so without effect." };
            }
        }
        foreach (string elsewhere in KnownSettings.Elsewhere)
        {
            string[] parts = elsewhere.TrimEnd('.').Split('.');
            var properties = (JsonObject)SectionOf(root, parts[..^1])["properties"]!;
            properties[parts[^1]] ??= new JsonObject { ["description"] = "Of another product; has no effect here." };
        }
        root.Insert(0, "$schema", "http://json-schema.org/draft-07/schema#");
        root.Insert(1, "title", "tenon.toml");
        return root;
    }

    private static JsonObject Section() =>
        new() { ["type"] = "object", ["properties"] = new JsonObject(), ["additionalProperties"] = false };

    private static JsonObject SectionOf(JsonObject root, string[] path)
    {
        JsonObject at = root;
        foreach (string part in path)
        {
            if (part == "*")
            {
                // Any name: what stands under it is the same for all.
                at = at["additionalProperties"] as JsonObject ?? (JsonObject)(at["additionalProperties"] = Section());
                continue;
            }
            var properties = at["properties"] as JsonObject ?? (JsonObject)(at["properties"] = new JsonObject());
            at = properties[part] as JsonObject ?? (JsonObject)(properties[part] = Section());
        }
        at["properties"] ??= new JsonObject();
        return at;
    }

    private static JsonObject Of(Setting setting)
    {
        JsonObject schema = setting.Kind switch
        {
            SettingKind.Text or SettingKind.Secret or SettingKind.Address => new() { ["type"] = "string" },
            SettingKind.Switch => OrReference("boolean"),
            SettingKind.Count => OrReference("integer"),
            SettingKind.Size => Quantity("integer", @"^\d+(\.\d+)?\s*(B|KiB|KB|MiB|MB|GiB|GB)?$"),
            SettingKind.Duration => Quantity("integer", @"^\d+(\.\d+)?\s*(ms|s|m|h|d)?$"),
            SettingKind.List => new() { ["type"] = new JsonArray("array", "string"), ["items"] = new JsonObject { ["type"] = "string" } },
            _ => [],
        };
        if (setting.Default is { } value)
        {
            schema["default"] = JsonSerializer.SerializeToNode(value);
        }
        if (!setting.Built)
        {
            schema["description"] = "Accepted; not built yet, so without effect.";
        }
        return schema;
    }

    private static JsonObject OrReference(string type) =>
        new() { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = type }, new JsonObject { ["type"] = "string", ["pattern"] = Reference }) };

    private static JsonObject Quantity(string type, string pattern) =>
        new() { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = type }, new JsonObject { ["type"] = "string", ["pattern"] = $"{pattern}|{Reference}" }) };
}
