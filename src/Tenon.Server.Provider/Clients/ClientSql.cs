using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Clients;

/// <summary>Statements on auth.oauth_clients.</summary>
internal static class ClientSql
{
    public const string Columns =
        "id, secret_hash, client_type, auth_method, registration_type, name, uri, logo_uri, redirect_uris, post_logout_redirect_uris, grant_types, scope, created_at, updated_at";

    public static readonly StoreStatement ById = new(
        "auth.oauth_clients.by_id",
        $"select {Columns} from auth.oauth_clients where id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement List = new(
        "auth.oauth_clients.list",
        $"select {Columns} from auth.oauth_clients order by created_at desc, id limit $1 offset $2",
        [LogicalType.Int8, LogicalType.Int8]
    );

    public static readonly StoreStatement Count = new("auth.oauth_clients.count", "select count(*) from auth.oauth_clients", []);

    public static readonly StoreStatement Insert = new(
        "auth.oauth_clients.insert",
        $"insert into auth.oauth_clients ({Columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        [
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Jsonb,
            LogicalType.Jsonb,
            LogicalType.Jsonb,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
        ]
    );

    /// <summary>What an administrator may change of a client; $10 is the updated_at that was read.</summary>
    public static readonly StoreStatement Update = new(
        "auth.oauth_clients.update",
        $"""
        update auth.oauth_clients
        set name = $2, uri = $3, logo_uri = $4, redirect_uris = $5, post_logout_redirect_uris = $6, grant_types = $7, auth_method = $8, updated_at = $9
        where id = $1 and updated_at = $10
        returning {Columns}
        """,
        [
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Jsonb,
            LogicalType.Jsonb,
            LogicalType.Jsonb,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
        ]
    );

    public static readonly StoreStatement SetSecret = new(
        "auth.oauth_clients.set_secret",
        $"update auth.oauth_clients set secret_hash = $2, updated_at = $3 where id = $1 and client_type = 'confidential' returning {Columns}",
        [LogicalType.Uuid, LogicalType.Text, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement Users = new(
        "auth.oauth_clients.users",
        "select distinct user_id from auth.sessions where oauth_client_id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement Delete = new(
        "auth.oauth_clients.delete",
        "delete from auth.oauth_clients where id = $1 returning id",
        [LogicalType.Uuid]
    );
}
