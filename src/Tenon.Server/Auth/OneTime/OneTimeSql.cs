using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.OneTime;

/// <summary>Statements on auth.one_time_tokens and auth.flow_state.</summary>
internal static class OneTimeSql
{
    private const string Columns = "id, user_id, token_type, code_hash, code_challenge, code_challenge_method, created_at, expires_at, relates_to";

    public static readonly StoreStatement LastSent = new(
        "auth.one_time_tokens.last_sent",
        "select created_at from auth.one_time_tokens where token_type = $1 and relates_to = $2",
        [LogicalType.Text, LogicalType.Text]
    );

    public static readonly StoreStatement Replace = new(
        "auth.one_time_tokens.replace",
        "delete from auth.one_time_tokens where token_type = $1 and relates_to = $2",
        [LogicalType.Text, LogicalType.Text]
    );

    public static readonly StoreStatement Insert = new(
        "auth.one_time_tokens.insert",
        """
        insert into auth.one_time_tokens (id, user_id, token_type, token_hash, code_hash, relates_to, code_challenge,
            code_challenge_method, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        [
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
        ]
    );

    public static readonly StoreStatement ByLink = new(
        "auth.one_time_tokens.by_link",
        $"select {Columns} from auth.one_time_tokens where token_hash = $1",
        [LogicalType.Text]
    );

    /// <summary>A guess at a code: counted before it is compared, so that guesses at once count too. $3 is the most.</summary>
    public static readonly StoreStatement Guess = new(
        "auth.one_time_tokens.guess",
        $"""
        update auth.one_time_tokens set attempts = attempts + 1 where token_type = $1 and relates_to = $2 and attempts < $3
        returning {Columns}
        """,
        [LogicalType.Text, LogicalType.Text, LogicalType.Int8]
    );

    /// <summary>The one statement that uses a token up: a row comes back to exactly one of any number of askers.</summary>
    public static readonly StoreStatement Use = new(
        "auth.one_time_tokens.use",
        "delete from auth.one_time_tokens where id = $1 returning id",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement DeleteOfUser = new(
        "auth.one_time_tokens.delete_of_user",
        "delete from auth.one_time_tokens where user_id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement DeleteOfType = new(
        "auth.one_time_tokens.delete_of_type",
        "delete from auth.one_time_tokens where user_id = $1 and token_type = $2",
        [LogicalType.Uuid, LogicalType.Text]
    );

    public static readonly StoreStatement DeleteExpired = new(
        "auth.one_time_tokens.delete_expired",
        "delete from auth.one_time_tokens where expires_at < $1",
        [LogicalType.TimestampTz]
    );

    public static readonly StoreStatement InsertFlow = new(
        "auth.flow_state.insert",
        """
        insert into auth.flow_state (id, user_id, auth_code_hash, code_challenge, code_challenge_method, provider_type,
            authentication_method, created_at, expires_at, sealed_provider_tokens)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        [
            LogicalType.Uuid,
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
            LogicalType.Text,
        ]
    );

    public static readonly StoreStatement FindFlow = new(
        "auth.flow_state.find",
        """
        select id, user_id, code_challenge, code_challenge_method, authentication_method, expires_at, used_at, sealed_provider_tokens
        from auth.flow_state where auth_code_hash = $1
        """,
        [LogicalType.Text]
    );

    public static readonly StoreStatement UseFlow = new(
        "auth.flow_state.use",
        "update auth.flow_state set used_at = $2, sealed_provider_tokens = null where id = $1 and used_at is null returning id",
        [LogicalType.Uuid, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement DeleteExpiredFlows = new(
        "auth.flow_state.delete_expired",
        "delete from auth.flow_state where expires_at < $1",
        [LogicalType.TimestampTz]
    );
}
