using System.Net;
using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>The device grant (RFC 8628).</summary>
public sealed class DeviceTests(ProviderFixture fixture) : IClassFixture<ProviderFixture>
{
    internal const string Grant = "urn:ietf:params:oauth:grant-type:device_code";
    private readonly ProviderHost host = fixture.Host;

    internal static Task<TokenAnswer> PollAsync(ProviderHost host, TestClient client, Answer begun) =>
        host.TokenAsync(client, ("grant_type", Grant), ("device_code", begun.Text("device_code")));

    /// <summary>Types the code, signs in, and decides.</summary>
    internal static async Task<Answer> DecideAsync(Visitor visitor, Answer begun, string email, string action)
    {
        Answer page = await visitor.GoAsync("/auth/v1/oauth/device");
        Answer signIn = await visitor.SubmitAsync(page, "/device", ("user_code", begun.Text("user_code")));
        Answer consent = await visitor.SignInAsync(signIn, email);
        Assert.Contains("Allow Shop?", consent.Body, StringComparison.Ordinal);
        return await visitor.SubmitAsync(consent, "/consent", ("action", action));
    }

    private async Task<(TestClient Client, Answer Begun, string Email)> BeginAsync()
    {
        string email = ProviderFixture.NewEmail();
        await host.SignUpAsync(email);
        TestClient client = await host.ClientAsync(more: $$""","grant_types":["{{Grant}}","refresh_token"]""");
        Answer begun = await host.FormAsync("device_authorization", client, ("scope", "openid email"));
        Assert.Equal(HttpStatusCode.OK, begun.Status);
        return (client, begun, email);
    }

    [Fact]
    public async Task A_device_gets_tokens_once_its_user_allowed_it()
    {
        (TestClient client, Answer begun, string email) = await BeginAsync();
        Assert.Equal(ProviderHost.Issuer + "/oauth/device", begun.Text("verification_uri"));
        Assert.Matches("^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$", begun.Text("user_code"));
        Assert.Equal("authorization_pending", (await PollAsync(host, client, begun)).Error);
        Answer done = await DecideAsync(new Visitor(host), begun, email, "approve");
        Assert.Contains("signed in", done.Body, StringComparison.Ordinal);
        TokenAnswer tokens = await PollAsync(host, client, begun);
        Assert.True(tokens.Ok, tokens.Answer.Body);
        Assert.Equal(email, (await host.UserInfoAsync(tokens.Access)).Text("email"));
        Assert.True((await host.RefreshAsync(client, tokens.Refresh)).Ok);
    }

    [Fact]
    public async Task The_complete_address_fills_the_code_in()
    {
        (_, Answer begun, _) = await BeginAsync();
        Answer page = await new Visitor(host).GoAsync(begun.Text("verification_uri_complete"));
        Assert.Contains($"value=\"{begun.Text("user_code")}\"", page.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_denied_device_is_told_so()
    {
        (TestClient client, Answer begun, string email) = await BeginAsync();
        await DecideAsync(new Visitor(host), begun, email, "deny");
        Assert.Equal("access_denied", (await PollAsync(host, client, begun)).Error);
    }

    [Fact]
    public async Task A_device_code_works_once()
    {
        (TestClient client, Answer begun, string email) = await BeginAsync();
        await DecideAsync(new Visitor(host), begun, email, "approve");
        TokenAnswer first = await PollAsync(host, client, begun);
        Assert.Equal("invalid_grant", (await PollAsync(host, client, begun)).Error);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.UserInfoAsync(first.Access)).Status);
    }

    [Fact]
    public async Task A_user_code_works_once()
    {
        (_, Answer begun, string email) = await BeginAsync();
        await DecideAsync(new Visitor(host), begun, email, "approve");
        var visitor = new Visitor(host);
        Answer page = await visitor.GoAsync("/auth/v1/oauth/device");
        Answer again = await visitor.SubmitAsync(page, "/device", ("user_code", begun.Text("user_code")));
        Assert.Equal(HttpStatusCode.BadRequest, again.Status);
    }

    [Fact]
    public async Task An_unknown_user_code_is_refused()
    {
        var visitor = new Visitor(host);
        Answer page = await visitor.GoAsync("/auth/v1/oauth/device");
        Answer refused = await visitor.SubmitAsync(page, "/device", ("user_code", "BBBB-BBBB"));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("role=\"alert\"", refused.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_client_cannot_use_the_device_code()
    {
        (_, Answer begun, string email) = await BeginAsync();
        TestClient other = await host.ClientAsync(more: $$""","grant_types":["{{Grant}}"]""");
        await DecideAsync(new Visitor(host), begun, email, "approve");
        Assert.Equal("invalid_grant", (await PollAsync(host, other, begun)).Error);
    }

    [Fact]
    public async Task A_client_without_the_grant_cannot_begin()
    {
        TestClient client = await host.ClientAsync();
        Answer refused = await host.FormAsync("device_authorization", client, ("scope", "openid"));
        Assert.Equal("unauthorized_client", refused.Text("error"));
    }

    [Fact]
    public async Task Guesses_of_user_codes_are_limited()
    {
        await using ProviderHost tight = await ProviderHost.OnSqliteAsync(options => options.RateLimit.TokenVerifications = 3);
        var visitor = new Visitor(tight);
        Answer page = await visitor.GoAsync("/auth/v1/oauth/device");
        var seen = new List<HttpStatusCode>();
        for (int i = 0; i < 5; i++)
        {
            seen.Add((await visitor.SubmitAsync(page, "/device", ("user_code", "BBBB-BBBB"))).Status);
        }
        Assert.Equal(HttpStatusCode.BadRequest, seen[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, seen[^1]);
    }

    [Fact]
    public async Task An_old_device_code_is_refused()
    {
        await using ProviderHost own = await ProviderHost.OnPostgresAsync();
        await own.SignUpAsync("device@example.test");
        TestClient client = await own.ClientAsync(more: $$""","grant_types":["{{Grant}}"]""");
        Answer begun = await own.FormAsync("device_authorization", client, ("scope", "openid"));
        own.Clock!.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal("expired_token", (await PollAsync(own, client, begun)).Error);
    }
}
