using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Grants;

/// <summary>Statements on auth.oauth_requests and auth.oauth_consents.</summary>
internal static class GrantSql
{
    public const string RequestColumns =
        "id, kind, client_id, parameters, redirect_uri, scope, login_hint, asks_sign_in, asks_consent, user_id, created_at, expires_at";

    public static readonly StoreStatement InsertRequest = new(
        "auth.oauth_requests.insert",
        $"insert into auth.oauth_requests ({RequestColumns}, status) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'pending')",
        [
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Boolean,
            LogicalType.Boolean,
            LogicalType.Uuid,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
        ]
    );

    public static readonly StoreStatement FindRequest = new(
        "auth.oauth_requests.find",
        $"select {RequestColumns} from auth.oauth_requests where id = $1 and status = 'pending' and expires_at > $2",
        [LogicalType.Text, LogicalType.TimestampTz]
    );

    /// <summary>The first who signs in for a request keeps it.</summary>
    public static readonly StoreStatement Claim = new(
        "auth.oauth_requests.claim",
        "update auth.oauth_requests set user_id = $2 where id = $1 and status = 'pending' and (user_id is null or user_id = $2) returning id",
        [LogicalType.Text, LogicalType.Uuid]
    );

    /// <summary>Somebody else is to sign in.</summary>
    public static readonly StoreStatement Release = new(
        "auth.oauth_requests.release",
        "update auth.oauth_requests set user_id = null, asks_sign_in = true, created_at = $2 where id = $1 and status = 'pending' returning id",
        [LogicalType.Text, LogicalType.TimestampTz]
    );

    /// <summary>A request is decided once.</summary>
    public static readonly StoreStatement Decide = new(
        "auth.oauth_requests.decide",
        "update auth.oauth_requests set status = 'decided' where id = $1 and status = 'pending' and user_id = $2 and expires_at > $3 returning id",
        [LogicalType.Text, LogicalType.Uuid, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement DeleteExpired = new(
        "auth.oauth_requests.delete_expired",
        "delete from auth.oauth_requests where expires_at < $1",
        [LogicalType.TimestampTz]
    );

    public static readonly StoreStatement Consent = new(
        "auth.oauth_consents.find",
        "select scopes from auth.oauth_consents where user_id = $1 and client_id = $2",
        [LogicalType.Uuid, LogicalType.Uuid]
    );

    public static readonly StoreStatement SaveConsent = new(
        "auth.oauth_consents.save",
        """
        insert into auth.oauth_consents (user_id, client_id, scopes, granted_at) values ($1, $2, $3, $4)
        on conflict (user_id, client_id) do update set scopes = excluded.scopes, granted_at = excluded.granted_at
        """,
        [LogicalType.Uuid, LogicalType.Uuid, LogicalType.Jsonb, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement DeleteConsent = new(
        "auth.oauth_consents.delete",
        "delete from auth.oauth_consents where user_id = $1 and client_id = $2 returning client_id",
        [LogicalType.Uuid, LogicalType.Uuid]
    );

    public static readonly StoreStatement ConsentsOfUser = new(
        "auth.oauth_consents.of_user",
        """
        select c.id, c.name, c.uri, c.logo_uri, g.scopes, g.granted_at
        from auth.oauth_consents g join auth.oauth_clients c on c.id = g.client_id
        where g.user_id = $1
        order by g.granted_at desc, c.id
        """,
        [LogicalType.Uuid]
    );
}
