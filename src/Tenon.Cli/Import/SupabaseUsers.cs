using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Cli.Import;

/// <summary>
/// auth.users and auth.identities of Supabase: a dump (.sql), CSV exports of the two tables, or JSON rows with the tables'
/// column names, where a user may carry an array of identities.
/// </summary>
internal static class SupabaseUsers
{
    public static ImportSource Open(string path, string? identities, string? factors)
    {
        string kind = Path.GetExtension(path).ToLowerInvariant();
        if (kind is not (".csv" or ".json"))
        {
            bool apart = PgDump.Has(path, "identities");
            return new ImportSource(
                () => PgDump.Read(path, "users").Select(r => User(r.Line, r.Row, makeIdentity: !apart)),
                apart ? () => PgDump.Read(path, "identities").Select(r => Identity(r.Line, r.Row)) : null,
                factors is not null ? () => Rows(factors).SelectMany(r => Factor(r.Line, r.Row))
                    : PgDump.Has(path, "mfa_factors") ? () => PgDump.Read(path, "mfa_factors").SelectMany(r => Factor(r.Line, r.Row))
                    : null
            );
        }
        return new ImportSource(
            () => Rows(path).Select(r => User(r.Line, r.Row, makeIdentity: identities is null)),
            identities is null ? null : () => Rows(identities).Select(r => Identity(r.Line, r.Row)),
            factors is null ? null : () => Rows(factors).SelectMany(r => Factor(r.Line, r.Row))
        );
    }

    private static IEnumerable<(long Line, Dictionary<string, string?> Row)> Rows(string path) =>
        Path.GetExtension(path).Equals(".csv", StringComparison.OrdinalIgnoreCase)
            ? CsvRows.Read(path)
            : JsonItems.Read(path, "users").Select(item => (item.Line, Members(item.Item)));

    // Texts as they are, anything else as its JSON.
    private static Dictionary<string, string?> Members(JsonElement item)
    {
        var row = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (item.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty member in item.EnumerateObject())
            {
                row[member.Name] = member.Value.ValueKind switch
                {
                    JsonValueKind.Null => null,
                    JsonValueKind.String => member.Value.GetString(),
                    _ => member.Value.GetRawText(),
                };
            }
        }
        return row;
    }

    private static ImportRow User(long line, Dictionary<string, string?> row, bool makeIdentity)
    {
        if (row.GetValueOrDefault("deleted_at") is { Length: > 0 })
        {
            return ImportRow.No(line, "the user was deleted there");
        }
        if (IsTrue(row.GetValueOrDefault("is_sso_user")))
        {
            return ImportRow.No(line, "users of SAML are not carried");
        }
        try
        {
            var body = new JsonObject
            {
                ["id"] = row.GetValueOrDefault("id"),
                ["password_hash"] = row.GetValueOrDefault("encrypted_password"),
                ["is_anonymous"] = IsTrue(row.GetValueOrDefault("is_anonymous")),
                ["make_identity"] = makeIdentity,
                ["app_metadata"] = Json(row, "raw_app_meta_data", "app_metadata"),
                ["user_metadata"] = Json(row, "raw_user_meta_data", "user_metadata"),
            };
            foreach (string name in new[] { "email", "phone", "role", "email_confirmed_at", "phone_confirmed_at", "invited_at", "last_sign_in_at", "banned_until", "created_at" })
            {
                body[name] = row.GetValueOrDefault(name);
            }
            if (row.GetValueOrDefault("identities") is { Length: > 0 } list && JsonNode.Parse(list) is JsonArray identities)
            {
                body["identities"] = new JsonArray([.. identities.Select(one => Identity(line, Members(JsonSerializer.SerializeToElement(one))).Body)]);
            }
            return new ImportRow(line, body);
        }
        catch (JsonException)
        {
            return ImportRow.No(line, "its metadata or identities are not JSON");
        }
    }

    private static ImportRow Identity(long line, Dictionary<string, string?> row)
    {
        try
        {
            JsonNode? data = Json(row, "identity_data");
            // Before 2023 the column id was what is provider_id now.
            string? providerId = row.GetValueOrDefault("provider_id") ?? (data?["sub"] is JsonValue sub ? sub.ToString() : row.GetValueOrDefault("id"));
            return new ImportRow(
                line,
                new JsonObject
                {
                    ["user_id"] = row.GetValueOrDefault("user_id"),
                    ["provider"] = row.GetValueOrDefault("provider"),
                    ["provider_id"] = providerId,
                    ["identity_data"] = data,
                    ["email"] = row.GetValueOrDefault("email") ?? (data?["email"] is JsonValue email ? email.ToString() : null),
                    ["created_at"] = row.GetValueOrDefault("created_at"),
                }
            );
        }
        catch (JsonException)
        {
            return ImportRow.No(line, "its identity_data is not JSON");
        }
    }

    // An enrolment that was never finished proves nothing, and is made again in a minute.
    private static IEnumerable<ImportRow> Factor(long line, Dictionary<string, string?> row)
    {
        if (row.GetValueOrDefault("status") == "verified")
        {
            var body = new JsonObject();
            foreach (string name in new[] { "id", "user_id", "factor_type", "friendly_name", "secret", "phone", "created_at" })
            {
                body[name] = row.GetValueOrDefault(name);
            }
            yield return new ImportRow(line, body);
        }
    }

    private static JsonNode? Json(Dictionary<string, string?> row, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (row.GetValueOrDefault(name) is { Length: > 0 } text)
            {
                return JsonNode.Parse(text);
            }
        }
        return null;
    }

    private static bool IsTrue(string? text) => text is "t" or "true" or "TRUE";
}
