using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.OAuth;

/// <summary>
/// DELETE /user/identities/{id}: the user takes an identity off. One stays. An address that came with it goes with it;
/// that of another identity takes its place, if its issuer has verified it and nobody else has it.
/// </summary>
internal sealed class Unlink(AuthGate gate, StoreDatabase store, TokenCache cache, AuthOptions options, TrustedProxies proxies, TimeProvider clock)
{
    public async Task DeleteAsync(HttpContext context)
    {
        SignedIn signedIn = await gate.RequireUserAsync(context);
        if (!options.EnableManualLinking)
        {
            throw AuthErrors.ManualLinkingDisabled.ToException();
        }
        if (!Guid.TryParseExact(context.Request.RouteValues["id"] as string, "D", out Guid identity))
        {
            throw AuthErrors.ValidationFailed("identity_id must be an UUID").ToException();
        }
        RequireAudience(context);
        User user = signedIn.User;
        DateTimeOffset now = StoreTime.Now(clock);
        AuditEntry audit = AuditEntry.Of("identity_unlinked", user.Id, user.Email ?? user.Phone, ClientInfo.Of(context, proxies), clock);
        try
        {
            await store.WriteAsync(
                unit =>
                {
                    audit.Write(unit);
                    return Remove(unit, user.Id, identity, now);
                },
                CancellationToken.None
            );
        }
        catch (TenonException e) when (Users.Translate(e, AuthErrors.EmailConflictIdentityNotDeletable) is { } refused)
        {
            throw refused;
        }
        finally
        {
            cache.DropUser(user.Id);
        }
        await AuthResponse.WriteEmptyObjectAsync(context);
    }

    // GoTrue's header for servers with several audiences; tokens of this one have one.
    private static void RequireAudience(HttpContext context)
    {
        string wanted = context.Request.Headers["X-JWT-AUD"].ToString();
        if (wanted.Length > 0 && wanted != TokenVerifier.Audience)
        {
            throw AuthErrors.UnexpectedAudience.ToException();
        }
    }

    private static bool Remove(IStoreTransaction unit, Guid user, Guid identity, DateTimeOffset now)
    {
        // The row's lock first: of two at once the second counts what the first has left.
        if (Users.Change(unit, user, now, old => old) is null)
        {
            throw AuthErrors.UserNotFound.ToException();
        }
        List<Identity> all = Users.Identities(unit, user);
        if (all.Count <= 1)
        {
            throw AuthErrors.SingleIdentityNotDeletable.ToException();
        }
        Identity gone = all.Find(one => one.Id == identity) ?? throw AuthErrors.IdentityNotFound.ToException();
        unit.Execute(ExternalSql.DeleteIdentity, StoreValues.Of(identity), StoreValues.Of(user));
        List<Identity> left = [.. all.Where(one => one.Id != identity)];
        if (gone.Provider == "phone")
        {
            Users.Change(unit, user, now, old => Without(old with { Phone = null, PhoneConfirmedAt = null, NewPhone = null }));
        }
        else
        {
            MoveEmail(unit, user, left, now);
        }
        OneTimeTokens.DeleteOfUser(unit, user);
        AccountLinking.WithProviders(unit, user, now);
        return true;
    }

    private static void MoveEmail(IStoreTransaction unit, Guid user, List<Identity> left, DateTimeOffset now)
    {
        User current = Users.ById(unit, user)!;
        // An address that is not confirmed yet stays with the e-mail identity that waits for it.
        if (current.Email is not { } email || left.Any(one => one.Email == email && (one.Provider == "email" || IsVerified(one))))
        {
            return;
        }
        string? next = left.Find(one => one.Email is not null && (one.Provider == "email" || IsVerified(one)))?.Email;
        if (next is not null && Users.EmailIsTaken(unit, next, user))
        {
            throw AuthErrors.EmailConflictIdentityNotDeletable.ToException();
        }
        Users.Change(
            unit,
            user,
            now,
            old => Without(old with { Email = next, EmailConfirmedAt = next is null ? null : now, NewEmail = null })
        );
    }

    // A password without address or number opens nothing now, and must not open whatever comes later.
    private static User Without(User user) => user.Email is null && user.Phone is null ? user with { PasswordHash = null } : user;

    private static bool IsVerified(Identity identity) =>
        JsonElement.Parse(identity.Data).TryGetProperty("email_verified", out JsonElement verified) && verified.ValueKind == JsonValueKind.True;
}
