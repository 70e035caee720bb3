using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>Statements on auth.user_keys.</summary>
internal static class UserKeySql
{
    public const string Columns = "id, user_id, name, prefix, scopes, rate_limit, expires_at, last_used_at, created_at";

    public static readonly StoreStatement ByHash = new(
        "auth.user_keys.by_hash",
        $"select {Columns} from auth.user_keys where key_hash = $1",
        [LogicalType.Text]
    );

    public static readonly StoreStatement OfUser = new(
        "auth.user_keys.of_user",
        $"select {Columns} from auth.user_keys where user_id = $1 order by created_at, id",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement Insert = new(
        "auth.user_keys.insert",
        """
        insert into auth.user_keys (id, user_id, place, name, prefix, key_hash, scopes, rate_limit, expires_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        [
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Int8,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Jsonb,
            LogicalType.Int8,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
        ]
    );

    public static readonly StoreStatement Places = new(
        "auth.user_keys.places",
        "select place, name from auth.user_keys where user_id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement Touch = new(
        "auth.user_keys.touch",
        "update auth.user_keys set last_used_at = $2 where id = $1",
        [LogicalType.Uuid, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement Delete = new(
        "auth.user_keys.delete",
        "delete from auth.user_keys where user_id = $1 and id = $2 returning id",
        [LogicalType.Uuid, LogicalType.Uuid]
    );

    public static readonly StoreStatement DeleteOfUser = new(
        "auth.user_keys.delete_of_user",
        "delete from auth.user_keys where user_id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement DeleteExpired = new(
        "auth.user_keys.delete_expired",
        "delete from auth.user_keys where expires_at < $1",
        [LogicalType.TimestampTz]
    );
}
