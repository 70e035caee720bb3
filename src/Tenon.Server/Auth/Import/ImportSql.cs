using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Import;

/// <summary>Statements of the import of users.</summary>
internal static class ImportSql
{
    public static readonly StoreStatement InsertUser = new(
        "auth.import.user",
        """
        insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data,
            created_at, updated_at, phone, phone_confirmed_at, banned_until, is_anonymous, last_sign_in_at, invited_at)
        values ($1, 'authenticated', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        """,
        [
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.Jsonb,
            LogicalType.Jsonb,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
            LogicalType.Boolean,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
        ]
    );

    /// <summary>Whose a second factor is.</summary>
    public static readonly StoreStatement FactorOwner = new("auth.import.factor_owner", "select user_id from auth.mfa_factors where id = $1", [LogicalType.Uuid]);

    /// <summary>Whose a provider's identity is.</summary>
    public static readonly StoreStatement IdentityOwner = new(
        "auth.import.identity_owner",
        "select user_id from auth.identities where provider = $1 and provider_id = $2",
        [LogicalType.Text, LogicalType.Text]
    );
}
