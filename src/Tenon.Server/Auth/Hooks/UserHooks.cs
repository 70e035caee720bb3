using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth.Hooks;

/// <summary>The hooks around users: before one is created, and after a password or a second factor was compared.</summary>
internal sealed class UserHooks(HookRunner hooks)
{
    public bool WatchesPasswords => hooks.Has(HookName.PasswordVerification);

    public bool WatchesFactors => hooks.Has(HookName.FactorVerification);

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
        if (Rejected(answer, "Further password verification attempts will be rejected.") is not { } message)
        {
            return (null, false);
        }
        bool logout = answer!.Value.TryGetProperty("should_logout_user", out JsonElement end) && end.ValueKind == JsonValueKind.True;
        return (AuthErrors.InvalidCredentials with { Message = message }, logout);
    }

    /// <summary>Tells the app of a compared second factor; the refusal it asks for, or null.</summary>
    public async Task<AuthError?> AfterFactorAsync(HttpContext context, Guid user, Guid factor, string type, bool valid)
    {
        JsonElement? answer = await hooks.AskAsync(
            HookName.FactorVerification,
            context,
            writer =>
            {
                writer.WriteString("user_id", user);
                writer.WriteString("factor_id", factor);
                writer.WriteString("factor_type", type);
                writer.WriteBoolean("valid", valid);
            }
        );
        return Rejected(answer, "Further MFA verification attempts will be rejected.") is { } message ? AuthErrors.MfaVerificationRejected(message) : null;
    }

    /// <summary>What to say of an answer {"decision": "reject"}; null: it lets go on.</summary>
    private static string? Rejected(JsonElement? answer, string otherwise)
    {
        if (answer is not { } given || !given.TryGetProperty("decision", out JsonElement decision) || decision.ValueKind != JsonValueKind.String || decision.GetString() != "reject")
        {
            return null;
        }
        string message = given.TryGetProperty("message", out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";
        return message.Length > 0 ? message : otherwise;
    }
}
