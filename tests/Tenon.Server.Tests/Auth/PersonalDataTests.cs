using System.Net;
using System.Text.Json;
using Tenon.Core.Catalog;
using Tenon.Server.Store;

namespace Tenon.Server.Tests.Auth;

public sealed class PersonalDataTests
{
    private static readonly string[] Members =
        ["exported_at", "user", "has_password", "sessions", "factors", "passkeys", "keys", "codes", "flows", "links", "grants", "messages", "audit", "audit_has_more"];

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

    private const string WhatSystemsHold = """
        insert into auth.oauth_clients (id, client_type, auth_method, registration_type, name, redirect_uris, post_logout_redirect_uris, grant_types, created_at, updated_at)
        values ('00000000-0000-4000-8000-0000000000c1', 'public', 'none', 'manual', 'Shop', '[]', '[]', '[]', now(), now());
        insert into auth.oauth_consents values ('USER', '00000000-0000-4000-8000-0000000000c1', '["email"]', now());
        insert into auth.oauth_authorizations (id, client_id, subject, scopes, concurrency) values ('00000000-0000-4000-8000-0000000000a1', '00000000-0000-4000-8000-0000000000c1', 'USER', '[]', gen_random_uuid());
        insert into auth.oauth_tokens (id, authorization_id, subject, concurrency) values (gen_random_uuid(), '00000000-0000-4000-8000-0000000000a1', 'USER', gen_random_uuid()), (gen_random_uuid(), null, 'USER', gen_random_uuid());
        insert into auth.external_flows (id, state_hash, provider, sealed_secrets, redirect_to, link_user_id, created_at, expires_at) values (gen_random_uuid(), 'h', 'github', 's', 'x', 'USER', now(), now());
        """;

    /// <summary>
    /// Tables that say whose they are, with the member of the export that tells of them, or why none does. A new table stands
    /// here before it is there: what a person is owed is decided with it.
    /// </summary>
    private static readonly Dictionary<string, string> Told = new()
    {
        ["identities"] = "user", ["sessions"] = "sessions", ["refresh_tokens"] = "(secrets of sessions)", ["one_time_tokens"] = "codes", ["flow_state"] = "flows",
        ["mfa_factors"] = "factors", ["mfa_challenges"] = "(of factors, for minutes)", ["mfa_recovery_codes"] = "(secrets of factors)", ["user_keys"] = "keys",
        ["external_flows"] = "links", ["oauth_consents"] = "grants", ["oauth_requests"] = "(under way, for minutes)",
        ["oauth_authorizations"] = "(the sessions of clients)", ["oauth_tokens"] = "(secrets of clients)", ["webauthn_credentials"] = "passkeys",
        ["webauthn_challenges"] = "(for minutes)", ["outbox"] = "messages", ["audit_log_entries"] = "audit", ["users"] = "user", ["decoys"] = "(says nothing of anybody)",
    };

    [Fact]
    public void Every_table_that_says_whose_it_is_is_told_of_and_goes_with_its_user()
    {
        string[] words = ["user_id", "subject", "recipient", "actor_id", "email", "phone"];
        Catalog own = StoreMigrations.Catalog();
        Table[] tables = [.. own.Tables.Values.Where(t => t.Name.Schema == "auth")];
        bool OfPerson(Table table) =>
            table.Columns.Any(c => words.Any(word => c.Name == word || c.Name.EndsWith("_" + word, StringComparison.Ordinal)))
            || table.ForeignKeys.Any(f => f.Target.Name is "users" or "sessions" or "mfa_factors" or "oauth_authorizations");
        Assert.Equal(Told.Keys.Order(), tables.Where(OfPerson).Select(t => t.Name.Name).Order());
        Assert.All(Told.Values.Where(member => member[0] != '('), member => Assert.Contains(member, Members));
        foreach (Table table in tables)
        {
            Assert.All(table.ForeignKeys.Where(f => f.Target.Name == "users"), key => Assert.Equal(ReferentialAction.Cascade, key.OnDelete));
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
        await host.PostAsync("/auth/v1/factors", """{"factor_type":"totp","friendly_name":"watch"}""", session.Text("access_token"));
        await host.PostAsync("/auth/v1/keys", """{"name":"script","scopes":"*"}""", session.Text("access_token"));
        await host.Store.RunAsync(WhatSystemsHold.Replace("USER", user, StringComparison.Ordinal));
        long done = await host.Store.ScalarAsync<long>($"select count(*) from auth.audit_log_entries where actor_id = '{user}'");
        long others = await host.Store.ScalarAsync<long>("select count(*) from auth.audit_log_entries where actor_username = 'bob@b.test'");
        Assert.True(done > 1 && others > 0);
        Answer erased = await host.AdminAsync("DELETE", $"/auth/v1/admin/users/{user}", """{"should_erase":true}""");
        Assert.Equal(HttpStatusCode.OK, erased.Status);
        foreach (string table in StoreMigrations.Catalog().Tables.Keys.Where(t => t.Schema == "auth").Select(t => t.Name))
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
