using System.Net;
using System.Net.Sockets;

namespace Tenon.Cli.Commands;

internal static class FreePort
{
    private const int Tries = 100;

    /// <summary>The port, or the next one above it that nobody listens on.</summary>
    public static int From(string host, int port)
    {
        for (int candidate = port; candidate < Math.Min(port + Tries, IPEndPoint.MaxPort); candidate++)
        {
            if (IsFree(host, candidate))
            {
                return candidate;
            }
        }
        throw new IOException($"no free port from {port} on; choose one with --port");
    }

    /// <summary>
    /// A free port of this machine, whichever. Below those that outgoing connections are given, so that none of them has
    /// taken it before the server it is meant for has opened it.
    /// </summary>
    public static int Any() => From("127.0.0.1", Random.Shared.Next(15_000, 32_000));

    public static bool IsFree(string host, int port)
    {
        IPAddress address = IPAddress.TryParse(host, out IPAddress? read) ? read : IPAddress.Loopback;
        using var listener = new TcpListener(address, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new IOException($"port {port} may not be opened by this user; choose one above 1023 with --port");
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
