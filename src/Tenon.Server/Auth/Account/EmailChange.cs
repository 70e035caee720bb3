using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Account;

/// <summary>
/// A change of address that waits for its mails: one to the new address and, with <c>double_confirm_changes</c>, one to the
/// old; a change of number that waits for its text message. Where they are not confirmed the change holds at once.
/// </summary>
internal sealed class EmailChange(Mailer mailer, Redirects redirects, AuthOptions options)
{
    public bool IsNeeded => options.Email.EnableConfirmations;

    /// <summary>The mails, drawn and rendered.</summary>
    public async Task<List<PreparedMail>> PrepareAsync(HttpContext context, User user, string address, CodeChallenge? challenge)
    {
        string redirectTo = redirects.Of(context);
        await mailer.RequireAllowedAsync(context, address);
        var mails = new List<PreparedMail>
        {
            mailer.Prepare(new MailRequest(MailPurpose.EmailChangeNew, user, address, redirectTo) { Challenge = challenge, NewEmail = address }),
        };
        if (options.Email.DoubleConfirmChanges && user.Email is { } current)
        {
            await mailer.RequireAllowedAsync(context, current);
            mails.Add(
                mailer.Prepare(new MailRequest(MailPurpose.EmailChangeCurrent, user, current, redirectTo) { Challenge = challenge, NewEmail = address })
            );
        }
        return mails;
    }

    /// <summary>Writes tokens and mails; codes of a change begun before are no longer worth anything.</summary>
    public User? Begin(IStoreTransaction unit, Guid user, IReadOnlyList<PreparedMail> mails)
    {
        unit.Execute(UserSql.BeginEmailChange, StoreValues.Of(user));
        User? saved = null;
        foreach (PreparedMail mail in mails)
        {
            saved = mailer.Send(unit, mail);
        }
        return saved;
    }

    /// <summary>Ends codes of an earlier change to another address, before the new ones are written.</summary>
    public static void Forget(IStoreTransaction unit, User user, string address)
    {
        if (user.NewEmail != address)
        {
            OneTimeTokens.DeleteOfType(unit, user.Id, TokenType.EmailChangeNew);
            OneTimeTokens.DeleteOfType(unit, user.Id, TokenType.EmailChangeCurrent);
        }
    }

    /// <summary>The text message to a new number; null where numbers are not confirmed.</summary>
    public async Task<PreparedMail?> PreparePhoneAsync(HttpContext context, User user, string number)
    {
        if (!options.Sms.EnableSignup)
        {
            throw AuthErrors.PhoneProviderDisabled.ToException();
        }
        if (!options.Sms.EnableConfirmations)
        {
            return null;
        }
        await mailer.RequireAllowedAsync(context, new Contact(true, number));
        return mailer.Prepare(new MailRequest(MailPurpose.PhoneChange, user, number, options.SiteUrl));
    }

    public User? Send(IStoreTransaction unit, PreparedMail message) => mailer.Send(unit, message);

    public void Wake() => mailer.Wake();

    /// <summary>After the commit; where the sender refuses the number, the change is taken back and the user told.</summary>
    public async Task SendTextNowAsync(StoreDatabase store, User user, PreparedMail message, DateTimeOffset now)
    {
        try
        {
            await mailer.SendTextNowAsync(message.Message);
        }
        catch (AuthException)
        {
            await store.WriteAsync(
                unit =>
                {
                    OneTimeTokens.DeleteOfType(unit, user.Id, TokenType.PhoneChange);
                    return Users.Change(unit, user.Id, now, old => old with { NewPhone = user.NewPhone });
                },
                CancellationToken.None
            );
            throw;
        }
    }
}
