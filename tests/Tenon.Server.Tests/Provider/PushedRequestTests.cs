using System.Net;
using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>Pushed authorization requests (RFC 9126).</summary>
public sealed class PushedRequestTests(ProviderFixture fixture) : IClassFixture<ProviderFixture>
{
    private readonly ProviderHost host = fixture.Host;

    private Task<Answer> PushAsync(TestClient client, string? redirect = null, string? method = "S256") => PushAsync(host, client, redirect, method);

    internal static Task<Answer> PushAsync(ProviderHost host, TestClient client, string? redirect = null, string? method = "S256") =>
        host.FormAsync(
            "par",
            client,
            ("response_type", "code"),
            ("redirect_uri", redirect ?? client.RedirectUri),
            ("scope", "openid email"),
            ("state", "pushed"),
            ("code_challenge", ProviderHost.Challenge()),
            ("code_challenge_method", method)
        );

    internal static string Url(TestClient client, Answer pushed) =>
        $"/auth/v1/oauth/authorize?client_id={client.Id}&request_uri={Uri.EscapeDataString(pushed.Text("request_uri"))}";

    [Fact]
    public async Task A_pushed_request_leads_to_tokens()
    {
        string email = ProviderFixture.NewEmail();
        await host.SignUpAsync(email);
        TestClient client = await host.ClientAsync();
        Answer pushed = await PushAsync(client);
        Assert.Equal(HttpStatusCode.Created, pushed.Status);
        var visitor = new Visitor(host);
        Answer consent = await visitor.SignInAsync(await visitor.GoAsync(Url(client, pushed)), email);
        Answer back = await visitor.SubmitAsync(consent, "/consent", ("action", "approve"));
        Assert.Equal("pushed", Visitor.Parameter(back, "state"));
        Assert.True((await host.RedeemAsync(client, Visitor.Parameter(back, "code")!)).Ok);
        Answer again = await visitor.GoAsync(Url(client, pushed));
        Assert.DoesNotContain("code=", again.Header("Location") ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_is_said_before_the_browser_is_sent()
    {
        TestClient client = await host.ClientAsync();
        Assert.Equal(HttpStatusCode.BadRequest, (await PushAsync(client, redirect: "https://evil.test/")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PushAsync(client, method: "plain")).Status);
        Assert.Equal("invalid_client", (await PushAsync(client with { Secret = "wrong" })).Text("error"));
    }

    [Fact]
    public async Task Another_client_cannot_use_it()
    {
        Answer pushed = await PushAsync(await host.ClientAsync());
        Answer refused = await new Visitor(host).GoAsync(Url(await host.ClientAsync(), pushed));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
    }
}
