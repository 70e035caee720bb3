using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.Account;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Admin;

/// <summary>
/// POST /admin/generate_link with the service key: the link and the code that a mail would have carried, for who sends
/// mails themselves. Nothing is sent, and no limit of mails counts.
/// </summary>
internal sealed class GenerateLink(
    AuthGate gate,
    Users users,
    StoreDatabase store,
    Mailer mailer,
    UserHooks hooks,
    PasswordHasher hasher,
    Redirects redirects,
    AuthOptions options,
    TrustedProxies proxies,
    TimeProvider clock
)
{
    /// <summary>What is asked for, read and checked against the user there is.</summary>
    private sealed record Order(string Type, MailRequest Request, User User, bool Known, string? NewEmail);

    public async Task HandleAsync(HttpContext context)
    {
        await gate.RequireServiceAsync(context);
        AuthBody body = await AuthBody.ReadAsync(context);
        string redirectTo = redirects.Of(context, body.Text("redirect_to"));
        Order order = await ReadAsync(body, redirectTo, context.RequestAborted);
        if (!order.Known)
        {
            await hooks.BeforeCreatedAsync(context, order.User);
        }
        NewToken token = mailer.NewToken(order.Request, order.User.Id);
        AuditEntry audit = AuditEntry.Of("user_recovery_requested", null, "service_role", ClientInfo.Of(context, proxies), clock);
        var identity = Guid.NewGuid();
        try
        {
            UserWithIdentities saved = await store.WriteAsync(
                unit =>
                {
                    UserWithIdentities written = Write(unit, order, identity);
                    User sent = mailer.SaveToken(unit, order.Request.Purpose, token, order.User.Id, TimeSpan.Zero) ?? written.User;
                    audit.Write(unit);
                    return written with { User = sent };
                },
                context.RequestAborted
            );
            await AuthResponse.WriteAsync(context, StatusCodes.Status200OK, writer => Write(writer, saved, order, token, redirectTo));
        }
        catch (TenonException e) when (Users.Translate(e, AuthErrors.EmailExists) is { } refused)
        {
            throw refused;
        }
    }

    private async Task<Order> ReadAsync(AuthBody body, string redirectTo, CancellationToken cancellation)
    {
        string type = body.Text("type") ?? "";
        string address = EmailAddress.Require(body.Text("email") ?? "");
        string metadata = Metadata.Merge("{}", body.Object("data"), "data");
        User? known = await users.ByEmailAsync(address, cancellation);
        // A magic link for an address nobody has is a sign-up, as in GoTrue.
        type = type == "magiclink" && known is null ? "signup" : type;
        MailPurpose purpose = type switch
        {
            "signup" => MailPurpose.Signup,
            "invite" => MailPurpose.Invite,
            "magiclink" => MailPurpose.MagicLink,
            "recovery" => MailPurpose.Recovery,
            "email_change_new" => MailPurpose.EmailChangeNew,
            "email_change_current" => MailPurpose.EmailChangeCurrent,
            _ => throw AuthErrors.ValidationFailed($"Invalid email action link type requested: {type}").ToException(),
        };
        string? newEmail = type.StartsWith("email_change", StringComparison.Ordinal) ? EmailAddress.Require(body.Text("new_email") ?? "") : null;
        User user = type switch
        {
            "signup" => await SignUpAsync(known, address, body.Text("password"), metadata, cancellation),
            "invite" => Invite.Invited(known, address, metadata, StoreTime.Now(clock)),
            _ => known ?? throw AuthErrors.UserNotFound.ToException(),
        };
        string to = type == "email_change_new" ? newEmail! : address;
        return new Order(type, new MailRequest(purpose, user, to, redirectTo), user, known is not null, newEmail);
    }

    private async Task<User> SignUpAsync(User? known, string address, string? password, string metadata, CancellationToken cancellation)
    {
        if (known is not null)
        {
            return known.EmailConfirmedAt is null
                ? known with { UserMetadata = metadata == "{}" ? known.UserMetadata : metadata }
                : throw AuthErrors.EmailExists.ToException();
        }
        if (!string.IsNullOrEmpty(password))
        {
            PasswordRules.Require(password, options, address);
        }
        return new User
        {
            Id = Guid.NewGuid(),
            Email = address,
            CreatedAt = StoreTime.Now(clock),
            AppMetadata = Metadata.OfEmail,
            UserMetadata = metadata,
            PasswordHash = string.IsNullOrEmpty(password) ? null : await hasher.HashAsync(password, cancellation),
        };
    }

    private static UserWithIdentities Write(IStoreTransaction unit, Order order, Guid identity)
    {
        if (order.Type == "invite")
        {
            return Invite.Write(unit, order.User, order.Known, identity);
        }
        if (!order.Known)
        {
            return Users.Insert(unit, order.User, identity);
        }
        User saved = order.User;
        if (order.NewEmail is { } address)
        {
            if (Users.EmailIsTaken(unit, address, saved.Id))
            {
                throw AuthErrors.EmailExists.ToException();
            }
            EmailChange.Forget(unit, saved, address);
            if (saved.NewEmail != address)
            {
                unit.Execute(UserSql.BeginEmailChange, StoreValues.Of(saved.Id));
            }
            saved = Change(unit, saved, old => old with { NewEmail = address });
        }
        else if (order.Type == "signup")
        {
            saved = Change(unit, saved, old => old with { UserMetadata = order.User.UserMetadata });
        }
        return new UserWithIdentities(saved, Users.Identities(unit, saved.Id));
    }

    private static User Change(IStoreTransaction unit, User user, Func<User, User> change) =>
        Users.Change(unit, user.Id, user.UpdatedAt ?? user.CreatedAt!.Value, change) ?? throw AuthErrors.Conflict.ToException();

    private void Write(Utf8JsonWriter writer, UserWithIdentities saved, Order order, NewToken token, string redirectTo)
    {
        string linkType = order.Request.Purpose.LinkType;
        writer.WriteStartObject();
        UserWriter.WriteUserMembers(writer, saved.User, saved.Identities);
        writer.WriteString("action_link", mailer.LinkOf(linkType, token, redirectTo));
        writer.WriteString("email_otp", token.Code);
        writer.WriteString("hashed_token", token.Link);
        writer.WriteString("verification_type", order.Type);
        writer.WriteString("redirect_to", redirectTo);
        writer.WriteEndObject();
    }
}
