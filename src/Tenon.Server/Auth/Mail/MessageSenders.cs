namespace Tenon.Server.Auth.Mail;

/// <summary>The way out of each channel, chosen once from the options; null where there is none.</summary>
internal sealed class MessageSenders
{
    private readonly IMessageSender? email;
    private readonly IMessageSender? sms;

    public MessageSenders(AuthOptions options)
    {
        IMessageSender? inbox = options.Development ? new InboxSender() : null;
        email = options.Email.Smtp.Enabled ? new SmtpSender(options.Email.Smtp) : inbox;
        sms = inbox;
    }

    public bool HasEmail => email is not null;

    public bool HasSms => sms is not null;

    public IMessageSender Of(string channel) =>
        (channel == Outbox.Email ? email : sms)
        ?? throw new InvalidOperationException($"there is no sender for {channel}");
}
