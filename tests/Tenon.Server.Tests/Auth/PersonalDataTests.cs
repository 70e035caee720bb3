using System.Net;
using System.Text.Json;

namespace Tenon.Server.Tests.Auth;

public sealed class PersonalDataTests
{
    private static readonly string[] Members =
        ["exported_at", "user", "has_password", "sessions", "factors", "passkeys", "keys", "codes", "flows", "messages", "audit", "audit_has_more"];

    [Fact]
    public async Task An_export_holds_all_of_one_person_and_nothing_of_another_and_no_secret()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer session = await host.SignUpAsync("ann@b.test");
        string token = session.Text("access_token");
        await host.SignUpAsync("bob@b.test");
        await host.PostAsync("/auth/v1/factors", """{"factor_type":"totp","friendly_name":"watch"}""", token);
        Answer key = await host.PostAsync("/auth/v1/keys", """{"name":"script","scopes":"*"}""", token);
        Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("/auth/v1/recover", """{"email":"ann@b.test"}""")).Status);
        string user = session.Json.GetProperty("user").GetProperty("id").GetString()!;
        Answer export = await host.AdminAsync("GET", $"/auth/v1/admin/users/{user}/export");
        Assert.Equal(HttpStatusCode.OK, export.Status);
        Assert.Equal(Members, export.Json.EnumerateObject().Select(m => m.Name));
        Assert.Equal("ann@b.test", export.Json.GetProperty("user").GetProperty("email").GetString());
        Assert.True(export.Json.GetProperty("has_password").GetBoolean());
        Assert.False(export.Json.GetProperty("audit_has_more").GetBoolean());
        Assert.Single(export.Json.GetProperty("sessions").EnumerateArray());
        Assert.Equal("watch", Assert.Single(export.Json.GetProperty("factors").EnumerateArray()).GetProperty("friendly_name").GetString());
        Assert.Equal("script", Assert.Single(export.Json.GetProperty("keys").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal("recovery_token", Assert.Single(export.Json.GetProperty("codes").EnumerateArray()).GetProperty("type").GetString());
        Assert.Equal("ann@b.test", Assert.Single(export.Json.GetProperty("messages").EnumerateArray()).GetProperty("recipient").GetString());
        Assert.Contains("api_key_created", export.Json.GetProperty("audit").EnumerateArray().Select(e => e.GetProperty("action").GetString()));
        foreach (string secret in new[] { "bob@b.test", "$argon2", "sealed", "hash", token, session.Text("refresh_token"), key.Text("api_key") })
        {
            Assert.DoesNotContain(secret, export.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_erasure_leaves_no_trace_of_the_person_and_keeps_what_was_done()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer session = await host.SignUpAsync("ann@b.test");
        await host.SignInAsync("ann@b.test");
        await host.SignUpAsync("bob@b.test");
        await host.PostAsync("/auth/v1/recover", """{"email":"ann@b.test"}""");
        await host.DrainAsync();
        string user = session.Json.GetProperty("user").GetProperty("id").GetString()!;
        long done = await host.Store.ScalarAsync<long>($"select count(*) from auth.audit_log_entries where actor_id = '{user}'");
        long others = await host.Store.ScalarAsync<long>("select count(*) from auth.audit_log_entries where actor_username = 'bob@b.test'");
        Assert.True(done > 1 && others > 0);
        Answer erased = await host.AdminAsync("DELETE", $"/auth/v1/admin/users/{user}", """{"should_erase":true}""");
        Assert.Equal(HttpStatusCode.OK, erased.Status);
        foreach (string table in new[] { "users", "identities", "sessions", "refresh_tokens", "one_time_tokens", "outbox", "audit_log_entries" })
        {
            long found = await host.Store.ScalarAsync<long>(
                $"select count(*) from auth.{table} t where t::text like '%{user}%' or t::text like '%ann@b.test%'"
            );
            Assert.True(found == 0, $"{table} holds {found}");
        }
        Assert.Equal(1, await host.Store.ScalarAsync<long>($"select count(distinct actor_id) from auth.audit_log_entries where actor_username is null and actor_id is not null"));
        Assert.Equal(done, await host.Store.ScalarAsync<long>("select count(*) from auth.audit_log_entries where actor_username is null and actor_id is not null"));
        Assert.Equal(others, await host.Store.ScalarAsync<long>("select count(*) from auth.audit_log_entries where actor_username = 'bob@b.test'"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.MeAsync(session.Text("access_token"))).Status);
    }

    [Fact]
    public async Task Export_and_erasure_take_the_service_key_and_a_user_that_exists()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer session = await host.SignUpAsync("ann@b.test");
        string path = $"/auth/v1/admin/users/{session.Json.GetProperty("user").GetProperty("id").GetString()}";
        Assert.Equal("403 not_admin", (await host.SendAsync("GET", path + "/export", token: session.Text("access_token"))).Refusal);
        Assert.Equal("403 not_admin", (await host.SendAsync("DELETE", path, """{"should_erase":true}""", session.Text("access_token"))).Refusal);
        Assert.Equal("404 user_not_found", (await host.AdminAsync("GET", $"/auth/v1/admin/users/{Guid.NewGuid()}/export")).Refusal);
        Answer both = await host.AdminAsync("DELETE", path, """{"should_erase":true,"should_soft_delete":true}""");
        Assert.Equal("400 validation_failed", both.Refusal);
        Assert.Equal(HttpStatusCode.OK, (await host.AdminAsync("GET", path)).Status);
    }

    [Fact]
    public async Task The_audit_log_is_read_by_pages_the_newest_first_and_searched_by_author_or_action()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        await host.SignUpAsync("ann@b.test");
        await host.SignUpAsync("bob@b.test");
        await host.SignInAsync("ann@b.test");
        static IEnumerable<string?> Actions(Answer answer) => answer.Json.EnumerateArray().Select(e => e.GetProperty("payload").GetProperty("action").GetString());
        Answer newest = await host.AdminAsync("GET", "/auth/v1/admin/audit?per_page=1");
        Assert.Equal(["login"], Actions(newest));
        Assert.Contains("rel=\"next\"", newest.Header("Link"), StringComparison.Ordinal);
        Assert.Equal(await host.Store.ScalarAsync<long>("select count(*) from auth.audit_log_entries"), long.Parse(newest.Header("X-Total-Count")!, System.Globalization.CultureInfo.InvariantCulture));
        JsonElement entry = newest.Json[0];
        Assert.Equal(["id", "payload", "created_at", "ip_address"], entry.EnumerateObject().Select(m => m.Name));
        Assert.Equal("ann@b.test", entry.GetProperty("payload").GetProperty("actor_username").GetString());
        Answer second = await host.AdminAsync("GET", "/auth/v1/admin/audit?per_page=1&page=2");
        Assert.NotEqual(entry.GetProperty("id").GetString(), second.Json[0].GetProperty("id").GetString());
        Answer bob = await host.AdminAsync("GET", "/auth/v1/admin/audit?query=author:BOB@");
        Assert.NotEmpty(Actions(bob));
        Assert.DoesNotContain("ann@b.test", bob.Body, StringComparison.Ordinal);
        Assert.All(Actions(await host.AdminAsync("GET", "/auth/v1/admin/audit?query=action:signed")), action => Assert.Equal("user_signedup", action));
        Assert.Empty(Actions(await host.AdminAsync("GET", "/auth/v1/admin/audit?query=author:%25b_b")));
        Assert.Equal("400 validation_failed", (await host.AdminAsync("GET", "/auth/v1/admin/audit?query=type:x")).Refusal);
        Assert.Equal("403 not_admin", (await host.SendAsync("GET", "/auth/v1/admin/audit", token: (await host.SignInAsync("bob@b.test")).Text("access_token"))).Refusal);
    }
}
