using Tenon.Server.Auth;
using Tenon.Server.Auth.WebAuthn;

namespace Tenon.Server.Tests.Auth.WebAuthn;

/// <summary>Whom keys are bound to follows from the settings alone.</summary>
public sealed class RelyingPartyTests
{
    private static AuthOptions Site(string url, bool development = false, string id = "", params string[] origins)
    {
        var options = new AuthOptions { SiteUrl = url, PublicUrl = "http://127.0.0.1:9000", Development = development };
        options.Passkeys.RpId = id;
        options.Passkeys.RpOrigins.AddRange(origins);
        return options;
    }

    [Theory]
    [InlineData("https://app.example.com/start", "app.example.com", "https://app.example.com")]
    [InlineData("https://EXAMPLE.com:8443", "example.com", "https://example.com:8443")]
    [InlineData("https://example.com:443", "example.com", "https://example.com")]
    [InlineData("http://localhost:5173", "localhost", "http://localhost:5173")]
    public void Id_and_origin_are_those_of_the_site(string url, string id, string origin)
    {
        var party = new RelyingParty(Site(url));
        Assert.Equal(id, party.Id);
        Assert.True(party.Accepts(origin, crossOrigin: false));
        Assert.False(party.Accepts(origin, crossOrigin: true));
        Assert.False(party.Accepts(origin + ".evil.test", crossOrigin: false));
        Assert.False(party.Accepts("http://localhost:9000", crossOrigin: false));
    }

    [Theory]
    [InlineData("http://example.com")]
    [InlineData("http://127.0.0.1:54321")]
    [InlineData("https://192.0.2.1")]
    [InlineData("https://[2001:db8::1]")]
    [InlineData("ftp://example.com")]
    [InlineData("nonsense")]
    public void Without_a_secure_origin_with_a_domain_there_is_none(string url) => Assert.Null(new RelyingParty(Site(url)).Id);

    [Fact]
    public void In_development_this_machine_is_localhost_at_the_ports_of_site_and_server()
    {
        var party = new RelyingParty(Site("http://127.0.0.1:5173", development: true));
        Assert.Equal("localhost", party.Id);
        Assert.True(party.Accepts("http://localhost:5173", crossOrigin: false));
        Assert.True(party.Accepts("http://localhost:9000", crossOrigin: false));
        Assert.False(party.Accepts("http://127.0.0.1:5173", crossOrigin: false));
        Assert.False(party.Accepts("http://localhost:1", crossOrigin: false));
    }

    [Fact]
    public void Settings_say_the_domain_and_all_origins_below_it()
    {
        var party = new RelyingParty(Site("https://www.example.com", id: "example.com", origins: ["https://www.example.com/", "https://app.example.com:8443", "android:apk-key-hash:abc"]));
        Assert.Equal("example.com", party.Id);
        Assert.True(party.Accepts("https://www.example.com", crossOrigin: false));
        Assert.True(party.Accepts("https://app.example.com:8443", crossOrigin: false));
        Assert.True(party.Accepts("android:apk-key-hash:abc", crossOrigin: false));
        Assert.False(party.Accepts("https://example.com", crossOrigin: false));
    }

    [Theory]
    [InlineData("Example.com", "https://example.com")]
    [InlineData("https://example.com", "https://example.com")]
    [InlineData("192.0.2.1", "https://192.0.2.1")]
    [InlineData("example.com", "http://example.com")]
    [InlineData("example.com", "https://example.com/path")]
    [InlineData("example.com", "https://user@example.com")]
    [InlineData("example.com", "https://evilexample.com")]
    [InlineData("example.com", "https://example.com.evil.test")]
    [InlineData("app.example.com", "https://example.com")]
    [InlineData("example.com", "*")]
    public void Settings_that_no_browser_would_take_stop_the_start(string id, string origin)
    {
        var e = Assert.Throws<InvalidOperationException>(() => new RelyingParty(Site("https://example.com", id: id, origins: [origin])));
        Assert.StartsWith("[auth.passkeys] rp_", e.Message, StringComparison.Ordinal);
    }
}
