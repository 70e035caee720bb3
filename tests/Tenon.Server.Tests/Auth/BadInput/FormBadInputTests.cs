using System.Net;
using System.Text;

namespace Tenon.Server.Tests.Auth.BadInput;

/// <summary>Forms that cannot be read, at every endpoint that takes one: refused, never an accident of the server's.</summary>
public sealed class FormBadInputTests(BadInputFixture fixture) : IClassFixture<BadInputFixture>
{
    private const string Issuer = "http://localhost:54321/auth/v1";

    private static readonly string[] Names =
    [
        "grant_type", "client_id", "client_secret", "code", "code_verifier", "redirect_uri", "refresh_token", "token", "scope", "state", "device_code", "user_code", "form",
        "authorization_id", "email", "password", "id_token_hint", "post_logout_redirect_uri", "access_token", "error",
    ];

    [Theory]
    [InlineData("oauth/token")]
    [InlineData("oauth/par")]
    [InlineData("oauth/device_authorization")]
    [InlineData("oauth/introspect")]
    [InlineData("oauth/revoke")]
    [InlineData("oauth/logout")]
    [InlineData("oauth/authorize")]
    [InlineData("oauth/userinfo")]
    [InlineData("oauth/consent")]
    [InlineData("oauth/sign-in")]
    [InlineData("oauth/factor")]
    [InlineData("oauth/switch")]
    [InlineData("oauth/device")]
    [InlineData("callback")]
    public async Task A_form_that_is_none_is_refused(string path)
    {
        const string form = "application/x-www-form-urlencoded";
        (string Type, byte[] Body)[] wrong =
        [
            (form, Encoding.ASCII.GetBytes(string.Join('&', Enumerable.Range(0, 2000).Select(i => $"k{i}=v")))),
            (form, Encoding.ASCII.GetBytes(new string('k', 5000) + "=v")),
            (form, [(byte)'a', (byte)'=', 0xFF, 0xFE, (byte)'&', 0x00, (byte)'=', (byte)'%', (byte)'f', (byte)'f']),
            (form, Encoding.ASCII.GetBytes("grant_type=authorization_code&grant_type=refresh_token&client_id=a&client_id=b&code=x&code=y")),
            (form, Encoding.ASCII.GetBytes(string.Join('&', Names.Select(name => name + "=%00a%00")))),
            (form, Encoding.ASCII.GetBytes(string.Join('&', Names.Select(name => name + "=%ed%a0%80")))),
            (form, Encoding.ASCII.GetBytes("grant_type=refresh_token&client_id=%00&refresh_token=x")),
            (form, Encoding.ASCII.GetBytes("redirect_uri=https%3A%2F%2Fevil.test%2F%0d%0aSet-Cookie%3A%20a%3Db&state=x%0d%0aLocation%3A%20https%3A%2F%2Fevil.test")),
            ("multipart/form-data; boundary=x", Encoding.ASCII.GetBytes("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nbroken")),
            ("multipart/form-data", Encoding.ASCII.GetBytes("no boundary")),
            ("application/json", Encoding.ASCII.GetBytes("""{"grant_type":"authorization_code","client_id":"x"}""")),
            ("text/plain", Encoding.ASCII.GetBytes("grant_type=authorization_code")),
        ];
        foreach ((string type, byte[] body) in wrong)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/auth/v1/" + path) { Content = new ByteArrayContent(body) };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            HttpResponseMessage response = await fixture.Host.Client.SendAsync(request, TestContext.Current.CancellationToken);
            var answer = new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response);
            int status = (int)answer.Status;
            bool led = status is >= 300 and < 400 && answer.Header("Location")!.StartsWith(Issuer, StringComparison.Ordinal);
            bool done = answer.Status == HttpStatusCode.OK && path == "oauth/logout";
            Assert.True(status is >= 400 and < 500 || led || done, $"{path} {type}: {status} {answer.Body}");
            Assert.False(answer.Message.Headers.TryGetValues("Set-Cookie", out IEnumerable<string>? set) && set.Any(cookie => cookie.StartsWith("a=", StringComparison.Ordinal)));
        }
    }
}
