using System.Text.Json;
using Tenon.Server.Auth.Hooks;

namespace Tenon.Server.Auth.Mail;

/// <summary>Posts text messages to <c>[auth.sms] uri</c> as {"phone","message","otp","type"}, signed; whoever answers there sends them.</summary>
internal sealed class SmsHttpSender(Uri uri, WebhookSignature signature, SafeHttp http) : IMessageSender
{
    public async Task<Delivery> SendAsync(Guid id, OutboundMessage message, CancellationToken cancellation)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(
            new Dictionary<string, string>
            {
                ["phone"] = "+" + message.To,
                ["message"] = message.Text,
                ["otp"] = message.Code,
                ["type"] = message.Kind,
            }
        );
        try
        {
            CallAnswer answer = await http.PostAsync(uri, body, id, signature, cancellation);
            return answer.Status switch
            {
                >= 200 and < 300 => new Delivery(DeliveryResult.Sent),
                408 or 409 or 425 or 429 or >= 500 => new Delivery(DeliveryResult.Later, $"the sender answered {answer.Status}"),
                _ => new Delivery(DeliveryResult.Refused, $"the sender answered {answer.Status}"),
            };
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return new Delivery(DeliveryResult.Later, e is OperationCanceledException ? "the sender did not answer in time" : "the sender could not be reached");
        }
    }
}
