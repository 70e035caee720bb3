using Tenon.Server.Auth.Mail;

namespace Tenon.Server.Auth.Hooks;

/// <summary>send_email and send_sms: the app sends messages itself, from what the outbox hands it.</summary>
internal sealed class SendHook(string name, HookRunner hooks) : IMessageSender
{
    public async Task<Delivery> SendAsync(Guid id, OutboundMessage message, CancellationToken cancellation)
    {
        if (message.HookPayload is not { } payload)
        {
            return new Delivery(DeliveryResult.Refused, "it was queued before the hook was set");
        }
        try
        {
            await hooks.SendAsync(name, id, System.Text.Encoding.UTF8.GetBytes(payload), cancellation);
            return new Delivery(DeliveryResult.Sent);
        }
        catch (AuthException e)
        {
            bool busy = e.Error.Status >= 500 || e.Error.Code.StartsWith("hook_", StringComparison.Ordinal);
            return new Delivery(busy ? DeliveryResult.Later : DeliveryResult.Refused, $"the hook {name} answered {e.Error.Code}");
        }
    }
}
