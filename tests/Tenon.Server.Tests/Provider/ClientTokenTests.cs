using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tenon.Server.Store;
using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>Where the tokens of clients work, and where they do not.</summary>
public sealed class ClientTokenTests(ProviderFixture fixture) : IClassFixture<ProviderFixture>
{
    private readonly ProviderHost host = fixture.Host;

    private async Task<(string User, TokenAnswer Tokens)> HoldAsync()
    {
        string email = ProviderFixture.NewEmail();
        (string id, _) = await host.SignUpAsync(email);
        TestClient client = await host.ClientAsync();
        return (id, await host.RedeemAsync(client, await new Visitor(host).CodeAsync(client, email)));
    }

    [Fact]
    public async Task At_the_data_API_the_users_policies_hold()
    {
        (string one, TokenAnswer tokens) = await HoldAsync();
        (string two, _) = await HoldAsync();
        int key = Random.Shared.Next();
        foreach ((string owner, int id) in new[] { (one, key), (two, key + 1) })
        {
            Answer made = await host.CallAsync("POST", "/rest/v1/notes", $$"""{"id":{{id}},"owner":"{{owner}}","title":"of {{owner}}"}""");
            Assert.Equal(HttpStatusCode.Created, made.Status);
        }
        JsonElement seen = (await host.CallAsync("GET", $"/rest/v1/notes?id=in.({key},{key + 1})", token: tokens.Access)).Json;
        Assert.Equal($"of {one}", Assert.Single(seen.EnumerateArray()).GetProperty("title").GetString());
    }

    [Fact]
    public async Task An_identity_token_is_no_access_token()
    {
        (_, TokenAnswer tokens) = await HoldAsync();
        string id = tokens.Answer.Text("id_token");
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.CallAsync("GET", "/rest/v1/notes", token: id)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.UserInfoAsync(id)).Status);
    }

    [Fact]
    public async Task A_clients_own_token_is_refused_at_the_data_API()
    {
        TestClient client = await host.ClientAsync(more: ""","grant_types":["client_credentials"]""");
        TokenAnswer tokens = await host.TokenAsync(client, ("grant_type", "client_credentials"), ("scope", "orders:read"));
        Assert.True(tokens.Ok, tokens.Answer.Body);
        Assert.Equal((client.Id, ProviderHost.Issuer), (tokens.AccessClaims.GetProperty("sub").GetString(), tokens.AccessClaims.GetProperty("aud").GetString()));
        Assert.False(tokens.Answer.Json.TryGetProperty("refresh_token", out _));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.CallAsync("GET", "/rest/v1/notes", token: tokens.Access)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.UserInfoAsync(tokens.Access)).Status);
        JsonElement inspected = (await host.FormAsync("introspect", client, ("token", tokens.Access))).Json;
        Assert.True(inspected.GetProperty("active").GetBoolean());
        Assert.Equal("orders:read", inspected.GetProperty("scope").GetString());
    }

    [Fact]
    public async Task A_client_without_that_grant_gets_no_token_of_its_own()
    {
        TestClient client = await host.ClientAsync();
        Assert.Equal("unauthorized_client", (await host.TokenAsync(client, ("grant_type", "client_credentials"))).Error);
    }

    [Theory]
    [InlineData("PUT", "/auth/v1/user", """{"password":"another-giraffe-43"}""")]
    [InlineData("POST", "/auth/v1/logout", "{}")]
    [InlineData("GET", "/auth/v1/sessions", null)]
    [InlineData("POST", "/auth/v1/factors", """{"factor_type":"totp"}""")]
    [InlineData("POST", "/auth/v1/keys", """{"name":"x"}""")]
    [InlineData("GET", "/auth/v1/user/oauth/grants", null)]
    [InlineData("GET", "/auth/v1/reauthenticate", null)]
    [InlineData("GET", "/auth/v1/oauth/authorizations/any", null)]
    public async Task What_a_client_holds_changes_no_account(string method, string path, string? json)
    {
        (_, TokenAnswer tokens) = await HoldAsync();
        Assert.Equal("403 no_authorization", (await host.CallAsync(method, path, json, tokens.Access)).Refusal);
    }

    [Fact]
    public async Task It_may_read_the_user()
    {
        (string user, TokenAnswer tokens) = await HoldAsync();
        Assert.Equal(user, (await host.CallAsync("GET", "/auth/v1/user", token: tokens.Access)).Text("id"));
    }

    [Fact]
    public async Task It_is_no_refresh_token_of_the_users_own()
    {
        (_, TokenAnswer tokens) = await HoldAsync();
        Answer refused = await host.CallAsync("POST", "/auth/v1/token?grant_type=refresh_token", $$"""{"refresh_token":"{{tokens.Refresh}}"}""", host.Keys.PublishableKey);
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
    }

    [Fact]
    public async Task A_users_own_token_says_nothing_at_userinfo()
    {
        (_, string token) = await host.SignUpAsync(ProviderFixture.NewEmail());
        Assert.Equal(HttpStatusCode.Forbidden, (await host.UserInfoAsync(token)).Status);
    }

    [Fact]
    public async Task Neither_codes_nor_secrets_nor_refresh_tokens_lie_in_the_database()
    {
        string email = ProviderFixture.NewEmail();
        await host.SignUpAsync(email);
        TestClient client = await host.ClientAsync();
        string code = await new Visitor(host).CodeAsync(client, email);
        TokenAnswer tokens = await host.RedeemAsync(client, code);
        var store = host.Services.GetRequiredService<StoreDatabase>();
        StoreStatement all = new("test.tokens", "select coalesce(reference_id, '') || coalesce(payload, '') from auth.oauth_tokens union all select coalesce(secret_hash, '') from auth.oauth_clients", []);
        string kept = string.Join('\n', (await store.QueryAsync(all, default, TestContext.Current.CancellationToken)).Select(row => row[0].Text));
        foreach (string secret in new[] { code, tokens.Refresh, client.Secret!, email })
        {
            Assert.DoesNotContain(secret, kept, StringComparison.Ordinal);
        }
    }
}
