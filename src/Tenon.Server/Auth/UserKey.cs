using System.Text.Json;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>A row of auth.user_keys: a key that a user made of their own. The key itself is not kept.</summary>
internal sealed record UserKey(Guid Id, Guid UserId, string Name, string Prefix, KeyScopes Scopes, int RateLimit)
{
    public DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Plans made for equal scopes are the same. Role names hold no control characters.</summary>
    public string PlanKey { get; init; } = "";

    /// <summary>Why the key may not do this although its user perhaps may; null when it may.</summary>
    public Error? Refusal(KeyCommands command, QualifiedName name)
    {
        if (Scopes.Allows(command, name))
        {
            return null;
        }
        string scope = KeyScopes.NameOf(command, name);
        string word = KeyScopes.WordOf(command);
        return new Error(
            ErrorCodes.InsufficientPrivilege,
            $"the scopes of this API key do not allow {word} on {scope}",
            null,
            $"Make a key whose scopes hold {{\"{scope}\":[\"{word}\"]}}, or sign in."
        );
    }

    /// <summary>From the columns of <see cref="UserKeySql.Columns"/>.</summary>
    public static UserKey Read(Datum[] row) =>
        new(row[0].Uuid(), row[1].Uuid(), row[2].Text, row[3].Text, ReadScopes(row[4].Text), (int)row[5].Integer)
        {
            ExpiresAt = row[6].Time()!.Value,
            LastUsedAt = row[7].Time(),
            CreatedAt = row[8].Time()!.Value,
        };

    private static KeyScopes ReadScopes(string json) =>
        KeyScopes.TryRead(JsonElement.Parse(json), out KeyScopes? scopes, out string? reason)
            ? scopes
            : throw new InvalidOperationException($"auth.user_keys holds scopes that cannot be read: {reason}");

    /// <summary>Everything but the key.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("id", Id);
        writer.WriteString("name", Name);
        writer.WriteString("prefix", Prefix);
        writer.WritePropertyName("scopes");
        writer.WriteRawValue(Scopes.Json, skipInputValidation: true);
        writer.WriteNumber("rate_limit", RateLimit);
        UserWriter.WriteTime(writer, "created_at", CreatedAt);
        UserWriter.WriteTime(writer, "expires_at", ExpiresAt);
        UserWriter.WriteTime(writer, "last_used_at", LastUsedAt);
    }
}
