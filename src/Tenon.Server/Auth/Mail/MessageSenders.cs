using Tenon.Server.Auth.Hooks;

namespace Tenon.Server.Auth.Mail;

/// <summary>The way out of each channel, chosen once from the options; null where there is none.</summary>
internal sealed class MessageSenders
{
    private readonly IMessageSender? email;
    private readonly IMessageSender? sms;

    public MessageSenders(AuthOptions options, SafeHttp http, HookRunner hooks)
    {
        IMessageSender? inbox = options.Development ? new InboxSender() : null;
        email = hooks.Has(HookName.SendEmail) ? new SendHook(HookName.SendEmail, hooks)
            : options.Email.Smtp.Enabled ? new SmtpSender(options.Email.Smtp)
            : inbox;
        sms = hooks.Has(HookName.SendSms) ? new SendHook(HookName.SendSms, hooks)
            : options.Sms.Uri.Length == 0 ? inbox
            : new SmsHttpSender(
                SafeHttp.Require(options.Sms.Uri, "[auth.sms] uri", options.Development),
                new WebhookSignature(options.Sms.Secret, "[auth.sms] secret"),
                http
            );
    }

    public bool HasEmail => email is not null;

    public bool HasSms => sms is not null;

    public IMessageSender Of(string channel) =>
        (channel == Outbox.Email ? email : sms)
        ?? throw new InvalidOperationException($"there is no sender for {channel}");
}
