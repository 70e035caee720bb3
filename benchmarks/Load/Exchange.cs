using System.Net.Sockets;

namespace Tenon.Benchmarks.Load;

/// <summary>One request after the other on one connection, outside any measurement.</summary>
internal sealed class Exchange : IDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true, ReceiveTimeout = 30_000 };
    private readonly byte[] _buffer;

    public Exchange(int port, int buffer = 4 * 1024 * 1024)
    {
        _buffer = new byte[buffer];
        _client.Connect("127.0.0.1", port);
    }

    public static (int Status, byte[] Body) Once(int port, byte[] request)
    {
        using var exchange = new Exchange(port);
        return exchange.Send(request);
    }

    public (int Status, byte[] Body) Send(byte[] request)
    {
        var stream = _client.GetStream();
        stream.Write(request);
        var filled = 0;
        while (true)
        {
            var read = stream.Read(_buffer, filled, _buffer.Length - filled);
            if (read == 0)
            {
                throw new IOException("the server closed the connection");
            }

            filled += read;
            if (HttpAnswer.TryParse(_buffer.AsSpan(0, filled), out var status, out var body, out _))
            {
                return (status, _buffer.AsSpan()[body].ToArray());
            }
        }
    }

    public void Dispose() => _client.Dispose();
}
