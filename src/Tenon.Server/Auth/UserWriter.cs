using System.Globalization;
using System.Text.Json;

namespace Tenon.Server.Auth;

/// <summary>Users, identities and sessions in GoTrue's JSON. Members that GoTrue leaves out when empty are left out.</summary>
internal static class UserWriter
{
    public static void WriteUser(Utf8JsonWriter writer, User user, IReadOnlyList<Identity> identities)
    {
        writer.WriteStartObject();
        WriteUserMembers(writer, user, identities);
        writer.WriteEndObject();
    }

    internal static void WriteUserMembers(Utf8JsonWriter writer, User user, IReadOnlyList<Identity> identities)
    {
        writer.WriteString("id", user.Id);
        writer.WriteString("aud", TokenVerifier.Audience);
        writer.WriteString("role", user.Role);
        writer.WriteString("email", user.Email ?? "");
        WriteTime(writer, "email_confirmed_at", user.EmailConfirmedAt);
        WriteTime(writer, "invited_at", user.InvitedAt);
        writer.WriteString("phone", user.Phone ?? "");
        WriteTime(writer, "phone_confirmed_at", user.PhoneConfirmedAt);
        WriteTime(writer, "confirmation_sent_at", user.ConfirmationSentAt);
        WriteTime(writer, "confirmed_at", user.ConfirmedAt);
        WriteTime(writer, "recovery_sent_at", user.RecoverySentAt);
        WriteText(writer, "new_email", user.NewEmail);
        WriteTime(writer, "email_change_sent_at", user.EmailChangeSentAt);
        WriteText(writer, "new_phone", user.NewPhone);
        WriteTime(writer, "phone_change_sent_at", user.PhoneChangeSentAt);
        WriteTime(writer, "reauthentication_sent_at", user.ReauthenticationSentAt);
        WriteTime(writer, "last_sign_in_at", user.LastSignInAt);
        WriteRaw(writer, "app_metadata", user.AppMetadata);
        WriteRaw(writer, "user_metadata", user.UserMetadata);
        if (user.Factors is not null)
        {
            WriteRaw(writer, "factors", user.Factors);
        }
        writer.WriteStartArray("identities");
        foreach (Identity identity in identities)
        {
            WriteIdentity(writer, identity);
        }
        writer.WriteEndArray();
        WriteTime(writer, "created_at", user.CreatedAt);
        WriteTime(writer, "updated_at", user.UpdatedAt);
        WriteTime(writer, "banned_until", user.BannedUntil);
        WriteTime(writer, "deleted_at", user.DeletedAt);
        writer.WriteBoolean("is_anonymous", user.IsAnonymous);
    }

    private static void WriteIdentity(Utf8JsonWriter writer, Identity identity)
    {
        writer.WriteStartObject();
        writer.WriteString("identity_id", identity.Id);
        writer.WriteString("id", identity.ProviderId);
        writer.WriteString("user_id", identity.UserId);
        WriteRaw(writer, "identity_data", identity.Data);
        writer.WriteString("provider", identity.Provider);
        WriteTime(writer, "last_sign_in_at", identity.LastSignInAt);
        WriteTime(writer, "created_at", identity.CreatedAt);
        WriteTime(writer, "updated_at", identity.UpdatedAt);
        if (identity.Email is not null)
        {
            writer.WriteString("email", identity.Email);
        }
        writer.WriteEndObject();
    }

    public static void WriteSession(Utf8JsonWriter writer, IssuedSession issued)
    {
        writer.WriteStartObject();
        writer.WriteString("access_token", issued.AccessToken);
        writer.WriteString("token_type", "bearer");
        writer.WriteNumber("expires_in", issued.ExpiresIn);
        writer.WriteNumber("expires_at", issued.ExpiresAt);
        writer.WriteString("refresh_token", issued.RefreshToken);
        if (issued.Provider is { } provider)
        {
            writer.WriteString("provider_token", provider.AccessToken);
            WriteText(writer, "provider_refresh_token", provider.RefreshToken);
        }
        writer.WritePropertyName("user");
        WriteUser(writer, issued.User, issued.Identities);
        writer.WriteEndObject();
    }

    /// <summary>A list of sessions; one may be that of the request.</summary>
    public static void WriteSessions(Utf8JsonWriter writer, List<Session> sessions, Guid? current)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("sessions");
        WriteSessionArray(writer, sessions, current);
        writer.WriteEndObject();
    }

    public static void WriteSessionArray(Utf8JsonWriter writer, List<Session> sessions, Guid? current)
    {
        writer.WriteStartArray();
        foreach (Session session in sessions)
        {
            writer.WriteStartObject();
            writer.WriteString("id", session.Id);
            WriteTime(writer, "created_at", session.CreatedAt);
            WriteTime(writer, "last_used_at", session.RefreshedAt);
            WriteTime(writer, "not_after", session.NotAfter);
            writer.WriteString("user_agent", session.UserAgent);
            writer.WriteString("ip", session.Ip);
            writer.WriteString("aal", session.Aal);
            writer.WriteBoolean("current", session.Id == current);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    /// <summary>RFC 3339 in UTC with microseconds, as GoTrue prints times.</summary>
    public static void WriteTime(Utf8JsonWriter writer, string name, DateTimeOffset? time)
    {
        if (time is { } known)
        {
            writer.WriteString(name, known.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFZ", CultureInfo.InvariantCulture));
        }
    }

    private static void WriteText(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(name, text);
        }
    }

    private static void WriteRaw(Utf8JsonWriter writer, string name, string json)
    {
        writer.WritePropertyName(name);
        // Text of a jsonb column: valid by its type.
        writer.WriteRawValue(json, skipInputValidation: true);
    }
}
