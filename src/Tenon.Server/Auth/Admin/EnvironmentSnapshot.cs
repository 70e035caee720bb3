using System.Security.Cryptography;
using System.Text.Json;
using Tenon.Core.Codegen;
using Tenon.Core.Types;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OAuth;
using Tenon.Server.Auth.Overrides;
using Tenon.Server.Store;
using Tenon.Sources;

namespace Tenon.Server.Auth.Admin;

/// <summary>
/// What of one environment another may take over: settings of sign-in, mail templates, providers made at run time, roles,
/// row security, policies and grants. Never a secret, and no rows.
/// </summary>
internal sealed class EnvironmentSnapshot(
    MainDatabase database,
    StoreDatabase store,
    CustomProviders providers,
    AuthOptions options,
    IReadOnlyDictionary<string, string> settings
)
{
    private static readonly string[] OfOneDatabase = ["id", "created_at", "updated_at"];

    /// <summary>
    /// Everything as one object. "base" names this state for a change that is planned on it, "changeable" lists the settings
    /// that such a change may set, "drift" what holds here beside what the files say.
    /// </summary>
    public async Task WriteAsync(Utf8JsonWriter writer, CancellationToken cancellation)
    {
        Seen seen = await SeeAsync(cancellation);
        writer.WriteStartObject();
        writer.WriteString("base", seen.Base);
        using (var content = JsonDocument.Parse(seen.Content))
        {
            foreach (JsonProperty member in content.RootElement.EnumerateObject())
            {
                member.WriteTo(writer);
            }
        }
        writer.WriteStartArray("changeable");
        foreach (string path in RuntimeSetting.All.Keys.Where(settings.ContainsKey).Order(StringComparer.Ordinal))
        {
            writer.WriteStringValue(path);
        }
        writer.WriteEndArray();
        writer.WriteStartArray("drift");
        foreach (Drift drift in await DriftAsync(seen.Over, cancellation))
        {
            writer.WriteStartObject();
            writer.WriteString("area", drift.Area);
            writer.WriteString("key", drift.Key);
            writer.WriteString("files", drift.Files);
            writer.WriteString("now", drift.Now);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    internal sealed record Seen(string Base, long Revision, OverrideSet Over, byte[] Content);

    private sealed record Drift(string Area, string Key, string? Files, string? Now);

    /// <summary>The state now, and its name. The revision is read first: a change that comes meanwhile is not taken for seen.</summary>
    internal async Task<Seen> SeeAsync(CancellationToken cancellation)
    {
        List<Datum[]> last = await store.QueryAsync(OverrideSql.Revision, default, cancellation);
        long revision = last is [[{ IsNull: false } number]] ? number.Integer : 0;
        OverrideSet over = OverrideSet.Read(await store.QueryAsync(OverrideSql.List, default, cancellation));
        List<CustomProvider> rows = await providers.ListAsync(cancellation);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            Map(writer, "settings", Over(settings, over.Settings));
            Map(writer, "templates", Over(FileTemplates(), over.Templates));
            Map(writer, "providers", rows.OrderBy(row => row.Identifier, StringComparer.Ordinal).Select(row => KeyValuePair.Create(row.Identifier, Text(row))));
            WriteAccess(writer);
            writer.WriteEndObject();
        }
        byte[] content = stream.ToArray();
        string name = $"{revision}.{Convert.ToHexStringLower(SHA256.HashData(content))}";
        return new Seen(name, revision, over, content);
    }

    private void WriteAccess(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("access");
        foreach (AccessRule rule in AccessRules.Of(database.Catalog, StoreMigrations.Catalog(), database.OwnRole))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", rule.Kind);
            writer.WriteString("key", rule.Key);
            writer.WriteString("create", rule.Create);
            writer.WriteString("drop", rule.Drop);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private IEnumerable<KeyValuePair<string, string>> FileTemplates() =>
        MailTemplates.Names.Select(name => (Name: name, File: MailTemplates.FileOf(options, name))).Where(t => t.File is not null)
            .Select(t => KeyValuePair.Create(t.Name, File.ReadAllText(t.File!)));

    private static SortedDictionary<string, string> Over(IEnumerable<KeyValuePair<string, string>> files, IEnumerable<KeyValuePair<string, string>> over)
    {
        var all = new SortedDictionary<string, string>(new Dictionary<string, string>(files), StringComparer.Ordinal);
        foreach ((string key, string value) in over)
        {
            all[key] = value;
        }
        return all;
    }

    /// <summary>What was set over the files and differs from them, and the access rules that a change made here and that still hold.</summary>
    private async Task<List<Drift>> DriftAsync(OverrideSet over, CancellationToken cancellation)
    {
        Dictionary<string, string> files = new(FileTemplates());
        List<Drift> found =
        [
            .. over.Settings.Where(s => settings.GetValueOrDefault(s.Key) != s.Value).Select(s => new Drift("setting", s.Key, settings.GetValueOrDefault(s.Key), s.Value)),
            .. over.Templates.Where(t => files.GetValueOrDefault(t.Key) != t.Value).Select(t => new Drift("template", t.Key, files.GetValueOrDefault(t.Key), t.Value)),
        ];
        var last = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (Datum[] row in await store.QueryAsync(OverrideSql.Changes, default, cancellation))
        {
            foreach (JsonElement step in JsonElement.Parse(row[0].Text).EnumerateArray())
            {
                last[step.GetProperty("key").GetString()!] = step.GetProperty("action").GetString()!;
            }
        }
        Dictionary<string, AccessRule> rules = AccessRules.Of(database.Catalog, StoreMigrations.Catalog(), database.OwnRole).ToDictionary(r => r.Key);
        found.AddRange(
            last.Where(s => s.Value == "remove" != rules.ContainsKey(s.Key)).Select(s => new Drift("access", s.Key, null, rules.GetValueOrDefault(s.Key)?.Create))
        );
        return found;
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
