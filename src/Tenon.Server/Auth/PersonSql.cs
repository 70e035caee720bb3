using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>Statements of the export and the erasure of a person's data, and of reading the audit log.</summary>
internal static class PersonSql
{
    public static readonly StoreStatement Codes = new(
        "auth.person.codes",
        "select token_type, created_at, expires_at from auth.one_time_tokens where user_id = $1 order by created_at, id",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement Flows = new(
        "auth.person.flows",
        "select provider_type, authentication_method, created_at, expires_at from auth.flow_state where user_id = $1 order by created_at, id",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement Messages = new(
        "auth.person.messages",
        """
        select channel, kind, recipient, state, created_at from auth.outbox
        where recipient = $1 or recipient = $2 or recipient = $3 or recipient = $4 order by created_at, id
        """,
        [LogicalType.Text, LogicalType.Text, LogicalType.Text, LogicalType.Text]
    );

    public static readonly StoreStatement DeleteMessages = new(
        "auth.person.delete_messages",
        "delete from auth.outbox where recipient = $1 or recipient = $2 or recipient = $3 or recipient = $4",
        [LogicalType.Text, LogicalType.Text, LogicalType.Text, LogicalType.Text]
    );

    public static readonly StoreStatement ExternalFlows = new(
        "auth.person.external_flows",
        "select provider, created_at, expires_at from auth.external_flows where link_user_id = $1 order by created_at, id",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement Grants = new(
        "auth.person.grants",
        """
        select c.client_id::text, k.name, c.scopes::text, c.granted_at from auth.oauth_consents c join auth.oauth_clients k on k.id = c.client_id
        where c.user_id = $1 order by c.granted_at, c.client_id
        """,
        [LogicalType.Uuid]
    );

    /// <summary>Codes and tokens that systems hold for the user go with their approval.</summary>
    public static readonly StoreStatement DeleteAuthorizations = new(
        "auth.person.delete_authorizations",
        "delete from auth.oauth_authorizations where subject = $1",
        [LogicalType.Text]
    );

    public static readonly StoreStatement DeleteClientTokens = new("auth.person.delete_client_tokens", "delete from auth.oauth_tokens where subject = $1", [LogicalType.Text]);

    public static readonly StoreStatement Audit = new(
        "auth.person.audit",
        """
        select id, action, actor_username, ip_address, created_at from auth.audit_log_entries
        where actor_id = $1 order by created_at desc, id desc limit $2
        """,
        [LogicalType.Uuid, LogicalType.Int8]
    );

    public static readonly StoreStatement CameInFrom = new(
        "auth.person.came_in_from",
        """
        select id from auth.audit_log_entries
        where actor_id = $1 and ip_address = $2 and action in ('login', 'user_signedup') and ip_address <> '' and created_at > $3 limit 1
        """,
        [LogicalType.Uuid, LogicalType.Text, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement AuditCount = new(
        "auth.audit.count",
        "select count(*) from auth.audit_log_entries where coalesce(actor_username, '') like $1 and action like $2",
        [LogicalType.Text, LogicalType.Text]
    );

    public static readonly StoreStatement AuditPage = new(
        "auth.audit.page",
        """
        select id, payload, ip_address, created_at from auth.audit_log_entries
        where coalesce(actor_username, '') like $3 and action like $4
        order by created_at desc, id desc limit $1 offset $2
        """,
        [LogicalType.Int8, LogicalType.Int8, LogicalType.Text, LogicalType.Text]
    );
}
