using System.Net;
using System.Text.Json;

namespace Tenon.Server.Tests.Auth;

public sealed class AdminTests
{
    [Fact]
    public async Task Only_the_service_key_opens_the_admin_calls()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string user = (await host.SignUpAsync("a@b.test")).Text("access_token");
        Assert.Equal("401 no_authorization", (await host.SendAsync("GET", "/auth/v1/admin/users", apikey: "")).Refusal);
        Assert.Equal("403 not_admin", (await host.SendAsync("GET", "/auth/v1/admin/users")).Refusal);
        Assert.Equal("403 not_admin", (await host.SendAsync("GET", "/auth/v1/admin/users", token: user)).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await host.AdminAsync("GET", "/auth/v1/admin/users")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync("GET", "/auth/v1/admin/users", token: host.Keys.ServiceRoleKey)).Status);
    }

    [Fact]
    public async Task A_user_is_created_read_changed_and_deleted()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer created = await host.AdminAsync(
            "POST",
            "/auth/v1/admin/users",
            """{"id":"0b9e1c5a-3a52-4b0e-9c6a-6d1f7f7c0001","email":"A@b.test","phone":"+1 5551234","password":"blue-giraffe-42","email_confirm":true,"user_metadata":{"n":1},"app_metadata":{"plan":"pro"}}"""
        );
        Assert.Equal("0b9e1c5a-3a52-4b0e-9c6a-6d1f7f7c0001", created.Text("id"));
        Assert.Equal("15551234", created.Text("phone"));
        Assert.Equal("pro", created.Json.GetProperty("app_metadata").Text("plan"));
        string path = "/auth/v1/admin/users/" + created.Text("id");
        Answer changed = await host.AdminAsync("PUT", path, """{"user_metadata":{"n":2},"email":"new@b.test"}""");
        Assert.Equal("new@b.test", changed.Text("email"));
        Assert.Equal(2, (await host.AdminAsync("GET", path)).Json.GetProperty("user_metadata").GetProperty("n").GetInt32());
        Assert.Equal("{}", (await host.AdminAsync("DELETE", path)).Body);
        Assert.Equal("404 user_not_found", (await host.AdminAsync("GET", path)).Refusal);
        Assert.Equal("404 user_not_found", (await host.AdminAsync("DELETE", path)).Refusal);
    }

    [Theory]
    [InlineData("""{"email":"taken@b.test"}""", "422 email_exists")]
    [InlineData("""{"phone":"15550000"}""", "422 phone_exists")]
    [InlineData("{}", "400 validation_failed")]
    [InlineData("""{"email":"x@b.test","role":"service_role"}""", "400 validation_failed")]
    [InlineData("""{"email":"x@b.test","role":"postgres"}""", "400 validation_failed")]
    [InlineData("""{"email":"x@b.test","ban_duration":"for ever"}""", "400 validation_failed")]
    [InlineData("""{"email":"x@b.test","id":"7"}""", "400 validation_failed")]
    [InlineData("""{"email":"x@b.test","email_confirm":"yes"}""", "400 validation_failed")]
    [InlineData("""{"phone":"not a number"}""", "400 validation_failed")]
    public async Task A_bad_user_is_refused(string body, string refusal)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        await host.AdminAsync("POST", "/auth/v1/admin/users", """{"email":"taken@b.test","phone":"15550000"}""");
        Assert.Equal(refusal, (await host.AdminAsync("POST", "/auth/v1/admin/users", body)).Refusal);
    }

    [Theory]
    [InlineData("""{"ban_duration":"1h30m"}""")]
    [InlineData("""{"role":"clerk"}""")]
    [InlineData("""{"password":"red-giraffe-43"}""")]
    public async Task What_takes_rights_away_holds_from_the_next_request_on(string change)
    {
        await using AuthHost host = await AuthHost.StartAsync(o => o.AdditionalRoles.Add("clerk"));
        Answer session = await host.SignUpAsync("a@b.test");
        string token = session.Text("access_token");
        Assert.Equal(HttpStatusCode.OK, (await host.MeAsync(token)).Status);
        await host.AdminAsync("PUT", "/auth/v1/admin/users/" + session.Json.GetProperty("user").Text("id"), change);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(token)).Status);
    }

    [Fact]
    public async Task A_ban_refuses_the_refresh_and_the_user_call_and_can_be_lifted()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer session = await host.SignUpAsync("a@b.test");
        string path = "/auth/v1/admin/users/" + session.Json.GetProperty("user").Text("id");
        await host.AdminAsync("PUT", path, """{"ban_duration":"24h"}""");
        Assert.Equal("403 user_banned", (await host.SendAsync("GET", "/auth/v1/user", token: session.Text("access_token"))).Refusal);
        Assert.Equal("400 user_banned", (await host.RefreshAsync(session.Text("refresh_token"))).Refusal);
        await host.AdminAsync("PUT", path, """{"ban_duration":"none"}""");
        Assert.Equal(HttpStatusCode.OK, (await host.RefreshAsync(session.Text("refresh_token"))).Status);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task A_deleted_user_is_out_at_once_and_the_address_is_free(string soft)
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer session = await host.SignUpAsync("a@b.test");
        string token = session.Text("access_token");
        await host.MeAsync(token);
        string path = "/auth/v1/admin/users/" + session.Json.GetProperty("user").Text("id");
        await host.AdminAsync("DELETE", path, $$"""{"should_soft_delete":{{soft}}}""");
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(token)).Status);
        Assert.Equal("400 invalid_credentials", (await host.SignInAsync("a@b.test")).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await host.SignUpAsync("a@b.test")).Status);
    }

    [Fact]
    public async Task The_list_is_paged_filtered_and_counted()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        for (int i = 0; i < 5; i++)
        {
            await host.AdminAsync("POST", "/auth/v1/admin/users", $$"""{"email":"u_{{i}}@b.test"}""");
        }
        Answer page = await host.AdminAsync("GET", "/auth/v1/admin/users?page=1&per_page=2");
        Assert.Equal(2, page.Json.GetProperty("users").GetArrayLength());
        Assert.Equal("5", page.Header("X-Total-Count"));
        Assert.Equal(
            "</auth/v1/admin/users?page=2&per_page=2>; rel=\"next\", </auth/v1/admin/users?page=3&per_page=2>; rel=\"last\"",
            page.Header("Link")
        );
        Assert.Single((await host.AdminAsync("GET", "/auth/v1/admin/users?filter=U_3")).Json.GetProperty("users").EnumerateArray());
        Assert.Equal("0", (await host.AdminAsync("GET", "/auth/v1/admin/users?filter=u%25")).Header("X-Total-Count"));
        Assert.Equal("400 validation_failed", (await host.AdminAsync("GET", "/auth/v1/admin/users?page=0")).Refusal);
    }
}
