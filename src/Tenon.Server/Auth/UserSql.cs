using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>Statements on auth.users and auth.identities.</summary>
internal static class UserSql
{
    private const string OfOne =
        "id, role, email, encrypted_password, email_confirmed_at, invited_at, last_sign_in_at, raw_app_meta_data, "
        + "raw_user_meta_data, created_at, updated_at, phone, phone_confirmed_at, confirmed_at, banned_until, deleted_at, "
        + "is_anonymous, is_sso_user, confirmation_sent_at, recovery_sent_at, email_change, email_change_sent_at, "
        + "phone_change, phone_change_sent_at, reauthentication_sent_at, "
        + "(select jsonb_agg(jsonb_build_object('id', f.id, 'friendly_name', f.friendly_name, 'factor_type', f.factor_type, "
        + "'status', f.status, 'created_at', f.created_at, 'updated_at', f.updated_at, 'phone', coalesce(f.phone, '')) order by f.created_at, f.id) "
        + "from auth.mfa_factors f where f.user_id = ";

    public const string Columns = OfOne + "users.id)";

    /// <summary>The same of auth.decoys.</summary>
    public const string DecoyColumns = OfOne + "decoys.id)";

    public const string IdentityColumns =
        "id, provider_id, user_id, identity_data, provider, email, last_sign_in_at, created_at, updated_at";

    public static readonly StoreStatement ById = new(
        "auth.users.by_id",
        $"select {Columns} from auth.users where id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement ByEmail = new(
        "auth.users.by_email",
        $"select {Columns} from auth.users where email = $1 and is_sso_user = false",
        [LogicalType.Text]
    );

    public static readonly StoreStatement ByPhone = new(
        "auth.users.by_phone",
        $"select {Columns} from auth.users where phone = $1",
        [LogicalType.Text]
    );

    public static readonly StoreStatement Insert = new(
        "auth.users.insert",
        $"""
        insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data,
            raw_user_meta_data, created_at, updated_at, phone, phone_confirmed_at, banned_until, is_anonymous)
        values ($1, 'authenticated', $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12)
        returning {Columns}
        """,
        [
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.Jsonb,
            LogicalType.Jsonb,
            LogicalType.TimestampTz,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
            LogicalType.Boolean,
        ]
    );

    /// <summary>Writes what may change, if nobody wrote in between ($12 is the updated_at that was read).</summary>
    public static readonly StoreStatement Update = new(
        "auth.users.update",
        $"""
        update auth.users set role = $2, email = $3, encrypted_password = $4, email_confirmed_at = $5,
            raw_app_meta_data = $6, raw_user_meta_data = $7, phone = $8, phone_confirmed_at = $9, banned_until = $10,
            is_anonymous = $11, updated_at = $13, email_change = $14, phone_change = $15, invited_at = $16
        where id = $1 and updated_at is not distinct from $12
        returning {Columns}
        """,
        [
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.Jsonb,
            LogicalType.Jsonb,
            LogicalType.Text,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
            LogicalType.Boolean,
            LogicalType.TimestampTz,
            LogicalType.TimestampTz,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
        ]
    );

    public static readonly StoreStatement ConfirmationSent = Sent("confirmation_sent_at");
    public static readonly StoreStatement RecoverySent = Sent("recovery_sent_at");
    public static readonly StoreStatement EmailChangeSent = Sent("email_change_sent_at");
    public static readonly StoreStatement PhoneChangeSent = Sent("phone_change_sent_at");
    public static readonly StoreStatement ReauthenticationSent = Sent("reauthentication_sent_at");

    /// <summary>A change of address begins: nothing of it is confirmed yet.</summary>
    public static readonly StoreStatement BeginEmailChange = new(
        "auth.users.begin_email_change",
        "update auth.users set email_change_confirm_status = 0 where id = $1",
        [LogicalType.Uuid]
    );

    /// <summary>Which mailbox has agreed to the pending change: 0 none, 1 the new, 2 the old. Takes the row's lock, so that two at once see each other.</summary>
    public static readonly StoreStatement LockEmailChange = new(
        "auth.users.lock_email_change",
        """
        update auth.users set email_change_confirm_status = email_change_confirm_status where id = $1 and email_change <> ''
        returning email_change_confirm_status
        """,
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement NewEmailAgreed = new(
        "auth.users.new_email_agreed",
        "update auth.users set email_change_confirm_status = 1 where id = $1",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement OldEmailAgreed = new(
        "auth.users.old_email_agreed",
        "update auth.users set email_change_confirm_status = 2 where id = $1",
        [LogicalType.Uuid]
    );

    /// <summary>Marks a sign-in, if the password that was verified is still the one in force ($3 was, $4 is to be kept).</summary>
    public static readonly StoreStatement SignedIn = new(
        "auth.users.signed_in",
        $"""
        update auth.users set last_sign_in_at = $2, updated_at = $2, encrypted_password = $4
        where id = $1 and encrypted_password is not distinct from $3 and deleted_at is null
        returning {Columns}
        """,
        [LogicalType.Uuid, LogicalType.TimestampTz, LogicalType.Text, LogicalType.Text]
    );

    public static readonly StoreStatement Delete = new(
        "auth.users.delete",
        "delete from auth.users where id = $1 returning id",
        [LogicalType.Uuid]
    );

    /// <summary>Keeps the row for what refers to it, and nothing that tells who it was.</summary>
    public static readonly StoreStatement SoftDelete = new(
        "auth.users.soft_delete",
        """
        update auth.users set email = $2, phone = null, encrypted_password = null, raw_user_meta_data = $4,
            raw_app_meta_data = $4, email_change = '', phone_change = '', deleted_at = $3, updated_at = $3
        where id = $1 and deleted_at is null returning id
        """,
        [LogicalType.Uuid, LogicalType.Text, LogicalType.TimestampTz, LogicalType.Jsonb]
    );

    public static readonly StoreStatement Page = new(
        "auth.users.page",
        $"select {Columns} from auth.users order by created_at desc, id limit $1 offset $2",
        [LogicalType.Int8, LogicalType.Int8]
    );

    public static readonly StoreStatement Count = new("auth.users.count", "select count(*) from auth.users", []);

    public static readonly StoreStatement FilteredPage = new(
        "auth.users.filtered_page",
        $"select {Columns} from auth.users where email like $3 order by created_at desc, id limit $1 offset $2",
        [LogicalType.Int8, LogicalType.Int8, LogicalType.Text]
    );

    public static readonly StoreStatement FilteredCount = new(
        "auth.users.filtered_count",
        "select count(*) from auth.users where email like $1",
        [LogicalType.Text]
    );

    public static readonly StoreStatement Identities = new(
        "auth.identities.of_user",
        $"select {IdentityColumns} from auth.identities where user_id = $1 order by created_at, id",
        [LogicalType.Uuid]
    );

    public static readonly StoreStatement InsertIdentity = new(
        "auth.identities.insert",
        $"""
        insert into auth.identities (id, provider_id, user_id, identity_data, provider, email, last_sign_in_at, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $7, $7)
        returning {IdentityColumns}
        """,
        [
            LogicalType.Uuid,
            LogicalType.Text,
            LogicalType.Uuid,
            LogicalType.Jsonb,
            LogicalType.Text,
            LogicalType.Text,
            LogicalType.TimestampTz,
        ]
    );

    public static readonly StoreStatement UpdateIdentity = new(
        "auth.identities.update",
        "update auth.identities set identity_data = $3, email = $4, updated_at = $5 where user_id = $1 and provider = $2 returning id",
        [LogicalType.Uuid, LogicalType.Text, LogicalType.Jsonb, LogicalType.Text, LogicalType.TimestampTz]
    );

    public static readonly StoreStatement DeleteIdentities = new(
        "auth.identities.delete",
        "delete from auth.identities where user_id = $1",
        [LogicalType.Uuid]
    );

    /// <summary>Notes when a message of a kind was sent last; no row where there is no such user.</summary>
    private static StoreStatement Sent(string column) =>
        new(
            "auth.users." + column,
            $"update auth.users set {column} = $2 where id = $1 returning {Columns}",
            [LogicalType.Uuid, LogicalType.TimestampTz]
        );
}
