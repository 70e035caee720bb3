using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>
/// The modules of the OpenID Foundation's Basic OP plan, made anew (their names in the comments). Every client here uses
/// PKCE, as OAuth 2.1 has it.
/// </summary>
public sealed class BasicOpTests(ProviderFixture fixture) : IClassFixture<ProviderFixture>
{
    private const string Everything =
        """{"full_name":"Ada Lovelace","given_name":"Ada","family_name":"Lovelace","preferred_username":"ada","avatar_url":"https://a.test/ada.png","website":"https://a.test","locale":"en","address":{"country":"GB","locality":"London"}}""";
    private readonly ProviderHost host = fixture.Host;

    private async Task<(TestClient Client, string Email, string User, Visitor Visitor)> SetAsync()
    {
        string email = ProviderFixture.NewEmail();
        (string id, _) = await host.SignUpAsync(email, Everything);
        return (await host.ClientAsync(), email, id, new Visitor(host));
    }

    /// <summary>A visitor who is signed in and has allowed the client.</summary>
    private async Task<(TestClient Client, string Email, Visitor Visitor)> KnownAsync()
    {
        (TestClient client, string email, _, Visitor visitor) = await SetAsync();
        await visitor.ThroughAsync(client, email);
        return (client, email, visitor);
    }

    private async Task<TokenAnswer> TokensAsync(TestClient client, Answer back)
    {
        TokenAnswer tokens = await host.RedeemAsync(client, Visitor.Parameter(back, "code") ?? throw new InvalidOperationException(back.Header("Location")));
        Assert.True(tokens.Ok, tokens.Answer.Body);
        return tokens;
    }

    private static bool IsSignIn(Answer answer) => answer.Status == HttpStatusCode.OK && answer.Body.Contains("name=\"password\"", StringComparison.Ordinal);

    // oidcc-server
    [Fact]
    public async Task The_whole_flow_with_everything_an_identity_token_must_say()
    {
        (TestClient client, string email, string user, Visitor visitor) = await SetAsync();
        TokenAnswer tokens = await TokensAsync(client, await visitor.ThroughAsync(client, email, ("nonce", "n-1")));
        Assert.Equal("Bearer", tokens.Answer.Text("token_type"));
        Assert.True(tokens.Answer.Json.GetProperty("expires_in").GetInt32() > 0);
        JsonElement id = tokens.IdClaims;
        Assert.Equal((ProviderHost.Issuer, user, client.Id, "n-1", "aal1"), (Text(id, "iss"), Text(id, "sub"), Text(id, "aud"), Text(id, "nonce"), Text(id, "acr")));
        Assert.Equal("password", Assert.Single(id.GetProperty("amr").EnumerateArray()).GetString());
        Assert.True(id.GetProperty("exp").GetInt64() > id.GetProperty("iat").GetInt64());
        Assert.True(id.GetProperty("auth_time").GetInt64() <= id.GetProperty("iat").GetInt64());
        string half = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(tokens.Access))[..16]);
        Assert.Equal(half, Text(id, "at_hash"));
    }

    private static string? Text(JsonElement claims, string name) => claims.GetProperty(name).GetString();

    // oidcc-response-type-missing
    [Fact]
    public async Task A_missing_response_type_is_an_error()
    {
        (TestClient client, _, Visitor visitor) = await KnownAsync();
        Answer answer = await visitor.AuthorizeAsync(client, ("response_type", null));
        Assert.Contains("invalid_request", answer.Header("Location") ?? answer.Body, StringComparison.Ordinal);
    }

    // oidcc-idtoken-signature
    [Fact]
    public async Task The_identity_token_verifies_by_the_published_keys()
    {
        (TestClient client, string email, _, Visitor visitor) = await SetAsync();
        TokenAnswer tokens = await TokensAsync(client, await visitor.ThroughAsync(client, email));
        Answer jwks = await host.CallAsync("GET", "/auth/v1/.well-known/jwks.json");
        foreach (string token in new[] { tokens.Answer.Text("id_token"), tokens.Access })
        {
            TokenValidationResult result = await new JsonWebTokenHandler().ValidateTokenAsync(
                token,
                new TokenValidationParameters
                {
                    IssuerSigningKeys = new JsonWebKeySet(jwks.Body).GetSigningKeys(),
                    ValidIssuer = ProviderHost.Issuer,
                    ValidAudiences = [client.Id, "authenticated"],
                    ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
                }
            );
            Assert.True(result.IsValid, result.Exception?.Message);
        }
    }

    // oidcc-idtoken-unsigned: not offered
    [Fact]
    public async Task Unsigned_identity_tokens_are_not_offered() =>
        Assert.DoesNotContain("none", (await DiscoveryAsync()).GetProperty("id_token_signing_alg_values_supported").EnumerateArray().Select(a => a.GetString()));

    private async Task<JsonElement> DiscoveryAsync() => (await host.CallAsync("GET", "/auth/v1/.well-known/openid-configuration")).Json;

    // oidcc-userinfo-get, oidcc-userinfo-post-header, oidcc-userinfo-post-body
    [Fact]
    public async Task Userinfo_takes_the_token_by_get_by_post_and_in_a_form()
    {
        (TestClient client, string email, string user, Visitor visitor) = await SetAsync();
        TokenAnswer tokens = await TokensAsync(client, await visitor.ThroughAsync(client, email));
        Assert.Equal(user, (await host.CallAsync("GET", "/auth/v1/oauth/userinfo", token: tokens.Access)).Text("sub"));
        Assert.Equal(user, (await host.CallAsync("POST", "/auth/v1/oauth/userinfo", token: tokens.Access)).Text("sub"));
        Assert.Equal(user, (await host.FormAsync("userinfo", null, ("access_token", tokens.Access))).Text("sub"));
        Answer refused = await host.FormAsync("userinfo", null);
        Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (refused.Status, refused.Header("WWW-Authenticate")));
    }

    // oidcc-ensure-request-without-nonce-succeeds-for-code-flow
    [Fact]
    public async Task Without_a_nonce_there_is_none()
    {
        (TestClient client, string email, _, Visitor visitor) = await SetAsync();
        TokenAnswer tokens = await TokensAsync(client, await visitor.ThroughAsync(client, email));
        Assert.False(tokens.IdClaims.TryGetProperty("nonce", out _));
    }

    // oidcc-scope-profile, -email, -address, -phone, -all; oidcc-ensure-other-scope-order-succeeds
    [Theory]
    [InlineData("openid", "")]
    [InlineData("openid profile", "name given_name family_name preferred_username picture website locale updated_at")]
    [InlineData("openid email", "email email_verified")]
    [InlineData("openid address", "address")]
    [InlineData("openid phone", "")]
    [InlineData("openid profile email address phone", "name given_name family_name preferred_username picture website locale updated_at email email_verified address")]
    [InlineData("email openid", "email email_verified")]
    public async Task A_scope_opens_its_claims_and_no_others(string scope, string claims)
    {
        (TestClient client, string email, _, Visitor visitor) = await SetAsync();
        TokenAnswer tokens = await TokensAsync(client, await visitor.ThroughAsync(client, email, ("scope", scope)));
        JsonElement info = (await host.UserInfoAsync(tokens.Access)).Json;
        string[] expected = ["sub", .. claims.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        Assert.Equal(expected.Order(), info.EnumerateObject().Select(claim => claim.Name).Order());
        foreach (string name in expected)
        {
            Assert.Equal(info.GetProperty(name).GetRawText(), tokens.IdClaims.GetProperty(name).GetRawText());
        }
    }

    [Fact]
    public async Task Without_openid_there_is_no_identity_token()
    {
        (TestClient client, string email, _, Visitor visitor) = await SetAsync();
        TokenAnswer tokens = await TokensAsync(client, await visitor.ThroughAsync(client, email, ("scope", "email")));
        Assert.False(tokens.Answer.Json.TryGetProperty("id_token", out _));
        Assert.Equal(HttpStatusCode.Forbidden, (await host.UserInfoAsync(tokens.Access)).Status);
    }

    // oidcc-display-page, -popup, oidcc-ui-locales, oidcc-claims-locales, oidcc-ensure-request-with-acr-values-succeeds,
    // oidcc-ensure-request-with-unknown-parameter-succeeds, oidcc-claims-essential
    [Theory]
    [InlineData("display", "page")]
    [InlineData("display", "popup")]
    [InlineData("ui_locales", "se")]
    [InlineData("claims_locales", "se")]
    [InlineData("acr_values", "1 2")]
    [InlineData("extra", "foobar")]
    [InlineData("claims", """{"userinfo":{"name":{"essential":true}}}""")]
    public async Task A_parameter_that_is_not_needed_does_no_harm(string name, string value)
    {
        (TestClient client, string email, _, Visitor visitor) = await SetAsync();
        await TokensAsync(client, await visitor.ThroughAsync(client, email, (name, value)));
    }

    // oidcc-prompt-login
    [Fact]
    public async Task Prompt_login_asks_again_and_the_time_of_signing_in_moves()
    {
        (TestClient client, string email, Visitor visitor) = await KnownAsync();
        TokenAnswer first = await TokensAsync(client, await visitor.AuthorizeAsync(client));
        await Task.Delay(1100, TestContext.Current.CancellationToken);
        Answer page = await visitor.AuthorizeAsync(client, ("prompt", "login"));
        Assert.True(IsSignIn(page));
        TokenAnswer second = await TokensAsync(client, await visitor.SignInAsync(page, email));
        Assert.True(second.IdClaims.GetProperty("auth_time").GetInt64() > first.IdClaims.GetProperty("auth_time").GetInt64());
        Assert.Equal(Text(first.IdClaims, "sub"), Text(second.IdClaims, "sub"));
    }

    // oidcc-prompt-none-not-logged-in
    [Fact]
    public async Task Prompt_none_without_a_sign_in_is_login_required()
    {
        (TestClient client, _, _, Visitor visitor) = await SetAsync();
        Assert.Equal("login_required", Visitor.Parameter(await visitor.AuthorizeAsync(client, ("prompt", "none")), "error"));
    }

    [Fact]
    public async Task Prompt_none_without_consent_is_consent_required()
    {
        (_, _, Visitor visitor) = await KnownAsync();
        TestClient other = await host.ClientAsync();
        Assert.Equal("consent_required", Visitor.Parameter(await visitor.AuthorizeAsync(other, ("prompt", "none")), "error"));
    }

    // oidcc-prompt-none-logged-in
    [Fact]
    public async Task Prompt_none_with_a_sign_in_answers_at_once()
    {
        (TestClient client, _, Visitor visitor) = await KnownAsync();
        await TokensAsync(client, await visitor.AuthorizeAsync(client, ("prompt", "none")));
    }

    [Fact]
    public async Task Prompt_consent_asks_again()
    {
        (TestClient client, _, Visitor visitor) = await KnownAsync();
        Assert.Contains("Allow Shop?", (await visitor.AuthorizeAsync(client, ("prompt", "consent"))).Body, StringComparison.Ordinal);
    }

    // oidcc-max-age-1
    [Fact]
    public async Task A_sign_in_older_than_max_age_does_not_count()
    {
        (TestClient client, string email, Visitor visitor) = await KnownAsync();
        await Task.Delay(1200, TestContext.Current.CancellationToken);
        Assert.Equal("login_required", Visitor.Parameter(await visitor.AuthorizeAsync(client, ("max_age", "1"), ("prompt", "none")), "error"));
        Answer page = await visitor.AuthorizeAsync(client, ("max_age", "1"));
        Assert.True(IsSignIn(page));
        TokenAnswer tokens = await TokensAsync(client, await visitor.SignInAsync(page, email));
        Assert.True(tokens.IdClaims.TryGetProperty("auth_time", out _));
    }

    // oidcc-max-age-10000
    [Fact]
    public async Task A_younger_one_does()
    {
        (TestClient client, _, Visitor visitor) = await KnownAsync();
        TokenAnswer tokens = await TokensAsync(client, await visitor.AuthorizeAsync(client, ("max_age", "10000")));
        Assert.True(tokens.IdClaims.TryGetProperty("auth_time", out _));
    }

    // oidcc-id-token-hint
    [Fact]
    public async Task An_identity_token_as_hint_names_the_user_who_is_to_be_signed_in()
    {
        (TestClient client, string email, Visitor visitor) = await KnownAsync();
        string hint = (await TokensAsync(client, await visitor.AuthorizeAsync(client))).Answer.Text("id_token");
        TokenAnswer again = await TokensAsync(client, await visitor.AuthorizeAsync(client, ("prompt", "none"), ("id_token_hint", hint)));
        Assert.Equal(ProviderHost.ClaimsOf(hint).GetProperty("sub").GetString(), Text(again.IdClaims, "sub"));

        string other = ProviderFixture.NewEmail();
        await host.SignUpAsync(other);
        var another = new Visitor(host);
        await another.ThroughAsync(client, other);
        Assert.Equal("login_required", Visitor.Parameter(await another.AuthorizeAsync(client, ("prompt", "none"), ("id_token_hint", hint)), "error"));
        Assert.True(IsSignIn(await another.AuthorizeAsync(client, ("id_token_hint", hint))));
        Assert.NotEqual(email, other);
    }

    // oidcc-login-hint
    [Fact]
    public async Task A_login_hint_fills_the_address_in()
    {
        (TestClient client, _, _, Visitor visitor) = await SetAsync();
        Answer page = await visitor.AuthorizeAsync(client, ("login_hint", "\"><script>@example.test"));
        Assert.Contains("value=\"&quot;&gt;&lt;script&gt;@example.test\"", page.Body, StringComparison.Ordinal);
    }

    // oidcc-codereuse, oidcc-codereuse-30seconds
    [Fact]
    public async Task A_code_that_is_used_again_is_refused_and_its_token_withdrawn()
    {
        (TestClient client, string email, _, Visitor visitor) = await SetAsync();
        string code = await visitor.CodeAsync(client, email);
        TokenAnswer first = await host.RedeemAsync(client, code);
        Assert.Equal("invalid_grant", (await host.RedeemAsync(client, code)).Error);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.UserInfoAsync(first.Access)).Status);
    }

    // oidcc-ensure-registered-redirect-uri
    [Fact]
    public async Task An_address_that_is_not_registered_is_told_to_the_person()
    {
        (TestClient client, _, Visitor visitor) = await KnownAsync();
        Answer page = await visitor.AuthorizeAsync(client, ("redirect_uri", "https://client.test/elsewhere"));
        Assert.Equal((HttpStatusCode.BadRequest, null), (page.Status, page.Header("Location")));
    }

    // oidcc-ensure-post-request-succeeds
    [Fact]
    public async Task The_request_may_come_by_post()
    {
        (TestClient client, string email, _, Visitor visitor) = await SetAsync();
        string query = Visitor.AuthorizeUrl(client).Split('?')[1];
        Answer page = await visitor.GoAsync("/auth/v1/oauth/authorize", "POST", query.Split('&').Select(p => p.Split('=')).Select(p => (Uri.UnescapeDataString(p[0]), Uri.UnescapeDataString(p[1]))));
        Answer consent = await visitor.SignInAsync(page, email);
        await TokensAsync(client, await visitor.SubmitAsync(consent, "/consent", ("action", "approve")));
    }

    // oidcc-server-client-secret-post
    [Fact]
    public async Task The_client_may_show_its_secret_in_the_form()
    {
        (TestClient client, string email, _, Visitor visitor) = await SetAsync();
        string code = await visitor.CodeAsync(client, email);
        TokenAnswer tokens = await host.TokenAsync(
            null,
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", client.RedirectUri),
            ("code_verifier", ProviderHost.Verifier),
            ("client_id", client.Id),
            ("client_secret", client.Secret)
        );
        Assert.True(tokens.Ok, tokens.Answer.Body);
    }

    // oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported, oidcc-request-uri-unsigned-…,
    // oidcc-ensure-request-object-with-redirect-uri
    [Theory]
    [InlineData("request", "request_not_supported")]
    [InlineData("request_uri", "request_uri_not_supported")]
    public async Task Request_objects_are_refused_as_not_supported(string name, string error)
    {
        (TestClient client, _, Visitor visitor) = await KnownAsync();
        string unsigned = Base64UrlEncoder.Encode("""{"alg":"none"}""") + "." + Base64UrlEncoder.Encode("""{"redirect_uri":"https://evil.test/"}""") + ".";
        Answer answer = await visitor.AuthorizeAsync(client, (name, name == "request" ? unsigned : "https://client.test/request.jwt"));
        Assert.Contains(error, answer.Header("Location") ?? answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("evil.test", answer.Header("Location") ?? "", StringComparison.Ordinal);
        Assert.False((await DiscoveryAsync()).GetProperty(name == "request" ? "request_parameter_supported" : "request_uri_parameter_supported").GetBoolean());
    }

    // oidcc-refresh-token
    [Fact]
    public async Task A_refreshed_identity_token_is_of_the_same_sign_in()
    {
        (TestClient client, string email, _, Visitor visitor) = await SetAsync();
        TokenAnswer first = await TokensAsync(client, await visitor.ThroughAsync(client, email, ("scope", "openid offline_access"), ("nonce", "n-2")));
        TokenAnswer second = await host.RefreshAsync(client, first.Refresh);
        Assert.True(second.Ok, second.Answer.Body);
        foreach (string name in new[] { "iss", "sub", "aud", "sid" })
        {
            Assert.Equal(Text(first.IdClaims, name), Text(second.IdClaims, name));
        }
        Assert.Equal(first.IdClaims.GetProperty("auth_time").GetInt64(), second.IdClaims.GetProperty("auth_time").GetInt64());
    }

    // oidcc-ensure-request-with-valid-pkce-succeeds
    [Fact]
    public async Task PKCE_is_asked_of_every_client() =>
        Assert.Equal(["S256"], (await DiscoveryAsync()).GetProperty("code_challenge_methods_supported").EnumerateArray().Select(m => m.GetString()));

    // oidcc-discovery-endpoint-verification (Config OP)
    [Fact]
    public async Task Discovery_names_addresses_of_the_issuer_whatever_host_is_asked()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/auth/v1/.well-known/openid-configuration");
        request.Headers.Host = "evil.test";
        JsonElement found = (await host.SendAsync(request)).Json;
        Assert.Equal(ProviderHost.Issuer, Text(found, "issuer"));
        foreach (JsonProperty address in found.EnumerateObject().Where(p => p.Name.EndsWith("_endpoint", StringComparison.Ordinal) || p.Name == "jwks_uri"))
        {
            Assert.StartsWith(ProviderHost.Issuer, address.Value.GetString(), StringComparison.Ordinal);
        }
        Assert.Equal(found.GetRawText(), (await host.CallAsync("GET", "/.well-known/oauth-authorization-server/auth/v1")).Body);
        Assert.Equal(found.GetRawText(), (await host.CallAsync("GET", "/auth/v1/.well-known/oauth-authorization-server")).Body);
    }

    // Form Post OP
    [Fact]
    public async Task An_answer_may_be_posted_to_the_client()
    {
        (TestClient client, _, Visitor visitor) = await KnownAsync();
        Answer page = await visitor.AuthorizeAsync(client, ("response_mode", "form_post"));
        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Contains(ProviderHost.Redirect, page.Body, StringComparison.Ordinal);
        Assert.Contains("name=\"code\"", page.Body, StringComparison.Ordinal);
        Assert.Contains("the-state", page.Body, StringComparison.Ordinal);
    }
}
