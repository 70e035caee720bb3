using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Auth.Mfa;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.WebAuthn;

/// <summary>GET /passkeys, PATCH and DELETE /passkeys/{id}: a user's own list; and the same two with the service key for anyone's.</summary>
internal sealed class PasskeyList(
    AuthGate gate,
    Passkeys passkeys,
    StoreDatabase store,
    TokenCache cache,
    TrustedProxies proxies,
    TimeProvider clock
)
{
    private const int LongestName = 120;

    public async Task ListAsync(HttpContext context)
    {
        passkeys.RequireEnabled();
        SignedIn who = await gate.RequireUserAsync(context);
        await WriteListAsync(context, who.User.Id);
    }

    public async Task RenameAsync(HttpContext context)
    {
        passkeys.RequireEnabled();
        SignedIn who = await gate.RequireUserAsync(context);
        Guid id = Passkeys.IdOf(context);
        string name = (await AuthBody.ReadAsync(context)).Text("friendly_name")?.Trim() is { Length: > 0 and <= LongestName } given
            ? given
            : throw AuthErrors.ValidationFailed($"\"friendly_name\" must have 1 to {LongestName} characters").ToException();
        DateTimeOffset now = StoreTime.Now(clock);
        AuditEntry audit = AuditEntry.Of("passkey_updated", who.User.Id, who.User.Email, ClientInfo.Of(context, proxies), clock);
        Credential renamed = await store.WriteAsync(
            unit =>
            {
                if (unit.Execute(CredentialSql.Rename, StoreValues.Of(who.User.Id), StoreValues.Of(id), Datum.Of(name), StoreValues.Of(now)) is not [var row])
                {
                    throw AuthErrors.NoSuchPasskey.ToException();
                }
                audit.Write(unit);
                return Credential.Read(row);
            },
            context.RequestAborted
        );
        await AuthResponse.WriteAsync(context, StatusCodes.Status200OK, renamed.Write);
    }

    public async Task DeleteAsync(HttpContext context)
    {
        passkeys.RequireEnabled();
        SignedIn who = await gate.RequireUserAsync(context);
        Guid id = Passkeys.IdOf(context);
        AuditEntry audit = AuditEntry.Of("passkey_deleted", who.User.Id, who.User.Email, ClientInfo.Of(context, proxies), clock);
        await DeleteAsync(
            who.User.Id,
            id,
            audit,
            unit =>
            {
                Passkeys.RequireLevel(who, Factors.OfUser(unit, who.User.Id));
                RequireOtherWay(unit, who.User.Id, id);
            }
        );
        AuthResponse.NoContent(context);
    }

    public async Task AdminListAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        await WriteListAsync(context, UserOf(context));
    }

    public async Task AdminDeleteAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        Guid user = UserOf(context);
        AuditEntry audit = AuditEntry.Of("passkey_deleted", user, "service_role", ClientInfo.Of(context, proxies), clock);
        await DeleteAsync(user, Passkeys.IdOf(context, "passkey"), audit, _ => { });
        AuthResponse.NoContent(context);
    }

    /// <summary>Sessions it had opened fall back to aal1: what a passkey proved goes with it.</summary>
    private async Task DeleteAsync(Guid user, Guid id, AuditEntry audit, Action<IStoreTransaction> gates)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        await store.WriteAsync(
            unit =>
            {
                gates(unit);
                if (unit.Execute(CredentialSql.Delete, StoreValues.Of(user), StoreValues.Of(id)).Count == 0)
                {
                    throw AuthErrors.NoSuchPasskey.ToException();
                }
                unit.Execute(SessionSql.Lower, StoreValues.Of(user), StoreValues.Of(id), StoreValues.Of(now));
                audit.Write(unit);
                return true;
            },
            CancellationToken.None
        );
        cache.DropUser(user);
    }

    /// <summary>Who signed up by passkey alone keeps the last one, or could not come back.</summary>
    private static void RequireOtherWay(IStoreTransaction unit, Guid user, Guid id)
    {
        bool onlyWay =
            Credential.PasskeysOf(unit, user) is [var last]
            && last.Id == id
            && Users.ById(unit, user) is { Email: null, Phone: null }
            && Users.Identities(unit, user).Count == 0;
        if (onlyWay)
        {
            throw AuthErrors.LastPasskeyNotDeletable.ToException();
        }
    }

    private async Task WriteListAsync(HttpContext context, Guid user)
    {
        List<Datum[]> rows = await store.QueryAsync(CredentialSql.PasskeysOfUser, new[] { StoreValues.Of(user) }, context.RequestAborted);
        await AuthResponse.WriteAsync(
            context,
            StatusCodes.Status200OK,
            writer =>
            {
                writer.WriteStartArray();
                foreach (Datum[] row in rows)
                {
                    Credential.Read(row).Write(writer);
                }
                writer.WriteEndArray();
            }
        );
    }

    private static Guid UserOf(HttpContext context) =>
        Guid.TryParseExact(context.Request.RouteValues["id"] as string, "D", out Guid id)
            ? id
            : throw AuthErrors.ValidationFailed("user_id must be an UUID").ToException();
}
