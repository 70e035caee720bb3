using System.Net;
using System.Net.Sockets;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Hooks;

/// <summary>An answer of a called address: its status and, up to a bound, its body.</summary>
internal readonly record struct CallAnswer(int Status, byte[] Body);

/// <summary>
/// Signed calls to addresses from the configuration: no redirects, no proxy, no cookies, public addresses only, bounded in
/// time and size.
/// </summary>
internal sealed class SafeHttp : IDisposable
{
    public const int LargestAnswer = 200 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly bool thisMachine;
    private readonly TimeProvider clock;
    private readonly HttpClient client;

    public SafeHttp(AuthOptions options, TimeProvider clock)
    {
        this.clock = clock;
        thisMachine = options.Development;
        client = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseProxy = false,
                UseCookies = false,
                MaxResponseHeadersLength = 32,
                PooledConnectionLifetime = TimeSpan.FromMinutes(2),
                ConnectCallback = ConnectAsync,
            }
        )
        {
            Timeout = Limit,
            MaxResponseContentBufferSize = LargestAnswer,
        };
    }

    /// <summary>An address from the configuration: https, or http to this machine in development.</summary>
    public static Uri Require(string text, string setting, bool development) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
        && uri.UserInfo.Length == 0
        && (uri.Scheme == Uri.UriSchemeHttps || (development && uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
            ? uri
            : throw new InvalidOperationException($"{setting} must be an https address (in development also http to this machine)");

    /// <summary>Posts JSON. Throws HttpRequestException or OperationCanceledException when there is no answer.</summary>
    public async Task<CallAnswer> PostAsync(Uri uri, byte[] body, Guid id, WebhookSignature signature, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        signature.Sign(request, id, StoreTime.Now(clock), body);
        using HttpResponseMessage response = await client.SendAsync(request, cancellation);
        return new CallAnswer((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation));
    }

    /// <summary>Any call. Throws HttpRequestException or OperationCanceledException when there is no answer.</summary>
    public async Task<CallAnswer> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await client.SendAsync(request, cancellation);
        return new CallAnswer((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation));
    }

    public void Dispose() => client.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        IPAddress[] found = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellation);
        IPAddress[] allowed = [.. found.Where(address => PublicAddress.Is(address) || (thisMachine && PublicAddress.IsThisMachine(address)))];
        if (allowed.Length == 0)
        {
            throw new HttpRequestException("the address is not a public one");
        }
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
