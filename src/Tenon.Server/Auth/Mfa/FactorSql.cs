using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mfa;

/// <summary>Statements on auth.mfa_factors, auth.mfa_challenges and auth.mfa_recovery_codes.</summary>
internal static class FactorSql
{
    public const string Columns =
        "id, user_id, friendly_name, factor_type, status, sealed_secret, phone, failures, locked_until, created_at, updated_at, "
        + "last_challenged_at";

    public static readonly StoreStatement OfUser = new(
        "auth.mfa_factors.of_user",
        $"select {Columns} from auth.mfa_factors where user_id = $1 order by created_at, id",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement Insert = new(
        "auth.mfa_factors.insert",
        """
        insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, sealed_secret, phone, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
        """,
        [
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
        ]
    );

    public static readonly StoreStatement Rename = new(
        "auth.mfa_factors.rename",
        "update auth.mfa_factors set friendly_name = $3, updated_at = $4 where user_id = $1 and id = $2 returning id",
        [LogicalType.Uuid, LogicalType.Uuid, LogicalType.Text, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement Delete = new(
        "auth.mfa_factors.delete",
        $"delete from auth.mfa_factors where user_id = $1 and id = $2 returning {Columns}",
        [LogicalType.Uuid, LogicalType.Uuid]
    );

    /// <summary>Enrolments that were begun and never finished give way when one of the user's factors is verified.</summary>
    public static readonly StoreStatement DeleteUnverified = new(
        "auth.mfa_factors.delete_unverified",
        "delete from auth.mfa_factors where user_id = $1 and status = 'unverified'",
        [LogicalType.Uuid]
    );

    /// <summary>
    /// The one statement that uses a TOTP step up: a row comes back to exactly one of any number of askers, and never for an
    /// older step.
    /// </summary>
    public static readonly StoreStatement UseStep = new(
        "auth.mfa_factors.use_step",
        """
        update auth.mfa_factors set last_used_step = $2, status = 'verified', failures = 0, locked_until = null, updated_at = $3
        where id = $1 and (last_used_step is null or last_used_step < $2) returning id
        """,
        [LogicalType.Uuid, LogicalType.Int8, LogicalType.TimestampTz]
    );

    /// <summary>Answered rightly: a telephone or security key. A row comes back while the factor is there.</summary>
    public static readonly StoreStatement MarkVerified = new(
        "auth.mfa_factors.mark_verified",
        """
        update auth.mfa_factors set status = 'verified', failures = 0, locked_until = null, updated_at = $2
        where id = $1 returning id
        """,
        [LogicalType.Uuid, LogicalType.TimestampTz]
    );

    /// <summary>Telephones that were never proven give way to a new enrolment of their number.</summary>
    public static readonly StoreStatement DeleteUnverifiedPhone = new(
        "auth.mfa_factors.delete_unverified_phone",
        "delete from auth.mfa_factors where user_id = $1 and factor_type = 'phone' and phone = $2 and status = 'unverified'",
        [LogicalType.Uuid, LogicalType.Text]
    );

    /// <summary>A guess, counted as wrong until it is found right; of any number at once only so many get one before the factor rests.</summary>
    public static readonly StoreStatement Guess = new(
        "auth.mfa_factors.guess",
        """
        update auth.mfa_factors set failures = failures + 1
        where id = $1 and (locked_until is null or locked_until <= $2) returning failures
        """,
        [LogicalType.Uuid, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement SetFailures = new(
        "auth.mfa_factors.set_failures",
        "update auth.mfa_factors set failures = $2, locked_until = $3 where id = $1",
        [LogicalType.Uuid, LogicalType.Int8, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement InsertChallenge = new(
        "auth.mfa_challenges.insert",
        """
        insert into auth.mfa_challenges (id, factor_id, session_id, ip_address, created_at, expires_at, state, code_hash)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        [
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
            LogicalType.Text,
            LogicalType.Text,
        ]
    );

    public static readonly StoreStatement MarkChallenged = new(
        "auth.mfa_factors.mark_challenged",
        "update auth.mfa_factors set last_challenged_at = $2 where id = $1",
        [LogicalType.Uuid, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement FindChallenge = new(
        "auth.mfa_challenges.find",
        """
        select id, factor_id, session_id, ip_address, created_at, expires_at, state, code_hash
        from auth.mfa_challenges where id = $1 and factor_id = $2
        """,
        [LogicalType.Uuid, LogicalType.Uuid]
    );

    /// <summary>A guess at a code that was sent: counted before it is compared, so that guesses at once count too. $2 is the most.</summary>
    public static readonly StoreStatement GuessCode = new(
        "auth.mfa_challenges.guess",
        "update auth.mfa_challenges set guesses = guesses + 1 where id = $1 and guesses < $2 returning code_hash",
        [LogicalType.Uuid, LogicalType.Int8]
    );

    /// <summary>Answered or not, a challenge is gone after its use; a row comes back to one asker only.</summary>
    public static readonly StoreStatement UseChallenge = new(
        "auth.mfa_challenges.use",
        "delete from auth.mfa_challenges where id = $1 returning id",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement DeleteExpiredChallenges = new(
        "auth.mfa_challenges.delete_expired",
        "delete from auth.mfa_challenges where expires_at < $1",
        [LogicalType.TimestampTz]
    );

    public static readonly StoreStatement InsertCode = new(
        "auth.mfa_recovery_codes.insert",
        "insert into auth.mfa_recovery_codes (factor_id, code_hash) values ($1, $2)",
        [LogicalType.Uuid, LogicalType.Text]
    );

    public static readonly StoreStatement UseCode = new(
        "auth.mfa_recovery_codes.use",
        "delete from auth.mfa_recovery_codes where factor_id = $1 and code_hash = $2 returning factor_id",
        [LogicalType.Uuid, LogicalType.Text]
    );

    public static readonly StoreStatement DeleteCodes = new(
        "auth.mfa_recovery_codes.delete_all",
        "delete from auth.mfa_recovery_codes where factor_id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement CountCodes = new(
        "auth.mfa_recovery_codes.count",
        "select count(*) from auth.mfa_recovery_codes where factor_id = $1",
        [LogicalType.Uuid]
    );
}
