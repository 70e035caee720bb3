using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Audit;

/// <summary>Statements on auth.audit_log_entries and auth.audit_chain that keep and read the chain.</summary>
internal static class AuditSql
{
    /// <summary>Takes the lock of the chain, and the next place in it. Rows: the place, the hash before it, the head's own hash, adopting.</summary>
    public static readonly StoreStatement Next = new(
        "auth.audit_chain.next",
        "update auth.audit_chain set seq = seq + 1 where id = 1 returning seq, hash, mac, adopting",
        []
    );

    public static readonly StoreStatement SetHead = new(
        "auth.audit_chain.set",
        "update auth.audit_chain set seq = $1, hash = $2, mac = $3, adopting = $4 where id = 1",
        [LogicalType.Int8, LogicalType.Text, LogicalType.Text, LogicalType.Boolean]
    );

    public static readonly StoreStatement Head = new("auth.audit_chain.head", "select seq, hash, mac, adopting from auth.audit_chain where id = 1", []);

    public static readonly StoreStatement InsertHead = new(
        "auth.audit_chain.insert",
        "insert into auth.audit_chain (id, seq, hash, mac, adopting) values (1, 0, $1, $2, true)",
        [LogicalType.Text, LogicalType.Text]
    );

    public static readonly StoreStatement Insert = new(
        "auth.audit.insert",
        """
        insert into auth.audit_log_entries (id, action, actor_id, actor_username, payload, ip_address, created_at, seq, salt, commitment, hash)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        [
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Jsonb,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.Int8,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
        ]
    );

    /// <summary>Entries of before there was a chain.</summary>
    public static readonly StoreStatement Unchained = new(
        "auth.audit.unchained",
        """
        select id, action, actor_id, actor_username, payload, ip_address, created_at from auth.audit_log_entries
        where hash is null order by created_at, id limit $1
        """,
        [LogicalType.Int8]
    );

    public static readonly StoreStatement Chain = new(
        "auth.audit.chain",
        "update auth.audit_log_entries set seq = $2, salt = $3, commitment = $4, hash = $5 where id = $1 and hash is null",
        [LogicalType.Uuid, LogicalType.Int8, LogicalType.Text, LogicalType.Text, LogicalType.Text]
    );

    public static readonly StoreStatement HasChained = new(
        "auth.audit.has_chained",
        "select id from auth.audit_log_entries where seq is not null limit 1",
        []
    );

    public static readonly StoreStatement After = new(
        "auth.audit.after",
        """
        select id, action, actor_id, actor_username, payload, ip_address, created_at, seq, salt, commitment, hash, erased
        from auth.audit_log_entries where seq > $1 order by seq limit $2
        """,
        [LogicalType.Int8, LogicalType.Int8]
    );

    /// <summary>An entry that stands outside the chain's numbers.</summary>
    public static readonly StoreStatement Outside = new(
        "auth.audit.outside",
        "select id, created_at from auth.audit_log_entries where seq is null or seq < 1 order by created_at, id limit 1",
        []
    );

    /// <summary>What a person did, and what was done under their address.</summary>
    public static readonly StoreStatement OfPerson = new(
        "auth.audit.of_person",
        """
        select id, action, actor_username, seq, hash from auth.audit_log_entries
        where actor_id = $1 or actor_username = $2 or actor_username = $3 order by created_at, id limit $4
        """,
        [LogicalType.Uuid, LogicalType.Text, LogicalType.Text, LogicalType.Int8]
    );

    /// <summary>What was done stays, and that one person did it ($2); not who, nor from where.</summary>
    public static readonly StoreStatement Erase = new(
        "auth.audit.erase",
        """
        update auth.audit_log_entries
        set actor_id = $2, actor_username = $3, payload = $4, ip_address = '', salt = null, erased = $5 where id = $1
        """,
        [LogicalType.Uuid, LogicalType.Uuid, LogicalType.Text, LogicalType.Jsonb, LogicalType.Text]
    );
}
