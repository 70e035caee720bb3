using System.Text.Json;

namespace Tenon.Server.Tests.Threats;

/// <summary>Roles that compose to too much, caches that trust too long, checks missing after the change, keys that write, codes that work twice.</summary>
[Collection(ThreatCollection.Name)]
public sealed class TrustTests(ThreatServers servers)
{
    private const string Ann = "a11ce000-0000-4000-8000-000000000001";
    private const string Bob = "b0b00000-0000-4000-8000-000000000002";

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task A_row_is_checked_after_its_update_too(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, HiddenTables.Of("a", "insert into diary values (2, 'you', 'theirs', '2');"));
        foreach ((string method, string target, string body, string? prefer) in new (string, string, string, string?)[]
        {
            ("PATCH", "diary?id=eq.1", """{"owner":"you"}""", null),
            ("PATCH", "diary", """{"owner":"you"}""", "return=representation"),
            // Upper case is another owner, whatever the column's collation holds for equal.
            ("PATCH", "diary?id=eq.1", """{"owner":"ME"}""", null),
            ("PATCH", "diary?id=eq.1", """{"owner":"me "}""", null),
            ("POST", "diary", """{"id":1,"owner":"you","line":"x"}""", "resolution=merge-duplicates"),
            ("POST", "diary", """[{"id":10,"owner":"me","line":"x"},{"id":11,"owner":"you","line":"x"}]""", null),
            ("PUT", "diary?id=eq.1", """{"id":1,"owner":"you","line":"x"}""", null),
            ("POST", "diary", """{"id":2,"owner":"me","line":"taken over"}""", "resolution=merge-duplicates"),
        })
        {
            ThreatAnswer answer = await server.SendAsync(method, target, body, prefer);
            Assert.True(answer is { Status: 401, Code: "42501" }, $"{method} {target} {body}: {answer}");
        }
        Assert.Equal("""[{"id":1,"owner":"me","line":"mine"},{"id":3,"owner":"me","line":"mine too"}]""", (await server.GetAsync("diary?select=id,owner,line&order=id")).Body);
        await DatabaseWork.ExecuteAsync(server.App, "update diary set owner = 'me' where id = 2");
        Assert.Equal("""[{"line":"theirs"}]""", (await server.GetAsync("diary?select=line&id=eq.2")).Body);
    }

    private static ThreatTables Notes(string rest) =>
        new(
            $"create table notes (id int primary key, owner uuid, body text, secret text);\ncreate table members (uid uuid primary key);\nalter table notes enable row level security;\nalter table members enable row level security;\n{rest}\n{NoteRows}",
            $"create table notes (id int primary key, owner uuid, body varchar(50), secret varchar(50)) collate utf8mb4_general_ci;\ncreate table members (uid uuid primary key);\n{NoteRows}",
            $"alter table notes enable row level security;\nalter table members enable row level security;\n{rest}"
        );

    private const string NoteRows = $"insert into notes values (0, '{Ann}', 'zero', 's'), (1, '{Ann}', 'of Ann', 's'), (2, '{Bob}', 'of Bob', 's');\ninsert into members values ('{Ann}'), ('{Bob}');";

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task A_role_has_its_own_rights_and_those_of_all_and_no_others(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Notes($"""
            grant select (id, body) on notes to {ThreatServers.Editor};
            grant select on notes to authenticated;
            create policy of_users on notes for select to authenticated using (true);
            create policy of_editors on notes for select to {ThreatServers.Editor} using (id < 2);
            create policy never_zero on notes as restrictive for select using (id <> 0);
            """));
        string editor = server.Token(ThreatServers.Editor, Ann);
        string user = server.Token("authenticated", Ann);
        Assert.Equal((200, """[{"id":1,"body":"of Ann"}]"""), Of(await server.GetAsync("notes?select=id,body&order=id", editor, "count=none")));
        Assert.Equal((200, """[{"id":1,"secret":"s"},{"id":2,"secret":"s"}]"""), Of(await server.GetAsync("notes?select=id,secret&order=id", user, "count=none")));
        foreach (string target in new[] { "notes?select=secret", "notes", "notes?select=id&secret=eq.s", "notes?select=id&order=secret", "notes?select=secret.max()" })
        {
            ThreatAnswer refused = await server.GetAsync(target, editor);
            Assert.True(refused is { Status: 403, Code: "42501" }, $"{target}: {refused}");
        }
        Assert.Equal(401, (await server.GetAsync("notes?select=id")).Status);
        foreach (string other in new[] { "postgres", "authenticated,service_role", "SERVICE_ROLE", "Authenticated", "root", "public", "none", "" })
        {
            ThreatAnswer refused = await server.GetAsync("notes?select=id", server.Token(other, Ann));
            Assert.True(refused.Status is 401 or 403, $"role {other}: {refused}");
        }
    }

    private static (int, string) Of(ThreatAnswer answer) => (answer.Status, answer.Body);

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task Plans_are_cached_per_role_and_claims_are_never_in_them(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Notes("""
            grant select on notes to authenticated, service_role;
            create policy own on notes to authenticated using (owner = auth.uid());
            """));
        string[] users = [server.Token("authenticated", Ann), server.Token("authenticated", Bob), server.Token("authenticated", Guid.Empty.ToString())];
        string[] rows = ["""[{"body":"zero"},{"body":"of Ann"}]""", """[{"body":"of Bob"}]""", "[]"];
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < users.Length; i++)
            {
                Assert.Equal((200, rows[i]), Of(await server.GetAsync("notes?select=body&order=id", users[i], "count=none")));
            }
            Assert.Equal("0-2/3", (await server.GetAsync("notes?select=body&order=id", server.App.Keys.SecretKey)).Range);
            Assert.Equal(401, (await server.GetAsync("notes?select=body&order=id")).Status);
        }
        // What is refused for its claims does not become good by having been seen, and what was good ends with its time.
        string expired = server.Token("authenticated", Ann, DateTimeOffset.UtcNow.AddMinutes(-5).ToUnixTimeSeconds());
        string forged = users[0][..^6] + "AAAAAA";
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal("PGRST303", (await server.GetAsync("notes?select=body", expired)).Code);
            Assert.Equal("PGRST301", (await server.GetAsync("notes?select=body", forged)).Code);
        }
    }

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task A_membership_that_ended_holds_for_the_next_request(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Notes("""
            grant select, update on notes to authenticated;
            grant select on members to authenticated;
            create policy own on members using (uid = auth.uid());
            create policy of_members on notes using (exists (select 1 from members m where m.uid = auth.uid()));
            """));
        string bob = server.Token("authenticated", Bob);
        Assert.Equal("0-2/3", (await server.GetAsync("notes?select=id", bob)).Range);
        Assert.Equal(204, (await server.SendAsync("PATCH", "notes?id=eq.1", """{"body":"x"}""", token: bob)).Status);
        await DatabaseWork.ExecuteAsync(server.App, $"delete from members where uid = '{Bob}'");
        Assert.Equal("*/0", (await server.GetAsync("notes?select=id", bob)).Range);
        Assert.Equal((200, "[]"), Of(await server.SendAsync("PATCH", "notes?id=eq.1", """{"body":"y"}""", "return=representation", bob)));
        Assert.Equal("0-2/3", (await server.GetAsync("notes?select=id", server.Token("authenticated", Ann))).Range);
    }

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task A_grant_or_policy_that_changed_holds_for_the_next_request(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Notes("grant select on notes to anon; create policy all_rows on notes using (true);"));
        Assert.Equal("0-2/3", (await server.GetAsync("notes?select=id")).Range);
        await server.ApplyAsync(Notes("grant select on notes to anon; create policy odd on notes using (id % 2 = 1);"));
        Assert.Equal("0-0/1", (await server.GetAsync("notes?select=id")).Range);
        await server.ApplyAsync(Notes("grant select on notes to authenticated; create policy odd on notes using (id % 2 = 1);"));
        Assert.True((await server.GetAsync("notes?select=id")).Status is 401 or 404);
        Assert.DoesNotContain("\"/notes\"", (await server.GetAsync("")).Body, StringComparison.Ordinal);
    }

    private static readonly ThreatTables Codes = new(
        "create table codes (id int primary key, code text not null, used boolean not null default false); alter table codes enable row level security; create policy unused on codes using (true); grant select, insert, update, delete on codes to anon, authenticated; insert into codes select n, 'c' || n, false from generate_series(1, 10) n;",
        "create table codes (id int primary key, code varchar(20) not null, used boolean not null default false); insert into codes select seq, concat('c', seq), false from seq_1_to_10;",
        "alter table codes enable row level security; create policy unused on codes using (true); grant select, insert, update, delete on codes to anon, authenticated;"
    );

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task A_code_that_many_redeem_at_once_is_redeemed_once(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Codes);
        for (int code = 1; code <= 3; code++)
        {
            Task<ThreatAnswer>[] redeemed = [.. Enumerable.Range(0, 16).Select(_ => server.SendAsync("PATCH", $"codes?code=eq.c{code}&used=is.false&select=id", """{"used":true}""", "return=representation"))];
            ThreatAnswer[] answers = await Task.WhenAll(redeemed);
            Assert.All(answers, a => Assert.Equal(200, a.Status));
            Assert.Single(answers, a => a.Body == $$"""[{"id":{{code}}}]""");
            Assert.Equal(15, answers.Count(a => a.Body == "[]"));
        }
        Task<ThreatAnswer>[] taken = [.. Enumerable.Range(0, 16).Select(_ => server.SendAsync("DELETE", "codes?code=eq.c4&select=id", null, "return=representation"))];
        Assert.Single(await Task.WhenAll(taken), a => a.Body == """[{"id":4}]""");
        Task<ThreatAnswer>[] made = [.. Enumerable.Range(0, 16).Select(_ => server.SendAsync("POST", "codes", """{"id":100,"code":"new"}"""))];
        ThreatAnswer[] inserted = await Task.WhenAll(made);
        Assert.Single(inserted, a => a.Status == 201);
        Assert.Equal(15, inserted.Count(a => a is { Status: 409, Code: "23505" }));
    }

    [Theory]
    [MemberData(nameof(ThreatServers.Engines), MemberType = typeof(ThreatServers))]
    public async Task A_key_that_may_read_writes_by_no_door(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, Codes);
        (string token, _) = await server.App.App.SignUpAsync($"reader-{engine.Replace(' ', '-')}@example.com");
        (int status, string made) = await server.App.App.SendAsync("POST", "/auth/v1/keys", token, """{"name":"reader","scopes":{"*":["select"]}}""");
        Assert.True(status is 200 or 201, made);
        string key = JsonElement.Parse(made).GetProperty("api_key").GetString()!;
        Assert.Equal(200, (await server.GetAsync("codes?id=eq.1", key, "count=none")).Status);
        foreach ((string method, string target, string? body, string? prefer) in new (string, string, string?, string?)[]
        {
            ("POST", "codes", """{"id":50,"code":"x"}""", null),
            ("POST", "codes?on_conflict=id", """{"id":1,"code":"x"}""", "resolution=merge-duplicates"),
            ("POST", "codes?on_conflict=id", """{"id":1,"code":"x"}""", "resolution=ignore-duplicates"),
            ("PUT", "codes?id=eq.1", """{"id":1,"code":"x","used":true}""", null),
            ("PATCH", "codes?id=eq.1", """{"used":true}""", null),
            ("PATCH", "codes?id=eq.1", """{"used":true}""", "tx=rollback"),
            ("DELETE", "codes?id=eq.1", null, null),
        })
        {
            ThreatAnswer refused = await server.SendAsync(method, target, body, prefer, key);
            Assert.True(refused is { Status: 403, Code: "42501" }, $"{method} {target}: {refused}");
        }
        Assert.Equal("""[{"code":"c1","used":false}]""", (await server.GetAsync("codes?id=eq.1&select=code,used", key, "count=none")).Body);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres compiled")]
    [InlineData("postgres native")]
    public async Task A_call_by_GET_writes_nothing(string engine)
    {
        ThreatServer server = await servers.StartAsync(engine, new ThreatTables(
            """
            create table notes (id int generated always as identity primary key, body text);
            create function add_note(words text) returns int language plpgsql as $$ begin insert into notes (body) values (words); return 1; end $$;
            create function stable_note(words text) returns int language plpgsql stable as $$ begin insert into notes (body) values (words); return 1; end $$;
            create function stable_row(words text) returns setof notes language sql stable as $$ insert into notes (body) values (words) returning * $$;
            create function indirect_note(words text) returns int language plpgsql stable as $$ begin return add_note(words); end $$;
            grant select, insert on notes to anon;
            """,
            "",
            ""
        ));
        // What calls itself stable may not write, and nothing it calls may in a request that reads.
        foreach ((string target, int status, string code) in new[]
        {
            ("rpc/add_note?words=x", 405, "25006"),
            ("rpc/stable_note?words=x", 400, "0A000"),
            ("rpc/stable_row?words=x", 400, "0A000"),
            ("rpc/stable_row?words=x&select=id&id=gt.0", 400, "0A000"),
            ("rpc/indirect_note?words=x", 405, "25006"),
        })
        {
            ThreatAnswer refused = await server.SendAsync("GET", target);
            Assert.True((refused.Status, refused.Code) == (status, code), $"GET {target}: {refused}");
            Assert.Equal(status, (await server.SendAsync("HEAD", target)).Status);
        }
        Assert.Equal("0A000", (await server.SendAsync("POST", "rpc/stable_note", """{"words":"x"}""")).Code);
        Assert.Equal("*/0", (await server.GetAsync("notes")).Range);
        Assert.Equal(200, (await server.SendAsync("POST", "rpc/add_note", """{"words":"x"}""")).Status);
        Assert.Equal("0-0/1", (await server.GetAsync("notes")).Range);
    }
}
