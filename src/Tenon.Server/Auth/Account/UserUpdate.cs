using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Account;

/// <summary>
/// GET and PUT /user: the signed-in user reads and changes their own record. A new password ends the other sessions; an
/// anonymous user becomes a permanent one by giving an address.
/// </summary>
internal sealed class UserUpdate(
    AuthGate gate,
    Users users,
    Sessions sessions,
    StoreDatabase store,
    PasswordHasher hasher,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    private static readonly TimeSpan Recent = TimeSpan.FromHours(24);

    /// <summary>A change that passed every check; null members stay as they are.</summary>
    private sealed record Change(string? Email, string? PasswordHash, JsonElement? Data);

    public async Task GetAsync(HttpContext context)
    {
        SignedIn signedIn = await gate.RequireUserAsync(context);
        List<Identity> identities = await users.IdentitiesAsync(signedIn.User.Id, context.RequestAborted);
        await AuthResponse.WriteUserAsync(context, StatusCodes.Status200OK, signedIn.User, identities);
    }

    public async Task PutAsync(HttpContext context)
    {
        SignedIn signedIn = await gate.RequireUserAsync(context);
        AuthBody body = await AuthBody.ReadAsync(context);
        Change change = await CheckAsync(body, signedIn, context.RequestAborted);
        UserWithIdentities saved = await SaveAsync(signedIn, change, context);
        await AuthResponse.WriteUserAsync(context, StatusCodes.Status200OK, saved.User, saved.Identities);
    }

    private async Task<Change> CheckAsync(AuthBody body, SignedIn signedIn, CancellationToken cancellation)
    {
        User user = signedIn.User;
        if (body.Text("phone") is { Length: > 0 } phone && phone != user.Phone)
        {
            throw AuthErrors.PhoneProviderDisabled.ToException();
        }
        string? email = body.Text("email") is { Length: > 0 } address ? EmailAddress.Require(address) : null;
        email = email == user.Email ? null : email;
        JsonElement? data = body.Object("data");
        Metadata.Merge(user.UserMetadata, data, "data");
        string? hash = body.Text("password") is { Length: > 0 } password
            ? await CheckPasswordAsync(password, body.Text("current_password"), email, signedIn, cancellation)
            : null;
        return new Change(email, hash, data);
    }

    private async Task<string> CheckPasswordAsync(
        string password,
        string? current,
        string? newEmail,
        SignedIn signedIn,
        CancellationToken cancellation
    )
    {
        User user = signedIn.User;
        if (user.Email is null && newEmail is null)
        {
            throw AuthErrors
                .ValidationFailed("Updating password of an anonymous user without an email or phone is not allowed")
                .ToException();
        }
        PasswordRules.Require(password, options);
        if (options.Email.SecurePasswordChange && !await SignedInRecentlyAsync(signedIn, cancellation))
        {
            throw AuthErrors.ReauthenticationNeeded.ToException();
        }
        if (current is not null && user.PasswordHash is { } known && !await hasher.VerifyAsync(known, current, cancellation))
        {
            throw AuthErrors.CurrentPasswordInvalid.ToException();
        }
        if (user.PasswordHash is { } old && await hasher.VerifyAsync(old, password, cancellation))
        {
            throw AuthErrors.SamePassword.ToException();
        }
        return await hasher.HashAsync(password, cancellation);
    }

    private async Task<bool> SignedInRecentlyAsync(SignedIn signedIn, CancellationToken cancellation)
    {
        List<Session> open = await sessions.ListAsync(signedIn.User.Id, cancellation);
        return open.Any(session => session.Id == signedIn.SessionId && session.CreatedAt + Recent > clock.GetUtcNow());
    }

    private async Task<UserWithIdentities> SaveAsync(SignedIn signedIn, Change change, HttpContext context)
    {
        Guid id = signedIn.User.Id;
        DateTimeOffset now = StoreTime.Now(clock);
        ClientInfo client = ClientInfo.Of(context, proxies);
        AuditEntry audit = AuditEntry.Of(
            change.PasswordHash is null ? "user_modified" : "user_updated_password",
            id,
            signedIn.User.Email,
            client,
            clock
        );
        var identity = Guid.NewGuid();
        UserWithIdentities Work(IStoreTransaction unit)
        {
            User saved = Apply(unit, signedIn.User, change, identity, now);
            if (change.PasswordHash is not null)
            {
                Sessions.EndIn(unit, id, signedIn.SessionId, LogoutScope.Others);
            }
            audit.Write(unit);
            return new UserWithIdentities(saved, Users.Identities(unit, id));
        }
        try
        {
            return change.PasswordHash is null && change.Email is null
                ? await store.WriteAsync(Work, context.RequestAborted)
                : await sessions.EndingAsync(id, Work);
        }
        catch (TenonException e) when (Users.Translate(e, AuthErrors.EmailExists) is { } refused)
        {
            throw refused;
        }
    }

    private static User Apply(IStoreTransaction unit, User seen, Change change, Guid identity, DateTimeOffset now)
    {
        if (change.Email is { } email && Users.EmailIsTaken(unit, email, seen.Id))
        {
            throw AuthErrors.EmailExists.ToException();
        }
        User saved =
            Users.Change(unit, seen.Id, now, user => With(user, seen, change, now))
            ?? throw AuthErrors.SessionNotFound.ToException();
        if (change.Email is not null)
        {
            Users.SaveEmailIdentity(unit, saved, identity, now);
        }
        return saved;
    }

    private static User With(User user, User seen, Change change, DateTimeOffset now)
    {
        if (change.PasswordHash is not null && user.PasswordHash != seen.PasswordHash)
        {
            // The password that was compared is not the one in force any more.
            throw AuthErrors.Conflict.ToException();
        }
        User changed = user with
        {
            PasswordHash = change.PasswordHash ?? user.PasswordHash,
            UserMetadata = Metadata.Merge(user.UserMetadata, change.Data, "data"),
        };
        return change.Email is not { } email
            ? changed
            : changed with
            {
                Email = email,
                EmailConfirmedAt = now,
                IsAnonymous = false,
                AppMetadata = user.IsAnonymous ? Metadata.Merge(user.AppMetadata, Metadata.OfEmailObject, "app_metadata") : user.AppMetadata,
            };
    }
}
