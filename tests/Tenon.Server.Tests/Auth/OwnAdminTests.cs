using System.Net;
using System.Text.Json;
using Tenon.Server.Auth.Admin;

namespace Tenon.Server.Tests.Auth;

/// <summary>The administration that GoTrue does not have: a user's sessions, API keys, signing keys.</summary>
public sealed class OwnAdminTests
{
    [Theory]
    [InlineData("GET", "/auth/v1/admin/keys")]
    [InlineData("POST", "/auth/v1/admin/keys")]
    [InlineData("DELETE", "/auth/v1/admin/keys/x")]
    [InlineData("GET", "/auth/v1/admin/signing-keys")]
    [InlineData("POST", "/auth/v1/admin/signing-keys/rotate")]
    [InlineData("GET", "/auth/v1/admin/users/0b9e1c5a-3a52-4b0e-9c6a-6d1f7f7c0001/sessions")]
    [InlineData("POST", "/auth/v1/admin/users/0b9e1c5a-3a52-4b0e-9c6a-6d1f7f7c0001/sessions")]
    [InlineData("DELETE", "/auth/v1/admin/users/0b9e1c5a-3a52-4b0e-9c6a-6d1f7f7c0001/sessions")]
    public async Task Only_the_service_key_opens_them(string method, string path)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string user = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Assert.Equal("401 no_authorization", (await host.SendAsync(method, path, apikey: "")).Refusal);
        Assert.Equal("403 not_admin", (await host.SendAsync(method, path, token: user)).Refusal);
    }

    [Fact]
    public async Task A_token_of_an_administrator_lives_as_long_as_it_says_and_ends_with_its_session()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string id = (await host.SignUpAsync("a@b.test")).Json.GetProperty("user").Text("id");
        string path = $"/auth/v1/admin/users/{id}/sessions";
        Answer issued = await host.AdminAsync("POST", path, """{"expires_in":"10m"}""");
        Assert.Equal(600, issued.Json.GetProperty("expires_in").GetInt64());
        string token = issued.Text("access_token");
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync("GET", "/auth/v1/user", token: token)).Status);

        Assert.Equal(2, (await host.AdminAsync("GET", path)).Json.GetProperty("sessions").GetArrayLength());
        Assert.Equal("404 session_not_found", (await host.AdminAsync("DELETE", path + "/nonsense")).Refusal);
        Assert.Equal(HttpStatusCode.NoContent, (await host.AdminAsync("DELETE", $"{path}/{issued.Text("session_id")}")).Status);
        Assert.Equal("403 session_not_found", (await host.SendAsync("GET", "/auth/v1/user", token: token)).Refusal);
        Assert.Equal("400 validation_failed", (await host.AdminAsync("POST", path, """{"expires_in":"8000h"}""")).Refusal);
        Assert.Equal("""{"ended":1}""", (await host.AdminAsync("DELETE", path)).Body);
        await host.AdminAsync("PUT", $"/auth/v1/admin/users/{id}", """{"ban_duration":"1h"}""");
        Assert.Equal("403 user_banned", (await host.AdminAsync("POST", path)).Refusal);
    }

    [Fact]
    public async Task A_token_outlives_its_minutes_no_longer_than_clocks_may_differ()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string id = (await host.SignUpAsync("a@b.test")).Json.GetProperty("user").Text("id");
        string token = (await host.AdminAsync("POST", $"/auth/v1/admin/users/{id}/sessions", """{"expires_in":"5m"}""")).Text("access_token");
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.NotEqual(HttpStatusCode.OK, (await host.SendAsync("GET", "/auth/v1/user", token: token)).Status);
    }

    [Fact]
    public async Task An_api_key_is_answered_once_and_its_name_is_taken_once()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer made = await host.AdminAsync("POST", "/auth/v1/admin/keys", """{"name":"ci runner","type":"secret"}""");
        string key = made.Text("api_key");
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync("GET", "/auth/v1/admin/keys", apikey: key)).Status);
        Answer listed = await host.AdminAsync("GET", "/auth/v1/admin/keys");
        JsonElement one = Assert.Single(listed.Json.GetProperty("keys").EnumerateArray());
        Assert.StartsWith(one.Text("prefix"), key, StringComparison.Ordinal);
        Assert.DoesNotContain(key, listed.Body, StringComparison.Ordinal);
        Assert.Equal("400 validation_failed", (await host.AdminAsync("POST", "/auth/v1/admin/keys", """{"name":"ci runner"}""")).Refusal);
        Assert.Equal("400 validation_failed", (await host.AdminAsync("POST", "/auth/v1/admin/keys", """{"name":"x","type":"root"}""")).Refusal);
        Assert.Equal(HttpStatusCode.NoContent, (await host.AdminAsync("DELETE", "/auth/v1/admin/keys/ci%20runner")).Status);
        Assert.Equal("404 api_key_not_found", (await host.AdminAsync("DELETE", "/auth/v1/admin/keys/ci%20runner")).Refusal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.SendAsync("GET", "/auth/v1/admin/keys", apikey: key)).Status);
    }

    [Fact]
    public async Task The_signing_key_is_rotated_and_older_tokens_hold_on()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Answer rotated = await host.AdminAsync("POST", "/auth/v1/admin/signing-keys/rotate");
        Assert.Equal(
            ["current", "previous", "standby"],
            rotated.Json.GetProperty("keys").EnumerateArray().Select(k => k.Text("status")).Order()
        );
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync("GET", "/auth/v1/user", token: token)).Status);
    }

    [Fact]
    public async Task A_server_proves_its_keys_for_a_nonce_and_for_no_other()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string proof = (await host.SendAsync("GET", "/auth/v1/admin/proof?nonce=0123456789abcdef", apikey: "")).Text("proof");
        Assert.True(AdminProof.IsRight(host.Keys, "0123456789abcdef", proof));
        Assert.False(AdminProof.IsRight(host.Keys, "0123456789abcdee", proof));
        Assert.False(AdminProof.IsRight(Tenon.Server.Auth.Keys.Create(TimeProvider.System), "0123456789abcdef", proof));
        Assert.Equal("400 validation_failed", (await host.SendAsync("GET", "/auth/v1/admin/proof?nonce=short", apikey: "")).Refusal);
    }
}
