using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Auth.Mfa;
using Tenon.Server.Auth.WebAuthn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Admin;

/// <summary>
/// GET /admin/users/{id}/export with the service key: what the schema auth holds of a person, for whoever has to give it to
/// them; and the erasure that a deletion may ask for (docs/guides/personal-data.md). Ours, not GoTrue's. Credentials and
/// their hashes are not told, for they would be worth stealing.
/// </summary>
internal sealed class AdminUserData(AuthGate gate, Users users, Sessions sessions, UserKeys keys, StoreDatabase store, TimeProvider clock)
{
    // The newest entries of the audit log; a person with more is told that there are more.
    private const int MostEntries = 10_000;

    public async Task ExportAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        User user = await AdminUsers.FindAsync(context, users);
        CancellationToken cancellation = context.RequestAborted;
        List<Identity> identities = await users.IdentitiesAsync(user.Id, cancellation);
        List<Session> open = await sessions.ListAsync(user.Id, cancellation);
        List<UserKey> own = await keys.ListAsync(user.Id, cancellation);
        Datum id = StoreValues.Of(user.Id);
        List<Datum[]> factors = await store.QueryAsync(FactorSql.OfUser, new[] { id }, cancellation);
        List<Datum[]> passkeys = await store.QueryAsync(CredentialSql.PasskeysOfUser, new[] { id }, cancellation);
        List<Datum[]> codes = await store.QueryAsync(PersonSql.Codes, new[] { id }, cancellation);
        List<Datum[]> flows = await store.QueryAsync(PersonSql.Flows, new[] { id }, cancellation);
        List<Datum[]> links = await store.QueryAsync(PersonSql.ExternalFlows, new[] { id }, cancellation);
        List<Datum[]> grants = await store.QueryAsync(PersonSql.Grants, new[] { id }, cancellation);
        List<Datum[]> messages = await store.QueryAsync(PersonSql.Messages, Addresses(user), cancellation);
        List<Datum[]> audit = await store.QueryAsync(PersonSql.Audit, new[] { id, Datum.Of(MostEntries + 1L) }, cancellation);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartObject();
                UserWriter.WriteTime(writer, "exported_at", StoreTime.Now(clock));
                writer.WritePropertyName("user");
                UserWriter.WriteUser(writer, user, identities);
                writer.WriteBoolean("has_password", user.PasswordHash is not null);
                writer.WritePropertyName("sessions");
                UserWriter.WriteSessionArray(writer, open, current: null);
                WriteAll(writer, "factors", factors.Select(Factor.Read), FactorWriter.Write);
                WriteAll(writer, "passkeys", passkeys.Select(Credential.Read), (w, passkey) => passkey.Write(w));
                WriteAll(writer, "keys", own, WriteKey);
                WriteAll(writer, "codes", codes, (w, row) => WriteRow(w, row, "type", "created_at", "expires_at"));
                WriteAll(writer, "flows", flows, (w, row) => WriteRow(w, row, "provider_type", "authentication_method", "created_at", "expires_at"));
                WriteAll(writer, "links", links, (w, row) => WriteRow(w, row, "provider", "created_at", "expires_at"));
                WriteAll(writer, "grants", grants, (w, row) => WriteRow(w, row, "client_id", "client_name", "scopes", "granted_at"));
                WriteAll(writer, "messages", messages, (w, row) => WriteRow(w, row, "channel", "kind", "recipient", "state", "created_at"));
                WriteAll(writer, "audit", audit.Take(MostEntries), (w, row) => WriteRow(w, row, "id", "action", "actor_username", "ip_address", "created_at"));
                writer.WriteBoolean("audit_has_more", audit.Count > MostEntries);
                writer.WriteEndObject();
            }
        );
    }

    /// <summary>Inside the write unit that deletes the user: what names them without a foreign key that would take it along.</summary>
    public static void DeleteClientTokens(IStoreTransaction unit, User user)
    {
        Datum subject = Datum.Of(user.Id.ToString("D"));
        unit.Execute(PersonSql.DeleteAuthorizations, subject);
        unit.Execute(PersonSql.DeleteClientTokens, subject);
    }

    /// <summary>Inside the write unit that deletes the user: messages to the person are forgotten.</summary>
    public static void DeleteMessages(IStoreTransaction unit, User user) => unit.Execute(PersonSql.DeleteMessages, Addresses(user).AsSpan());

    private static Datum[] Addresses(User user) =>
        [StoreValues.OfText(user.Email), StoreValues.OfText(user.NewEmail), StoreValues.OfText(user.Phone), StoreValues.OfText(user.NewPhone)];

    private static void WriteKey(Utf8JsonWriter writer, UserKey key)
    {
        writer.WriteStartObject();
        key.Write(writer);
        writer.WriteEndObject();
    }

    private static void WriteAll<T>(Utf8JsonWriter writer, string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        writer.WriteStartArray(name);
        foreach (T item in items)
        {
            write(writer, item);
        }
        writer.WriteEndArray();
    }

    /// <summary>A row of texts and, by the names that end in _at, times.</summary>
    private static void WriteRow(Utf8JsonWriter writer, Datum[] row, params ReadOnlySpan<string> names)
    {
        writer.WriteStartObject();
        for (int i = 0; i < names.Length; i++)
        {
            if (names[i].EndsWith("_at", StringComparison.Ordinal))
            {
                UserWriter.WriteTime(writer, names[i], row[i].Time());
            }
            else
            {
                writer.WriteString(names[i], row[i].TextOrNull());
            }
        }
        writer.WriteEndObject();
    }
}
