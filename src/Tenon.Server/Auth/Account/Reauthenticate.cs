using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OneTime;
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
        if (user.Email is not { } address)
        {
            throw AuthErrors.ValidationFailed("Reauthentication requires the user to have an email address").ToException();
        }
        if (user.EmailConfirmedAt is null)
        {
            throw AuthErrors.UnconfirmedUser.ToException();
        }
        mailer.RequireAllowed(context, address);
        PreparedMail mail = mailer.Prepare(new MailRequest(MailPurpose.Reauthentication, user, address, options.SiteUrl));
        AuditEntry audit = AuditEntry.Of("user_reauthenticate_requested", user.Id, address, ClientInfo.Of(context, proxies), clock);
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

    /// <summary>Uses a nonce up. In a unit of its own, so that wrong guesses stay counted whatever becomes of the change.</summary>
    public async Task RequireAsync(User user, string nonce)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        bool good =
            user.Email is { } address
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
