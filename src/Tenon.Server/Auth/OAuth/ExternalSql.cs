using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.OAuth;

/// <summary>Statements of sign-in by external issuers.</summary>
internal static class ExternalSql
{
    private const string IdentityColumns = UserSql.IdentityColumns;

    public static readonly StoreStatement InsertFlow = new(
        "auth.external_flows.insert",
        """
        insert into auth.external_flows (id, state_hash, provider, sealed_secrets, browser_hash, redirect_to, code_challenge,
            code_challenge_method, link_user_id, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        [
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Uuid,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
        ]
    );

    /// <summary>The one statement that uses a state up: a row comes back to exactly one of any number of askers.</summary>
    public static readonly StoreStatement TakeFlow = new(
        "auth.external_flows.take",
        """
        delete from auth.external_flows where state_hash = $1
        returning id, provider, sealed_secrets, browser_hash, redirect_to, code_challenge, code_challenge_method, link_user_id, expires_at
        """,
        [LogicalType.Text]
    );

    public static readonly StoreStatement DeleteExpiredFlows = new(
        "auth.external_flows.delete_expired",
        "delete from auth.external_flows where expires_at < $1",
        [LogicalType.TimestampTz]
    );

    public static readonly StoreStatement FindIdentity = new(
        "auth.identities.find",
        $"select {IdentityColumns} from auth.identities where provider_id = $1 and provider = $2",
        [LogicalType.Text, LogicalType.Text]
    );

    public static readonly StoreStatement IdentitySignedIn = new(
        "auth.identities.signed_in",
        "update auth.identities set identity_data = $2, email = $3, last_sign_in_at = $4, updated_at = $4 where id = $1",
        [LogicalType.Uuid, LogicalType.Jsonb, LogicalType.Text, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement DeleteIdentity = new(
        "auth.identities.delete_one",
        "delete from auth.identities where id = $1 and user_id = $2 returning id",
        [LogicalType.Uuid, LogicalType.Uuid]
    );

    public static readonly StoreStatement DeleteFactors = new(
        "auth.mfa_factors.delete_of_user",
        "delete from auth.mfa_factors where user_id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement DeleteFlowStates = new(
        "auth.flow_state.delete_of_user",
        "delete from auth.flow_state where user_id = $1",
        [LogicalType.Uuid]
    );
}
