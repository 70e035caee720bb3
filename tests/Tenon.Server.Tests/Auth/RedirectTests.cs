using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth;

public sealed class RedirectTests
{
    private static readonly Redirects Redirects = new(
        new AuthOptions
        {
            SiteUrl = "https://app.example.com/welcome",
            AdditionalRedirectUrls =
            {
                "https://*.preview.example.com/**",
                "https://fixed.example.com/callback",
                "http://localhost:3000/**",
                "com.my_app.example://login-callback/**",
                "myapp://**",
                "https://{one,two}.example.org/[ab]/*",
                "https://**.wide.example.com/cb",
            },
        }
    );

    [Theory]
    [InlineData("https://app.example.com/welcome")]
    [InlineData("https://app.example.com/anything?next=1")]
    [InlineData("https://APP.example.com:443/x")]
    [InlineData("https://pr-7.preview.example.com/a/b?c=d")]
    [InlineData("https://fixed.example.com/callback")]
    [InlineData("http://localhost:3000/deep/path")]
    [InlineData("com.my_app.example://login-callback/done")]
    [InlineData("myapp://anything/at?all=1")]
    [InlineData("https://two.example.org/b/page")]
    [InlineData("https://a.b.wide.example.com/cb")]
    public void An_address_of_the_site_or_of_the_list_is_followed(string target) => Assert.True(Redirects.IsAllowed(target));

    [Theory]
    [InlineData("")]
    [InlineData("/relative")]
    [InlineData("//evil.test/x")]
    [InlineData("https:evil.test")]
    [InlineData("https:/evil.test")]
    [InlineData("https:\\\\evil.test\\x")]
    [InlineData("https://app.example.com\\@evil.test/")]
    [InlineData("https:/\\app.example.com/")]
    [InlineData("https://app.example.com@evil.test/")]
    [InlineData("https://user:pass@app.example.com/")]
    [InlineData("https://app.example.com.evil.test/")]
    [InlineData("https://evilapp.example.com/")]
    [InlineData("http://app.example.com/")]
    [InlineData("https://app.example.com:8443/")]
    [InlineData("https://app.example.com/#access_token=x")]
    [InlineData("https://app.example.com/x#")]
    [InlineData("https://evil.test/#.preview.example.com/")]
    [InlineData("https://a.b.preview.example.com/")]
    [InlineData("https://evil.test/.preview.example.com/")]
    [InlineData("https://evil.test/a.wide.example.com/cb")]
    [InlineData("https://evil.test?.wide.example.com/cb")]
    [InlineData("https://preview.example.com/")]
    [InlineData("https://fixed.example.com/callback/")]
    [InlineData("https://fixed.example.com/callback?x=1")]
    [InlineData("https://fixed.example.com/x/../callback")]
    [InlineData("https://app.example.com/a/../../b")]
    [InlineData("https://app.example.com/a/%2e%2E/b")]
    [InlineData("http://localhost:3001/")]
    [InlineData("https://localhost:3000/")]
    [InlineData("http://localhost.evil.test:3000/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0x7f000001/")]
    [InlineData("http://0x7f.1/")]
    [InlineData("http://127.1/")]
    [InlineData("http://10.0.0.1:3000/")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://[::ffff:127.0.0.1]:3000/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("https:///x")]
    [InlineData("https://")]
    [InlineData("https://:443/")]
    [InlineData("https://%61pp.example.com/")]
    [InlineData("https://app。example。com/")]
    [InlineData("https://аpp.example.com/")]
    [InlineData(" https://app.example.com/")]
    [InlineData("\thttps://app.example.com/")]
    [InlineData("https://app.example.com/\r\nSet-Cookie: a=b")]
    [InlineData("https://app.example.com/a b")]
    [InlineData("javascript:alert(1)")]
    [InlineData("JavaScript://app.example.com/%0aalert(1)")]
    [InlineData("java\tscript:alert(1)")]
    [InlineData("data:text/html,<script>alert(1)</script>")]
    [InlineData("vbscript:x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("blob:https://app.example.com/x")]
    [InlineData("view-source:https://app.example.com/")]
    [InlineData("com.my_app.example://other-callback/")]
    [InlineData("myapp2://x")]
    [InlineData("https://three.example.org/a/page")]
    [InlineData("https://one.example.org/c/page")]
    [InlineData("https://one.example.org/a/deep/page")]
    public void A_hostile_or_foreign_address_is_not(string target) => Assert.False(Redirects.IsAllowed(target));

    [Fact]
    public void On_this_machine_any_port_is_the_site()
    {
        var local = new Redirects(new AuthOptions { SiteUrl = "http://127.0.0.1:54321" });
        Assert.True(local.IsAllowed("http://127.0.0.1:3000/x"));
        Assert.False(local.IsAllowed("http://localhost:3000/x"));
        Assert.False(local.IsAllowed("https://127.0.0.1:54321/x"));
        Assert.False(local.IsAllowed("http://127.0.0.2:54321/x"));
    }

    [Fact]
    public void An_overlong_address_is_refused_and_a_pattern_without_scheme_stops_the_start()
    {
        Assert.False(Redirects.IsAllowed("https://app.example.com/" + new string('a', 2048)));
        var options = new AuthOptions { AdditionalRedirectUrls = { "*.example.com" } };
        Assert.Throws<InvalidOperationException>(() => new Redirects(options));
    }
}
