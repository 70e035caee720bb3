using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Account;

/// <summary>
/// GET and PUT /user: the signed-in user reads and changes their own record. A new password ends the other sessions; a new
/// address holds at once or after its mails (<see cref="EmailChange"/>); an anonymous user becomes a permanent one by it.
/// </summary>
internal sealed class UserUpdate(
    AuthGate gate,
    Users users,
    Sessions sessions,
    StoreDatabase store,
    PasswordChange passwords,
    EmailChange emails,
    TrustedProxies proxies,
    TimeProvider clock
)
{
    /// <summary>A change that passed every check; null members stay as they are.</summary>
    private sealed record Change(string? Email, string? PasswordHash, JsonElement? Data)
    {
        /// <summary>The address waits for these; empty: it holds at once.</summary>
        public IReadOnlyList<PreparedMail> Mails { get; init; } = [];

        public string? NewEmail => Mails.Count > 0 ? Email : null;

        public string? EmailNow => Mails.Count > 0 ? null : Email;
    }

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
        Change change = await CheckAsync(body, signedIn, context);
        UserWithIdentities saved = await SaveAsync(signedIn, change, context);
        if (change.Mails.Count > 0)
        {
            emails.Wake();
        }
        await AuthResponse.WriteUserAsync(context, StatusCodes.Status200OK, saved.User, saved.Identities);
    }

    private async Task<Change> CheckAsync(AuthBody body, SignedIn signedIn, HttpContext context)
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
        CodeChallenge? challenge = CodeChallenge.Read(body);
        bool waits = email is not null && emails.IsNeeded;
        if (waits && await users.ByEmailAsync(email!, context.RequestAborted) is not null)
        {
            throw AuthErrors.EmailExists.ToException();
        }
        string? hash = null;
        if (body.Text("password") is { Length: > 0 } password)
        {
            RequireAddress(user, waits ? null : email);
            hash = await passwords.CheckAsync(password, body, signedIn, context.RequestAborted);
        }
        return new Change(email, hash, data) { Mails = waits ? emails.Prepare(context, user, email!, challenge) : [] };
    }

    // A password alone signs nobody in.
    private static void RequireAddress(User user, string? newEmail)
    {
        if (user.Email is null && user.Phone is null && newEmail is null)
        {
            throw AuthErrors
                .ValidationFailed("Updating password of an anonymous user without an email or phone is not allowed")
                .ToException();
        }
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
            if (change.NewEmail is { } pending)
            {
                EmailChange.Forget(unit, signedIn.User, pending);
                saved = emails.Begin(unit, id, change.Mails) ?? saved;
            }
            if (change.PasswordHash is not null)
            {
                Sessions.EndIn(unit, id, signedIn.SessionId, LogoutScope.Others);
                OneTimeTokens.DeleteOfType(unit, id, TokenType.Recovery);
            }
            audit.Write(unit);
            return new UserWithIdentities(saved, Users.Identities(unit, id));
        }
        try
        {
            return change.PasswordHash is null && change.EmailNow is null
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
        if (change.EmailNow is not null)
        {
            OneTimeTokens.DeleteOfUser(unit, seen.Id);
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
        return change.EmailNow is { } email ? Redemption.WithEmail(changed, email, now)
            : change.NewEmail is { } pending ? changed with { NewEmail = pending }
            : changed;
    }
}
