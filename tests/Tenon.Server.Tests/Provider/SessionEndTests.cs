using System.Net;
using System.Text.Json;
using Tenon.Server.Tests.Auth;

namespace Tenon.Server.Tests.Provider;

/// <summary>A token that a client holds lives as long as its session, wherever it is shown.</summary>
public sealed class SessionEndTests(ProviderFixture fixture) : IClassFixture<ProviderFixture>
{
    private readonly ProviderHost host = fixture.Host;

    private sealed record Held(string Email, string UserId, string UserToken, TestClient Client, TokenAnswer Tokens);

    private async Task<Held> HoldAsync()
    {
        string email = ProviderFixture.NewEmail();
        (string id, string token) = await host.SignUpAsync(email);
        TestClient client = await host.ClientAsync();
        TokenAnswer tokens = await host.RedeemAsync(client, await new Visitor(host).CodeAsync(client, email));
        Assert.True(await IsActiveAsync(client, tokens.Access));
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync("GET", "/rest/v1/notes", token: tokens.Access)).Status);
        return new Held(email, id, token, client, tokens);
    }

    private async Task<bool> IsActiveAsync(TestClient client, string token) =>
        (await host.FormAsync("introspect", client, ("token", token))).Json.GetProperty("active").GetBoolean();

    private async Task AssertDeadAsync(Held held)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.CallAsync("GET", "/rest/v1/notes", token: held.Tokens.Access)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.UserInfoAsync(held.Tokens.Access)).Status);
        Assert.False(await IsActiveAsync(held.Client, held.Tokens.Access));
        Assert.Equal("invalid_grant", (await host.RefreshAsync(held.Client, held.Tokens.Refresh)).Error);
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_it()
    {
        Held held = await HoldAsync();
        await host.CallAsync("POST", "/auth/v1/logout?scope=global", token: held.UserToken);
        await AssertDeadAsync(held);
    }

    [Fact]
    public async Task Ending_its_session_in_the_list_ends_it_and_no_other()
    {
        Held held = await HoldAsync();
        TestClient other = await host.ClientAsync();
        TokenAnswer others = await host.RedeemAsync(other, await new Visitor(host).CodeAsync(other, held.Email));
        JsonElement session = (await host.CallAsync("GET", "/auth/v1/sessions", token: held.UserToken)).Json.GetProperty("sessions").EnumerateArray()
            .First(s => s.GetProperty("id").GetString() == held.Tokens.AccessClaims.GetProperty("session_id").GetString());
        Assert.Equal("Shop", session.GetProperty("user_agent").GetString());
        await host.CallAsync("DELETE", "/auth/v1/sessions/" + session.GetProperty("id").GetString(), token: held.UserToken);
        await AssertDeadAsync(held);
        Assert.Equal(HttpStatusCode.OK, (await host.UserInfoAsync(others.Access)).Status);
    }

    [Fact]
    public async Task A_ban_ends_it()
    {
        Held held = await HoldAsync();
        await host.CallAsync("PUT", "/auth/v1/admin/users/" + held.UserId, """{"ban_duration":"24h"}""");
        await AssertDeadAsync(held);
    }

    [Fact]
    public async Task Deleting_the_user_ends_it()
    {
        Held held = await HoldAsync();
        await host.CallAsync("DELETE", "/auth/v1/admin/users/" + held.UserId, "{}");
        await AssertDeadAsync(held);
    }

    [Fact]
    public async Task Revoking_the_refresh_token_ends_it()
    {
        Held held = await HoldAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.FormAsync("revoke", held.Client, ("token", held.Tokens.Refresh))).Status);
        await AssertDeadAsync(held);
    }

    [Fact]
    public async Task Revoking_the_access_token_ends_it()
    {
        Held held = await HoldAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.FormAsync("revoke", held.Client, ("token", held.Tokens.Access))).Status);
        await AssertDeadAsync(held);
    }

    [Fact]
    public async Task Another_client_can_neither_revoke_nor_inspect_it()
    {
        Held held = await HoldAsync();
        TestClient other = await host.ClientAsync();
        // Told nothing, as of a token that does not exist (RFC 7009 §2.2); what matters stands below.
        await host.FormAsync("revoke", other, ("token", held.Tokens.Refresh));
        Answer inspected = await host.FormAsync("introspect", other, ("token", held.Tokens.Access));
        Assert.False(inspected.Status == HttpStatusCode.OK && inspected.Json.GetProperty("active").GetBoolean());
        Assert.Equal(HttpStatusCode.OK, (await host.UserInfoAsync(held.Tokens.Access)).Status);
        Assert.Equal("invalid_grant", (await host.RefreshAsync(other, held.Tokens.Refresh)).Error);
        Assert.NotEqual(HttpStatusCode.OK, (await host.FormAsync("introspect", null, ("token", held.Tokens.Access))).Status);
        Assert.NotEqual(HttpStatusCode.OK, (await host.FormAsync("revoke", other with { Secret = "wrong" }, ("token", held.Tokens.Access))).Status);
    }

    [Fact]
    public async Task Revoking_what_is_no_token_tells_nothing()
    {
        Held held = await HoldAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.FormAsync("revoke", held.Client, ("token", "nothing"))).Status);
        Assert.False((await host.FormAsync("introspect", held.Client, ("token", "nothing"))).Json.GetProperty("active").GetBoolean());
    }

    [Fact]
    public async Task Inspection_says_whose_token_it_is()
    {
        Held held = await HoldAsync();
        JsonElement said = (await host.FormAsync("introspect", held.Client, ("token", held.Tokens.Access))).Json;
        Assert.Equal((held.UserId, held.Client.Id), (said.GetProperty("sub").GetString(), said.GetProperty("client_id").GetString()));
        Assert.True(said.GetProperty("exp").GetInt64() > 0);
    }

    [Fact]
    public async Task A_refresh_swaps_the_token_and_a_used_one_past_its_grace_ends_the_sign_in()
    {
        await using ProviderHost own = await ProviderHost.OnPostgresAsync();
        await own.SignUpAsync("swap@example.test");
        TestClient client = await own.ClientAsync();
        TokenAnswer first = await own.RedeemAsync(client, await new Visitor(own).CodeAsync(client, "swap@example.test"));
        TokenAnswer second = await own.RefreshAsync(client, first.Refresh);
        Assert.NotEqual(first.Refresh, second.Refresh);
        TokenAnswer again = await own.RefreshAsync(client, first.Refresh);
        Assert.True(again.Ok, "within the reuse interval");
        Assert.Equal(second.Refresh, again.Refresh);
        TokenAnswer third = await own.RefreshAsync(client, second.Refresh);
        // However far the chain has gone: its end, no second branch.
        Assert.Equal(third.Refresh, (await own.RefreshAsync(client, first.Refresh)).Refresh);
        Assert.Equal(1, await ((AuthHost)own.Inner).Store.ScalarAsync<long>("select count(*) from auth.oauth_tokens where type like '%refresh_token' and status = 'valid'"));
        own.Clock!.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("invalid_grant", (await own.RefreshAsync(client, first.Refresh)).Error);
        Assert.Equal("invalid_grant", (await own.RefreshAsync(client, second.Refresh)).Error);
        Assert.Equal("invalid_grant", (await own.RefreshAsync(client, third.Refresh)).Error);
        Assert.Equal(HttpStatusCode.Unauthorized, (await own.UserInfoAsync(second.Access)).Status);
    }

    [Fact]
    public async Task Tokens_outlive_a_rotation_of_the_signing_key()
    {
        Held held = await HoldAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync("POST", "/auth/v1/admin/signing-keys/rotate")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.UserInfoAsync(held.Tokens.Access)).Status);
        Assert.True(await IsActiveAsync(held.Client, held.Tokens.Access));
        TokenAnswer refreshed = await host.RefreshAsync(held.Client, held.Tokens.Refresh);
        Assert.True(refreshed.Ok, refreshed.Answer.Body);
        Assert.Equal(HttpStatusCode.OK, (await host.UserInfoAsync(refreshed.Access)).Status);
    }
}
