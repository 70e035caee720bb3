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

    /// <summary>Whether a page at this address is one that browsers let ask and whose answers are taken.</summary>
    public bool AsksAt(string address) =>
        Id is not null && Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && origins.Contains(uri.GetLeftPart(UriPartial.Authority)) && IsWithin(uri.Host, Id);

    /// <summary>
    /// The site's, and that of the pages this server shows itself where browsers let them ask for the site's keys. In development
    /// the page may be shown by the front end's own server or by this one.
    /// </summary>
    private FrozenSet<string> Derived(AuthOptions options, string? site)
    {
        string? own = SiteOrigin(options.PublicUrl, options.Development);
        bool asks = options.Development || (options.OAuthServer.Enabled && Id is not null && HostOf(own) is { } host && IsWithin(host, Id));
        string?[] found = asks ? [site, own] : [site];
        return found.OfType<string>().ToFrozenSet(StringComparer.Ordinal);
    }

    private static bool IsWithin(string host, string id) => host == id || host.EndsWith("." + id, StringComparison.Ordinal);

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
            && IsWithin(uri.Host, id);
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
