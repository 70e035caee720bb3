using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Store;
using Tenon.Server.Tests.Hosting;
using Xunit;

namespace Tenon.Server.Tests.Rest;

/// <summary>Keys that users make of their own: their user with less, and nothing where a session is asked for.</summary>
public sealed class UserKeyTests : IAsyncLifetime
{
    private const string Schema = """
        create table notes (id int primary key, owner uuid not null default auth.uid(), body text);
        create table comments (id int primary key, note_id int references notes (id), body text);
        create table tags (id int primary key, name text);
        create table note_tags (note_id int references notes (id), tag_id int references tags (id), primary key (note_id, tag_id));
        alter table notes enable row level security;
        create policy own on notes for all to authenticated using (owner = auth.uid()) with check (owner = auth.uid());
        create function whoami() returns text language sql stable as 'select auth.uid()::text';
        create function loud(notes) returns text language sql stable as 'select upper($1.body)';
        grant select, insert, update, delete on notes, comments, tags, note_tags to authenticated;
        insert into tags values (1, 'red');
        """;

    private TestApp app = null!;
    private string token = "";
    private string user = "";

    public async ValueTask InitializeAsync()
    {
        app = await TestApp.StartAsync(Schema);
        (token, user) = await app.SignUpAsync("ann@b.test");
        (string other, _) = await app.SignUpAsync("bob@b.test");
        Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/notes", token, """{"id":1,"body":"mine"}""")).Status);
        Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/notes", other, """{"id":2,"body":"theirs"}""")).Status);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task A_key_is_its_user_under_the_same_policies()
    {
        string key = await MakeAsync("\"*\"");
        Assert.StartsWith("sb_user_", key, StringComparison.Ordinal);
        Assert.Equal((200, """[{"id":1,"body":"mine"}]"""), await app.SendAsync("GET", "/rest/v1/notes?select=id,body", key));
        Assert.Equal((200, $"\"{user}\""), await app.SendAsync("GET", "/rest/v1/rpc/whoami", key));
        (int status, string body) = await app.SendAsync("POST", "/rest/v1/notes", key, $$"""{"id":3,"owner":"{{Guid.NewGuid()}}"}""");
        Assert.True(status == 403 && body.Contains("\"42501\"", StringComparison.Ordinal), body);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/rest/v1/notes?select=id");
        request.Headers.Add("apikey", key);
        using HttpResponseMessage alone = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("""[{"id":1}]""", await alone.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("GET", "notes?select=id,comments(id)", null, "select on comments")]
    [InlineData("GET", "notes?select=id,...comments(id)", null, "select on comments")]
    [InlineData("GET", "notes?select=id,comments!inner()&comments.id=eq.1", null, "select on comments")]
    [InlineData("GET", "notes?select=id,tags(name)", null, "select on note_tags")]
    [InlineData("GET", "notes?select=id,loud", null, "execute on rpc/loud")]
    [InlineData("GET", "notes?loud=eq.MINE", null, "execute on rpc/loud")]
    [InlineData("GET", "notes?order=loud", null, "execute on rpc/loud")]
    [InlineData("GET", "comments", null, "select on comments")]
    [InlineData("GET", "rpc/whoami", null, "execute on rpc/whoami")]
    [InlineData("POST", "rpc/whoami", "{}", "execute on rpc/whoami")]
    [InlineData("POST", "notes", """{"id":5}""", "insert on notes")]
    [InlineData("PATCH", "notes?id=eq.1", """{"body":"x"}""", "update on notes")]
    [InlineData("DELETE", "notes?id=eq.1", null, "delete on notes")]
    [InlineData("PUT", "notes?id=eq.1", """{"id":1,"body":"x"}""", "insert on notes")]
    [InlineData("GET", "", null, "reading the schema")]
    public async Task What_the_scopes_do_not_name_is_42501_and_says_so(string method, string target, string? json, string refused)
    {
        string key = await MakeAsync("""{"notes":["select"],"tags":["select"]}""");
        Assert.Equal(200, (await app.SendAsync("GET", "/rest/v1/notes", key)).Status);
        // The user's own request first, so that a plan of theirs is in the cache.
        Assert.NotEqual(403, (await app.SendAsync(method == "GET" ? "GET" : "OPTIONS", "/rest/v1/" + target, token)).Status);
        (int status, string body) = await app.SendAsync(method, "/rest/v1/" + target, key, json);
        JsonElement error = JsonElement.Parse(body);
        Assert.Equal((403, "42501"), (status, error.GetProperty("code").GetString()));
        Assert.Equal($"the scopes of this API key do not allow {refused}", error.GetProperty("message").GetString());
        Assert.Equal((200, """[{"id":1,"body":"mine"}]"""), await app.SendAsync("GET", "/rest/v1/notes?select=id,body", token));
    }

    [Fact]
    public async Task A_write_that_reads_needs_select_and_a_named_command_works()
    {
        string key = await MakeAsync("""{"public.notes":["insert","update"],"rpc/whoami":["execute"]}""");
        Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/notes", key, """{"id":7,"body":"new"}""")).Status);
        Assert.Equal(200, (await app.SendAsync("GET", "/rest/v1/rpc/whoami", key)).Status);
        foreach ((string method, string target, string prefer) in new[] { ("POST", "notes", "return=representation"), ("PATCH", "notes?id=eq.7", "return=minimal"), ("POST", "notes", "resolution=merge-duplicates") })
        {
            (int status, string body) = await app.SendAsync(method, "/rest/v1/" + target, key, """{"id":7,"body":"x"}""", prefer);
            Assert.True(status == 403 && body.Contains("select on notes", StringComparison.Ordinal), $"{method} {target}: {status} {body}");
        }
    }

    [Fact]
    public async Task A_key_makes_no_keys_and_does_not_change_the_account()
    {
        string key = await MakeAsync("\"*\"");
        foreach ((string method, string path, string? json) in new[] { ("GET", "/auth/v1/keys", null), ("POST", "/auth/v1/keys", """{"name":"b","scopes":"*"}"""), ("GET", "/auth/v1/user", null), ("PUT", "/auth/v1/user", """{"password":"another-horse-7"}"""), ("GET", "/auth/v1/sessions", null), ("POST", "/auth/v1/logout", null), ("GET", "/auth/v1/admin/users", null) })
        {
            (int status, string body) = await app.SendAsync(method, path, key, json);
            Assert.True(status == 401 && body.Contains("no_authorization", StringComparison.Ordinal), $"{method} {path}: {status} {body}");
        }
        Assert.Equal(200, (await app.SendAsync("GET", "/auth/v1/user", token)).Status);
    }

    [Fact]
    public async Task Deletion_of_the_key_ban_and_deletion_of_the_user_hold_from_the_next_request_on()
    {
        string key = await MakeAsync("\"*\"");
        string second = await MakeAsync("\"*\"", "second");
        Task<(int Status, string Body)> Use(string key) => app.SendAsync("GET", "/rest/v1/notes", key);
        Assert.Equal((200, 200), ((await Use(key)).Status, (await Use(second)).Status));
        string id = (await ListAsync()).Single(k => k.GetProperty("name").GetString() == "first").GetProperty("id").GetString()!;
        Assert.Equal(204, (await app.SendAsync("DELETE", "/auth/v1/keys/" + id, token)).Status);
        Assert.Equal((401, 200), ((await Use(key)).Status, (await Use(second)).Status));
        await AdminAsync("PUT", "", """{"ban_duration":"1h"}""");
        Assert.Contains("PGRST303", (await Use(second)).Body, StringComparison.Ordinal);
        await AdminAsync("PUT", "", """{"ban_duration":"none"}""");
        Assert.Equal(200, (await Use(second)).Status);
        await AdminAsync("DELETE", "", """{"should_soft_delete":true}""");
        Assert.Equal(401, (await Use(second)).Status);
    }

    [Fact]
    public async Task A_key_ends_by_itself_and_keeps_to_its_rate()
    {
        string brief = await MakeAsync("\"*\"", "brief", ",\"expires_in\":\"1s\"");
        int status = 200;
        for (int i = 0; i < 400 && status == 200; i++)
        {
            await Task.Delay(25, TestContext.Current.CancellationToken);
            status = (await app.SendAsync("GET", "/rest/v1/notes", brief)).Status;
        }
        Assert.Equal(401, status);
        string slow = await MakeAsync("\"*\"", "slow", ",\"rate_limit\":2");
        Assert.Equal(200, (await app.SendAsync("GET", "/rest/v1/notes", slow)).Status);
        Assert.Equal(200, (await app.SendAsync("GET", "/rest/v1/notes", slow)).Status);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/rest/v1/notes");
        request.Headers.Add("apikey", slow);
        using HttpResponseMessage third = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(429, (int)third.StatusCode);
        Assert.Contains("TN111", await third.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.NotNull(third.Headers.RetryAfter);
        Assert.Equal(200, (await app.SendAsync("GET", "/rest/v1/notes", token)).Status);
    }

    [Fact]
    public async Task The_list_shows_everything_but_the_key_and_the_store_holds_a_hash()
    {
        string key = await MakeAsync("""{"notes":["update","select"]}""", more: ",\"rate_limit\":42");
        JsonElement made = Assert.Single(await ListAsync());
        Assert.Equal("""{"notes":["select","update"]}""", made.GetProperty("scopes").GetRawText());
        Assert.Equal((42, "first"), (made.GetProperty("rate_limit").GetInt32(), made.GetProperty("name").GetString()));
        Assert.False(made.TryGetProperty("last_used_at", out _));
        Assert.True(made.GetProperty("expires_at").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddDays(89));
        await app.SendAsync("GET", "/rest/v1/notes", key);
        Assert.True(Assert.Single(await ListAsync()).TryGetProperty("last_used_at", out _));
        Assert.DoesNotContain(key, JsonSerializer.Serialize(await ListAsync()), StringComparison.Ordinal);
        var all = new StoreStatement("test.user_keys", "select key_hash, prefix from auth.user_keys", []);
        Datum[] row = Assert.Single(await app.Host.Services.GetRequiredService<StoreDatabase>().QueryAsync(all, default, TestContext.Current.CancellationToken));
        Assert.Equal(TokenHash.Of(key).ToString(), row[0].Text);
        Assert.Equal(key[..14], row[1].Text);
        (int status, string listed) = await AdminAsync("GET", "/keys", null);
        Assert.True(status == 200 && listed.Contains("\"first\"", StringComparison.Ordinal), listed);
        Assert.Equal(204, (await AdminAsync("DELETE", "/keys/" + made.GetProperty("id").GetString(), null)).Status);
        Assert.Empty(await ListAsync());
        Assert.Equal(404, (await app.SendAsync("DELETE", "/auth/v1/keys/" + made.GetProperty("id").GetString(), token)).Status);
    }

    [Fact]
    public async Task A_user_has_twenty_keys_of_different_names_and_no_more()
    {
        for (int i = 1; i <= 20; i++)
        {
            await MakeAsync("\"*\"", $"key {i}");
        }
        (int status, string body) = await app.SendAsync("POST", "/auth/v1/keys", token, """{"name":"one more","scopes":"*"}""");
        Assert.True(status == 422 && body.Contains("too_many_api_keys", StringComparison.Ordinal), body);
        (status, body) = await app.SendAsync("POST", "/auth/v1/keys", token, """{"name":"key 3","scopes":"*"}""");
        Assert.True(status == 400 && body.Contains("key named key 3", StringComparison.Ordinal), body);
    }

    [Theory]
    [InlineData("""{"scopes":"*"}""", "name")]
    [InlineData("""{"name":"x"}""", "scopes")]
    [InlineData("""{"name":"x","scopes":"all"}""", "scopes")]
    [InlineData("""{"name":"x","scopes":{}}""", "scopes")]
    [InlineData("""{"name":"x","scopes":{"notes":["\ud800"]}}""", "scopes")]
    [InlineData("""{"name":"x","scopes":{"notes":[]}}""", "notes")]
    [InlineData("""{"name":"x","scopes":{"notes":["truncate"]}}""", "notes")]
    [InlineData("""{"name":"x","scopes":{"notes":["execute"]}}""", "notes")]
    [InlineData("""{"name":"x","scopes":{"rpc/whoami":["select"]}}""", "rpc/whoami")]
    [InlineData("""{"name":"x","scopes":"*","rate_limit":0}""", "rate_limit")]
    [InlineData("""{"name":"x","scopes":"*","rate_limit":1.5}""", "rate_limit")]
    [InlineData("""{"name":"x","scopes":"*","expires_in":"9000h"}""", "expires_in")]
    public async Task A_key_that_cannot_be_is_refused_with_what_is_wrong(string json, string named)
    {
        (int status, string body) = await app.SendAsync("POST", "/auth/v1/keys", token, json);
        Assert.True(status == 400 && body.Contains("validation_failed", StringComparison.Ordinal) && body.Contains(named, StringComparison.Ordinal), body);
        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task A_name_of_half_a_surrogate_pair_is_refused_in_a_body_and_in_a_token()
    {
        (int status, string body) = await app.SendAsync("POST", "/auth/v1/keys", token, """{"name":"x","scopes":{"\ud800":["select"]}}""");
        Assert.True(status == 400 && body.Contains("bad_json", StringComparison.Ordinal), body);
        string header = Convert.ToBase64String("""{"\ud800":1,"alg":"ES256"}"""u8).TrimEnd('=');
        (status, body) = await app.SendAsync("GET", "/rest/v1/notes", header + ".e30.e30");
        Assert.True(status == 401 && body.Contains("PGRST301", StringComparison.Ordinal), body);
    }

    [Theory]
    [InlineData("sb_user_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_00000000")]
    [InlineData("sb_user_")]
    [InlineData("sb_user_x")]
    public async Task A_key_nobody_made_is_401(string key)
    {
        (int status, string body) = await app.SendAsync("GET", "/rest/v1/notes", key);
        Assert.True(status == 401 && body.Contains("PGRST301", StringComparison.Ordinal), body);
        Assert.Equal(401, (await app.SendAsync("GET", "/rest/v1/notes", OpaqueKey.Create(OpaqueKey.UserPrefix))).Status);
    }

    private async Task<string> MakeAsync(string scopes, string name = "first", string more = "")
    {
        (int status, string body) = await app.SendAsync("POST", "/auth/v1/keys", token, $$"""{"name":"{{name}}","scopes":{{scopes}}{{more}}}""");
        Assert.True(status == 200, body);
        return JsonElement.Parse(body).GetProperty("api_key").GetString()!;
    }

    private async Task<JsonElement[]> ListAsync() =>
        [.. JsonElement.Parse((await app.SendAsync("GET", "/auth/v1/keys", token)).Body).GetProperty("keys").EnumerateArray()];

    private Task<(int Status, string Body)> AdminAsync(string method, string path, string? json) =>
        app.SendAsync(method, $"/auth/v1/admin/users/{user}{path}", app.Keys.SecretKey, json);
}
