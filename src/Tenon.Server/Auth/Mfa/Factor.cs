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
    DateTimeOffset UpdatedAt,
    DateTimeOffset? LastChallengedAt = null
)
{
    public const string Totp = "totp";
    public const string ByPhone = "phone";
    public const string WebAuthn = "webauthn";
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
            row[10].Time()!.Value,
            row[11].Time()
        );
}

/// <summary>
/// A row of auth.mfa_challenges: the question a factor was asked in a session, answered at most once and soon. State is what
/// a security key was asked, CodeHash what was sent to a telephone.
/// </summary>
internal sealed record Challenge(Guid Id, Guid FactorId, Guid? Session, string Ip, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt)
{
    public string? State { get; init; }
    public string? CodeHash { get; init; }

    /// <summary>From the columns of <see cref="FactorSql.FindChallenge"/>.</summary>
    public static Challenge Read(Datum[] row) =>
        new(row[0].Uuid(), row[1].Uuid(), row[2].IsNull ? null : row[2].Uuid(), row[3].Text, row[4].Time()!.Value, row[5].Time()!.Value)
        {
            State = row[6].TextOrNull(),
            CodeHash = row[7].TextOrNull(),
        };

    public void Insert(IStoreTransaction unit)
    {
        unit.Execute(FactorSql.DeleteExpiredChallenges, StoreValues.Of(CreatedAt));
        unit.Execute(
            FactorSql.InsertChallenge,
            StoreValues.Of(Id),
            StoreValues.Of(FactorId),
            StoreValues.Of(Session),
            Datum.Of(Ip),
            StoreValues.Of(CreatedAt),
            StoreValues.Of(ExpiresAt),
            StoreValues.OfText(State),
            StoreValues.OfText(CodeHash)
        );
        unit.Execute(FactorSql.MarkChallenged, StoreValues.Of(FactorId), StoreValues.Of(CreatedAt));
    }
}
