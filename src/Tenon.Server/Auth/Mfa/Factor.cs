using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mfa;

/// <summary>A row of auth.mfa_factors: something a user holds or knows beside the password.</summary>
internal sealed record Factor(
    Guid Id,
    Guid UserId,
    string? FriendlyName,
    string Type,
    bool IsVerified,
    string? SealedSecret,
    string? Phone,
    int Failures,
    DateTimeOffset? LockedUntil,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt
)
{
    public const string Totp = "totp";
    public const string RecoveryCode = "recovery_code";
    public const string Unverified = "unverified";
    public const string Verified = "verified";

    /// <summary>Binds a sealed secret to its row.</summary>
    public string Label => $"mfa factor {Id:D}";

    public bool IsLocked(DateTimeOffset now) => LockedUntil > now;

    /// <summary>From the columns of <see cref="FactorSql.Columns"/>.</summary>
    public static Factor Read(Datum[] row) =>
        new(
            row[0].Uuid(),
            row[1].Uuid(),
            row[2].TextOrNull(),
            row[3].Text,
            row[4].Text == Verified,
            row[5].TextOrNull(),
            row[6].TextOrNull(),
            (int)row[7].Integer,
            row[8].Time(),
            row[9].Time()!.Value,
            row[10].Time()!.Value
        );
}

/// <summary>A row of auth.mfa_challenges: the question a factor was asked, answered at most once and soon.</summary>
internal sealed record Challenge(Guid Id, Guid FactorId, string Ip, DateTimeOffset ExpiresAt)
{
    /// <summary>From the columns of <see cref="FactorSql.FindChallenge"/>.</summary>
    public static Challenge Read(Datum[] row) => new(row[0].Uuid(), row[1].Uuid(), row[2].Text, row[3].Time()!.Value);
}
