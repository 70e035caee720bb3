using System.Text.Json;
using Tenon.Core.Catalog;
using Tenon.Core.Codegen;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OAuth;
using Tenon.Server.Store;
using Tenon.Sources;

namespace Tenon.Server.Auth.Admin;

/// <summary>
/// What of one environment another may take over: settings of sign-in, mail templates, providers made at run time, roles,
/// row security, policies and grants. Never a secret, and no rows.
/// </summary>
internal sealed class EnvironmentSnapshot(MainDatabase database, CustomProviders providers, AuthOptions options, IReadOnlyDictionary<string, string> settings)
{
    private static readonly string[] OfOneDatabase = ["id", "created_at", "updated_at"];

    public async Task WriteAsync(Utf8JsonWriter writer, CancellationToken cancellation)
    {
        List<CustomProvider> rows = await providers.ListAsync(cancellation);
        Catalog catalog = database.Catalog;
        writer.WriteStartObject();
        Map(writer, "settings", settings);
        Map(writer, "templates", MailTemplates.Names.Select(name => (Name: name, File: MailTemplates.FileOf(options, name))).Where(t => t.File is not null)
            .Select(t => KeyValuePair.Create(t.Name, File.ReadAllText(t.File!))));
        Map(writer, "providers", rows.OrderBy(row => row.Identifier, StringComparer.Ordinal).Select(row => KeyValuePair.Create(row.Identifier, Text(row))));
        writer.WriteStartArray("access");
        foreach (AccessRule rule in AccessRules.Of(catalog, StoreMigrations.Catalog()))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", rule.Kind);
            writer.WriteString("key", rule.Key);
            writer.WriteString("create", rule.Create);
            writer.WriteString("drop", rule.Drop);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Map(Utf8JsonWriter writer, string name, IEnumerable<KeyValuePair<string, string>> values)
    {
        writer.WriteStartObject(name);
        foreach ((string key, string value) in values)
        {
            writer.WriteString(key, value);
        }
        writer.WriteEndObject();
    }

    /// <summary>As the admin API takes it; the client secret stays where it is.</summary>
    private static string Text(CustomProvider row)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            AdminProviders.Write(writer, row);
        }
        var members = JsonElement.Parse(stream.ToArray()).EnumerateObject().Where(m => !OfOneDatabase.Contains(m.Name));
        return JsonSerializer.Serialize(new SortedDictionary<string, JsonElement>(members.ToDictionary(m => m.Name, m => m.Value), StringComparer.Ordinal));
    }
}
