using System.Collections.Frozen;

namespace Tenon.Server.Auth.WebAuthn;

/// <summary>
/// Whom keys prove themselves to (WebAuthn §5.1): the RP ID, a domain, and the origins whose pages may ask. Both come from
/// <c>[auth.passkeys]</c>, or else from the site's address; never from a request.
/// </summary>
internal sealed class RelyingParty
{
    private const string Localhost = "localhost";

    // How the origin of a native Android application begins; it has no host.
    private const string AndroidApp = "android:apk-key-hash:";
    private readonly FrozenSet<string> origins;

    public RelyingParty(AuthOptions options)
    {
        AuthPasskeyOptions set = options.Passkeys;
        string? site = SiteOrigin(options.SiteUrl, options.Development);
        Id = set.RpId.Length > 0 ? set.RpId : set.RpOrigins.Count > 0 && site is null ? null : HostOf(site);
        if (set.RpId.Length > 0 && !IsDomain(set.RpId))
        {
            throw new InvalidOperationException($"[auth.passkeys] rp_id must be a domain in lower case, such as example.com, not \"{set.RpId}\"");
        }
        if (Id is null && set.RpOrigins.Count > 0)
        {
            throw new InvalidOperationException("[auth.passkeys] rp_origins needs rp_id, for [auth] site_url is no https address with a domain");
        }
        origins = set.RpOrigins.Count > 0 ? [.. set.RpOrigins.Select(origin => Require(origin, Id!))] : Derived(options, site);
    }

    /// <summary>Null: the site's address is none that browsers offer WebAuthn to, so passkeys and security keys are off.</summary>
    public string? Id { get; }

    /// <summary>Where the page that asked was shown, as the browser signed it. A page within another one's frame is refused.</summary>
    public bool Accepts(string origin, bool crossOrigin) => !crossOrigin && origins.Contains(origin);

    private static FrozenSet<string> Derived(AuthOptions options, string? site)
    {
        // In development the page may be shown by the front end's own server or by this one.
        string?[] found = options.Development ? [site, SiteOrigin(options.PublicUrl, development: true)] : [site];
        return found.OfType<string>().ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>The origin of an address where browsers have WebAuthn: https with a domain, or this machine by its name.</summary>
    private static string? SiteOrigin(string address, bool development)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
        {
            return null;
        }
        if (development && uri is { IsLoopback: true, HostNameType: not UriHostNameType.Dns })
        {
            // An address of digits is no domain: in development the same server is asked for as localhost.
            uri = new UriBuilder(uri) { Host = Localhost }.Uri;
        }
        return IsSecure(uri) && IsDomain(uri.Host) ? uri.GetLeftPart(UriPartial.Authority) : null;
    }

    private static string Require(string origin, string id)
    {
        if (origin.StartsWith(AndroidApp, StringComparison.Ordinal))
        {
            return origin;
        }
        bool good =
            Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri)
            && uri is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" }
            && IsSecure(uri)
            && (uri.Host == id || uri.Host.EndsWith("." + id, StringComparison.Ordinal));
        return good
            ? uri!.GetLeftPart(UriPartial.Authority)
            : throw new InvalidOperationException(
                $"[auth.passkeys] rp_origins: \"{origin}\" must be https://, a host that is {id} or ends with .{id}, and nothing more"
            );
    }

    private static bool IsSecure(Uri uri) =>
        uri.Scheme == "https" || (uri.Scheme == "http" && (uri.Host == Localhost || uri.Host.EndsWith("." + Localhost, StringComparison.Ordinal)));

    private static bool IsDomain(string host) =>
        Uri.CheckHostName(host) == UriHostNameType.Dns && !host.Any(char.IsAsciiLetterUpper) && !host.EndsWith('.');

    private static string? HostOf(string? origin) => origin is null ? null : new Uri(origin).Host;
}
