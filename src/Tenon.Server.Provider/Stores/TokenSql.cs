using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Provider.Stores;

/// <summary>Statements on auth.oauth_tokens.</summary>
internal static class TokenSql
{
    public const string Columns =
        "id, client_id, authorization_id, subject, type, status, reference_id, payload, created_at, expires_at, redeemed_at, concurrency";

    public static readonly StoreStatement ById = new(
        "auth.oauth_tokens.by_id",
        $"select {Columns} from auth.oauth_tokens where id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement ByReference = new(
        "auth.oauth_tokens.by_reference",
        $"select {Columns} from auth.oauth_tokens where reference_id = $1",
        [LogicalType.Text]
    );

    public static readonly StoreStatement ByAuthorization = new(
        "auth.oauth_tokens.by_authorization",
        $"select {Columns} from auth.oauth_tokens where authorization_id = $1",
        [LogicalType.Uuid]
    );

    /// <summary>A parameter that is null asks for nothing. PostgreSQL takes its type from the first use, so the comparison comes first.</summary>
    public static readonly StoreStatement Find = new(
        "auth.oauth_tokens.find",
        $"""
        select {Columns} from auth.oauth_tokens
        where (subject = $1 or $1 is null) and (client_id = $2 or $2 is null) and (status = $3 or $3 is null) and (type = $4 or $4 is null)
        """,
        [LogicalType.Text, LogicalType.Uuid, LogicalType.Text, LogicalType.Text]
    );

    public static readonly StoreStatement Insert = new(
        "auth.oauth_tokens.insert",
        $"insert into auth.oauth_tokens ({Columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        [
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
            LogicalType.Uuid,
        ]
    );

    /// <summary>
    /// The one statement that uses a code or token up: of any number of askers that read the same row one gets it. What was
    /// revoked meanwhile stays so and cannot be used up.
    /// </summary>
    public static readonly StoreStatement Update = new(
        "auth.oauth_tokens.update",
        """
        update auth.oauth_tokens
        set client_id = $3, authorization_id = $4, subject = $5, type = $6,
            status = case when status = 'revoked' then status else $7 end, reference_id = $8, payload = $9,
            created_at = $10, expires_at = $11, redeemed_at = $12, concurrency = $13
        where id = $1 and concurrency = $2 and not (status = 'revoked' and $7 = 'redeemed')
        returning id
        """,
        [
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
            LogicalType.Uuid,
        ]
    );

    public static readonly StoreStatement Delete = new("auth.oauth_tokens.delete", "delete from auth.oauth_tokens where id = $1", [LogicalType.Uuid]);

    public static readonly StoreStatement RevokeOne = new(
        "auth.oauth_tokens.revoke_one",
        "update auth.oauth_tokens set status = 'revoked', concurrency = gen_random_uuid() where id = $1",
        [LogicalType.Uuid]
    );

    /// <summary>
    /// Leaves the marks of concurrency alone: the answer to the first redemption, which a replay overtakes, still comes, with
    /// tokens that are revoked.
    /// </summary>
    public static readonly StoreStatement RevokeOfAuthorization = new(
        "auth.oauth_tokens.revoke_of_authorization",
        "update auth.oauth_tokens set status = 'revoked' where authorization_id = $1 and status <> 'revoked' returning id",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement Revoke = new(
        "auth.oauth_tokens.revoke",
        """
        update auth.oauth_tokens set status = 'revoked', concurrency = gen_random_uuid()
        where status <> 'revoked' and (subject = $1 or $1 is null) and (client_id = $2 or $2 is null) and (status = $3 or $3 is null) and (type = $4 or $4 is null)
        returning id
        """,
        [LogicalType.Text, LogicalType.Uuid, LogicalType.Text, LogicalType.Text]
    );

    /// <summary>Counts a redemption that failed; how many there were.</summary>
    public static readonly StoreStatement CountFailure = new(
        "auth.oauth_tokens.count_failure",
        "update auth.oauth_tokens set failures = failures + 1 where id = $1 and status = 'valid' returning failures",
        [LogicalType.Uuid]
    );

    /// <summary>Past their time, with a margin in which a replay is still recognised.</summary>
    public static readonly StoreStatement Prune = new(
        "auth.oauth_tokens.prune",
        "delete from auth.oauth_tokens where expires_at < $1 returning id",
        [LogicalType.TimestampTz]
    );
}
