using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.SignIn;

/// <summary>A code or link's token that someone shows, with what it claims to be.</summary>
internal sealed record Presented(string Type, string? Link, string? Address, string? Code);

/// <summary>What a redemption came to: a refusal, the first half of a change of address, a session, or a PKCE code.</summary>
internal sealed record Redeemed(AuthError? Refusal)
{
    public bool HalfWay { get; init; }
    public UserWithIdentities? User { get; init; }
    public NewSession? Session { get; init; }
    public Guid? FlowCode { get; init; }

    /// <summary>The user's verified tokens must be dropped: address or password are others now.</summary>
    public bool Changed { get; init; }
}

/// <summary>
/// Uses a one-time token up and does what it stands for, in one write unit. Refusals are returned from the unit instead of
/// thrown, so that wrong guesses stay counted.
/// </summary>
internal sealed class Redemption(
    StoreDatabase store,
    OneTimeTokens tokens,
    Sessions sessions,
    TokenCache cache,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    /// <summary>Everything a replay of the unit must find unchanged.</summary>
    private sealed record Attempt(Presented Shown, bool WantsFlow, NewSession Session, AuditEntry Audit, Guid Identity, Guid Code, Guid Flow, DateTimeOffset Now);

    public async Task<Redeemed> RedeemAsync(HttpContext context, Presented shown, bool wantsFlow)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        ClientInfo client = ClientInfo.Of(context, proxies);
        var attempt = new Attempt(
            shown,
            wantsFlow,
            sessions.Prepare(Guid.Empty, "otp", client),
            AuditEntry.Of(shown.Type is "signup" or "invite" ? "user_signedup" : "login", null, shown.Address, client, clock),
            Guid.NewGuid(),
            Guid.NewGuid(),
            Guid.NewGuid(),
            now
        );
        try
        {
            // Not cancelled with the request: a token that was used up must give what it stands for.
            Redeemed redeemed = await store.WriteAsync(unit => Redeem(unit, attempt), CancellationToken.None);
            if (redeemed is { Changed: true, User: { } user })
            {
                cache.DropUser(user.User.Id);
            }
            return redeemed;
        }
        catch (TenonException e) when (Users.Translate(e, AuthErrors.EmailExists) is { } refused)
        {
            throw refused;
        }
    }

    private Redeemed Redeem(IStoreTransaction unit, Attempt attempt)
    {
        Presented shown = attempt.Shown;
        ReadOnlySpan<string> types = TypesOf(shown.Type);
        RedeemedToken? token = shown.Link is { } link
            ? tokens.RedeemLink(unit, link, types, attempt.Now)
            : tokens.RedeemCode(unit, shown.Address!, shown.Code!, types, attempt.Now);
        AuthError gone = shown.Link is null ? AuthErrors.CodeExpired : AuthErrors.LinkExpired;
        if (token is null || Users.ById(unit, token.User) is not { DeletedAt: null } user)
        {
            return new Redeemed(gone);
        }
        if (user.IsBanned(attempt.Now))
        {
            return new Redeemed(AuthErrors.UserBanned);
        }
        Redeemed applied = token.Type switch
        {
            TokenType.PhoneChange => ChangePhone(unit, user, token, attempt),
            TokenType.EmailChangeNew or TokenType.EmailChangeCurrent => ChangeEmail(unit, token, attempt),
            _ => Confirm(unit, user, token, attempt),
        };
        return applied.Refusal is not null || applied.HalfWay ? applied : Open(unit, applied, token, attempt);
    }

    /// <summary>
    /// Which tokens a type may name. Older clients ask for "magiclink" with a sign-up's code and the reverse; all of them
    /// prove the same: the mailbox.
    /// </summary>
    private static ReadOnlySpan<string> TypesOf(string type) =>
        type switch
        {
            "signup" or "magiclink" or "email" => (string[])[TokenType.Confirmation, TokenType.Recovery],
            "invite" => (string[])[TokenType.Confirmation],
            "recovery" => (string[])[TokenType.Recovery],
            "sms" => (string[])[TokenType.Sms, TokenType.Confirmation],
            "phone_change" => (string[])[TokenType.PhoneChange],
            "email_change" => (string[])[TokenType.EmailChangeNew, TokenType.EmailChangeCurrent],
            _ => [],
        };

    /// <summary>The mailbox or number is proven. A password that was set before anyone proved it is not its owner's, unless the message was about it.</summary>
    private Redeemed Confirm(IStoreTransaction unit, User user, RedeemedToken token, Attempt attempt)
    {
        bool phone = tokens.IsOf(token, user.Phone);
        if (!phone && !tokens.IsOf(token, user.Email))
        {
            // Sent to an address the user no longer has.
            return new Redeemed(AuthErrors.LinkExpired);
        }
        var contact = new Contact(phone, (phone ? user.Phone : user.Email)!);
        if (contact.IsProven(user))
        {
            return new Redeemed(Refusal: null) { User = new UserWithIdentities(user, []) };
        }
        bool keepsPassword = token.Type == TokenType.Confirmation || user.EmailConfirmedAt is not null || user.PhoneConfirmedAt is not null;
        User? confirmed = Users.Change(
            unit,
            user.Id,
            attempt.Now,
            old => contact.Proven(old, attempt.Now) with { PasswordHash = keepsPassword ? old.PasswordHash : null }
        );
        if (confirmed is null)
        {
            return new Redeemed(AuthErrors.LinkExpired);
        }
        SaveIdentity(unit, confirmed, phone, attempt);
        OneTimeTokens.DeleteOfUser(unit, user.Id);
        return new Redeemed(Refusal: null) { User = new UserWithIdentities(confirmed, []), Changed = true };
    }

    private static void SaveIdentity(IStoreTransaction unit, User user, bool phone, Attempt attempt)
    {
        if (phone)
        {
            Users.SavePhoneIdentity(unit, user, attempt.Identity, attempt.Now);
        }
        else
        {
            Users.SaveEmailIdentity(unit, user, attempt.Identity, attempt.Now);
        }
    }

    private Redeemed ChangePhone(IStoreTransaction unit, User user, RedeemedToken token, Attempt attempt)
    {
        if (user.NewPhone is not { } number || !tokens.IsOf(token, number))
        {
            return new Redeemed(AuthErrors.CodeExpired);
        }
        if (Users.PhoneIsTaken(unit, number, user.Id))
        {
            return new Redeemed(AuthErrors.PhoneExists);
        }
        if (Users.Change(unit, user.Id, attempt.Now, old => WithPhone(old, number, attempt.Now)) is not { } changed)
        {
            return new Redeemed(AuthErrors.CodeExpired);
        }
        SaveIdentity(unit, changed, phone: true, attempt);
        OneTimeTokens.DeleteOfUser(unit, user.Id);
        return new Redeemed(Refusal: null) { User = new UserWithIdentities(changed, []), Changed = true };
    }

    /// <summary>The user with a proven number; an anonymous one becomes permanent.</summary>
    public static User WithPhone(User user, string number, DateTimeOffset now) =>
        user with
        {
            Phone = number,
            NewPhone = null,
            PhoneConfirmedAt = now,
            IsAnonymous = false,
            AppMetadata = user.IsAnonymous ? Metadata.Merge(user.AppMetadata, Metadata.OfPhoneObject, "app_metadata") : user.AppMetadata,
        };

    /// <summary>
    /// One mailbox agrees. With double confirmation the change holds when both have; each counts once, however many mails
    /// it got, and only for the change that is pending now.
    /// </summary>
    private Redeemed ChangeEmail(IStoreTransaction unit, RedeemedToken token, Attempt attempt)
    {
        if (unit.Execute(UserSql.LockEmailChange, StoreValues.Of(token.User)) is not [var row] || Users.ById(unit, token.User) is not { NewEmail: { } address } user)
        {
            return new Redeemed(AuthErrors.LinkExpired);
        }
        bool isNew = token.Type == TokenType.EmailChangeNew;
        if (!tokens.IsOf(token, isNew ? address : user.Email))
        {
            return new Redeemed(AuthErrors.LinkExpired);
        }
        bool otherAgreed = row[0].Integer == (isNew ? 2 : 1);
        if (options.Email.DoubleConfirmChanges && user.Email is not null && !otherAgreed)
        {
            unit.Execute(isNew ? UserSql.NewEmailAgreed : UserSql.OldEmailAgreed, StoreValues.Of(user.Id));
            return new Redeemed(Refusal: null) { HalfWay = true };
        }
        if (Users.EmailIsTaken(unit, address, user.Id))
        {
            return new Redeemed(AuthErrors.EmailExists);
        }
        if (!isNew && !otherAgreed)
        {
            // Without double confirmation only the new mailbox can agree: it is the one that has to be proven.
            return new Redeemed(AuthErrors.LinkExpired);
        }
        User? changed = Users.Change(unit, user.Id, attempt.Now, old => WithEmail(old, address, attempt.Now));
        if (changed is null)
        {
            return new Redeemed(AuthErrors.LinkExpired);
        }
        unit.Execute(UserSql.BeginEmailChange, StoreValues.Of(user.Id));
        Users.SaveEmailIdentity(unit, changed, attempt.Identity, attempt.Now);
        OneTimeTokens.DeleteOfUser(unit, user.Id);
        return new Redeemed(Refusal: null) { User = new UserWithIdentities(changed, []), Changed = true };
    }

    /// <summary>The user with a proven address; an anonymous one becomes permanent.</summary>
    public static User WithEmail(User user, string address, DateTimeOffset now) =>
        user with
        {
            Email = address,
            NewEmail = null,
            EmailConfirmedAt = now,
            IsAnonymous = false,
            AppMetadata = user.IsAnonymous ? Metadata.Merge(user.AppMetadata, Metadata.OfEmailObject, "app_metadata") : user.AppMetadata,
        };

    private Redeemed Open(IStoreTransaction unit, Redeemed applied, RedeemedToken token, Attempt attempt)
    {
        User user = applied.User!.User;
        (attempt.Audit with { Actor = user.Id, ActorName = user.Email ?? user.Phone }).Write(unit);
        if (attempt.WantsFlow && token.Challenge is { } challenge)
        {
            FlowStates.Insert(unit, attempt.Code, attempt.Flow, user.Id, challenge, "email", attempt.Shown.Type, attempt.Now);
            return applied with { FlowCode = attempt.Code };
        }
        var opened = new NewSession(attempt.Session.Session with { UserId = user.Id }, attempt.Session.Token);
        if (Users.MarkSignedIn(unit, user.Id, user.PasswordHash, user.PasswordHash, attempt.Now) is not { } marked)
        {
            // The password was changed between two statements: the whole unit is undone and the token still works.
            throw AuthErrors.Conflict.ToException();
        }
        sessions.Open(unit, opened);
        return applied with { User = marked, Session = opened };
    }
}
