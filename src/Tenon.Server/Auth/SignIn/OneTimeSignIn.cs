using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// POST /otp and /magiclink: a code and a link to an address; where nobody has it, a new user without password. The known
/// and the new address cost the same number of statements, no hash, and one mail.
/// </summary>
internal sealed class OneTimeSignIn(
    StoreDatabase store,
    Users users,
    Mailer mailer,
    Redirects redirects,
    AuthLimits limits,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    public async Task OtpAsync(HttpContext context)
    {
        limits.Take(AuthLimit.SignIn, context);
        AuthBody body = await AuthBody.ReadAsync(context);
        bool byEmail = !string.IsNullOrEmpty(body.Text("email"));
        bool byPhone = !string.IsNullOrEmpty(body.Text("phone"));
        if (byEmail == byPhone)
        {
            throw AuthErrors.ValidationFailed("Only an email address or phone number should be provided").ToException();
        }
        if (byPhone)
        {
            throw AuthErrors.PhoneProviderDisabled.ToException();
        }
        await SendAsync(context, body, body.Flag("create_user") ?? true);
    }

    public async Task MagicLinkAsync(HttpContext context)
    {
        limits.Take(AuthLimit.SignIn, context);
        await SendAsync(context, await AuthBody.ReadAsync(context), create: true);
    }

    private async Task SendAsync(HttpContext context, AuthBody body, bool create)
    {
        string address = EmailAddress.Require(body.Text("email") ?? "");
        CodeChallenge? challenge = CodeChallenge.Read(body);
        string metadata = Metadata.Merge("{}", body.Object("data"), "data");
        string redirectTo = redirects.Of(context);
        mailer.RequireAllowed(context, address);
        User? known = await users.ByEmailAsync(address, context.RequestAborted);
        RequireOpen(known, create);
        DateTimeOffset now = StoreTime.Now(clock);
        User user = known ?? new User { Id = Guid.NewGuid(), Email = address, CreatedAt = now, AppMetadata = Metadata.OfEmail, UserMetadata = metadata };
        bool first = user.EmailConfirmedAt is null && options.Email.EnableConfirmations;
        PreparedMail mail = mailer.Prepare(
            new MailRequest(first ? MailPurpose.FirstMagicLink : MailPurpose.MagicLink, user, address, redirectTo) { Challenge = challenge }
        );
        string action = known is null ? "user_signedup" : "user_recovery_requested";
        AuditEntry audit = AuditEntry.Of(action, user.Id, address, ClientInfo.Of(context, proxies), clock);
        var identity = Guid.NewGuid();
        try
        {
            await store.WriteAsync(
                unit =>
                {
                    if (known is null)
                    {
                        Users.Insert(unit, user, identity);
                    }
                    else
                    {
                        Users.ReadInstead(unit, known.Id);
                    }
                    mailer.Send(unit, mail);
                    audit.Write(unit);
                    return true;
                },
                context.RequestAborted
            );
        }
        catch (TenonException e) when (Users.Translate(e, AuthErrors.Conflict) is { } refused)
        {
            throw refused;
        }
        mailer.Wake();
        await AuthResponse.WriteEmptyObjectAsync(context);
    }

    private void RequireOpen(User? known, bool create)
    {
        AuthError? closed =
            known is not null ? null
            : !create ? AuthErrors.OtpDisabled
            : !options.EnableSignup ? AuthErrors.SignupDisabled
            : !options.Email.EnableSignup ? AuthErrors.EmailProviderDisabled
            : null;
        if (closed is not null)
        {
            throw closed.ToException();
        }
    }
}
