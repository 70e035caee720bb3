using System.Net;
using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>What /oauth/authorize refuses, each condition alone (RFC 6749 §4.1.2.1, RFC 7636, RFC 9700 §2.1).</summary>
public sealed class AuthorizeFaultTests(ProviderFixture fixture) : IClassFixture<ProviderFixture>
{
    private readonly ProviderHost host = fixture.Host;

    /// <summary>Told to the person, never to an address that was not judged.</summary>
    private static void IsPage(Answer answer, string error)
    {
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Null(answer.Header("Location"));
        Assert.Contains(error, answer.Body, StringComparison.Ordinal);
    }

    private static void IsRedirect(Answer answer, string error)
    {
        Assert.StartsWith(ProviderHost.Redirect + "?", answer.Header("Location"), StringComparison.Ordinal);
        Assert.Equal((error, "the-state", ProviderHost.Issuer, null), (Visitor.Parameter(answer, "error"), Visitor.Parameter(answer, "state"), Visitor.Parameter(answer, "iss"), Visitor.Parameter(answer, "code")));
    }

    [Theory]
    [InlineData("client_id", null, "invalid_request")]
    [InlineData("client_id", "018f0000-0000-7000-8000-000000000000", "invalid_request")]
    [InlineData("client_id", "not-a-client", "invalid_request")]
    [InlineData("redirect_uri", "https://evil.test/callback", "invalid_request")]
    [InlineData("redirect_uri", "https://client.test/callback/", "invalid_request")]
    [InlineData("redirect_uri", "https://client.test/callback?x=1", "invalid_request")]
    [InlineData("redirect_uri", "https://client.test/CALLBACK", "invalid_request")]
    [InlineData("redirect_uri", "https://client.test:443/callback", "invalid_request")]
    [InlineData("redirect_uri", "https://client.test.evil.test/callback", "invalid_request")]
    [InlineData("redirect_uri", "https://client.test/callback#x", "invalid_request")]
    [InlineData("redirect_uri", "http://client.test/callback", "invalid_request")]
    [InlineData("redirect_uri", "//client.test/callback", "invalid_request")]
    public async Task A_client_or_address_that_is_not_registered_gets_no_redirect(string name, string? value, string error)
    {
        TestClient client = await host.ClientAsync();
        IsPage(await new Visitor(host).AuthorizeAsync(client, (name, value)), error);
    }

    [Theory]
    [InlineData("response_type", "token", "unsupported_response_type")]
    [InlineData("response_type", "id_token", "unsupported_response_type")]
    [InlineData("response_type", "code id_token", "unsupported_response_type")]
    [InlineData("response_mode", "fragment", "invalid_request")]
    [InlineData("code_challenge", null, "invalid_request")]
    [InlineData("code_challenge_method", null, "invalid_request")]
    [InlineData("code_challenge_method", "plain", "invalid_request")]
    [InlineData("scope", "openid everything", "invalid_scope")]
    [InlineData("prompt", "none login", "invalid_request")]
    [InlineData("request", "e30.e30.", "request_not_supported")]
    [InlineData("request_uri", "https://client.test/request.jwt", "request_uri_not_supported")]
    public async Task A_request_that_is_not_right_leads_back_with_its_error(string name, string? value, string error)
    {
        TestClient client = await host.ClientAsync();
        Answer answer = await new Visitor(host).AuthorizeAsync(client, (name, value));
        Assert.True(answer.Header("Location") is not null || answer.Status == HttpStatusCode.BadRequest, answer.Body);
        if (answer.Header("Location") is null)
        {
            IsPage(answer, error);
        }
        else
        {
            IsRedirect(answer, error);
        }
    }

    [Fact]
    public async Task A_request_without_response_type_is_refused()
    {
        TestClient client = await host.ClientAsync();
        Answer answer = await new Visitor(host).AuthorizeAsync(client, ("response_type", null));
        Assert.Contains("invalid_request", answer.Header("Location") ?? answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("code=", answer.Header("Location") ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_gets_no_scope_beyond_those_it_was_registered_with()
    {
        TestClient client = await host.ClientAsync(more: ""","scope":"openid email" """);
        Answer refused = await new Visitor(host).AuthorizeAsync(client, ("scope", "openid email orders:read"));
        Assert.NotEqual(HttpStatusCode.OK, refused.Status);
        Assert.Contains("invalid_request", refused.Header("Location") ?? refused.Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await new Visitor(host).AuthorizeAsync(client, ("scope", "openid email"))).Status);
    }

    [Fact]
    public async Task A_client_without_the_code_grant_is_refused()
    {
        TestClient client = await host.ClientAsync(more: ""","grant_types":["client_credentials"]""");
        Answer answer = await new Visitor(host).AuthorizeAsync(client);
        Assert.Contains("unauthorized_client", answer.Header("Location") ?? answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_public_clients_loopback_address_may_have_any_port()
    {
        TestClient client = await host.ClientAsync(isPublic: true, "http://127.0.0.1/cb");
        Assert.Equal(HttpStatusCode.OK, (await new Visitor(host).AuthorizeAsync(client, ("redirect_uri", "http://127.0.0.1:49152/cb"))).Status);
        IsPage(await new Visitor(host).AuthorizeAsync(client, ("redirect_uri", "http://127.0.0.1:49152/other")), "invalid_request");
        IsPage(await new Visitor(host).AuthorizeAsync(client, ("redirect_uri", "http://127.0.0.2:49152/cb")), "invalid_request");
        TestClient confidential = await host.ClientAsync(redirect: "http://127.0.0.1/cb");
        IsPage(await new Visitor(host).AuthorizeAsync(confidential, ("redirect_uri", "http://127.0.0.1:49152/cb")), "invalid_request");
    }

    [Fact]
    public async Task A_denial_leads_back_with_access_denied()
    {
        string email = ProviderFixture.NewEmail();
        await host.SignUpAsync(email);
        TestClient client = await host.ClientAsync();
        var visitor = new Visitor(host);
        Answer consent = await visitor.SignInAsync(await visitor.AuthorizeAsync(client), email);
        Answer denied = await visitor.SubmitAsync(consent, "/consent", ("action", "deny"));
        IsRedirect(denied, "access_denied");
        Assert.Equal(HttpStatusCode.OK, (await visitor.AuthorizeAsync(client)).Status);
    }
}
