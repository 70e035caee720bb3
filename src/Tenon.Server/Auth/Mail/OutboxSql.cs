using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mail;

/// <summary>Statements on auth.outbox.</summary>
internal static class OutboxSql
{
    public static readonly StoreStatement Insert = new(
        "auth.outbox.insert",
        """
        insert into auth.outbox (id, channel, kind, recipient, sealed_message, state, due_at, expires_at, created_at)
        values ($1, $2, $3, $4, $5, 'waiting', $6, $7, $6)
        """,
        [
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
        ]
    );

    public static readonly StoreStatement Due = new(
        "auth.outbox.due",
        "select id from auth.outbox where state = 'waiting' and due_at <= $1 order by due_at, id limit 20",
        [LogicalType.TimestampTz]
    );

    /// <summary>Moves a due message's time out of reach ($3): of several nodes exactly one gets the row and sends it.</summary>
    public static readonly StoreStatement Claim = new(
        "auth.outbox.claim",
        """
        update auth.outbox set due_at = $3, attempts = attempts + 1 where id = $1 and state = 'waiting' and due_at <= $2
        returning channel, kind, recipient, sealed_message, attempts, expires_at
        """,
        [LogicalType.Uuid, LogicalType.TimestampTz, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement Delete = new(
        "auth.outbox.delete",
        "delete from auth.outbox where id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement Retry = new(
        "auth.outbox.retry",
        "update auth.outbox set due_at = $2, last_error = $3 where id = $1",
        [LogicalType.Uuid, LogicalType.TimestampTz, LogicalType.Text]
    );

    /// <summary>Gives a message up and forgets its text.</summary>
    public static readonly StoreStatement Fail = new(
        "auth.outbox.fail",
        "update auth.outbox set state = 'failed', sealed_message = '', last_error = $2 where id = $1",
        [LogicalType.Uuid, LogicalType.Text]
    );

    public static readonly StoreStatement ToInbox = new(
        "auth.outbox.to_inbox",
        "update auth.outbox set state = 'inbox' where id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement Inbox = new(
        "auth.outbox.inbox",
        "select id, channel, sealed_message, created_at from auth.outbox where state = 'inbox' order by created_at desc, id desc limit 200",
        []
    );

    public static readonly StoreStatement InboxOne = new(
        "auth.outbox.inbox_one",
        "select id, channel, sealed_message, created_at from auth.outbox where state = 'inbox' and id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement EmptyInbox = new("auth.outbox.empty_inbox", "delete from auth.outbox where state = 'inbox'", []);

    public static readonly StoreStatement DeleteOld = new(
        "auth.outbox.delete_old",
        "delete from auth.outbox where state <> 'waiting' and created_at < $1",
        [LogicalType.TimestampTz]
    );
}
