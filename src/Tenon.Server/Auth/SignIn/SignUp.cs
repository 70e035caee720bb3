using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// POST /signup: a user with e-mail address or telephone number and password, or an anonymous one where neither is given. User, identity and
/// session are one write unit, so a refused trigger leaves nothing behind. The password is hashed before the address is
/// looked up: a taken address costs as much as a free one. Where addresses are confirmed by mail,
/// <see cref="ConfirmedSignUp"/> goes on from there.
/// </summary>
internal sealed class SignUp(
    StoreDatabase store,
    Sessions sessions,
    ConfirmedSignUp confirmed,
    UserHooks hooks,
    PasswordHasher hasher,
    AuthLimits limits,
    Captcha captcha,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    public async Task HandleAsync(HttpContext context)
    {
        AuthBody body = await AuthBody.ReadAsync(context);
        bool anonymous = string.IsNullOrEmpty(body.Text("email")) && string.IsNullOrEmpty(body.Text("phone"));
        await limits.TakeAsync(anonymous ? AuthLimit.Anonymous : AuthLimit.SignIn, context);
        await captcha.RequireAsync(context, body);
        Contact? contact = anonymous ? null : Contact.Read(body, "Only an email address or phone number should be provided on signup.");
        RequireOpen(contact);
        CodeChallenge? challenge = CodeChallenge.Read(body);
        DateTimeOffset now = StoreTime.Now(clock);
        string metadata = Metadata.Merge("{}", body.Object("data"), "data");
        if (contact is not { } known)
        {
            var nobody = new User { Id = Guid.NewGuid(), UserMetadata = metadata, CreatedAt = now, IsAnonymous = true };
            await hooks.BeforeCreatedAsync(context, nobody);
            await AuthResponse.WriteSessionAsync(context, await CreateAsync(nobody, context));
            return;
        }
        User user = await WithPasswordAsync(known.NewUser(now, metadata), body.Text("password"), context);
        // Asked for a taken address too: the answer must not depend on it.
        await hooks.BeforeCreatedAsync(context, user);
        if (known.IsPhone ? options.Sms.EnableConfirmations : options.Email.EnableConfirmations)
        {
            await confirmed.HandleAsync(context, known, user, challenge);
            return;
        }
        await AuthResponse.WriteSessionAsync(context, await CreateAsync(known.Proven(user, now), context));
    }

    private void RequireOpen(Contact? contact)
    {
        AuthError? closed =
            !options.EnableSignup ? AuthErrors.SignupDisabled
            : contact is not { } known ? options.EnableAnonymousSignIns ? null : AuthErrors.AnonymousProviderDisabled
            : known.IsPhone ? options.Sms.EnableSignup ? null : AuthErrors.PhoneProviderDisabled
            : options.Email.EnableSignup ? null
            : AuthErrors.EmailProviderDisabled;
        if (closed is not null)
        {
            throw closed.ToException();
        }
    }

    private async Task<User> WithPasswordAsync(User user, string? password, HttpContext context)
    {
        if (string.IsNullOrEmpty(password))
        {
            throw AuthErrors.ValidationFailed("Signup requires a valid password").ToException();
        }
        PasswordRules.Require(password, options, user.Email ?? user.Phone);
        return user with { PasswordHash = await hasher.HashAsync(password, context.RequestAborted) };
    }

    private async Task<IssuedSession> CreateAsync(User user, HttpContext context)
    {
        ClientInfo client = ClientInfo.Of(context, proxies);
        NewSession opened = sessions.Prepare(user.Id, user.IsAnonymous ? "anonymous" : "password", client);
        AuditEntry audit = AuditEntry.Of("user_signedup", user.Id, user.Email ?? user.Phone, client, clock);
        var identity = Guid.NewGuid();
        try
        {
            UserWithIdentities saved = await store.WriteAsync(
                unit =>
                {
                    bool taken =
                        (user.Email is not null && Users.EmailIsTaken(unit, user.Email, user.Id))
                        || (user.Phone is not null && Users.PhoneIsTaken(unit, user.Phone, user.Id));
                    if (taken)
                    {
                        throw AuthErrors.UserAlreadyExists.ToException();
                    }
                    Users.Insert(unit, user, identity);
                    sessions.Open(unit, opened);
                    audit.Write(unit);
                    return Users.MarkSignedIn(unit, user.Id, user.PasswordHash, user.PasswordHash, opened.Session.CreatedAt)!;
                },
                context.RequestAborted
            );
            return await sessions.IssueAsync(context, saved.User, saved.Identities, opened.Session, opened.Token.Text);
        }
        catch (TenonException e) when (Users.Translate(e, AuthErrors.UserAlreadyExists) is { } refused)
        {
            throw refused;
        }
    }
}
