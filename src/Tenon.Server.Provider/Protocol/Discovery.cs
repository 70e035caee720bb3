using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Stores;

namespace Tenon.Server.Provider.Protocol;

/// <summary>
/// What others need to know to use this server (OpenID Connect Discovery, RFC 8414). Addresses are the issuer's, whatever
/// host a request names.
/// </summary>
internal sealed class Discovery(KnownScopes scopes, SigningKeys signing, AuthOptions options)
{
    public Task HandleAsync(HttpContext context) => AuthResponse.WriteAsync(context, StatusCodes.Status200OK, Write);

    private void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("issuer", options.Issuer);
        Address(writer, "authorization_endpoint", Paths.Authorize);
        Address(writer, "token_endpoint", Paths.Token);
        Address(writer, "userinfo_endpoint", Paths.UserInfo);
        Address(writer, "jwks_uri", Paths.Jwks);
        Address(writer, "introspection_endpoint", Paths.Introspection);
        Address(writer, "revocation_endpoint", Paths.Revocation);
        Address(writer, "end_session_endpoint", Paths.Logout);
        Address(writer, "device_authorization_endpoint", Paths.DeviceAuthorization);
        Address(writer, "pushed_authorization_request_endpoint", Paths.PushedRequest);
        if (options.OAuthServer.AllowDynamicRegistration)
        {
            Address(writer, "registration_endpoint", Paths.Registration);
        }
        List(writer, "scopes_supported", [.. scopes.All.Select(scope => scope.Name)]);
        List(writer, "response_types_supported", ["code"]);
        List(writer, "response_modes_supported", ["query", "form_post"]);
        List(writer, "grant_types_supported", ["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"]);
        List(writer, "subject_types_supported", ["public"]);
        List(writer, "id_token_signing_alg_values_supported", [.. signing.All.Select(key => key.Algorithm).Distinct()]);
        foreach (string endpoint in new[] { "token", "introspection", "revocation" })
        {
            List(writer, endpoint + "_endpoint_auth_methods_supported", ["client_secret_basic", "client_secret_post", "none"]);
        }
        List(writer, "code_challenge_methods_supported", ["S256"]);
        List(writer, "claims_supported", ["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", .. UserClaims.All]);
        List(writer, "acr_values_supported", ["aal1", "aal2"]);
        List(writer, "prompt_values_supported", ["none", "login", "consent", "select_account"]);
        List(writer, "display_values_supported", ["page"]);
        writer.WriteBoolean("claims_parameter_supported", false);
        writer.WriteBoolean("request_parameter_supported", false);
        writer.WriteBoolean("request_uri_parameter_supported", false);
        writer.WriteBoolean("require_pushed_authorization_requests", false);
        writer.WriteBoolean("authorization_response_iss_parameter_supported", true);
        writer.WriteEndObject();
    }

    private void Address(Utf8JsonWriter writer, string name, string path) => writer.WriteString(name, options.Issuer + path);

    private static void List(Utf8JsonWriter writer, string name, ReadOnlySpan<string> values)
    {
        writer.WriteStartArray(name);
        foreach (string value in values)
        {
            writer.WriteStringValue(value);
        }
        writer.WriteEndArray();
    }
}
