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
    TrustedProxies proxies,
    TimeProvider clock
)
{
    public async Task RecoverAsync(HttpContext context)
    {
        limits.Take(AuthLimit.SignIn, context);
        AuthBody body = await AuthBody.ReadAsync(context);
        if (body.Text("email") is not { Length: > 0 } email)
        {
            throw AuthErrors.ValidationFailed("Password recovery requires an email").ToException();
        }
        string address = EmailAddress.Require(email);
        mailer.RequireAllowed(context, address);
        User? user = await users.ByEmailAsync(address, context.RequestAborted);
        await SendAsync(context, user, new MailRequest(MailPurpose.Recovery, user, address, redirects.Of(context)) { Challenge = CodeChallenge.Read(body) });
    }

    public async Task ResendAsync(HttpContext context)
    {
        limits.Take(AuthLimit.SignIn, context);
        AuthBody body = await AuthBody.ReadAsync(context);
        string type = body.Text("type") ?? "";
        if (type is "sms" or "phone_change")
        {
            throw AuthErrors.PhoneProviderDisabled.ToException();
        }
        if (type is not ("signup" or "email_change"))
        {
            throw AuthErrors.ValidationFailed("Missing one of these types: signup, email_change, sms, phone_change").ToException();
        }
        if (body.Text("email") is not { Length: > 0 } email)
        {
            throw AuthErrors.ValidationFailed("Type provided requires an email address").ToException();
        }
        string address = EmailAddress.Require(email);
        mailer.RequireAllowed(context, address);
        User? user = await users.ByEmailAsync(address, context.RequestAborted);
        CodeChallenge? challenge = CodeChallenge.Read(body);
        string redirectTo = redirects.Of(context);
        bool due = type == "signup" ? user is { EmailConfirmedAt: null } : user is { NewEmail: not null };
        user = due ? user : null;
        await SendAsync(
            context,
            user,
            type == "signup"
                ? new MailRequest(MailPurpose.Signup, user, address, redirectTo) { Challenge = challenge }
                : new MailRequest(MailPurpose.EmailChangeNew, user, user?.NewEmail ?? address, redirectTo) { Challenge = challenge, NewEmail = user?.NewEmail }
        );
    }

    private async Task SendAsync(HttpContext context, User? user, MailRequest request)
    {
        PreparedMail mail = mailer.Prepare(request);
        AuditEntry audit = AuditEntry.Of("user_recovery_requested", user?.Id, request.To, ClientInfo.Of(context, proxies), clock);
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
