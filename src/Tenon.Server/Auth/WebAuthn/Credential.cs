using System.Text.Json;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.WebAuthn;

/// <summary>A row of auth.webauthn_credentials: the public half of a key. Without a factor it is a passkey.</summary>
internal sealed record Credential(
    Guid Id,
    Guid UserId,
    Guid? FactorId,
    string CredentialId,
    string PublicKey,
    long SignCount,
    string Transports,
    bool BackupEligible,
    bool BackedUp,
    string Name,
    string Aal,
    DateTimeOffset CreatedAt,
    DateTimeOffset? LastUsedAt
)
{
    /// <summary>From the columns of <see cref="CredentialSql.Columns"/>.</summary>
    public static Credential Read(Datum[] row) =>
        new(
            row[0].Uuid(),
            row[1].Uuid(),
            row[2].IsNull ? null : row[2].Uuid(),
            row[3].Text,
            row[4].Text,
            row[5].Integer,
            row[6].Text,
            row[7].IsTrue(),
            row[8].IsTrue(),
            row[9].Text,
            row[10].Text,
            row[11].Time()!.Value,
            row[12].Time()
        );

    public void Insert(IStoreTransaction unit) =>
        unit.Execute(
            CredentialSql.Insert,
            StoreValues.Of(Id),
            StoreValues.Of(UserId),
            StoreValues.Of(FactorId),
            Datum.Of(CredentialId),
            Datum.Of(PublicKey),
            Datum.Of(SignCount),
            Datum.Of(Transports),
            Datum.Of(BackupEligible),
            Datum.Of(BackedUp),
            Datum.Of(Name),
            Datum.Of(Aal),
            StoreValues.Of(CreatedAt)
        );

    /// <summary>Notes a use by the counter the key showed; false: the counter has not grown, so there may be a second key.</summary>
    public bool Use(IStoreTransaction unit, Assertion shown, DateTimeOffset now) =>
        unit.Execute(
            CredentialSql.Use,
            StoreValues.Of(Id),
            Datum.Of(shown.SignCount),
            Datum.Of(shown.BackedUp),
            StoreValues.Of(now)
        ).Count == 1;

    public static List<Credential> PasskeysOf(IStoreTransaction unit, Guid user) =>
        [.. unit.Execute(CredentialSql.PasskeysOfUser, StoreValues.Of(user)).Select(Read)];

    /// <summary>In GoTrue's JSON; never the key.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id", Id);
        if (Name.Length > 0)
        {
            writer.WriteString("friendly_name", Name);
        }
        UserWriter.WriteTime(writer, "created_at", CreatedAt);
        UserWriter.WriteTime(writer, "last_used_at", LastUsedAt);
        writer.WriteEndObject();
    }
}
