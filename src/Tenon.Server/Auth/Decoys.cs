using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth;

/// <summary>
/// The same writes for an address that is known and one that is not: rows of auth.decoys take the place of a user's where
/// there is none to write, or must be none. Nothing of the request is kept in them but its sizes.
/// </summary>
internal static class Decoys
{
    private const int Slots = 16;
    private const string Columns = UserSql.DecoyColumns;

    private static readonly StoreStatement TouchOne = new(
        "auth.decoys.touch",
        $"update auth.decoys set recovery_sent_at = $2 where id = $1 returning {Columns}",
        [LogicalType.Uuid, LogicalType.TimestampTz]
    );

    private static readonly StoreStatement Insert = new(
        "auth.decoys.insert",
        $"""
        insert into auth.decoys (id, email, encrypted_password, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $6)
        returning {Columns}
        """,
        [LogicalType.Uuid, LogicalType.Text, LogicalType.Text, LogicalType.Jsonb, LogicalType.Jsonb, LogicalType.TimestampTz]
    );

    private static readonly StoreStatement DeleteOlder = new(
        "auth.decoys.delete_older",
        "delete from auth.decoys where created_at < $1 and created_at > timestamptz '2000-01-02 00:00:00+00'",
        [LogicalType.TimestampTz]
    );

    /// <summary>In place of noting on a user's row that a message was sent; the random id says which row.</summary>
    public static void Touch(IStoreTransaction unit, Guid random, DateTimeOffset now)
    {
        var slot = new Guid(0, 0, 0x4000, [0x80, 0, 0, 0, 0, 0, 0, (byte)(random.ToByteArray()[0] % Slots)]);
        _ = unit.Execute(TouchOne, StoreValues.Of(slot), StoreValues.Of(now)) is [var row] ? User.Read(row) : null;
    }

    /// <summary>As many statements, and about as many bytes, as a new user and their identity: <see cref="Users.Insert"/>.</summary>
    public static void InsertInstead(IStoreTransaction unit, User user, Guid identity)
    {
        InsertRow(unit, user.Id, user);
        InsertRow(unit, identity, user);
        Users.Identities(unit, user.Id);
    }

    public static void Prune(IStoreTransaction unit, DateTimeOffset before) => unit.Execute(DeleteOlder, StoreValues.Of(before));

    private static void InsertRow(IStoreTransaction unit, Guid id, User user) =>
        unit.Execute(
            Insert,
            StoreValues.Of(id),
            Datum.Of(id.ToString("N")),
            Datum.Of(new string('x', user.PasswordHash?.Length ?? 0)),
            Datum.Of(user.AppMetadata),
            Datum.Of($$"""{"x": "{{new string('x', user.UserMetadata.Length)}}"}"""),
            StoreValues.Of(user.CreatedAt)
        );
}
