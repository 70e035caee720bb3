using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>Statements on auth.sessions and auth.refresh_tokens.</summary>
internal static class SessionSql
{
    public const string Columns =
        "id, user_id, aal, amr, user_agent, ip, tag, not_after, created_at, updated_at, refreshed_at";

    /// <summary>What a request with an access token depends on, in one row: not_after, banned_until, deleted_at, role, and the times of the session.</summary>
    public static readonly StoreStatement Check = new(
        "auth.sessions.check",
        """
        select s.not_after, u.banned_until, u.deleted_at, u.role, s.created_at, s.refreshed_at
        from auth.sessions s join auth.users u on u.id = s.user_id
        where s.id = $1 and s.user_id = $2
        """,
        [LogicalType.Uuid, LogicalType.Uuid]
    );

    public static readonly StoreStatement Insert = new(
        "auth.sessions.insert",
        """
        insert into auth.sessions (id, user_id, aal, amr, user_agent, ip, not_after, created_at, updated_at, refreshed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8)
        """,
        [
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Jsonb,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
        ]
    );

    public static readonly StoreStatement Find = new(
        "auth.sessions.find",
        $"select {Columns} from auth.sessions where id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement OfUser = new(
        "auth.sessions.of_user",
        $"select {Columns} from auth.sessions where user_id = $1 order by refreshed_at desc, id",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement Touch = new(
        "auth.sessions.touch",
        "update auth.sessions set refreshed_at = $2, updated_at = $2, user_agent = $3, ip = $4 where id = $1 returning id",
        [LogicalType.Uuid, LogicalType.TimestampTz, LogicalType.Text, LogicalType.Text]
    );

    /// <summary>Ends a session but keeps its row, so that its used tokens are still known for what they are.</summary>
    public static readonly StoreStatement Finish = new(
        "auth.sessions.finish",
        "update auth.sessions set not_after = $2, updated_at = $2 where id = $1",
        [LogicalType.Uuid, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement DeleteAll = new(
        "auth.sessions.delete_all",
        "delete from auth.sessions where user_id = $1 returning id",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement DeleteOne = new(
        "auth.sessions.delete_one",
        "delete from auth.sessions where user_id = $1 and id = $2 returning id",
        [LogicalType.Uuid, LogicalType.Uuid]
    );

    public static readonly StoreStatement DeleteOthers = new(
        "auth.sessions.delete_others",
        "delete from auth.sessions where user_id = $1 and id <> $2 returning id",
        [LogicalType.Uuid, LogicalType.Uuid]
    );

    /// <summary>A second factor was verified in it.</summary>
    public static readonly StoreStatement Raise = new(
        "auth.sessions.raise",
        "update auth.sessions set aal = 'aal2', amr = $2, factor_id = $3, updated_at = $4 where id = $1",
        [LogicalType.Uuid, LogicalType.Jsonb, LogicalType.Uuid, LogicalType.TimestampTz]
    );

    /// <summary>Which passkey opened it.</summary>
    public static readonly StoreStatement SetFactor = new(
        "auth.sessions.set_factor",
        "update auth.sessions set factor_id = $2 where id = $1",
        [LogicalType.Uuid, LogicalType.Uuid]
    );

    /// <summary>
    /// The user's other sessions that no second factor has raised, and those of passkeys that were added without one: such a
    /// passkey alone earned aal2 only while there was no factor.
    /// </summary>
    public static readonly StoreStatement DeleteLower = new(
        "auth.sessions.delete_lower",
        """
        delete from auth.sessions where user_id = $1 and id <> $2
            and (aal = 'aal1' or factor_id in (select id from auth.webauthn_credentials where user_id = $1 and aal = 'aal1'))
        """,
        [LogicalType.Uuid, LogicalType.Uuid]
    );

    /// <summary>The factor that raised them is gone.</summary>
    public static readonly StoreStatement Lower = new(
        "auth.sessions.lower",
        "update auth.sessions set aal = 'aal1', factor_id = null, updated_at = $3 where user_id = $1 and factor_id = $2",
        [LogicalType.Uuid, LogicalType.Uuid, LogicalType.TimestampTz]
    );

    /// <summary>Sessions whose last day has passed; $2 null means that idle ones stay.</summary>
    public static readonly StoreStatement DeleteExpired = new(
        "auth.sessions.delete_expired",
        "delete from auth.sessions where not_after < $1 or refreshed_at < $2 returning id",
        [LogicalType.TimestampTz, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement InsertToken = new(
        "auth.refresh_tokens.insert",
        """
        insert into auth.refresh_tokens (token_hash, nonce, parent_id, session_id, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $5)
        """,
        [LogicalType.Text, LogicalType.Text, LogicalType.Int8, LogicalType.Uuid, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement FindToken = new(
        "auth.refresh_tokens.find",
        "select id, session_id, revoked, updated_at from auth.refresh_tokens where token_hash = $1",
        [LogicalType.Text]
    );

    public static readonly StoreStatement ActiveToken = new(
        "auth.refresh_tokens.active",
        "select id, parent_id, nonce, token_hash from auth.refresh_tokens where session_id = $1 and revoked = false order by id desc limit 1",
        [LogicalType.Uuid]
    );

    /// <summary>The one statement that uses a token up: a row comes back to exactly one of any number of askers.</summary>
    public static readonly StoreStatement UseToken = new(
        "auth.refresh_tokens.use",
        "update auth.refresh_tokens set revoked = true, updated_at = $2 where id = $1 and revoked = false returning id",
        [LogicalType.Int8, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement RevokeFamily = new(
        "auth.refresh_tokens.revoke_family",
        "update auth.refresh_tokens set revoked = true, updated_at = $2 where session_id = $1 and revoked = false",
        [LogicalType.Uuid, LogicalType.TimestampTz]
    );

    /// <summary>Old links of a chain are needed for reuse detection only as long as anyone may still hold them.</summary>
    public static readonly StoreStatement DeleteOldTokens = new(
        "auth.refresh_tokens.delete_old",
        "delete from auth.refresh_tokens where revoked = true and updated_at < $1",
        [LogicalType.TimestampTz]
    );
}
