using System.Net;
using System.Net.Sockets;

namespace Tenon.Testing;

/// <summary>
/// Ports for servers that a test starts as a process. They lie below the range from which the system takes the ports of
/// outgoing connections, so that nothing else of a busy test run can take one before the server has opened it.
/// </summary>
internal static class LoopbackPort
{
    private const int First = 12_000;
    private const int Count = 20_000;

    private static int last = Random.Shared.Next(Count);

    public static int Next()
    {
        for (int tries = 0; tries < Count; tries++)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref last) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }
        throw new InvalidOperationException("no free port on loopback");
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
