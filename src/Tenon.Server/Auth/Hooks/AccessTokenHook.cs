using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth.Hooks;

/// <summary>
/// custom_access_token: the app adds claims to a token before it is signed. What the server itself relies on stays what it
/// was: who the token is for, by whom, until when, of which session and role.
/// </summary>
internal sealed class AccessTokenHook(HookRunner hooks)
{
    private const int LargestClaims = 16 * 1024;
    private static readonly HashSet<string> Ours = ["iss", "sub", "aud", "exp", "iat", "role", "aal", "amr", "session_id", "is_anonymous"];

    /// <summary>The payload to sign: the hook's claims with ours in their place.</summary>
    public async Task<string> ApplyAsync(HttpContext context, Session session, string payload)
    {
        if (!hooks.Has(HookName.CustomAccessToken))
        {
            return payload;
        }
        JsonElement? answer = await hooks.AskAsync(
            HookName.CustomAccessToken,
            context,
            writer =>
            {
                writer.WriteString("user_id", session.UserId);
                writer.WritePropertyName("claims");
                writer.WriteRawValue(payload);
                writer.WriteString("authentication_method", session.Method);
            }
        );
        return answer is { } given && given.TryGetProperty("claims", out JsonElement claims) && claims.ValueKind == JsonValueKind.Object
            ? Merge(payload, claims)
            : throw AuthErrors.HookAnswerInvalid.ToException();
    }

    private static string Merge(string payload, JsonElement claims)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (JsonProperty member in JsonElement.Parse(payload).EnumerateObject().Where(member => Ours.Contains(member.Name)))
            {
                member.WriteTo(writer);
            }
            foreach (JsonProperty member in claims.EnumerateObject().Where(member => !Ours.Contains(member.Name)))
            {
                member.WriteTo(writer);
            }
            writer.WriteEndObject();
        }
        return buffer.WrittenCount <= LargestClaims ? Encoding.UTF8.GetString(buffer.WrittenSpan) : throw AuthErrors.HookAnswerTooLarge.ToException();
    }
}
