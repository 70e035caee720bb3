using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Auth.Mfa;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.WebAuthn;

/// <summary>
/// POST /passkeys/registration/options and /verify: a signed-in user adds a passkey. For an anonymous user that is the
/// sign-up: the account is permanent from then on, and its passkey the way back to it.
/// </summary>
internal sealed class PasskeyRegistration(
    AuthGate gate,
    Passkeys passkeys,
    Ceremony ceremony,
    StoreDatabase store,
    TokenCache cache,
    AuthLimits limits,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    public async Task OptionsAsync(HttpContext context)
    {
        passkeys.RequireEnabled();
        SignedIn who = await gate.RequireUserAsync(context);
        await limits.TakeAsync(AuthLimit.Verification, context);
        RequireAllowed(who.User);
        Datum[] user = [StoreValues.Of(who.User.Id)];
        Passkeys.RequireLevel(who, [.. (await store.QueryAsync(FactorSql.OfUser, user, context.RequestAborted)).Select(Factor.Read)]);
        List<Credential> known = [.. (await store.QueryAsync(CredentialSql.PasskeysOfUser, user, context.RequestAborted)).Select(Credential.Read)];
        RequireRoom(known);
        await passkeys.AskAsync(
            context,
            PasskeyChallenge.Registration,
            who,
            await ceremony.CreateAsync(context, KeyUse.Passkey, Subject.Of(who.User, known))
        );
    }

    public async Task VerifyAsync(HttpContext context)
    {
        passkeys.RequireEnabled();
        SignedIn who = await gate.RequireUserAsync(context);
        AuthBody body = await AuthBody.ReadAsync(context);
        (Guid id, JsonElement answer) = Passkeys.ReadAnswer(body);
        string name = Enrolment.ReadName(body) is { Length: > 0 } given ? given : KeyMakers.NameOf(answer);
        await limits.TakeAsync(AuthLimit.Verification, context);
        RequireAllowed(who.User);
        PasskeyChallenge challenge = await passkeys.FindAsync(id, PasskeyChallenge.Registration, who, context.RequestAborted);
        // Without known credentials: whether this one is new is the unique index's to say, for all users at once.
        (NewKey? key, string reason) = await ceremony.AttestAsync(context, KeyUse.Passkey, Subject.Of(who.User, []), challenge.State, answer);
        Credential made = key is null ? throw await passkeys.RefuseAsync(id, reason) : CredentialOf(who, key, name);
        AuditEntry audit = AuditEntry.Of("passkey_created", who.User.Id, who.User.Email ?? who.User.Phone, ClientInfo.Of(context, proxies), clock);
        try
        {
            await store.WriteAsync(unit => Add(unit, who, id, made, audit), CancellationToken.None);
        }
        catch (TenonException e) when (e.Error.Code == ErrorCodes.UniqueViolation)
        {
            throw AuthErrors.WebAuthnCredentialExists.ToException();
        }
        cache.DropUser(who.User.Id);
        await AuthResponse.WriteAsync(context, StatusCodes.Status200OK, made.Write);
    }

    private Credential CredentialOf(SignedIn who, NewKey key, string name) =>
        new(
            Guid.NewGuid(),
            who.User.Id,
            null,
            key.CredentialId,
            key.PublicKey,
            key.SignCount,
            key.Transports,
            key.BackupEligible,
            key.BackedUp,
            name,
            who.Caller.Aal == "aal2" ? "aal2" : "aal1",
            StoreTime.Now(clock),
            null
        );

    private static void RequireRoom(List<Credential> known)
    {
        if (known.Count >= Passkeys.Most)
        {
            throw AuthErrors.TooManyPasskeys(Passkeys.Most).ToException();
        }
    }

    private static bool Add(IStoreTransaction unit, SignedIn who, Guid challenge, Credential made, AuditEntry audit)
    {
        if (!Passkeys.Use(unit, challenge))
        {
            throw AuthErrors.WebAuthnChallengeNotFound.ToException();
        }
        Passkeys.RequireLevel(who, Factors.OfUser(unit, who.User.Id));
        RequireRoom(Credential.PasskeysOf(unit, who.User.Id));
        made.Insert(unit);
        audit.Write(unit);
        User? user = Users.Change(unit, who.User.Id, made.CreatedAt, Permanent);
        return user is not null ? true : throw AuthErrors.SessionNotFound.ToException();
    }

    private static User Permanent(User user) =>
        user.IsAnonymous
            ? user with
            {
                IsAnonymous = false,
                AppMetadata = Metadata.Merge(user.AppMetadata, Metadata.OfPasskeyObject, "app_metadata"),
            }
            : user;

    private void RequireAllowed(User user)
    {
        if (user.IsSsoUser)
        {
            throw AuthErrors.ValidationFailed("SSO users cannot register passkeys").ToException();
        }
        if (user.IsAnonymous && !options.EnableSignup)
        {
            throw AuthErrors.SignupDisabled.ToException();
        }
    }
}
