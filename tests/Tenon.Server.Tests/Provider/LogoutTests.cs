using System.Net;
using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>OpenID Connect RP-Initiated Logout.</summary>
public sealed class LogoutTests(ProviderFixture fixture) : IClassFixture<ProviderFixture>
{
    private const string After = "https://client.test/bye";
    private readonly ProviderHost host = fixture.Host;

    private async Task<(TestClient Client, Visitor Visitor, TokenAnswer Tokens)> SignedInAsync()
    {
        string email = ProviderFixture.NewEmail();
        await host.SignUpAsync(email);
        TestClient client = await host.ClientAsync(more: $$""","post_logout_redirect_uris":["{{After}}"]""");
        var visitor = new Visitor(host);
        return (client, visitor, await host.RedeemAsync(client, await visitor.CodeAsync(client, email)));
    }

    private static string Url(params (string Name, string Value)[] parameters) =>
        "/auth/v1/oauth/logout?" + string.Join('&', parameters.Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value)}"));

    private static async Task<bool> IsSignedInAsync(Visitor visitor, TestClient client) =>
        Visitor.Parameter(await visitor.AuthorizeAsync(client, ("prompt", "none")), "code") is not null;

    [Fact]
    public async Task A_client_with_the_users_identity_token_signs_them_out()
    {
        (TestClient client, Visitor visitor, TokenAnswer tokens) = await SignedInAsync();
        Assert.True(await IsSignedInAsync(visitor, client));
        Answer back = await visitor.GoAsync(Url(("id_token_hint", tokens.Answer.Text("id_token")), ("post_logout_redirect_uri", After), ("state", "s")));
        Assert.Equal($"{After}?state=s", back.Header("Location"));
        Assert.False(visitor.HasCookie("tenon-sign-in"));
        Assert.False(await IsSignedInAsync(visitor, client));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.UserInfoAsync(tokens.Access)).Status);
    }

    [Fact]
    public async Task Without_it_the_user_is_asked()
    {
        (TestClient client, Visitor visitor, _) = await SignedInAsync();
        Answer page = await visitor.GoAsync(Url(("client_id", client.Id), ("post_logout_redirect_uri", After)));
        Assert.Contains("Sign out?", page.Body, StringComparison.Ordinal);
        Assert.True(await IsSignedInAsync(visitor, client));
        Answer back = await visitor.SubmitAsync(page, "/logout");
        Assert.Equal(After, back.Header("Location"));
        Assert.False(await IsSignedInAsync(visitor, client));
    }

    [Fact]
    public async Task A_forged_confirmation_is_asked_again()
    {
        (TestClient client, Visitor visitor, _) = await SignedInAsync();
        Answer page = await visitor.SendAsync("POST", "/auth/v1/oauth/logout", [("client_id", client.Id), ("form", "forged")]);
        Assert.Contains("Sign out?", page.Body, StringComparison.Ordinal);
        Assert.True(await IsSignedInAsync(visitor, client));
    }

    [Fact]
    public async Task An_identity_token_of_somebody_else_asks_first()
    {
        (TestClient client, Visitor visitor, _) = await SignedInAsync();
        (_, _, TokenAnswer others) = await SignedInAsync();
        Answer page = await visitor.GoAsync(Url(("id_token_hint", others.Answer.Text("id_token"))));
        Assert.Contains("Sign out?", page.Body, StringComparison.Ordinal);
        Assert.True(await IsSignedInAsync(visitor, client));
    }

    [Theory]
    [InlineData("https://evil.test/")]
    [InlineData("https://client.test/bye/else")]
    public async Task An_address_that_is_not_registered_is_never_gone_to(string address)
    {
        (TestClient client, Visitor visitor, TokenAnswer tokens) = await SignedInAsync();
        Answer page = await visitor.GoAsync(Url(("id_token_hint", tokens.Answer.Text("id_token")), ("post_logout_redirect_uri", address)));
        Assert.Equal((HttpStatusCode.BadRequest, null), (page.Status, page.Header("Location")));
        Assert.True(await IsSignedInAsync(visitor, client));
    }
}
