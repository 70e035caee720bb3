using System.Net;
using System.Text.Json;
using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>Clients by the service key, in the shapes auth-js expects, and by themselves where that is allowed.</summary>
public sealed class ClientAdministrationTests(ProviderFixture fixture) : IClassFixture<ProviderFixture>
{
    private const string Clients = "/auth/v1/admin/oauth/clients";
    private readonly ProviderHost host = fixture.Host;

    private Task<Answer> CreateAsync(string json) => host.CallAsync("POST", Clients, json);

    [Fact]
    public async Task A_client_is_made_with_a_secret_that_is_told_once()
    {
        Answer made = await CreateAsync("""{"client_name":"Shop","redirect_uris":["https://shop.test/cb"],"client_uri":"https://shop.test"}""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal(("confidential", "client_secret_basic", "manual", "Shop"), (made.Text("client_type"), made.Text("token_endpoint_auth_method"), made.Text("registration_type"), made.Text("client_name")));
        Assert.Equal(["authorization_code", "refresh_token"], made.Json.GetProperty("grant_types").EnumerateArray().Select(g => g.GetString()));
        Assert.True(made.Text("client_secret").Length >= 43);
        Answer read = await host.CallAsync("GET", $"{Clients}/{made.Text("client_id")}");
        Assert.False(read.Json.TryGetProperty("client_secret", out _));
        Assert.Equal("https://shop.test", read.Text("client_uri"));
    }

    [Fact]
    public async Task Clients_are_listed_by_pages()
    {
        await CreateAsync("""{"client_name":"One","redirect_uris":["https://one.test/cb"]}""");
        await CreateAsync("""{"client_name":"Two","redirect_uris":["https://two.test/cb"]}""");
        Answer page = await host.CallAsync("GET", Clients + "?page=1&per_page=1");
        Assert.Equal(1, page.Json.GetProperty("clients").GetArrayLength());
        Assert.True(int.Parse(page.Header("X-Total-Count")!, System.Globalization.CultureInfo.InvariantCulture) >= 2);
        Assert.Contains("rel=\"next\"", page.Header("Link"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_changes_what_it_names_and_nothing_else()
    {
        Answer made = await CreateAsync("""{"client_name":"Old","redirect_uris":["https://old.test/cb"],"logo_uri":"https://old.test/logo.png"}""");
        string path = $"{Clients}/{made.Text("client_id")}";
        Answer changed = await host.CallAsync("PUT", path, """{"client_name":"New"}""");
        Assert.Equal(("New", "https://old.test/logo.png"), (changed.Text("client_name"), changed.Text("logo_uri")));
        Assert.Equal("400 validation_failed", (await host.CallAsync("PUT", path, "{}")).Refusal);
        Assert.Equal("400 validation_failed", (await host.CallAsync("PUT", path, """{"redirect_uris":[]}""")).Refusal);
        Assert.Equal("400 validation_failed", (await host.CallAsync("PUT", path, """{"token_endpoint_auth_method":"none"}""")).Refusal);
    }

    [Fact]
    public async Task A_rotated_secret_takes_the_place_of_the_one_before()
    {
        TestClient client = await host.ClientAsync(more: ""","grant_types":["client_credentials"]""");
        Answer rotated = await host.CallAsync("POST", $"{Clients}/{client.Id}/regenerate_secret");
        TestClient with = client with { Secret = rotated.Text("client_secret") };
        Assert.Equal("invalid_client", (await host.TokenAsync(client, ("grant_type", "client_credentials"))).Error);
        Assert.True((await host.TokenAsync(with, ("grant_type", "client_credentials"))).Ok);
        TestClient isPublic = await host.ClientAsync(isPublic: true);
        Assert.Equal("400 validation_failed", (await host.CallAsync("POST", $"{Clients}/{isPublic.Id}/regenerate_secret")).Refusal);
    }

    [Fact]
    public async Task A_deleted_client_is_gone_with_the_tokens_it_held()
    {
        string email = ProviderFixture.NewEmail();
        await host.SignUpAsync(email);
        TestClient client = await host.ClientAsync();
        TokenAnswer tokens = await host.RedeemAsync(client, await new Visitor(host).CodeAsync(client, email));
        Assert.Equal(HttpStatusCode.OK, (await host.UserInfoAsync(tokens.Access)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await host.CallAsync("DELETE", $"{Clients}/{client.Id}")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.UserInfoAsync(tokens.Access)).Status);
        Assert.Equal("404 oauth_client_not_found", (await host.CallAsync("GET", $"{Clients}/{client.Id}")).Refusal);
        Assert.Equal("invalid_client", (await host.RefreshAsync(client, tokens.Refresh)).Error);
    }

    [Theory]
    [InlineData("""{"redirect_uris":[]}""")]
    [InlineData("""{"client_name":"X"}""")]
    [InlineData("""{"redirect_uris":["http://shop.test/cb"]}""")]
    [InlineData("""{"redirect_uris":["https://shop.test/cb#part"]}""")]
    [InlineData("""{"redirect_uris":["https://user@shop.test/cb"]}""")]
    [InlineData("""{"redirect_uris":["https://*.shop.test/cb"]}""")]
    [InlineData("""{"redirect_uris":["javascript:alert(1)"]}""")]
    [InlineData("""{"redirect_uris":["data:text/html,x"]}""")]
    [InlineData("""{"redirect_uris":["myapp://cb"]}""")]
    [InlineData("""{"redirect_uris":["/cb"]}""")]
    [InlineData("""{"redirect_uris":["http://127.0.0.1.evil.test/cb"]}""")]
    [InlineData("""{"redirect_uris":"https://shop.test/cb"}""")]
    [InlineData("""{"redirect_uris":["https://shop.test/cb"],"grant_types":["implicit"]}""")]
    [InlineData("""{"redirect_uris":["https://shop.test/cb"],"grant_types":["password"]}""")]
    [InlineData("""{"redirect_uris":["https://shop.test/cb"],"grant_types":["refresh_token"]}""")]
    [InlineData("""{"redirect_uris":["https://shop.test/cb"],"response_types":["token"]}""")]
    [InlineData("""{"redirect_uris":["https://shop.test/cb"],"token_endpoint_auth_method":"tls_client_auth"}""")]
    [InlineData("""{"redirect_uris":["https://shop.test/cb"],"client_type":"public","token_endpoint_auth_method":"client_secret_basic"}""")]
    [InlineData("""{"redirect_uris":["https://shop.test/cb"],"client_type":"public","grant_types":["client_credentials"]}""")]
    [InlineData("""{"redirect_uris":["https://shop.test/cb"],"scope":"everything"}""")]
    [InlineData("""{"redirect_uris":["https://shop.test/cb"],"client_uri":"ftp://shop.test"}""")]
    [InlineData("""{"redirect_uris":["https://shop.test/cb"],"client_name":"a\nb"}""")]
    public async Task A_registration_that_is_not_right_is_refused(string json) => Assert.Equal("400 validation_failed", (await CreateAsync(json)).Refusal);

    [Theory]
    [InlineData("http://localhost:3000/cb")]
    [InlineData("http://127.0.0.1/cb")]
    [InlineData("http://[::1]:9/cb")]
    [InlineData("com.example.app:/cb")]
    [InlineData("https://shop.test/cb?tenant=1")]
    public async Task Addresses_of_programs_on_the_users_machine_are_taken(string redirect) => Assert.NotEmpty((await host.ClientAsync(isPublic: true, redirect)).Id);

    [Theory]
    [InlineData("GET", "")]
    [InlineData("POST", "")]
    [InlineData("GET", "/018f0000-0000-7000-8000-000000000000")]
    [InlineData("PUT", "/018f0000-0000-7000-8000-000000000000")]
    [InlineData("DELETE", "/018f0000-0000-7000-8000-000000000000")]
    [InlineData("POST", "/018f0000-0000-7000-8000-000000000000/regenerate_secret")]
    public async Task Only_the_service_key_administers_clients(string method, string path)
    {
        (_, string token) = await host.SignUpAsync(ProviderFixture.NewEmail());
        Assert.Equal("403 not_admin", (await host.CallAsync(method, Clients + path, method is "POST" or "PUT" ? "{}" : null, token)).Refusal);
    }

    [Fact]
    public async Task A_client_may_register_itself_where_that_is_allowed()
    {
        Answer made = await host.CallAsync("POST", "/auth/v1/oauth/clients/register", """{"client_name":"Tool","redirect_uris":["http://127.0.0.1:1/cb"],"token_endpoint_auth_method":"none"}""", host.Keys.PublishableKey);
        Assert.Equal((HttpStatusCode.Created, "public", "dynamic"), (made.Status, made.Text("client_type"), made.Text("registration_type")));
        Answer machine = await host.CallAsync("POST", "/auth/v1/oauth/clients/register", """{"client_name":"Tool","redirect_uris":["https://t.test/cb"],"grant_types":["client_credentials"]}""", host.Keys.PublishableKey);
        Assert.Equal("400 validation_failed", machine.Refusal);
    }

    [Fact]
    public async Task It_may_not_where_it_is_not()
    {
        await using ProviderHost closed = await ProviderHost.OnSqliteAsync();
        Answer refused = await closed.CallAsync("POST", "/auth/v1/oauth/clients/register", """{"client_name":"Tool","redirect_uris":["https://t.test/cb"]}""", closed.Keys.PublishableKey);
        Assert.Equal("403 oauth_dynamic_client_registration_disabled", refused.Refusal);
        Answer discovery = await closed.CallAsync("GET", "/auth/v1/.well-known/openid-configuration");
        Assert.False(discovery.Json.TryGetProperty("registration_endpoint", out _));
    }

    [Fact]
    public async Task A_server_that_is_no_provider_says_so()
    {
        await using var plain = await Hosting.TestApp.StartAsync("create table t (id int primary key);");
        foreach (string path in new[] { "/auth/v1/oauth/authorize", "/auth/v1/admin/oauth/clients", "/auth/v1/user/oauth/grants", "/auth/v1/.well-known/oauth-authorization-server" })
        {
            (int status, string body) = await plain.SendAsync("GET", path);
            Assert.Equal((404, "feature_disabled"), (status, JsonElement.Parse(body).GetProperty("error_code").GetString()));
        }
    }
}
