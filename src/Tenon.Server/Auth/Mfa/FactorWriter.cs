using System.Text.Json;

namespace Tenon.Server.Auth.Mfa;

/// <summary>Factors in GoTrue's JSON; never their secrets.</summary>
internal static class FactorWriter
{
    public static void Write(Utf8JsonWriter writer, Factor factor)
    {
        writer.WriteStartObject();
        writer.WriteString("id", factor.Id);
        UserWriter.WriteTime(writer, "created_at", factor.CreatedAt);
        UserWriter.WriteTime(writer, "updated_at", factor.UpdatedAt);
        writer.WriteString("status", factor.IsVerified ? Factor.Verified : Factor.Unverified);
        writer.WriteString("friendly_name", factor.FriendlyName ?? "");
        writer.WriteString("factor_type", factor.Type);
        if (factor.Phone is not null)
        {
            writer.WriteString("phone", factor.Phone);
        }
        writer.WriteEndObject();
    }
}
