using System.Net.Sockets;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Tenon.Server.Auth.Mail;

/// <summary>Hands mails to the server of <c>[auth.email.smtp]</c>. Passwords and texts never cross a network in clear.</summary>
internal sealed class SmtpSender(AuthSmtpOptions options) : IMessageSender
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public async Task<Delivery> SendAsync(Guid id, OutboundMessage message, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        try
        {
            using var client = new SmtpClient();
            await client.ConnectAsync(options.Host, options.Port, Security(), limit.Token);
            if (options.User.Length > 0)
            {
                await client.AuthenticateAsync(options.User, options.Password, limit.Token);
            }
            using MimeMessage mime = Compose(id, message);
            await client.SendAsync(mime, limit.Token);
            await client.DisconnectAsync(quit: true, limit.Token);
            return new Delivery(DeliveryResult.Sent);
        }
        catch (SmtpCommandException e) when ((int)e.StatusCode >= 500 && e.ErrorCode is SmtpErrorCode.RecipientNotAccepted or SmtpErrorCode.MessageNotAccepted)
        {
            return new Delivery(DeliveryResult.Refused, $"the mail server refused: {(int)e.StatusCode}");
        }
        catch (Exception e) when (IsOfTheServer(e) && !cancellation.IsCancellationRequested)
        {
            return new Delivery(DeliveryResult.Later, e is OperationCanceledException ? "the mail server did not answer in time" : e.GetType().Name);
        }
    }

    private static bool IsOfTheServer(Exception e) =>
        e is SmtpCommandException or SmtpProtocolException or SocketException or IOException or AuthenticationException
            or SslHandshakeException or NotSupportedException or OperationCanceledException;

    // On this machine a relay without TLS is usual and safe.
    private SecureSocketOptions Security() =>
        options.Port == 465 ? SecureSocketOptions.SslOnConnect
        : options.Host is "localhost" or "127.0.0.1" or "::1" ? SecureSocketOptions.StartTlsWhenAvailable
        : SecureSocketOptions.StartTls;

    private MimeMessage Compose(Guid id, OutboundMessage message)
    {
        var body = new BodyBuilder { TextBody = message.Text, HtmlBody = message.Html };
        var mime = new MimeMessage { Subject = MailText.Header(message.Subject), Body = body.ToMessageBody() };
        mime.From.Add(new MailboxAddress(MailText.Header(options.SenderName), options.AdminEmail));
        mime.To.Add(new MailboxAddress("", message.To));
        // The same for every attempt, so that a receiver can tell a repetition.
        mime.MessageId = $"{id:N}@{options.AdminEmail[(options.AdminEmail.IndexOf('@') + 1)..]}";
        mime.Headers.Add("Auto-Submitted", "auto-generated");
        return mime;
    }
}
