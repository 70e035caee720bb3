using System.Globalization;
using System.Text.Json;

namespace Tenon.Server.Provider.Clients;

/// <summary>Clients in GoTrue's shape; a secret only right after it was made.</summary>
internal static class ClientWriter
{
    public static void Write(Utf8JsonWriter writer, OAuthClient client, string? secret = null)
    {
        writer.WriteStartObject();
        writer.WriteString("client_id", client.Id);
        if (secret is not null)
        {
            writer.WriteString("client_secret", secret);
            // RFC 7591 §3.2.1: it does not expire.
            writer.WriteNumber("client_secret_expires_at", 0);
        }
        writer.WriteString("client_type", client.Type);
        writer.WriteString("token_endpoint_auth_method", client.AuthMethod);
        writer.WriteString("registration_type", client.Registration);
        writer.WriteString("client_name", client.Name);
        Optional(writer, "client_uri", client.Uri);
        Optional(writer, "logo_uri", client.LogoUri);
        List(writer, "redirect_uris", client.RedirectUris);
        List(writer, "post_logout_redirect_uris", client.PostLogoutRedirectUris);
        List(writer, "grant_types", client.GrantTypes);
        List(writer, "response_types", client.GrantTypes.Contains("authorization_code") ? ["code"] : []);
        Optional(writer, "scope", client.Scope);
        writer.WriteNumber("client_id_issued_at", client.CreatedAt.ToUnixTimeSeconds());
        writer.WriteString("created_at", Time(client.CreatedAt));
        writer.WriteString("updated_at", Time(client.UpdatedAt));
        writer.WriteEndObject();
    }

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>The client as consent pages and lists of grants name it.</summary>
    public static void WriteName(Utf8JsonWriter writer, Guid id, string name, string? uri, string? logo)
    {
        writer.WriteStartObject("client");
        writer.WriteString("id", id);
        writer.WriteString("name", name);
        writer.WriteString("uri", uri ?? "");
        writer.WriteString("logo_uri", logo ?? "");
        writer.WriteEndObject();
    }

    private static void Optional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    private static void List(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (string value in values)
        {
            writer.WriteStringValue(value);
        }
        writer.WriteEndArray();
    }
}
