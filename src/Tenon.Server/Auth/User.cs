using System.Text.Json;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>A row of auth.users, as far as sign-in needs it.</summary>
internal sealed record User
{
    public required Guid Id { get; init; }
    public string Role { get; init; } = "authenticated";
    public string? Email { get; init; }
    public string? PasswordHash { get; init; }
    public DateTimeOffset? EmailConfirmedAt { get; init; }
    public DateTimeOffset? InvitedAt { get; init; }
    public DateTimeOffset? LastSignInAt { get; init; }
    public string AppMetadata { get; init; } = "{}";
    public string UserMetadata { get; init; } = "{}";
    public DateTimeOffset? CreatedAt { get; init; }
    public DateTimeOffset? UpdatedAt { get; init; }
    public string? Phone { get; init; }
    public DateTimeOffset? PhoneConfirmedAt { get; init; }
    public DateTimeOffset? ConfirmedAt { get; init; }
    public DateTimeOffset? BannedUntil { get; init; }
    public DateTimeOffset? DeletedAt { get; init; }
    public bool IsAnonymous { get; init; }
    public bool IsSsoUser { get; init; }
    public DateTimeOffset? ConfirmationSentAt { get; init; }
    public DateTimeOffset? RecoverySentAt { get; init; }

    /// <summary>The address a change waits for; null: none.</summary>
    public string? NewEmail { get; init; }
    public DateTimeOffset? EmailChangeSentAt { get; init; }

    /// <summary>The number a change waits for; null: none.</summary>
    public string? NewPhone { get; init; }
    public DateTimeOffset? PhoneChangeSentAt { get; init; }
    public DateTimeOffset? ReauthenticationSentAt { get; init; }

    /// <summary>The user's second factors as a JSON array in GoTrue's shape; null when there are none.</summary>
    public string? Factors { get; init; }

    /// <summary>A second factor stands beside the password.</summary>
    public bool HasVerifiedFactor =>
        Factors is { } json && JsonElement.Parse(json).EnumerateArray().Any(factor => factor.GetProperty("status").GetString() == "verified");

    public bool IsBanned(DateTimeOffset now) => BannedUntil > now;

    /// <summary>From the columns of <see cref="UserSql.Columns"/>.</summary>
    public static User Read(Datum[] row) =>
        new()
        {
            Id = row[0].Uuid(),
            Role = row[1].TextOrNull() is { Length: > 0 } role ? role : "authenticated",
            Email = row[2].TextOrNull() is { Length: > 0 } email ? email : null,
            PasswordHash = row[3].TextOrNull() is { Length: > 0 } hash ? hash : null,
            EmailConfirmedAt = row[4].Time(),
            InvitedAt = row[5].Time(),
            LastSignInAt = row[6].Time(),
            AppMetadata = row[7].TextOrNull() ?? "{}",
            UserMetadata = row[8].TextOrNull() ?? "{}",
            CreatedAt = row[9].Time(),
            UpdatedAt = row[10].Time(),
            Phone = row[11].TextOrNull() is { Length: > 0 } phone ? phone : null,
            PhoneConfirmedAt = row[12].Time(),
            ConfirmedAt = row[13].Time(),
            BannedUntil = row[14].Time(),
            DeletedAt = row[15].Time(),
            IsAnonymous = row[16].IsTrue(),
            IsSsoUser = row[17].IsTrue(),
            ConfirmationSentAt = row[18].Time(),
            RecoverySentAt = row[19].Time(),
            NewEmail = row[20].TextOrNull() is { Length: > 0 } newEmail ? newEmail : null,
            EmailChangeSentAt = row[21].Time(),
            NewPhone = row[22].TextOrNull() is { Length: > 0 } newPhone ? newPhone : null,
            PhoneChangeSentAt = row[23].Time(),
            ReauthenticationSentAt = row[24].Time(),
            Factors = row[25].TextOrNull(),
        };
}

/// <summary>A row of auth.identities: one way a user is known.</summary>
internal sealed record Identity(
    Guid Id,
    string ProviderId,
    Guid UserId,
    string Data,
    string Provider,
    string? Email,
    DateTimeOffset? LastSignInAt,
    DateTimeOffset? CreatedAt,
    DateTimeOffset? UpdatedAt
)
{
    /// <summary>From the columns of <see cref="UserSql.IdentityColumns"/>.</summary>
    public static Identity Read(Datum[] row) =>
        new(
            row[0].Uuid(),
            row[1].Text,
            row[2].Uuid(),
            row[3].Text,
            row[4].Text,
            row[5].TextOrNull(),
            row[6].Time(),
            row[7].Time(),
            row[8].Time()
        );
}
