using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// POST /signup: a user with e-mail address and password, or an anonymous one where neither is given. User, identity and
/// session are one write unit, so a refused trigger leaves nothing behind. The password is hashed before the address is
/// looked up: a taken address costs as much as a free one. Where addresses are confirmed by mail,
/// <see cref="ConfirmedSignUp"/> goes on from there.
/// </summary>
internal sealed class SignUp(
    StoreDatabase store,
    Sessions sessions,
    ConfirmedSignUp confirmed,
    PasswordHasher hasher,
    AuthLimits limits,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    public async Task HandleAsync(HttpContext context)
    {
        AuthBody body = await AuthBody.ReadAsync(context);
        string? email = body.Text("email") is { Length: > 0 } address ? address : null;
        string? phone = body.Text("phone") is { Length: > 0 } number ? number : null;
        bool anonymous = email is null && phone is null;
        limits.Take(anonymous ? AuthLimit.Anonymous : AuthLimit.SignIn, context);
        RequireOpen(email, phone);
        bool byMail = email is not null && options.Email.EnableConfirmations;
        CodeChallenge? challenge = CodeChallenge.Read(body);
        DateTimeOffset now = StoreTime.Now(clock);
        var user = new User
        {
            Id = Guid.NewGuid(),
            UserMetadata = Metadata.Merge("{}", body.Object("data"), "data"),
            CreatedAt = now,
            IsAnonymous = anonymous,
        };
        if (!anonymous)
        {
            user = await WithPasswordAsync(user, email!, body.Text("password"), context);
        }
        if (byMail)
        {
            await confirmed.HandleAsync(context, user with { EmailConfirmedAt = null }, challenge);
            return;
        }
        await AuthResponse.WriteSessionAsync(context, await CreateAsync(user, context));
    }

    private void RequireOpen(string? email, string? phone)
    {
        if (!options.EnableSignup)
        {
            throw AuthErrors.SignupDisabled.ToException();
        }
        AuthError? closed =
            email is not null && phone is not null
                ? AuthErrors.ValidationFailed("Only an email address or phone number should be provided on signup.")
            : phone is not null ? AuthErrors.PhoneProviderDisabled
            : email is null && !options.EnableAnonymousSignIns ? AuthErrors.AnonymousProviderDisabled
            : email is not null && !options.Email.EnableSignup ? AuthErrors.EmailProviderDisabled
            : null;
        if (closed is not null)
        {
            throw closed.ToException();
        }
    }

    private async Task<User> WithPasswordAsync(User user, string email, string? password, HttpContext context)
    {
        string address = EmailAddress.Require(email);
        if (string.IsNullOrEmpty(password))
        {
            throw AuthErrors.ValidationFailed("Signup requires a valid password").ToException();
        }
        PasswordRules.Require(password, options);
        return user with
        {
            Email = address,
            EmailConfirmedAt = user.CreatedAt,
            PasswordHash = await hasher.HashAsync(password, context.RequestAborted),
            AppMetadata = Metadata.OfEmail,
        };
    }

    private async Task<IssuedSession> CreateAsync(User user, HttpContext context)
    {
        ClientInfo client = ClientInfo.Of(context, proxies);
        NewSession opened = sessions.Prepare(user.Id, user.IsAnonymous ? "anonymous" : "password", client);
        AuditEntry audit = AuditEntry.Of("user_signedup", user.Id, user.Email, client, clock);
        var identity = Guid.NewGuid();
        try
        {
            UserWithIdentities saved = await store.WriteAsync(
                unit =>
                {
                    if (user.Email is not null && Users.EmailIsTaken(unit, user.Email, user.Id))
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
            return sessions.Issue(saved.User, saved.Identities, opened.Session, opened.Token.Text);
        }
        catch (TenonException e) when (Users.Translate(e, AuthErrors.UserAlreadyExists) is { } refused)
        {
            throw refused;
        }
    }
}
