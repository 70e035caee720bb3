using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// POST /recover and /resend: one more mail to an address. The answer is {} whether anyone has the address or not, after
/// the same statements and one queued mail, which for an unknown address goes to nobody.
/// </summary>
internal sealed class Recover(
    StoreDatabase store,
    Users users,
    Mailer mailer,
    Redirects redirects,
    AuthLimits limits,
    Captcha captcha,
    TrustedProxies proxies,
    TimeProvider clock
)
{
    public async Task RecoverAsync(HttpContext context)
    {
        await limits.TakeAsync(AuthLimit.SignIn, context);
        AuthBody body = await AuthBody.ReadAsync(context);
        await captcha.RequireAsync(context, body);
        if (body.Text("email") is not { Length: > 0 } email)
        {
            throw AuthErrors.ValidationFailed("Password recovery requires an email").ToException();
        }
        string address = EmailAddress.Require(email);
        await mailer.RequireAllowedAsync(context, address);
        User? user = await users.ByEmailAsync(address, context.RequestAborted);
        await SendAsync(context, new MailRequest(MailPurpose.Recovery, user, address, redirects.Of(context)) { Challenge = CodeChallenge.Read(body) });
    }

    public async Task ResendAsync(HttpContext context)
    {
        await limits.TakeAsync(AuthLimit.SignIn, context);
        AuthBody body = await AuthBody.ReadAsync(context);
        await captcha.RequireAsync(context, body);
        string type = body.Text("type") ?? "";
        bool byPhone = type is "sms" or "phone_change";
        if (!byPhone && type is not ("signup" or "email_change"))
        {
            throw AuthErrors.ValidationFailed("Missing one of these types: signup, email_change, sms, phone_change").ToException();
        }
        var contact = Contact.Read(body, "Only an email address or phone number should be provided");
        if (contact.IsPhone != byPhone)
        {
            throw AuthErrors.ValidationFailed($"Type provided requires {(byPhone ? "a phone number" : "an email address")}").ToException();
        }
        await mailer.RequireAllowedAsync(context, contact);
        User? user = await contact.FindAsync(users, context.RequestAborted);
        await SendAsync(context, Again(type, contact, user, redirects.Of(context), CodeChallenge.Read(body)));
    }

    /// <summary>What there is to send again; for whom nothing waits, the same to nobody.</summary>
    private static MailRequest Again(string type, Contact contact, User? user, string redirectTo, CodeChallenge? challenge) =>
        type switch
        {
            "signup" => new MailRequest(MailPurpose.Signup, Waiting(user, user is { EmailConfirmedAt: null }), contact.Address, redirectTo) { Challenge = challenge },
            "sms" => new MailRequest(MailPurpose.SmsSignup, Waiting(user, user is { PhoneConfirmedAt: null }), contact.Address, redirectTo),
            "phone_change" => new MailRequest(MailPurpose.PhoneChange, Waiting(user, user?.NewPhone is not null), user?.NewPhone ?? contact.Address, redirectTo),
            _ => new MailRequest(MailPurpose.EmailChangeNew, Waiting(user, user?.NewEmail is not null), user?.NewEmail ?? contact.Address, redirectTo)
            {
                Challenge = challenge,
                NewEmail = user?.NewEmail,
            },
        };

    private static User? Waiting(User? user, bool waits) => waits ? user : null;

    private async Task SendAsync(HttpContext context, MailRequest request)
    {
        PreparedMail mail = mailer.Prepare(request);
        AuditEntry audit = AuditEntry.Of("user_recovery_requested", request.User?.Id, request.To, ClientInfo.Of(context, proxies), clock);
        try
        {
            await store.WriteAsync(
                unit =>
                {
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
}
