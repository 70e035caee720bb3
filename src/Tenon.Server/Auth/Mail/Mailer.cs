using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Auth.Mail.Templates;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Mail;

/// <summary>A mail ready to be written: its token drawn, its text rendered and sealed.</summary>
internal sealed record PreparedMail(MailPurpose Purpose, NewToken Token, QueuedMessage Message, Guid? User);

/// <summary>A text message with the code of a second factor, ready to be queued.</summary>
internal sealed record PreparedCode(string Code, QueuedMessage Message);

/// <summary>What a mail says beside its code.</summary>
internal sealed record MailRequest(MailPurpose Purpose, User? User, string To, string RedirectTo)
{
    public CodeChallenge? Challenge { get; init; }
    public string? NewEmail { get; init; }

    /// <summary>Metadata of a user who is not written yet.</summary>
    public string? Metadata { get; init; }

    /// <summary>The user is about to be written in the same unit as the mail.</summary>
    public Guid? UserId { get; init; }
}

/// <summary>
/// Mails and text messages with one-time codes. Everything random and slow happens in <see cref="Prepare"/>; <see cref="Send"/> only writes,
/// inside the caller's unit. Without a user the same statements run and the mail goes to nobody.
/// </summary>
internal sealed class Mailer(
    OneTimeTokens tokens,
    MailTemplates templates,
    Outbox outbox,
    OutboxWorker worker,
    MessageSenders senders,
    HookRunner hooks,
    AuthLimits limits,
    AuthOptions options
)
{
    // What hooks and senders of text messages are told a second factor's code is for (GoTrue's word).
    private const string FactorKind = "mfa";

    // The setting may change while the server runs.
    private volatile Tuple<string, Template> text = Parsed(options.Sms.Template);

    private Template Text
    {
        get
        {
            Tuple<string, Template> known = text;
            return known.Item1 == options.Sms.Template ? known.Item2 : (text = Parsed(options.Sms.Template)).Item2;
        }
    }

    private static Tuple<string, Template> Parsed(string source) => Tuple.Create(source, Template.Plain(source));

    /// <summary>Counts a message to either kind of contact against the limits before any work is done.</summary>
    public async ValueTask RequireAllowedAsync(HttpContext? context, Contact contact)
    {
        if (!contact.IsPhone)
        {
            await RequireAllowedAsync(context, contact.Address);
            return;
        }
        if (!options.Sms.EnableSignup || !senders.HasSms)
        {
            throw AuthErrors.PhoneProviderDisabled.ToException();
        }
        await limits.TakeSmsAsync(context, contact.Address);
    }

    /// <summary>Counts a mail against the limits before any work is done. Context null: an administrator asks.</summary>
    public async ValueTask RequireAllowedAsync(HttpContext? context, string mailbox)
    {
        if (!senders.HasEmail)
        {
            throw AuthErrors.NoMailServer.ToException();
        }
        Mailboxes.RequireReachable(mailbox, options.Email);
        await limits.TakeMailAsync(context, mailbox);
    }

    public PreparedMail Prepare(MailRequest request)
    {
        Guid? user = request.UserId ?? request.User?.Id;
        NewToken token = NewToken(request, user);
        OutboundMessage message = request.Purpose.IsSms ? TextMessage(request, token) : Mail(request, token);
        string hook = request.Purpose.IsSms ? HookName.SendSms : HookName.SendEmail;
        message = hooks.Has(hook) ? message with { HookPayload = HookPayload(hook, request, token) } : message;
        bool silent = user is null || (request.Purpose.IsSms && options.Sms.TestOtp.ContainsKey(request.To));
        QueuedMessage queued = outbox.Prepare(request.Purpose.IsSms ? Outbox.Sms : Outbox.Email, message, silent, options.Email.Otp.Expiry);
        return new PreparedMail(request.Purpose, token, queued, user);
    }

    private OutboundMessage Mail(MailRequest request, NewToken token)
    {
        RenderedMail rendered = templates.Render(request.Purpose.Template, Variables(request, token));
        return new OutboundMessage
        {
            Kind = request.Purpose.Template,
            To = request.To,
            Subject = rendered.Subject,
            Html = rendered.Html,
            Text = MailText.FromHtml(rendered.Html),
            Code = token.Code,
        };
    }

    private OutboundMessage TextMessage(MailRequest request, NewToken token) =>
        TextMessage(request.Purpose.LinkType, request.To, token.Code);

    private OutboundMessage TextMessage(string kind, string to, string code) =>
        new()
        {
            Kind = kind,
            To = to,
            Text = Text.Render(new Dictionary<string, object?> { ["Code"] = code, ["Token"] = code, ["SiteURL"] = options.SiteUrl }),
            Code = code,
        };

    /// <summary>The code of a second factor: kept by its challenge, so there is no token. Testers' numbers have theirs, and nothing is sent.</summary>
    public PreparedCode PrepareFactorCode(User user, string number, TimeSpan lifetime)
    {
        if (!senders.HasSms)
        {
            throw AuthErrors.PhoneProviderDisabled.ToException();
        }
        string? fixedCode = options.Sms.TestOtp.GetValueOrDefault(number);
        string code = fixedCode ?? OneTimeTokens.Digits(options.Email.Otp.Length);
        OutboundMessage message = TextMessage(FactorKind, number, code);
        if (hooks.Has(HookName.SendSms))
        {
            message = message with { HookPayload = HookPayload(HookName.SendSms, user, "sms", SmsData(code, FactorKind, number)) };
        }
        return new PreparedCode(code, outbox.Prepare(Outbox.Sms, message, decoy: fixedCode is not null, lifetime));
    }

    /// <summary>A token without a mail: its link and code go to who asked for them (generate_link).</summary>
    public NewToken NewToken(MailRequest request, Guid? user) =>
        tokens.Create(
            request.Purpose.TokenType,
            user,
            request.To,
            request.Challenge,
            request.Purpose.IsSms ? options.Sms.TestOtp.GetValueOrDefault(request.To) : null
        );

    /// <summary>Writes the token and the mail; the user with the time of it, null where there is none.</summary>
    public User? Send(IStoreTransaction unit, PreparedMail mail)
    {
        Outbox.Queue(unit, mail.Message);
        return SaveToken(unit, mail.Purpose, mail.Token, mail.User, mail.Purpose.IsSms ? options.Sms.MaxFrequency : options.Email.Otp.MaxFrequency);
    }

    public User? SaveToken(IStoreTransaction unit, MailPurpose purpose, NewToken token, Guid? user, TimeSpan shortestInterval)
    {
        tokens.Save(unit, token, shortestInterval, purpose.IsSms ? AuthErrors.OverSmsSendRateLimit : AuthErrors.OverEmailSendRateLimit);
        if (user is not { } known)
        {
            Decoys.Touch(unit, token.Id, token.CreatedAt);
            return null;
        }
        return unit.Execute(purpose.Sent, StoreValues.Of(known), StoreValues.Of(token.CreatedAt)) is [var row] ? User.Read(row) : null;
    }

    /// <summary>After the commit.</summary>
    public void Wake() => outbox.Wake();

    /// <summary>
    /// After the commit, instead of <see cref="Wake"/>: a text message to the signed-in user, who is told when the sender
    /// refuses their number. Strangers are not: their answer must not depend on whether anyone has the number.
    /// </summary>
    public async Task SendTextNowAsync(QueuedMessage message)
    {
        if (!await worker.SendNowAsync(message.Id))
        {
            throw AuthErrors.SmsSendFailed.ToException();
        }
    }

    /// <summary>The link that redeems a token: always of the configured address, never of what a request calls this host.</summary>
    public string LinkOf(string type, NewToken token, string redirectTo) =>
        $"{options.Issuer}/verify?token={token.Link}&type={type}&redirect_to={Uri.EscapeDataString(redirectTo)}";

    /// <summary>What a send hook gets: the user, and the code with all that a message about it needs.</summary>
    private string HookPayload(string hook, MailRequest request, NewToken token)
    {
        bool sms = request.Purpose.IsSms;
        User user = request.User ?? new User
        {
            Id = request.UserId ?? Guid.NewGuid(),
            Email = sms ? null : request.To,
            Phone = sms ? request.To : null,
            UserMetadata = request.Metadata ?? "{}",
        };
        return sms
            ? HookPayload(hook, user, "sms", SmsData(token.Code, request.Purpose.LinkType, request.To))
            : HookPayload(hook, user, "email_data", EmailData(request, token));
    }

    private string HookPayload(string hook, User user, string member, (string Name, string Value)[] data)
    {
        byte[] payload = hooks.Payload(
            hook,
            Guid.NewGuid(),
            "",
            writer =>
            {
                writer.WritePropertyName("user");
                UserWriter.WriteUser(writer, user, []);
                writer.WriteStartObject(member);
                foreach ((string name, string value) in data)
                {
                    writer.WriteString(name, value);
                }
                writer.WriteEndObject();
            }
        );
        return Encoding.UTF8.GetString(payload);
    }

    private static (string Name, string Value)[] SmsData(string code, string kind, string number) =>
        [("otp", code), ("sms_type", kind), ("phone", number)];

    private (string Name, string Value)[] EmailData(MailRequest request, NewToken token) =>
        [
            ("to", request.To),
            ("token", token.Code),
            ("token_hash", token.Link),
            ("redirect_to", request.RedirectTo),
            ("email_action_type", request.Purpose.LinkType),
            ("site_url", options.SiteUrl),
            ("token_new", ""),
            ("token_hash_new", ""),
        ];

    private Dictionary<string, object?> Variables(MailRequest request, NewToken token) =>
        new(StringComparer.Ordinal)
        {
            ["SiteURL"] = options.SiteUrl,
            ["ConfirmationURL"] = LinkOf(request.Purpose.LinkType, token, request.RedirectTo),
            ["Email"] = request.User?.Email ?? request.To,
            ["NewEmail"] = request.NewEmail ?? "",
            ["SendingTo"] = request.To,
            ["Token"] = token.Code,
            ["TokenHash"] = token.Link,
            ["RedirectTo"] = request.RedirectTo,
            ["Data"] = JsonElement.Parse(request.Metadata ?? request.User?.UserMetadata ?? "{}"),
        };
}
