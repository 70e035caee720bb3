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
    private sealed record Change(string? Email, string? Phone, string? PasswordHash, JsonElement? Data)
    {
        /// <summary>The number waits for this; null: it holds at once.</summary>
        public PreparedMail? PhoneMail { get; init; }

        public string? PhoneNow => PhoneMail is null ? Phone : null;

        /// <summary>The address waits for these; empty: it holds at once.</summary>
        public IReadOnlyList<PreparedMail> Mails { get; init; } = [];

        public string? NewEmail => Mails.Count > 0 ? Email : null;

        public string? EmailNow => Mails.Count > 0 ? null : Email;
    }

    public async Task GetAsync(HttpContext context)
    {
        SignedIn signedIn = await gate.RequireUserAsync(context, orClient: true);
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
        if (change.PhoneMail is { } message)
        {
            await emails.SendTextNowAsync(store, signedIn.User, message, StoreTime.Now(clock));
        }
        await AuthResponse.WriteUserAsync(context, StatusCodes.Status200OK, saved.User, saved.Identities);
    }

    private async Task<Change> CheckAsync(AuthBody body, SignedIn signedIn, HttpContext context)
    {
        User user = signedIn.User;
        string? phone = body.Text("phone") is { Length: > 0 } number ? PhoneNumber.Require(number) : null;
        phone = phone == user.Phone ? null : phone;
        string? email = body.Text("email") is { Length: > 0 } address ? EmailAddress.Require(address) : null;
        email = email == user.Email ? null : email;
        bool changesWayIn = (email ?? phone) is not null || body.Text("password") is { Length: > 0 };
        if (user.IsSsoUser && (changesWayIn || body.Text("nonce") is { Length: > 0 }))
        {
            throw AuthErrors.UserSsoManaged.ToException();
        }
        if (changesWayIn)
        {
            RequireFactor(signedIn);
        }
        JsonElement? data = body.Object("data");
        Metadata.Merge(user.UserMetadata, data, "data");
        CodeChallenge? challenge = CodeChallenge.Read(body);
        bool waits = email is not null && emails.IsNeeded;
        if (waits && await users.ByEmailAsync(email!, context.RequestAborted) is not null)
        {
            throw AuthErrors.EmailExists.ToException();
        }
        if (phone is not null && await users.ByPhoneAsync(phone, context.RequestAborted) is not null)
        {
            throw AuthErrors.PhoneExists.ToException();
        }
        PreparedMail? phoneMail = phone is null ? null : await emails.PreparePhoneAsync(context, user, phone);
        string? hash = null;
        if (body.Text("password") is { Length: > 0 } password)
        {
            RequireAddress(user, waits ? phoneMail is null ? phone : null : email);
            hash = await passwords.CheckAsync(password, body, signedIn, context.RequestAborted);
        }
        return new Change(email, phone, hash, data) { PhoneMail = phoneMail, Mails = waits ? await emails.PrepareAsync(context, user, email!, challenge) : [] };
    }

    // Whoever came in by a mailbox alone must not get past the second factor by a new password or address.
    private static void RequireFactor(SignedIn signedIn)
    {
        bool verified =
            signedIn.User.Factors is { } factors
            && JsonElement.Parse(factors).EnumerateArray().Any(factor => factor.GetProperty("status").GetString() == "verified");
        if (verified && signedIn.Caller.Aal != "aal2")
        {
            throw AuthErrors.Aal2ToUpdate.ToException();
        }
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
        (Guid Email, Guid Phone) identity = (Guid.NewGuid(), Guid.NewGuid());
        UserWithIdentities Work(IStoreTransaction unit)
        {
            User saved = Apply(unit, signedIn.User, change, identity, now);
            if (change.NewEmail is { } pending)
            {
                EmailChange.Forget(unit, signedIn.User, pending);
                saved = emails.Begin(unit, id, change.Mails) ?? saved;
            }
            if (change.PhoneMail is { } message)
            {
                OneTimeTokens.DeleteOfType(unit, id, TokenType.PhoneChange);
                saved = emails.Send(unit, message) ?? saved;
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
            return change.PasswordHash is null && change.EmailNow is null && change.PhoneNow is null
                ? await store.WriteAsync(Work, context.RequestAborted)
                : await sessions.EndingAsync(id, Work);
        }
        catch (TenonException e) when (Users.Translate(e, AuthErrors.EmailExists) is { } refused)
        {
            throw refused;
        }
    }

    private static User Apply(IStoreTransaction unit, User seen, Change change, (Guid Email, Guid Phone) identity, DateTimeOffset now)
    {
        if (change.Email is { } email && Users.EmailIsTaken(unit, email, seen.Id))
        {
            throw AuthErrors.EmailExists.ToException();
        }
        if (change.Phone is { } phone && Users.PhoneIsTaken(unit, phone, seen.Id))
        {
            throw AuthErrors.PhoneExists.ToException();
        }
        User saved =
            Users.Change(unit, seen.Id, now, user => With(user, seen, change, now))
            ?? throw AuthErrors.SessionNotFound.ToException();
        if (change.EmailNow is not null)
        {
            OneTimeTokens.DeleteOfUser(unit, seen.Id);
            Users.SaveEmailIdentity(unit, saved, identity.Email, now);
        }
        if (change.PhoneNow is not null)
        {
            OneTimeTokens.DeleteOfUser(unit, seen.Id);
            Users.SavePhoneIdentity(unit, saved, identity.Phone, now);
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
        changed = change.EmailNow is { } email ? Redemption.WithEmail(changed, email, now)
            : change.NewEmail is { } pending ? changed with { NewEmail = pending }
            : changed;
        return change.PhoneNow is { } phone ? Redemption.WithPhone(changed, phone, now)
            : change.PhoneMail is not null ? changed with { NewPhone = change.Phone }
            : changed;
    }
}
