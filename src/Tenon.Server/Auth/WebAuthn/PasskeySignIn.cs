using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tenon.Core.Types;
using Tenon.Server.Auth.Mfa;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.WebAuthn;

/// <summary>
/// POST /passkeys/authentication/options and /verify: signing in without a name. Whom a passkey is of is not known before
/// its signature holds, and a passkey that nobody has is refused in the words of one whose signature is wrong.
/// </summary>
internal sealed class PasskeySignIn(
    Passkeys passkeys,
    Ceremony ceremony,
    StoreDatabase store,
    Users users,
    Sessions sessions,
    AuthLimits limits,
    Captcha captcha,
    TrustedProxies proxies,
    TimeProvider clock,
    ILogger<PasskeySignIn> logger
)
{
    private const string Method = "passkey";

    /// <summary>What the unit found. It returns refusals instead of throwing them, so that the question stays used up.</summary>
    private sealed record Answered(AuthError? Refusal, UserWithIdentities? User = null, NewSession? Session = null);

    /// <summary>Everything a replay of the unit must find unchanged.</summary>
    private sealed record Attempt(Guid Challenge, Credential Credential, Assertion Shown, NewSession Session, AuditEntry Login, AuditEntry Copied);

    public async Task OptionsAsync(HttpContext context)
    {
        passkeys.RequireEnabled();
        await limits.TakeAsync(AuthLimit.SignIn, context);
        await captcha.RequireAsync(context, await AuthBody.ReadAsync(context));
        await AskAsync(context);
    }

    /// <summary>The same question for a page of the identity provider, whose form carries the puzzle's token.</summary>
    public async Task OptionsAsync(HttpContext context, IFormCollection form)
    {
        passkeys.RequireEnabled();
        await limits.TakeAsync(AuthLimit.SignIn, context);
        await captcha.RequireAsync(context, form);
        await AskAsync(context);
    }

    private async Task AskAsync(HttpContext context) =>
        await passkeys.AskAsync(context, PasskeyChallenge.Authentication, null, await ceremony.RequestAsync(context, KeyUse.Passkey, null));

    public async Task VerifyAsync(HttpContext context)
    {
        passkeys.RequireEnabled();
        await limits.TakeAsync(AuthLimit.SignIn, context);
        (UserWithIdentities saved, NewSession opened) = await SignInAsync(context, await AuthBody.ReadAsync(context));
        await AuthResponse.WriteSessionAsync(
            context,
            await sessions.IssueAsync(context, saved.User, saved.Identities, opened.Session, opened.Token.Text)
        );
    }

    /// <summary>For a page of the identity provider; nobody gets tokens of the session it opens.</summary>
    public async Task<Session> SignInAsync(HttpContext context, string answer)
    {
        passkeys.RequireEnabled();
        await limits.TakeAsync(AuthLimit.SignIn, context);
        return (await SignInAsync(context, AuthBody.Parse(Encoding.UTF8.GetBytes(answer)))).Opened.Session;
    }

    private async Task<(UserWithIdentities Saved, NewSession Opened)> SignInAsync(HttpContext context, AuthBody body)
    {
        (Guid id, JsonElement answer) = Passkeys.ReadAnswer(body);
        PasskeyChallenge challenge = await passkeys.FindAsync(id, PasskeyChallenge.Authentication, null, context.RequestAborted);
        (Credential credential, User user) = await FindAsync(answer, context.RequestAborted) ?? throw await passkeys.RefuseAsync(id, NoReason);
        (Assertion? shown, string reason) = await ceremony.AssertAsync(context, KeyUse.Passkey, Subject.Of(user, [credential]), challenge.State, answer);
        if (shown is null)
        {
            throw await passkeys.RefuseAsync(id, reason);
        }
        ClientInfo client = ClientInfo.Of(context, proxies);
        string? name = user.Email ?? user.Phone;
        var attempt = new Attempt(
            id,
            credential,
            shown,
            sessions.Prepare(user.Id, Method, client),
            AuditEntry.Of("login", user.Id, name, client, clock),
            AuditEntry.Of("webauthn_counter_refused", user.Id, name, client, clock)
        );
        Answered answered = await store.WriteAsync(unit => Open(unit, attempt), CancellationToken.None);
        if (answered.Refusal is { } refusal)
        {
            throw refusal.ToException();
        }
        return (answered.User!, answered.Session!);
    }

    private const string NoReason = "Credential verification failed";

    private async Task<(Credential, User)?> FindAsync(JsonElement answer, CancellationToken cancellation)
    {
        if (Ceremony.CredentialIdOf(answer) is not { } id)
        {
            return null;
        }
        List<Datum[]> rows = await store.QueryAsync(CredentialSql.PasskeyByKey, new[] { Datum.Of(id) }, cancellation);
        return rows is [var row] && Credential.Read(row) is { } found && await users.ByIdAsync(found.UserId, cancellation) is { DeletedAt: null } user
            ? (found, user)
            : null;
    }

    private Answered Open(IStoreTransaction unit, Attempt attempt)
    {
        if (!Passkeys.Use(unit, attempt.Challenge))
        {
            return new Answered(AuthErrors.WebAuthnChallengeNotFound);
        }
        Credential credential = attempt.Credential;
        Session session = attempt.Session.Session;
        if (Users.ById(unit, credential.UserId) is not { DeletedAt: null } user)
        {
            return new Answered(AuthErrors.WebAuthnVerificationFailed(NoReason));
        }
        if (Refused(user, session.CreatedAt) is { } refusal)
        {
            return new Answered(refusal);
        }
        if (!credential.Use(unit, attempt.Shown, session.CreatedAt))
        {
            return CounterRefused(unit, attempt);
        }
        if (Users.MarkSignedIn(unit, user.Id, user.PasswordHash, user.PasswordHash, session.CreatedAt) is not { } marked)
        {
            return new Answered(AuthErrors.Conflict);
        }
        var opened = new NewSession(session with { Aal = LevelOf(unit, credential) }, attempt.Session.Token);
        sessions.Open(unit, opened);
        unit.Execute(SessionSql.SetFactor, StoreValues.Of(session.Id), StoreValues.Of(credential.Id));
        attempt.Login.Write(unit);
        return new Answered(null, marked, opened);
    }

    private static AuthError? Refused(User user, DateTimeOffset now)
    {
        bool unproven = user is { EmailConfirmedAt: null, PhoneConfirmedAt: null } && (user.Email ?? user.Phone) is not null;
        return user.IsBanned(now) ? AuthErrors.UserBanned
            : !unproven ? null
            : user.Email is not null ? AuthErrors.EmailNotConfirmed
            : AuthErrors.PhoneNotConfirmed;
    }

    private Answered CounterRefused(IStoreTransaction unit, Attempt attempt)
    {
        // Gone, or its counter has not grown: told alike, noted apart.
        if (Credential.PasskeysOf(unit, attempt.Credential.UserId).Exists(known => known.Id == attempt.Credential.Id))
        {
            attempt.Copied.Write(unit);
            AuthEvents.CounterRefused(logger, attempt.Credential.Id);
        }
        return new Answered(AuthErrors.WebAuthnVerificationFailed(NoReason));
    }

    /// <summary>
    /// A passkey is two factors in one: the key, and what unlocks it. It counts for both unless it was added before the
    /// user had a second factor, for then a password alone could have added it.
    /// </summary>
    private static string LevelOf(IStoreTransaction unit, Credential credential) =>
        credential.Aal == "aal2" || !Factors.OfUser(unit, credential.UserId).Exists(factor => factor is { IsVerified: true, Type: not Factor.RecoveryCode })
            ? "aal2"
            : "aal1";
}
