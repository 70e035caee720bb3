using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// POST /otp and /magiclink: a code and a link to an address; where nobody has it, a new user without password. The known
/// and the new address cost the same number of statements, no hash, and one mail. So does an unknown address for which no
/// user may be made: its mail goes to nobody and the answer is the same, unless the options ask for GoTrue's refusal.
/// </summary>
internal sealed class OneTimeSignIn(
    StoreDatabase store,
    Users users,
    Mailer mailer,
    UserHooks hooks,
    Redirects redirects,
    AuthLimits limits,
    Captcha captcha,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    public async Task OtpAsync(HttpContext context)
    {
        await limits.TakeAsync(AuthLimit.SignIn, context);
        AuthBody body = await AuthBody.ReadAsync(context);
        await captcha.RequireAsync(context, body);
        var contact = Contact.Read(body, "Only an email address or phone number should be provided");
        if (contact.IsPhone && body.Text("channel") is not (null or "" or "sms"))
        {
            throw AuthErrors.ValidationFailed("Invalid channel, supported value is sms").ToException();
        }
        await SendAsync(context, body, contact, body.Flag("create_user") ?? true);
    }

    public async Task MagicLinkAsync(HttpContext context)
    {
        await limits.TakeAsync(AuthLimit.SignIn, context);
        AuthBody body = await AuthBody.ReadAsync(context);
        await captcha.RequireAsync(context, body);
        await SendAsync(context, body, new Contact(false, EmailAddress.Require(body.Text("email") ?? "")), create: true);
    }

    private async Task SendAsync(HttpContext context, AuthBody body, Contact contact, bool create)
    {
        CodeChallenge? challenge = CodeChallenge.Read(body);
        string metadata = Metadata.Merge("{}", body.Object("data"), "data");
        string redirectTo = redirects.Of(context);
        await mailer.RequireAllowedAsync(context, contact);
        User? known = await contact.FindAsync(users, context.RequestAborted);
        // Asked of a known address too, for what is done instead of making a user.
        AuthError? closed = Closed(contact, create);
        if (known is null && closed is not null && options.TellUnknownAddresses)
        {
            throw closed.ToException();
        }
        User? made = closed is null ? contact.NewUser(StoreTime.Now(clock), metadata) : null;
        User? user = known ?? made;
        if (known is null && user is not null)
        {
            await hooks.BeforeCreatedAsync(context, user);
        }
        bool first = user is { EmailConfirmedAt: null } && options.Email.EnableConfirmations;
        MailPurpose purpose = contact.IsPhone ? MailPurpose.Sms : first ? MailPurpose.FirstMagicLink : MailPurpose.MagicLink;
        PreparedMail mail = mailer.Prepare(new MailRequest(purpose, user, contact.Address, redirectTo) { Challenge = contact.IsPhone ? null : challenge });
        string action = known is null && user is not null ? "user_signedup" : "user_recovery_requested";
        AuditEntry audit = AuditEntry.Of(action, user?.Id, contact.Address, ClientInfo.Of(context, proxies), clock);
        await SaveAsync(known, made, mail, audit, context.RequestAborted);
        mailer.Wake();
        await AuthResponse.WriteEmptyObjectAsync(context);
    }

    private async Task SaveAsync(User? known, User? made, PreparedMail mail, AuditEntry audit, CancellationToken cancellation)
    {
        var identity = Guid.NewGuid();
        try
        {
            await store.WriteAsync(
                unit =>
                {
                    if (made is not null && known is null)
                    {
                        Users.Insert(unit, made, identity);
                    }
                    else if (made is not null)
                    {
                        Decoys.InsertInstead(unit, made, identity);
                    }
                    mailer.Send(unit, mail);
                    audit.Write(unit);
                    return true;
                },
                cancellation
            );
        }
        catch (TenonException e) when (Users.Translate(e, AuthErrors.Conflict) is { } refused)
        {
            throw refused;
        }
    }

    /// <summary>Why no user may be made for an address that nobody has; null when one may.</summary>
    private AuthError? Closed(Contact contact, bool create) =>
        !create ? AuthErrors.OtpDisabled
        : !options.EnableSignup ? AuthErrors.SignupDisabled
        : !contact.IsPhone && !options.Email.EnableSignup ? AuthErrors.EmailProviderDisabled
        : null;
}
