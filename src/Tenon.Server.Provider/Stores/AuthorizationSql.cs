using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Stores;

/// <summary>Statements on auth.oauth_authorizations, and on the sessions that go with them.</summary>
internal static class AuthorizationSql
{
    public const string Columns = "id, client_id, subject, type, status, scopes, created_at, concurrency";

    public static readonly StoreStatement ById = new(
        "auth.oauth_authorizations.by_id",
        $"select {Columns} from auth.oauth_authorizations where id = $1",
        [LogicalType.Uuid]
    );

    /// <summary>A parameter that is null asks for nothing. PostgreSQL takes its type from the first use, so the comparison comes first.</summary>
    public static readonly StoreStatement Find = new(
        "auth.oauth_authorizations.find",
        $"""
        select {Columns} from auth.oauth_authorizations
        where (subject = $1 or $1 is null) and (client_id = $2 or $2 is null) and (status = $3 or $3 is null) and (type = $4 or $4 is null)
        """,
        [LogicalType.Text, LogicalType.Uuid, LogicalType.Text, LogicalType.Text]
    );

    public static readonly StoreStatement Insert = new(
        "auth.oauth_authorizations.insert",
        $"insert into auth.oauth_authorizations ({Columns}) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Jsonb,
            LogicalType.TimestampTz,
            LogicalType.Uuid,
        ]
    );

    public static readonly StoreStatement Update = new(
        "auth.oauth_authorizations.update",
        "update auth.oauth_authorizations set status = $3, scopes = $4, concurrency = $5 where id = $1 and concurrency = $2 returning id",
        [LogicalType.Uuid, LogicalType.Uuid, LogicalType.Text, LogicalType.Jsonb, LogicalType.Uuid]
    );

    public static readonly StoreStatement Revoke = new(
        "auth.oauth_authorizations.revoke",
        """
        update auth.oauth_authorizations set status = 'revoked', concurrency = gen_random_uuid()
        where status <> 'revoked' and (subject = $1 or $1 is null) and (client_id = $2 or $2 is null) and (status = $3 or $3 is null) and (type = $4 or $4 is null)
        returning id
        """,
        [LogicalType.Text, LogicalType.Uuid, LogicalType.Text, LogicalType.Text]
    );

    public static readonly StoreStatement Delete = new(
        "auth.oauth_authorizations.delete",
        "delete from auth.oauth_authorizations where id = $1",
        [LogicalType.Uuid]
    );

    /// <summary>The session of an authorization ends with it, and stays as a row, so that a code cannot open it again.</summary>
    public static readonly StoreStatement EndSession = new(
        "auth.oauth_authorizations.end_session",
        "update auth.sessions set not_after = $2, updated_at = $2 where id = $1 and oauth_client_id is not null and (not_after is null or not_after > $2) returning user_id",
        [LogicalType.Uuid, LogicalType.TimestampTz]
    );

    /// <summary>Those that nothing hangs on any more.</summary>
    public static readonly StoreStatement Prune = new(
        "auth.oauth_authorizations.prune",
        """
        delete from auth.oauth_authorizations
        where created_at < $1 and not exists (select 1 from auth.oauth_tokens t where t.authorization_id = oauth_authorizations.id)
        returning id
        """,
        [LogicalType.TimestampTz]
    );
}
