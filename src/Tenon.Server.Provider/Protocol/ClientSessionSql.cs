using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Protocol;

/// <summary>Statements on the sessions that clients hold for users.</summary>
internal static class ClientSessionSql
{
    public static readonly StoreStatement Mark = new(
        "auth.sessions.mark_client",
        "update auth.sessions set oauth_client_id = $2 where id = $1",
        [LogicalType.Uuid, LogicalType.Uuid]
    );

    public static readonly StoreStatement OfClient = new(
        "auth.sessions.client_of",
        "select oauth_client_id from auth.sessions where id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement Alive = new(
        "auth.sessions.alive",
        """
        select s.id from auth.sessions s join auth.users u on u.id = s.user_id
        where s.id = $1 and (s.not_after is null or s.not_after > $2) and u.deleted_at is null and (u.banned_until is null or u.banned_until <= $2)
        """,
        [LogicalType.Uuid, LogicalType.TimestampTz]
    );

    /// <summary>All sessions a client holds for one user.</summary>
    public static readonly StoreStatement EndOfGrant = new(
        "auth.sessions.end_of_grant",
        "update auth.sessions set not_after = $3, updated_at = $3 where user_id = $1 and oauth_client_id = $2 and (not_after is null or not_after > $3) returning id",
        [LogicalType.Uuid, LogicalType.Uuid, LogicalType.TimestampTz]
    );
}
