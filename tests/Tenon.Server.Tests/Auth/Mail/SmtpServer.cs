using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tenon.Server.Tests.Auth.Mail;

/// <summary>A mail server on a free port that keeps what it is given, and refuses as often as a test says.</summary>
internal sealed class SmtpServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly List<string> mails = [];
    private readonly Queue<string> refusals = new();

    public SmtpServer()
    {
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public int Connections { get; private set; }

    /// <summary>The next RCPT gets this answer.</summary>
    public void RefuseOnce(string answer)
    {
        lock (mails)
        {
            refusals.Enqueue(answer);
        }
    }

    public List<string> Mails
    {
        get
        {
            lock (mails)
            {
                return [.. mails];
            }
        }
    }

    public async Task<string> WaitAsync(int count = 1)
    {
        for (int i = 0; i < 400 && Mails.Count < count; i++)
        {
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        return Mails[count - 1];
    }

    public void Dispose() => listener.Stop();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await listener.AcceptTcpClientAsync();
                Connections++;
                _ = TalkAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        using TcpClient open = client;
        using var reader = new StreamReader(open.GetStream(), Encoding.Latin1);
        using var writer = new StreamWriter(open.GetStream(), Encoding.Latin1) { NewLine = "\r\n", AutoFlush = true };
        var envelope = new StringBuilder();
        await writer.WriteLineAsync("220 test");
        while (await reader.ReadLineAsync() is { } line)
        {
            string verb = line.Split(' ', ':')[0].ToUpperInvariant();
            switch (verb)
            {
                case "EHLO":
                    await writer.WriteLineAsync("250-test");
                    await writer.WriteLineAsync("250 AUTH PLAIN");
                    break;
                case "AUTH":
                    // AUTH PLAIN and, in base64, NUL, user, NUL, password (RFC 4616).
                    envelope.AppendLine("AUTH " + Encoding.UTF8.GetString(Convert.FromBase64String(line.Split(' ')[2])).Replace('\0', ' '));
                    await writer.WriteLineAsync("235 welcome");
                    break;
                case "RCPT" when Refusal() is { } refusal:
                    await writer.WriteLineAsync(refusal);
                    break;
                case "MAIL" or "RCPT":
                    envelope.AppendLine(line);
                    await writer.WriteLineAsync("250 ok");
                    break;
                case "DATA":
                    await writer.WriteLineAsync("354 go");
                    while (await reader.ReadLineAsync() is { } text && text != ".")
                    {
                        envelope.AppendLine(text);
                    }
                    lock (mails)
                    {
                        mails.Add(envelope.ToString());
                    }
                    envelope.Clear();
                    await writer.WriteLineAsync("250 kept");
                    break;
                case "QUIT":
                    await writer.WriteLineAsync("221 bye");
                    return;
                default:
                    await writer.WriteLineAsync("250 ok");
                    break;
            }
        }
    }

    private string? Refusal()
    {
        lock (mails)
        {
            return refusals.TryDequeue(out string? answer) ? answer : null;
        }
    }
}
