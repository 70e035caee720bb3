using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.WebAuthn;

/// <summary>Statements on auth.webauthn_credentials and auth.webauthn_challenges.</summary>
internal static class CredentialSql
{
    public const string Columns =
        "id, user_id, factor_id, credential_id, public_key, sign_count, transports, backup_eligible, backed_up, friendly_name, aal, "
        + "created_at, last_used_at";

    public static readonly StoreStatement PasskeysOfUser = new(
        "auth.webauthn_credentials.passkeys_of_user",
        $"select {Columns} from auth.webauthn_credentials where user_id = $1 and factor_id is null order by created_at, id",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement FactorsOfUser = new(
        "auth.webauthn_credentials.factors_of_user",
        $"select {Columns} from auth.webauthn_credentials where user_id = $1 and factor_id is not null order by created_at, id",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement PasskeyByKey = new(
        "auth.webauthn_credentials.passkey_by_key",
        $"select {Columns} from auth.webauthn_credentials where credential_id = $1 and factor_id is null",
        [LogicalType.Text]
    );

    public static readonly StoreStatement Insert = new(
        "auth.webauthn_credentials.insert",
        """
        insert into auth.webauthn_credentials (id, user_id, factor_id, credential_id, public_key, sign_count, transports,
            backup_eligible, backed_up, friendly_name, aal, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
        """,
        [
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Int8,
            LogicalType.Jsonb,
            LogicalType.Boolean,
            LogicalType.Boolean,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
        ]
    );

    /// <summary>
    /// The one statement that notes a use. The counter must have grown, unless the key has none and shows 0 each time
    /// (WebAuthn §6.1.1): of two answers with one count a row comes back to one.
    /// </summary>
    public static readonly StoreStatement Use = new(
        "auth.webauthn_credentials.use",
        """
        update auth.webauthn_credentials set sign_count = $2, backed_up = $3, last_used_at = $4
        where id = $1 and (sign_count < $2 or (sign_count = 0 and $2 = 0)) returning id
        """,
        [LogicalType.Uuid, LogicalType.Int8, LogicalType.Boolean, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement Rename = new(
        "auth.webauthn_credentials.rename",
        $"""
        update auth.webauthn_credentials set friendly_name = $3, updated_at = $4
        where user_id = $1 and id = $2 and factor_id is null returning {Columns}
        """,
        [LogicalType.Uuid, LogicalType.Uuid, LogicalType.Text, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement Delete = new(
        "auth.webauthn_credentials.delete",
        "delete from auth.webauthn_credentials where user_id = $1 and id = $2 and factor_id is null returning id",
        [LogicalType.Uuid, LogicalType.Uuid]
    );

    public static readonly StoreStatement DeleteOfUser = new(
        "auth.webauthn_credentials.delete_of_user",
        "delete from auth.webauthn_credentials where user_id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement InsertChallenge = new(
        "auth.webauthn_challenges.insert",
        """
        insert into auth.webauthn_challenges (id, user_id, session_id, challenge_type, state, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        """,
        [
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
        ]
    );

    public static readonly StoreStatement FindChallenge = new(
        "auth.webauthn_challenges.find",
        "select user_id, session_id, state, expires_at from auth.webauthn_challenges where id = $1 and challenge_type = $2",
        [LogicalType.Uuid, LogicalType.Text]
    );

    /// <summary>Answered well or not, a challenge is gone after its use; a row comes back to one asker only.</summary>
    public static readonly StoreStatement UseChallenge = new(
        "auth.webauthn_challenges.use",
        "delete from auth.webauthn_challenges where id = $1 returning id",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement DeleteExpiredChallenges = new(
        "auth.webauthn_challenges.delete_expired",
        "delete from auth.webauthn_challenges where expires_at < $1",
        [LogicalType.TimestampTz]
    );
}
