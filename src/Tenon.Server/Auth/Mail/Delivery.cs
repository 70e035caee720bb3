namespace Tenon.Server.Auth.Mail;

/// <summary>What became of an attempt to send.</summary>
internal enum DeliveryResult
{
    Sent,

    /// <summary>Shown in the development inbox.</summary>
    Kept,

    /// <summary>To be tried again.</summary>
    Later,

    /// <summary>Refused for good.</summary>
    Refused,
}

/// <summary>The result with its reason: the server's words without the message's text.</summary>
internal readonly record struct Delivery(DeliveryResult Result, string? Reason = null);

/// <summary>A way out for messages of one channel: SMTP, a signed HTTP call, the development inbox.</summary>
internal interface IMessageSender
{
    Task<Delivery> SendAsync(Guid id, OutboundMessage message, CancellationToken cancellation);
}

/// <summary>In development nothing leaves the machine: messages stay where /dev/inbox shows them.</summary>
internal sealed class InboxSender : IMessageSender
{
    public Task<Delivery> SendAsync(Guid id, OutboundMessage message, CancellationToken cancellation) =>
        Task.FromResult(new Delivery(DeliveryResult.Kept));
}
