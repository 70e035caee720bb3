using System.Net;
using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Auth;

/// <summary>What is known of the other end: for the session list, the audit log and the rate limits.</summary>
internal sealed record ClientInfo(string? Ip, string? UserAgent)
{
    private const int LongestUserAgent = 512;

    public static ClientInfo Of(HttpContext context, TrustedProxies proxies)
    {
        string agent = context.Request.Headers.UserAgent.ToString();
        return new ClientInfo(
            proxies.ClientOf(context)?.ToString(),
            agent.Length == 0 ? null
                : agent.Length <= LongestUserAgent ? agent
                : agent[..LongestUserAgent]
        );
    }
}

/// <summary>
/// Derives the client's address. X-Forwarded-For is written by anyone, so it is read only when the peer is a trusted proxy,
/// from its right end, and only past entries that are trusted proxies themselves.
/// </summary>
internal sealed class TrustedProxies(AuthOptions options)
{
    private readonly IPNetwork[] networks = [.. options.TrustedProxies.Select(Parse)];

    public IPAddress? ClientOf(HttpContext context)
    {
        IPAddress? client = Plain(context.Connection.RemoteIpAddress);
        if (networks.Length == 0 || client is null || !IsTrusted(client))
        {
            return client;
        }
        string[] hops = context.Request.Headers["X-Forwarded-For"].ToString().Split(',', StringSplitOptions.TrimEntries);
        for (int i = hops.Length - 1; i >= 0; i--)
        {
            if (!IPAddress.TryParse(hops[i], out IPAddress? hop))
            {
                break;
            }
            client = Plain(hop)!;
            if (!IsTrusted(client))
            {
                break;
            }
        }
        return client;
    }

    /// <summary>What limits count by: an IPv4 address, or the /64 that one IPv6 customer has all of.</summary>
    public static string LimitKey(IPAddress? client)
    {
        if (client is null)
        {
            return "";
        }
        return client.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6
            ? Convert.ToHexString(client.GetAddressBytes().AsSpan(0, 8))
            : client.ToString();
    }

    private bool IsTrusted(IPAddress address) => Array.Exists(networks, network => network.Contains(address));

    // An IPv4 peer of a dual-mode socket arrives as ::ffff:a.b.c.d and must not slip past an IPv4 network.
    private static IPAddress? Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

    private static IPNetwork Parse(string text) =>
        IPNetwork.TryParse(text, out IPNetwork network) ? network
        : IPAddress.TryParse(text, out IPAddress? one) ? new IPNetwork(one, one.GetAddressBytes().Length * 8)
        : throw new InvalidOperationException($"trusted_proxies: \"{text}\" is neither a network nor an address");
}
