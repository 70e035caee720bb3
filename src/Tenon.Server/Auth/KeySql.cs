using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>Statements on auth.signing_keys and auth.api_keys.</summary>
internal static class KeySql
{
    public static readonly StoreStatement List = new(
        "auth.signing_keys.list",
        """
        select id, status, public_jwk, sealed_private_key, created_at, activated_at, verify_until, algorithm
        from auth.signing_keys order by created_at, id
        """,
        []
    );

    public static readonly StoreStatement Insert = new(
        "auth.signing_keys.insert",
        """
        insert into auth.signing_keys (id, algorithm, status, public_jwk, sealed_private_key, created_at, activated_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        """,
        [
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Jsonb,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
        ]
    );

    public static readonly StoreStatement Retire = new(
        "auth.signing_keys.retire",
        "update auth.signing_keys set status = 'previous', verify_until = $2 where id = $1 and status = 'current' returning id",
        [LogicalType.Text, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement Promote = new(
        "auth.signing_keys.promote",
        "update auth.signing_keys set status = 'current', activated_at = $1 where status = 'standby' returning id",
        [LogicalType.TimestampTz]
    );

    public static readonly StoreStatement DeleteStandby = new(
        "auth.signing_keys.delete_standby",
        "delete from auth.signing_keys where id = $1 and status = 'standby' returning id",
        [LogicalType.Text]
    );

    public static readonly StoreStatement DeleteExpired = new(
        "auth.signing_keys.delete_expired",
        "delete from auth.signing_keys where status = 'previous' and verify_until < $1",
        [LogicalType.TimestampTz]
    );

    public static readonly StoreStatement ListApiKeys = new(
        "auth.api_keys.list",
        "select id, name, kind, prefix, key_hash, created_at from auth.api_keys order by created_at, id",
        []
    );

    public static readonly StoreStatement InsertApiKey = new(
        "auth.api_keys.insert",
        "insert into auth.api_keys (id, name, kind, prefix, key_hash, created_at) values ($1, $2, $3, $4, $5, $6)",
        [
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
        ]
    );

    public static readonly StoreStatement DeleteApiKey = new(
        "auth.api_keys.delete",
        "delete from auth.api_keys where name = $1 returning id",
        [LogicalType.Text]
    );
}
