using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Admin;

/// <summary>POST /invite with the service key: a user without password and a mail that lets them in.</summary>
internal sealed class Invite(
    AuthGate gate,
    Users users,
    StoreDatabase store,
    Mailer mailer,
    UserHooks hooks,
    Redirects redirects,
    TrustedProxies proxies,
    TimeProvider clock
)
{
    public async Task HandleAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        AuthBody body = await AuthBody.ReadAsync(context);
        string address = EmailAddress.Require(body.Text("email") ?? "");
        string metadata = Metadata.Merge("{}", body.Object("data"), "data");
        await mailer.RequireAllowedAsync(null, address);
        User? known = await users.ByEmailAsync(address, context.RequestAborted);
        User user = Invited(known, address, metadata, StoreTime.Now(clock));
        if (known is null)
        {
            await hooks.BeforeCreatedAsync(context, user);
        }
        PreparedMail mail = mailer.Prepare(
            new MailRequest(MailPurpose.Invite, user, address, redirects.Of(context)) { Metadata = user.UserMetadata }
        );
        AuditEntry audit = AuditEntry.Of("user_invited", null, "service_role", ClientInfo.Of(context, proxies), clock);
        var identity = Guid.NewGuid();
        try
        {
            UserWithIdentities saved = await store.WriteAsync(
                unit =>
                {
                    UserWithIdentities written = Write(unit, user, known is not null, identity);
                    User sent = mailer.Send(unit, mail) ?? written.User;
                    audit.Write(unit);
                    return written with { User = sent };
                },
                context.RequestAborted
            );
            mailer.Wake();
            await AuthResponse.WriteUserAsync(context, StatusCodes.Status200OK, saved.User, saved.Identities);
        }
        catch (TenonException e) when (Users.Translate(e, AuthErrors.EmailExists) is { } refused)
        {
            throw refused;
        }
    }

    /// <summary>The user to invite. What somebody unproven chose as password does not outlive an invitation.</summary>
    public static User Invited(User? known, string address, string metadata, DateTimeOffset now) =>
        known is { EmailConfirmedAt: not null } ? throw AuthErrors.EmailExists.ToException()
        : known is not null ? known with { InvitedAt = now, PasswordHash = null }
        : new User
        {
            Id = Guid.NewGuid(),
            Email = address,
            CreatedAt = now,
            InvitedAt = now,
            AppMetadata = Metadata.OfEmail,
            UserMetadata = metadata,
        };

    public static UserWithIdentities Write(IStoreTransaction unit, User user, bool known, Guid identity)
    {
        UserWithIdentities? written = known ? null : Users.Insert(unit, user, identity);
        User changed =
            Users.Change(unit, user.Id, user.InvitedAt!.Value, old => With(old, user.InvitedAt.Value))
            ?? throw AuthErrors.Conflict.ToException();
        return new UserWithIdentities(changed, written?.Identities ?? Users.Identities(unit, user.Id));
    }

    private static User With(User old, DateTimeOffset now) =>
        old.EmailConfirmedAt is null ? old with { InvitedAt = now, PasswordHash = null } : throw AuthErrors.EmailExists.ToException();
}
