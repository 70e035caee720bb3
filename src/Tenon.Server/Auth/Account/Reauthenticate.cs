using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Account;

/// <summary>GET /reauthenticate: sends the signed-in user a code, which a new password then needs as its nonce.</summary>
internal sealed class Reauthenticate(
    AuthGate gate,
    StoreDatabase store,
    Mailer mailer,
    OneTimeTokens tokens,
    AuthOptions options,
    TrustedProxies proxies,
    TimeProvider clock
)
{
    public async Task HandleAsync(HttpContext context)
    {
        SignedIn signedIn = await gate.RequireUserAsync(context);
        User user = signedIn.User;
        Contact contact = ContactOf(user);
        await mailer.RequireAllowedAsync(context, contact);
        MailPurpose purpose = contact.IsPhone ? MailPurpose.SmsReauthentication : MailPurpose.Reauthentication;
        PreparedMail mail = mailer.Prepare(new MailRequest(purpose, user, contact.Address, options.SiteUrl));
        AuditEntry audit = AuditEntry.Of("user_reauthenticate_requested", user.Id, contact.Address, ClientInfo.Of(context, proxies), clock);
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
        if (contact.IsPhone)
        {
            await mailer.SendTextNowAsync(mail.Message);
        }
        mailer.Wake();
        await AuthResponse.WriteEmptyObjectAsync(context);
    }

    // By mail where there is an address, else by text message; only to what the user has proven.
    private static Contact ContactOf(User user)
    {
        Contact contact =
            user.Email is { } address ? new Contact(false, address)
            : user.Phone is { } number ? new Contact(true, number)
            : throw AuthErrors.ValidationFailed("Reauthentication requires the user to have an email or a phone number").ToException();
        return contact.IsProven(user) ? contact
            : throw (contact.IsPhone ? AuthErrors.UnconfirmedPhone : AuthErrors.UnconfirmedUser).ToException();
    }

    /// <summary>Uses a nonce up. In a unit of its own, so that wrong guesses stay counted whatever becomes of the change.</summary>
    public async Task RequireAsync(User user, string nonce)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        bool good =
            (user.Email ?? user.Phone) is { } address
            && await store.WriteAsync(
                unit => tokens.RedeemCode(unit, address, nonce, [TokenType.Reauthentication], now)?.User == user.Id,
                CancellationToken.None
            );
        if (!good)
        {
            throw AuthErrors.ReauthenticationNotValid.ToException();
        }
    }
}
