using System.Text.Json;
using Tenon.Core.Types;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Auth.WebAuthn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.OAuth;

/// <summary>A person at the door, with everything random already drawn, so that the write unit can be replayed.</summary>
internal sealed record Admission(Person Person, Provider Provider, Guid? LinkUser, Guid NewUser, Guid NewIdentity, DateTimeOffset Now)
{
    /// <summary>The token of an invitation to accept.</summary>
    public string? Invite { get; init; }

    /// <summary>Whoever may refuse a new user was asked.</summary>
    public bool MayCreate { get; init; }
}

/// <summary>Which user an admission came to.</summary>
internal sealed record Admitted(User User, bool SignedUp)
{
    /// <summary>The user's verified tokens must be dropped: somebody else may hold some.</summary>
    public bool TakenOver { get; init; }
}

/// <summary>
/// Which user an external identity is. Known identities are their user's, whatever address the issuer names now. A new one
/// is linked to a user of the same address only when the issuer has verified it and the user has confirmed it; an account
/// whose address nobody confirmed is handed over without anything its maker could come in by. Everything else is a new
/// user, who gets the address only if the issuer has verified it. Refusals are thrown and undo the unit.
/// </summary>
internal sealed class AccountLinking(StoreDatabase store, Users users, OneTimeTokens tokens, AuthOptions options)
{
    /// <summary>Whether a new user would come of it, as things are now.</summary>
    public async Task<bool> CreatesAsync(Admission a, CancellationToken cancellation)
    {
        Datum[] identity = [Datum.Of(a.Person.Subject), Datum.Of(a.Person.Provider)];
        if (a.LinkUser is not null || a.Invite is not null || (await store.QueryAsync(ExternalSql.FindIdentity, identity, cancellation)).Count > 0)
        {
            return false;
        }
        User? same = a.Person is { EmailVerified: true, Email: { } email } ? await users.ByEmailAsync(email, cancellation) : null;
        return same is null || (same.EmailConfirmedAt is null && !IsUnproven(same, await users.IdentitiesAsync(same.Id, cancellation)));
    }

    public Admitted Settle(IStoreTransaction unit, Admission a)
    {
        Identity? known = Find(unit, a.Person);
        if (a.LinkUser is { } target)
        {
            return new Admitted(LinkByHand(unit, target, known, a), SignedUp: false);
        }
        if (a.Invite is { } invite)
        {
            return AcceptInvite(unit, invite, known, a);
        }
        if (known is not null)
        {
            return new Admitted(SignIn(unit, known, a), SignedUp: false);
        }
        if (a.Person is { EmailVerified: true, Email: { } email } && ByEmail(unit, email) is { } same)
        {
            return MeetSameAddress(unit, same, a);
        }
        return new Admitted(Create(unit, a), SignedUp: true);
    }

    /// <summary>
    /// The invited user comes in by the provider. The token proves the invitation, the provider the address: it must be the
    /// invited one, and verified, or the token would let in whoever found it.
    /// </summary>
    private Admitted AcceptInvite(IStoreTransaction unit, string invite, Identity? known, Admission a)
    {
        if (tokens.RedeemLink(unit, invite, [TokenType.Confirmation], a.Now) is not { } token || Users.ById(unit, token.User) is not { DeletedAt: null } user)
        {
            throw AuthErrors.InviteNotFound.ToException();
        }
        RequireNotBanned(user, a.Now);
        if (!a.Person.EmailVerified || a.Person.Email is null || a.Person.Email != user.Email)
        {
            throw AuthErrors.ValidationFailed("Invited email does not match emails from external provider").ToException();
        }
        if (known is not null)
        {
            throw AuthErrors.IdentityAlreadyExists("Identity is already linked to another user").ToException();
        }
        if (user.EmailConfirmedAt is null && !IsUnproven(user, Users.Identities(unit, user.Id)))
        {
            // Proven by telephone or otherwise, and now by its mailbox too.
            InsertIdentity(unit, user.Id, a);
            Users.Change(unit, user.Id, a.Now, old => old with { EmailConfirmedAt = a.Now });
            return new Admitted(WithProviders(unit, user.Id, a.Now), SignedUp: false) { TakenOver = true };
        }
        return MeetSameAddress(unit, user, a);
    }

    private Admitted MeetSameAddress(IStoreTransaction unit, User same, Admission a)
    {
        RequireNotBanned(same, a.Now);
        if (same.EmailConfirmedAt is not null)
        {
            InsertIdentity(unit, same.Id, a);
            return new Admitted(WithProviders(unit, same.Id, a.Now), SignedUp: false);
        }
        List<Identity> identities = Users.Identities(unit, same.Id);
        if (IsUnproven(same, identities))
        {
            return new Admitted(TakeOver(unit, same, a), SignedUp: true) { TakenOver = true };
        }
        // Its owner has proven something, only not this address: they keep the account, the address goes to whose it is.
        foreach (Identity mail in identities.Where(identity => identity.Provider == "email"))
        {
            unit.Execute(ExternalSql.DeleteIdentity, StoreValues.Of(mail.Id), StoreValues.Of(same.Id));
        }
        Users.Change(unit, same.Id, a.Now, old => old with { Email = null, NewEmail = null });
        OneTimeTokens.DeleteOfUser(unit, same.Id);
        WithProviders(unit, same.Id, a.Now);
        return new Admitted(Create(unit, a), SignedUp: true) { TakenOver = true };
    }

    // Nobody has proven anything of it.
    private static bool IsUnproven(User user, List<Identity> identities) =>
        user.EmailConfirmedAt is null && user.PhoneConfirmedAt is null && identities.All(identity => identity.Provider is "email" or "phone");

    // Password, sessions, keys, passkeys, second factors, pending codes and what a stranger said of themselves go; what an administrator gave stays.
    private static User TakeOver(IStoreTransaction unit, User unproven, Admission a)
    {
        Guid id = unproven.Id;
        unit.Execute(SessionSql.DeleteAll, StoreValues.Of(id));
        unit.Execute(UserKeySql.DeleteOfUser, StoreValues.Of(id));
        unit.Execute(ExternalSql.DeleteFactors, StoreValues.Of(id));
        unit.Execute(CredentialSql.DeleteOfUser, StoreValues.Of(id));
        unit.Execute(ExternalSql.DeleteFlowStates, StoreValues.Of(id));
        unit.Execute(UserSql.DeleteIdentities, StoreValues.Of(id));
        OneTimeTokens.DeleteOfUser(unit, id);
        InsertIdentity(unit, id, a);
        User? taken = Users.Change(
            unit,
            id,
            a.Now,
            old => old with
            {
                PasswordHash = null,
                EmailConfirmedAt = a.Now,
                NewEmail = null,
                Phone = null,
                NewPhone = null,
                IsAnonymous = false,
                UserMetadata = old.InvitedAt is null ? a.Person.Data : Metadata.Merge(a.Person.Data, JsonElement.Parse(old.UserMetadata), "user_metadata"),
            }
        );
        return taken is null ? throw AuthErrors.Conflict.ToException() : WithProviders(unit, id, a.Now);
    }

    private static User SignIn(IStoreTransaction unit, Identity known, Admission a)
    {
        if (Users.ById(unit, known.UserId) is not { DeletedAt: null } user)
        {
            throw AuthErrors.UserNotFound.ToException();
        }
        RequireNotBanned(user, a.Now);
        RequireSameIssuer(known, a.Person);
        unit.Execute(
            ExternalSql.IdentitySignedIn,
            StoreValues.Of(known.Id),
            Datum.Of(a.Person.Data),
            StoreValues.OfText(a.Person.Email),
            StoreValues.Of(a.Now)
        );
        return user;
    }

    // A provider that was pointed at another issuer names other people by the same subjects.
    private static void RequireSameIssuer(Identity known, Person person)
    {
        string? then = IdTokens.Text(JsonElement.Parse(known.Data), "iss");
        if (then is not null && then != IdTokens.Text(JsonElement.Parse(person.Data), "iss"))
        {
            throw AuthErrors.BadOAuthCallback("The identity is of another issuer of the same provider name").ToException();
        }
    }

    private static User LinkByHand(IStoreTransaction unit, Guid target, Identity? known, Admission a)
    {
        if (known is not null)
        {
            throw AuthErrors.IdentityAlreadyExists(known.UserId == target ? "Identity is already linked" : "Identity is already linked to another user").ToException();
        }
        if (Users.ById(unit, target) is not { DeletedAt: null } user)
        {
            throw AuthErrors.UserNotFound.ToException();
        }
        RequireNotBanned(user, a.Now);
        string? email = user.Email is null && a.Person.EmailVerified ? a.Person.Email : null;
        if (email is not null && Users.EmailIsTaken(unit, email, target))
        {
            throw AuthErrors.EmailExists.ToException();
        }
        InsertIdentity(unit, target, a);
        Users.Change(
            unit,
            target,
            a.Now,
            old => old with
            {
                Email = email ?? old.Email,
                EmailConfirmedAt = email is not null ? a.Now : old.EmailConfirmedAt,
                IsAnonymous = false,
            }
        );
        return WithProviders(unit, target, a.Now);
    }

    private User Create(IStoreTransaction unit, Admission a)
    {
        if (!a.MayCreate)
        {
            // The user who was there a moment ago is gone, and nobody was asked about a new one.
            throw AuthErrors.Conflict.ToException();
        }
        User saved = Users.InsertAlone(unit, NewUser(a));
        InsertIdentity(unit, saved.Id, a);
        return saved;
    }

    /// <summary>The user to be created, or the refusal.</summary>
    public User NewUser(Admission a)
    {
        if (!options.EnableSignup)
        {
            throw AuthErrors.SignupDisabled.ToException();
        }
        string? email = a.Person.EmailVerified ? a.Person.Email : null;
        if (email is null && !a.Provider.EmailOptional)
        {
            throw AuthErrors.ProviderEmailNeedsVerification(a.Provider.Name).ToException();
        }
        return new User
        {
            Id = a.NewUser,
            Email = email,
            EmailConfirmedAt = email is null ? null : a.Now,
            CreatedAt = a.Now,
            AppMetadata = Metadata.WithProviders("{}", [a.Person.Provider]),
            UserMetadata = a.Person.Data,
        };
    }

    private static void InsertIdentity(IStoreTransaction unit, Guid user, Admission a) =>
        unit.Execute(
            UserSql.InsertIdentity,
            StoreValues.Of(a.NewIdentity),
            Datum.Of(a.Person.Subject),
            StoreValues.Of(user),
            Datum.Of(a.Person.Data),
            Datum.Of(a.Person.Provider),
            StoreValues.OfText(a.Person.Email),
            StoreValues.Of(a.Now)
        );

    /// <summary>Keeps app_metadata in step with the identities.</summary>
    public static User WithProviders(IStoreTransaction unit, Guid id, DateTimeOffset now)
    {
        List<Identity> identities = Users.Identities(unit, id);
        return Users.Change(
                unit,
                id,
                now,
                old => old with { AppMetadata = Metadata.WithProviders(old.AppMetadata, [.. identities.Select(identity => identity.Provider).Distinct()]) }
            )
            ?? throw AuthErrors.UserNotFound.ToException();
    }

    private static void RequireNotBanned(User user, DateTimeOffset now)
    {
        if (user.IsBanned(now))
        {
            throw AuthErrors.UserBanned.ToException();
        }
    }

    private static Identity? Find(IStoreTransaction unit, Person person) =>
        unit.Execute(ExternalSql.FindIdentity, Datum.Of(person.Subject), Datum.Of(person.Provider)) is [var row] ? Identity.Read(row) : null;

    private static User? ByEmail(IStoreTransaction unit, string email) =>
        unit.Execute(UserSql.ByEmail, Datum.Of(email)) is [var row, ..] ? User.Read(row) : null;
}
