using System.Net;
using System.Text.Json;
using System.Web;
using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>/oauth/authorizations and /user/oauth/grants: a consent page of the application's own, and what users allowed.</summary>
public sealed class ConsentCallTests : IAsyncLifetime
{
    private ProviderHost host = null!;
    private TestClient client = null!;

    public async ValueTask InitializeAsync()
    {
        host = await ProviderHost.OnSqliteAsync(options =>
        {
            options.SiteUrl = "https://app.test";
            options.OAuthServer.AuthorizationUrlPath = "/oauth/consent";
        });
        client = await host.ClientAsync();
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    private async Task<string> BeginAsync(params (string, string?)[] more)
    {
        Answer answer = await new Visitor(host).AuthorizeAsync(client, more);
        Assert.StartsWith("https://app.test/oauth/consent?authorization_id=", answer.Header("Location"), StringComparison.Ordinal);
        return "/auth/v1/oauth/authorizations/" + Visitor.Parameter(answer, "authorization_id");
    }

    private Task<Answer> DecideAsync(string path, string action, string token) => host.CallAsync("POST", path + "/consent", $$"""{"action":"{{action}}"}""", token);

    private static string? Parameter(Answer answer, string name) => HttpUtility.ParseQueryString(new Uri(answer.Text("redirect_url")).Query)[name];

    [Fact]
    public async Task The_page_learns_who_asks_for_what_and_approves()
    {
        (string id, string token) = await host.SignUpAsync("one@example.test");
        string path = await BeginAsync();
        Answer details = await host.CallAsync("GET", path, token: token);
        Assert.Equal(("openid profile email", ProviderHost.Redirect), (details.Text("scope"), details.Text("redirect_uri")));
        Assert.Equal((client.Id, "Shop"), (details.Json.GetProperty("client").GetProperty("id").GetString(), details.Json.GetProperty("client").GetProperty("name").GetString()));
        Assert.Equal(id, details.Json.GetProperty("user").GetProperty("id").GetString());
        Answer approved = await DecideAsync(path, "approve", token);
        Assert.StartsWith(ProviderHost.Redirect, approved.Text("redirect_url"), StringComparison.Ordinal);
        Assert.Equal("the-state", Parameter(approved, "state"));
        Assert.True((await host.RedeemAsync(client, Parameter(approved, "code")!)).Ok);
    }

    [Fact]
    public async Task What_was_allowed_is_not_asked_again_and_is_listed_until_it_is_taken_back()
    {
        (_, string token) = await host.SignUpAsync("two@example.test");
        string path = await BeginAsync();
        await host.CallAsync("GET", path, token: token);
        TokenAnswer tokens = await host.RedeemAsync(client, Parameter(await DecideAsync(path, "approve", token), "code")!);
        Answer again = await host.CallAsync("GET", await BeginAsync(), token: token);
        Assert.NotNull(Parameter(again, "code"));
        Assert.True((await host.CallAsync("GET", await BeginAsync(("scope", "openid orders:read")), token: token)).Json.TryGetProperty("authorization_id", out _));

        JsonElement grant = (await host.CallAsync("GET", "/auth/v1/user/oauth/grants", token: token)).Json[0];
        Assert.Equal(("Shop", 3), (grant.GetProperty("client").GetProperty("name").GetString(), grant.GetProperty("scopes").GetArrayLength()));
        Answer revoked = await host.CallAsync("DELETE", "/auth/v1/user/oauth/grants?client_id=" + client.Id, token: token);
        Assert.Equal(HttpStatusCode.NoContent, revoked.Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.UserInfoAsync(tokens.Access)).Status);
        Assert.Equal("invalid_grant", (await host.RefreshAsync(client, tokens.Refresh)).Error);
        Assert.Equal("404 oauth_consent_not_found", (await host.CallAsync("DELETE", "/auth/v1/user/oauth/grants?client_id=" + client.Id, token: token)).Refusal);
        Assert.True((await host.CallAsync("GET", await BeginAsync(), token: token)).Json.TryGetProperty("authorization_id", out _));
    }

    [Fact]
    public async Task An_administrator_sees_and_takes_back_what_a_user_allowed()
    {
        (string id, string token) = await host.SignUpAsync("three@example.test");
        string path = await BeginAsync();
        await host.CallAsync("GET", path, token: token);
        TokenAnswer tokens = await host.RedeemAsync(client, Parameter(await DecideAsync(path, "approve", token), "code")!);
        string grants = $"/auth/v1/admin/users/{id}/oauth/grants";
        Assert.Equal(1, (await host.CallAsync("GET", grants)).Json.GetArrayLength());
        Assert.Equal(HttpStatusCode.NoContent, (await host.CallAsync("DELETE", $"{grants}/{client.Id}")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.UserInfoAsync(tokens.Access)).Status);
        Assert.Equal("403 not_admin", (await host.CallAsync("GET", grants, token: token)).Refusal);
    }

    [Fact]
    public async Task A_denial_leads_back_with_an_error_and_grants_nothing()
    {
        (_, string token) = await host.SignUpAsync("four@example.test");
        string path = await BeginAsync();
        await host.CallAsync("GET", path, token: token);
        Answer denied = await DecideAsync(path, "deny", token);
        Assert.Equal(("access_denied", "the-state", null), (Parameter(denied, "error"), Parameter(denied, "state"), Parameter(denied, "code")));
        Assert.Equal(0, (await host.CallAsync("GET", "/auth/v1/user/oauth/grants", token: token)).Json.GetArrayLength());
    }

    [Fact]
    public async Task A_request_is_decided_once_and_by_the_user_who_opened_it()
    {
        (_, string token) = await host.SignUpAsync("five@example.test");
        (_, string other) = await host.SignUpAsync("six@example.test");
        string path = await BeginAsync();
        await host.CallAsync("GET", path, token: token);
        Assert.Equal("404 oauth_authorization_not_found", (await host.CallAsync("GET", path, token: other)).Refusal);
        Assert.Equal("404 oauth_authorization_not_found", (await DecideAsync(path, "approve", other)).Refusal);
        Assert.Equal("400 validation_failed", (await DecideAsync(path, "maybe", token)).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await DecideAsync(path, "approve", token)).Status);
        Assert.Equal("404 oauth_authorization_not_found", (await DecideAsync(path, "approve", token)).Refusal);
        Assert.Equal("404 oauth_authorization_not_found", (await host.CallAsync("GET", "/auth/v1/oauth/authorizations/none", token: token)).Refusal);
    }

    [Fact]
    public async Task Without_a_user_there_is_nothing_to_see()
    {
        string path = await BeginAsync();
        Assert.Equal("403 bad_jwt", (await host.CallAsync("GET", path, token: host.Keys.PublishableKey)).Refusal);
    }

    [Fact]
    public async Task A_client_that_asks_for_a_new_sign_in_gets_no_answer_from_an_old_one()
    {
        (_, string token) = await host.SignUpAsync("seven@example.test");
        string path = await BeginAsync(("prompt", "login"));
        Assert.Equal("400 reauthentication_needed", (await host.CallAsync("GET", path, token: token)).Refusal);
        Answer signedIn = await host.CallAsync("POST", "/auth/v1/token?grant_type=password", $$"""{"email":"seven@example.test","password":"{{ProviderHost.Password}}"}""", host.Keys.PublishableKey);
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync("GET", path, token: signedIn.Text("access_token"))).Status);
    }
}
