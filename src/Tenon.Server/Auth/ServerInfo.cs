using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth.OAuth;
using Tenon.Server.Auth.WebAuthn;

namespace Tenon.Server.Auth;

/// <summary>What the sign-in tells of itself: health, settings, public keys, discovery.</summary>
internal sealed class ServerInfo(SigningKeys signing, Providers providers, Passkeys passkeys, AuthOptions options)
{
    public const string DiscoveryPath = "/.well-known/openid-configuration";

    private static readonly string[] Providers =
    [
        "apple", "azure", "bitbucket", "discord", "facebook", "figma", "fly", "github", "gitlab", "google", "kakao",
        "keycloak", "linkedin", "linkedin_oidc", "notion", "snapchat", "spotify", "slack", "slack_oidc", "workos",
        "twitch", "twitter", "x", "zoom",
    ];

    private static readonly string Version =
        typeof(ServerInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    public Task HealthAsync(HttpContext context) =>
        AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("version", Version);
                writer.WriteString("name", "GoTrue");
                writer.WriteString("description", "Tenon's sign-in, speaking GoTrue's API");
                writer.WriteEndObject();
            }
        );

    public Task SettingsAsync(HttpContext context) => AuthResponse.WriteAsync(context, StatusCodes.Status200OK, WriteSettings);

    public async Task JwksAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "public, max-age=600";
        await context.Response.Body.WriteAsync(signing.Jwks, context.RequestAborted);
    }

    /// <summary>Only what is true: who issues, where the keys are. The identity provider says more.</summary>
    public Task DiscoveryAsync(HttpContext context) =>
        AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("issuer", options.Issuer);
                writer.WriteString("jwks_uri", options.Issuer + "/.well-known/jwks.json");
                WriteList(writer, "response_types_supported", []);
                WriteList(writer, "subject_types_supported", ["public"]);
                WriteList(writer, "id_token_signing_alg_values_supported", [.. signing.All.Select(key => key.Algorithm).Distinct()]);
                writer.WriteEndObject();
            }
        );

    private void WriteSettings(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("external");
        writer.WriteBoolean("anonymous_users", options.EnableAnonymousSignIns);
        foreach (string provider in Providers)
        {
            writer.WriteBoolean(provider, providers.IsConfigured(provider));
        }
        writer.WriteBoolean("email", options.Email.EnableSignup);
        writer.WriteBoolean("phone", options.Sms.EnableSignup);
        writer.WriteEndObject();
        writer.WriteBoolean("disable_signup", !options.EnableSignup);
        writer.WriteBoolean("mailer_autoconfirm", !options.Email.EnableConfirmations);
        writer.WriteBoolean("phone_autoconfirm", !options.Sms.EnableConfirmations);
        writer.WriteString("sms_provider", options.Sms.Uri.Length > 0 ? "http" : "");
        writer.WriteBoolean("saml_enabled", false);
        writer.WriteBoolean("passkeys_enabled", passkeys.Enabled);
        writer.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter writer, string name, ReadOnlySpan<string> values)
    {
        writer.WriteStartArray(name);
        foreach (string value in values)
        {
            writer.WriteStringValue(value);
        }
        writer.WriteEndArray();
    }
}
