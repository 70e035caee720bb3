using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// The second half of a sign-up whose address is confirmed by mail. A free address, one that waits for its confirmation
/// and one that is taken run the same number of statements and queue one mail each; the mail of a taken one goes to nobody
/// and the answer is a user that does not exist. A repeated sign-up replaces the password: who never proved the address
/// does not get to choose the password of who will.
/// </summary>
internal sealed class ConfirmedSignUp(
    StoreDatabase store,
    Users users,
    Mailer mailer,
    Redirects redirects,
    TrustedProxies proxies,
    TimeProvider clock
)
{
    public async Task HandleAsync(HttpContext context, Contact contact, User user, CodeChallenge? challenge)
    {
        string redirectTo = redirects.Of(context);
        await mailer.RequireAllowedAsync(context, contact);
        User? known = await contact.FindAsync(users, context.RequestAborted);
        bool taken = known is not null && contact.IsProven(known);
        Guid id = known?.Id ?? user.Id;
        PreparedMail mail = mailer.Prepare(
            new MailRequest(contact.Signup, null, contact.Address, redirectTo)
            {
                Challenge = contact.IsPhone ? null : challenge,
                UserId = taken ? null : id,
                Metadata = user.UserMetadata,
            }
        );
        AuditEntry audit = AuditEntry.Of(
            taken ? "user_repeated_signup" : "user_confirmation_requested",
            id,
            contact.Address,
            ClientInfo.Of(context, proxies),
            clock
        );
        var identity = Guid.NewGuid();
        try
        {
            UserWithIdentities saved = await store.WriteAsync(
                unit =>
                {
                    UserWithIdentities written = Write(unit, contact, user, known, taken, identity);
                    User sent = mailer.Send(unit, mail) ?? user with { ConfirmationSentAt = mail.Token.CreatedAt };
                    audit.Write(unit);
                    return written with { User = taken ? Stranger(user, sent) : sent };
                },
                context.RequestAborted
            );
            mailer.Wake();
            await AuthResponse.WriteUserAsync(context, StatusCodes.Status200OK, saved.User, saved.Identities);
        }
        catch (TenonException e) when (Users.Translate(e, AuthErrors.UserAlreadyExists) is { } refused)
        {
            throw refused;
        }
    }

    private static UserWithIdentities Write(IStoreTransaction unit, Contact contact, User user, User? known, bool taken, Guid identity)
    {
        if (taken)
        {
            Decoys.InsertInstead(unit, user, identity);
            return new UserWithIdentities(user, []);
        }
        if (known is null)
        {
            return Users.Insert(unit, user, identity);
        }
        User changed =
            Users.Change(
                unit,
                known.Id,
                user.CreatedAt!.Value,
                old =>
                    !contact.IsProven(old)
                        ? old with { PasswordHash = user.PasswordHash, UserMetadata = user.UserMetadata }
                        : throw AuthErrors.Conflict.ToException()
            ) ?? throw AuthErrors.Conflict.ToException();
        return new UserWithIdentities(changed, Users.Identities(unit, changed.Id));
    }

    /// <summary>A user like a new one, whom nobody will find.</summary>
    private static User Stranger(User user, User sent) =>
        user with { ConfirmationSentAt = sent.ConfirmationSentAt, UpdatedAt = user.CreatedAt };
}
