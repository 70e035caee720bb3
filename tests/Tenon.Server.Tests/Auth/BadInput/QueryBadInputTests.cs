using System.Net;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Tenon.Server.Tests.Auth.OAuth;

namespace Tenon.Server.Tests.Auth.BadInput;

/// <summary>What can be wrong with an address: repeated, endless and unreadable parameters, header lines, other people's addresses.</summary>
public sealed class QueryBadInputTests(BadInputFixture fixture) : IClassFixture<BadInputFixture>
{
    // As they stand in the address: line ends, NUL, bytes that are no UTF-8, half an escape, letters beyond ASCII.
    private static readonly string[] Values =
    [
        "", "x%0d%0aSet-Cookie:%20a%3Db", "x%0aLocation:%20https://evil.test/", "%00", "a%00b", "%ff%fe", "%c3%28", "%ed%a0%80", "%", "%zz", "%f0%9f%a6%92",
        "https://evil.test/", "//evil.test", "javascript:alert(1)", "%5c%5cevil.test", "<script>", "'%20or%201=1--", "../../x", "%2e%2e%2f", "{}", "[]", "true", "-1", "1e400",
        new string('x', 1500), new string('x', 9000),
    ];

    private static readonly string[] External = ["provider", "redirect_to", "scopes", "skip_http_redirect", "code_challenge", "code_challenge_method", "invite_token"];

    public static TheoryData<string, string, string[]> Calls =>
        new()
        {
            { "/auth/v1/authorize", $"provider=acme&redirect_to=http://localhost:54321/x&code_challenge={ExternalVisit.Challenge}&code_challenge_method=s256", External },
            { "/auth/v1/callback", "state=x&code=y", ["state", "code", "iss", "error", "error_description", "error_uri"] },
            { "/auth/v1/verify", "type=magiclink&token=x", ["type", "token", "token_hash", "email", "redirect_to"] },
            { "/auth/v1/user/identities/authorize", $"provider=acme&code_challenge={ExternalVisit.Challenge}&code_challenge_method=s256", External },
            { "/auth/v1/user/oauth/grants", "", ["client_id"] },
            { "/auth/v1/admin/users", "", ["page", "per_page", "filter", "sort"] },
            { "/auth/v1/admin/audit", "", ["page", "per_page", "query", "action", "user_id"] },
            { "/auth/v1/admin/custom-providers", "", ["type"] },
            { "/auth/v1/admin/oauth/clients", "", ["page", "per_page"] },
            { "/auth/v1/admin/proof", "", ["nonce"] },
            { "/auth/v1/oauth/authorize", "client_id=x", ["client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "prompt", "max_age", "code_challenge", "request", "request_uri", "id_token_hint", "ui_locales"] },
            { "/auth/v1/oauth/consent", "", ["authorization_id"] },
            { "/auth/v1/oauth/device", "", ["user_code"] },
            { "/auth/v1/oauth/logout", "", ["id_token_hint", "post_logout_redirect_uri", "state", "client_id"] },
            { "/dev/inbox/messages.json", "", ["to"] },
        };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_hostile_query_is_no_accident_leads_nobody_away_and_sets_no_header(string path, string right, string[] names)
    {
        Scene scene = await fixture.UserAsync();
        foreach (string query in Wrong(right, names))
        {
            Answer answer = await GetAsync(scene, path, query);
            Assert.True((int)answer.Status < 500, $"{path}?{query}: {(int)answer.Status} {answer.Body}");
            IEnumerable<string> cookies = answer.Message.Headers.TryGetValues("Set-Cookie", out IEnumerable<string>? set) ? set : [];
            Assert.All(cookies, cookie => Assert.StartsWith("tenon-", cookie, StringComparison.Ordinal));
            if (answer.Header("Location") is { } target)
            {
                var end = new Uri(target);
                Assert.True(end.Host is "localhost" or "127.0.0.1" && end.UserInfo.Length == 0, $"{path}?{query} leads to {target}");
            }
        }
    }

    private static IEnumerable<string> Wrong(string right, string[] names)
    {
        string and = right.Length == 0 ? "" : right + "&";
        foreach (string name in names)
        {
            string without = string.Join('&', right.Split('&', StringSplitOptions.RemoveEmptyEntries).Where(pair => !pair.StartsWith(name + "=", StringComparison.Ordinal)));
            foreach (string value in Values)
            {
                yield return (without.Length == 0 ? "" : without + "&") + $"{name}={value}";
            }
            yield return and + $"{name}=a&{name}=b";
            yield return and + $"{name}[]=a";
        }
        yield return and + "=x&&&=&%00=%00&%0d%0aX-Evil:%201=x&%ff=x&" + new string('k', 3000) + "=v";
        yield return and + string.Join('&', Enumerable.Range(0, 1500).Select(i => $"k{i}=v"));
    }

    private static async Task<Answer> GetAsync(Scene scene, string path, string query)
    {
        bool admin = path.Contains("/admin/", StringComparison.Ordinal);
        string key = admin ? scene.Host.Keys.SecretKey : scene.Host.Keys.PublishableKey;
        string? token = path.Contains("/user/", StringComparison.Ordinal) ? scene.Token : null;
        return await scene.Host.SendAsync("GET", $"{path}?{query}", token: token, apikey: key);
    }

    [Theory]
    [InlineData("x%26client_id=evil")]
    [InlineData("x%3dy%26redirect_uri%3dhttps://evil.test/")]
    [InlineData("state=evil&state=worse")]
    [InlineData("client_id=evil&CLIENT_ID=evil&Redirect_Uri=https://evil.test/&nonce=evil&response_mode=fragment&request=evil")]
    [InlineData("x%0d%0aSet-Cookie:%20a%3Db=1")]
    [InlineData("x%23fragment=1")]
    [InlineData("%c3%a9=%c3%a9")]
    public async Task What_goes_on_to_a_provider_cannot_take_the_place_of_what_the_server_says(string more)
    {
        Answer begun = await fixture.Host.SendAsync("GET", ExternalVisit.Path("acme", pkce: true, "http://localhost:54321/x") + "&" + more);
        Assert.Equal(HttpStatusCode.Found, begun.Status);
        var target = new Uri(begun.Header("Location")!);
        Assert.Equal(new Uri(fixture.IssuerUrl).Authority, target.Authority);
        Assert.Equal("", target.Fragment);
        Dictionary<string, StringValues> told = QueryHelpers.ParseQuery(target.Query);
        Assert.Equal("tenon", told["client_id"].ToString());
        Assert.Equal("http://localhost:54321/auth/v1/callback", told["redirect_uri"].ToString());
        Assert.DoesNotContain("evil", told["state"].ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("evil", told["nonce"].ToString(), StringComparison.Ordinal);
        Assert.False(told.ContainsKey("request") || told.ContainsKey("response_mode"));
    }
}
