using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Auth.Audit;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Auth.WebAuthn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Admin;

/// <summary>
/// /admin/users with the service key: create, read, change, delete (the list is <see cref="AdminUserList"/>). What takes
/// rights away (ban, role, password, deletion) holds from the next request of that user on.
/// </summary>
internal sealed class AdminUsers(
    AuthGate gate,
    Users users,
    Sessions sessions,
    StoreDatabase store,
    PasswordHasher hasher,
    TrustedProxies proxies,
    ApiRoles roles,
    AuthOptions options,
    AuditChain chain,
    TimeProvider clock
)
{
    private const string Actor = AuditEntry.Service;

    public async Task GetAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        User user = await FindAsync(context, users);
        List<Identity> identities = await users.IdentitiesAsync(user.Id, context.RequestAborted);
        await AuthResponse.WriteUserAsync(context, StatusCodes.Status200OK, user, identities);
    }

    public async Task CreateAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        AdminUserBody body = AdminUserBody.Read(await AuthBody.ReadAsync(context), options, roles);
        if (body.Email is null && body.Phone is null)
        {
            throw AuthErrors.ValidationFailed("Cannot create a user without either an email or phone").ToException();
        }
        User user = await NewUserAsync(body, context.RequestAborted);
        AuditEntry audit = Audit("user_signedup", context);
        var identity = Guid.NewGuid();
        try
        {
            UserWithIdentities saved = await store.WriteAsync(
                unit =>
                {
                    RequireFree(unit, user.Id, user.Email, user.Phone);
                    audit.Write(unit);
                    return Users.Insert(unit, user, identity);
                },
                context.RequestAborted
            );
            await AuthResponse.WriteUserAsync(context, StatusCodes.Status200OK, saved.User, saved.Identities);
        }
        catch (TenonException e) when (Users.Translate(e, AuthErrors.EmailExists) is { } refused)
        {
            throw refused;
        }
    }

    public async Task UpdateAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        User known = await FindAsync(context, users);
        Guid id = known.Id;
        AdminUserBody body = AdminUserBody.Read(await AuthBody.ReadAsync(context), options, roles, known);
        string? hash = await HashAsync(body, context.RequestAborted);
        DateTimeOffset now = StoreTime.Now(clock);
        AuditEntry audit = Audit("user_modified", context);
        var identity = Guid.NewGuid();
        var phoneIdentity = Guid.NewGuid();
        try
        {
            UserWithIdentities saved = await sessions.EndingAsync(
                id,
                unit =>
                {
                    RequireFree(unit, id, body.Email, body.Phone);
                    User user =
                        Users.Change(unit, id, now, old => With(old, body, hash, now))
                        ?? throw AuthErrors.UserNotFound.ToException();
                    if (body.Email is not null || body.EmailConfirm == true)
                    {
                        Users.SaveEmailIdentity(unit, user, identity, now);
                    }
                    if (body.Phone is not null || body.PhoneConfirm == true)
                    {
                        Users.SavePhoneIdentity(unit, user, phoneIdentity, now);
                    }
                    if ((hash ?? body.Email ?? body.Phone) is not null)
                    {
                        // Codes and links under way belong to the user as they were.
                        OneTimeTokens.DeleteOfUser(unit, id);
                    }
                    if (hash is not null)
                    {
                        Sessions.EndIn(unit, id, null, LogoutScope.Global);
                    }
                    audit.Write(unit);
                    return new UserWithIdentities(user, Users.Identities(unit, id));
                }
            );
            await AuthResponse.WriteUserAsync(context, StatusCodes.Status200OK, saved.User, saved.Identities);
        }
        catch (TenonException e) when (Users.Translate(e, AuthErrors.EmailExists) is { } refused)
        {
            throw refused;
        }
    }

    public async Task DeleteAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        User user = await FindAsync(context, users);
        Guid id = user.Id;
        AuthBody body = await AuthBody.ReadAsync(context);
        bool soft = body.Flag("should_soft_delete") ?? false;
        bool erase = body.Flag("should_erase") ?? false;
        if (soft && erase)
        {
            throw AuthErrors.ValidationFailed("\"should_erase\" and \"should_soft_delete\" exclude each other").ToException();
        }
        var pseudonym = Guid.NewGuid();
        DateTimeOffset now = StoreTime.Now(clock);
        AuditEntry audit = Audit("user_deleted", context);
        bool deleted = await sessions.EndingAsync(
            id,
            unit =>
            {
                audit.Write(unit);
                if (erase)
                {
                    // As the row is now: an address may have changed since it was read.
                    User latest = Users.ById(unit, id) ?? user;
                    chain.Erase(unit, latest, pseudonym);
                    AdminUserData.DeleteMessages(unit, latest);
                }
                AdminUserData.DeleteClientTokens(unit, user);
                return soft ? SoftDelete(unit, id, now) : unit.Execute(UserSql.Delete, StoreValues.Of(id)).Count == 1;
            }
        );
        if (!deleted)
        {
            throw AuthErrors.UserNotFound.ToException();
        }
        await AuthResponse.WriteEmptyObjectAsync(context);
    }

    private static bool SoftDelete(IStoreTransaction unit, Guid id, DateTimeOffset now)
    {
        Sessions.EndIn(unit, id, null, LogoutScope.Global);
        OneTimeTokens.DeleteOfUser(unit, id);
        unit.Execute(UserSql.DeleteIdentities, StoreValues.Of(id));
        unit.Execute(UserKeySql.DeleteOfUser, StoreValues.Of(id));
        unit.Execute(CredentialSql.DeleteOfUser, StoreValues.Of(id));
        // The address is free again; the row keeps a mark that is no address.
        return unit.Execute(
            UserSql.SoftDelete,
            StoreValues.Of(id),
            Datum.Of($"deleted-{id:N}"),
            StoreValues.Of(now),
            Datum.Of("{}")
        ).Count == 1;
    }

    /// <summary>The user the path names.</summary>
    internal static async Task<User> FindAsync(HttpContext context, Users users)
    {
        if (!Guid.TryParseExact(context.Request.RouteValues["id"] as string, "D", out Guid id))
        {
            throw AuthErrors.ValidationFailed("user_id must be an UUID").ToException();
        }
        return await users.ByIdAsync(id, context.RequestAborted) ?? throw AuthErrors.UserNotFound.ToException();
    }

    private async Task<User> NewUserAsync(AdminUserBody body, CancellationToken cancellation)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        var blank = new User
        {
            Id = body.Id ?? Guid.NewGuid(),
            CreatedAt = now,
            AppMetadata = body.Email is not null ? Metadata.OfEmail : Metadata.OfPhone,
        };
        return With(blank, body, await HashAsync(body, cancellation), now);
    }

    private async Task<string?> HashAsync(AdminUserBody body, CancellationToken cancellation) =>
        body.Password is { } password ? await hasher.HashAsync(password, cancellation) : body.PasswordHash;

    private static void RequireFree(IStoreTransaction unit, Guid id, string? email, string? phone)
    {
        if (email is not null && Users.EmailIsTaken(unit, email, id))
        {
            throw AuthErrors.EmailExists.ToException();
        }
        if (phone is not null && Users.PhoneIsTaken(unit, phone, id))
        {
            throw AuthErrors.PhoneExists.ToException();
        }
    }

    private static User With(User user, AdminUserBody body, string? hash, DateTimeOffset now) =>
        user with
        {
            Role = body.Role ?? user.Role,
            Email = body.Email ?? user.Email,
            EmailConfirmedAt = body.EmailConfirm == true ? user.EmailConfirmedAt ?? now : user.EmailConfirmedAt,
            Phone = body.Phone ?? user.Phone,
            PhoneConfirmedAt = body.PhoneConfirm == true ? user.PhoneConfirmedAt ?? now : user.PhoneConfirmedAt,
            PasswordHash = hash ?? user.PasswordHash,
            UserMetadata = Metadata.Merge(user.UserMetadata, body.UserMetadata, "user_metadata"),
            AppMetadata = Metadata.Merge(user.AppMetadata, body.AppMetadata, "app_metadata"),
            BannedUntil = body.Ban is not { } ban ? user.BannedUntil
                : ban == TimeSpan.Zero ? null
                : now + ban,
            IsAnonymous = user.IsAnonymous && body.Email is null && body.Phone is null,
        };

    private AuditEntry Audit(string action, HttpContext context) =>
        AuditEntry.Of(action, null, Actor, ClientInfo.Of(context, proxies), clock);
}
