using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth.Hooks;

/// <summary>The hooks around users: before one is created, and after a password was compared.</summary>
internal sealed class UserHooks(HookRunner hooks)
{
    public bool WatchesPasswords => hooks.Has(HookName.PasswordVerification);

    /// <summary>Lets the app refuse a user who does not exist yet.</summary>
    public async Task BeforeCreatedAsync(HttpContext context, User user)
    {
        await hooks.AskAsync(
            HookName.BeforeUserCreated,
            context,
            writer =>
            {
                writer.WritePropertyName("user");
                UserWriter.WriteUser(writer, user, []);
            }
        );
    }

    /// <summary>Tells the app of a compared password; the refusal it asks for, or null.</summary>
    public async Task<(AuthError? Refusal, bool Logout)> AfterPasswordAsync(HttpContext context, Guid user, bool valid)
    {
        JsonElement? answer = await hooks.AskAsync(
            HookName.PasswordVerification,
            context,
            writer =>
            {
                writer.WriteString("user_id", user);
                writer.WriteBoolean("valid", valid);
            }
        );
        if (answer is not { } given || !given.TryGetProperty("decision", out JsonElement decision) || decision.ValueKind != JsonValueKind.String || decision.GetString() != "reject")
        {
            return (null, false);
        }
        string message = given.TryGetProperty("message", out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";
        bool logout = given.TryGetProperty("should_logout_user", out JsonElement end) && end.ValueKind == JsonValueKind.True;
        string said = message.Length > 0 ? message : "Further password verification attempts will be rejected.";
        return (AuthErrors.InvalidCredentials with { Message = said }, logout);
    }
}
